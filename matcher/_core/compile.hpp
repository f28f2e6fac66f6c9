// The text of a plain pattern → its program, in one pass. Whatever is not plain (an escape, `$or`, a duplicate path, an
// IP literal, an unusual number, any fault at all) is left to matcher.pattern.parse, whose judgement this never
// replaces: a test holds both to the same bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "fault.hpp"
#include "number.hpp"
#include "program.hpp"
#include "utf8.hpp"

namespace matcher {

struct PatternLimits {
    size_t bytes;  // of text
    size_t paths;
};

class PlainCompiler {
public:
    // The text ends in a NUL. False: not plain; else `program` is the rule's.
    bool compile(const uint8_t* text, size_t size, const PatternLimits& limits, std::string& program) {
        if (size > limits.bytes || std::memchr(text, '\\', size) || utf8_fault(text, size) != SIZE_MAX) return false;
        p = text;
        end = text + size;
        body.clear();
        paths.clear();
        path.clear();
        space();
        if (!object(0)) return false;
        space();
        if (p != end || paths.size() > limits.paths || repeats()) return false;
        program.clear();
        if (paths.size() > 1) {
            program += char(ALL);
            put_varint(program, paths.size());
        }
        program += body;
        return true;
    }

private:
    const uint8_t *p = nullptr, *end = nullptr;
    std::string body, path;
    std::vector<std::string> paths;

    void space() {
        while (is_space(*p)) ++p;
    }
    bool take(char c) {
        if (*p != uint8_t(c)) return false;
        ++p;
        space();
        return true;
    }

    // A string without escapes; the cursor comes behind it and the space after it.
    bool string(std::string_view& out) {
        if (*p != '"') return false;
        const uint8_t* first = ++p;
        while (*p != '"')
            if (*p++ < 0x20) return false;
        out = std::string_view(reinterpret_cast<const char*>(first), size_t(p - first));
        ++p;
        space();
        return true;
    }

    bool repeats() {
        if (paths.size() < 2) return false;
        if (paths.size() == 2) return paths[0] == paths[1];
        std::vector<std::string_view> sorted(paths.begin(), paths.end());
        std::sort(sorted.begin(), sorted.end());
        return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
    }

    static constexpr size_t DEEPEST = 60;  // objects inside one another; with what an alternative holds, below 64 levels

    bool object(size_t depth) {
        if (depth == DEEPEST || !take('{')) return false;
        size_t outer = path.size();
        do {
            std::string_view name;
            if (!string(name) || name.empty() || name == "$or" || !take(':')) return false;
            if (outer) path += '.';
            path += name;
            if (!(*p == '{' ? object(depth + 1) : term())) return false;
            path.resize(outer);
        } while (take(','));
        return take('}');
    }

    bool term() {
        if (!take('[')) return false;
        body += char(TERM);
        put_varint(body, path.size());
        body += path;
        paths.push_back(path);
        return list([this] { return alternative(); });
    }

    // The rest of an array behind its bracket: the number of its items, then the items. It is not empty.
    template <class Item>
    bool list(Item item) {
        size_t at = body.size(), count = 0;
        do {
            if (!item()) return false;
            ++count;
        } while (take(','));
        std::string number;
        put_varint(number, count);
        body.insert(at, number);
        return take(']');
    }

    void put(Tag tag, std::string_view text) {
        body += char(tag);
        put_varint(body, text.size());
        body += text;
    }

    bool alternative() {
        std::string_view text;
        if (*p == '"') {
            if (!string(text) || may_be_address(text)) return false;
            return put(STRING, text), true;
        }
        if (*p == '{') return ++p, space(), operation();
        if (*p == '-' || is_digit(*p)) return number_alternative();
        for (int which = 0; which < 3; ++which) {
            const char* word = which == 0 ? "true" : which == 1 ? "false" : "null";
            if (std::strncmp(reinterpret_cast<const char*>(p), word, std::strlen(word))) continue;
            p += std::strlen(word);
            space();
            body += char(LITERAL);
            body += char(which);
            return true;
        }
        return false;
    }

    static bool may_be_address(std::string_view text) {
        return text.find_first_not_of("0123456789abcdefABCDEF.:") == text.npos && text.find_first_of(".:") != text.npos;
    }

    // A number of up to 15 digits without exponent, which a double always stands for.
    bool number(std::string_view& text, double& value) {
        const uint8_t* first = p;
        p += *p == '-';
        const uint8_t* digits = p;
        while (is_digit(*p)) ++p;
        if (p == digits || (*digits == '0' && p - digits > 1)) return false;
        if (*p == '.') {
            const uint8_t* places = ++p;
            while (is_digit(*p)) ++p;
            if (p == places) return false;
        }
        text = std::string_view(reinterpret_cast<const char*>(first), size_t(p - first));
        if (p - digits > 15 || (*p | 0x20) == 'e') return false;
        nearest(first, text.size(), value);
        space();
        return true;
    }
    bool number_alternative() {
        std::string_view text;
        double value;
        if (!number(text, value)) return false;
        put(NUMBER, text);
        body += char(1);
        put_double(value);
        return true;
    }
    void put_double(double value) {
        char bytes[8];
        std::memcpy(bytes, &value, 8);
        body.append(bytes, 8);
    }

    bool operation() {
        std::string_view name;
        if (!string(name) || !take(':')) return false;
        bool good = name == "prefix"               ? edge(PREFIX, PREFIX_FOLD)
                    : name == "suffix"             ? edge(SUFFIX, SUFFIX_FOLD)
                    : name == "equals-ignore-case" ? folded(EQUALS_FOLD)
                    : name == "wildcard"           ? wildcard()
                    : name == "exists"             ? exists()
                    : name == "numeric"            ? numeric()
                    : name == "anything-but"       ? anything_but()
                                                   : false;
        return good && take('}');
    }

    bool edge(Tag plain, Tag fold) {
        std::string_view text;
        if (*p != '{') {
            if (!string(text)) return false;
            return put(plain, text), true;
        }
        return take('{') && string(text) && text == "equals-ignore-case" && take(':') && folded(fold) && take('}');
    }

    bool folded(Tag tag) {
        std::string_view text;
        if (!string(text)) return false;
        for (char c : text)
            if (uint8_t(c) >= 0x80) return false;
        put(tag, text);
        body += char(0);  // no variants: the text is ASCII
        return true;
    }

    bool wildcard() {
        std::string_view text;
        if (!string(text) || text.find("**") != text.npos) return false;
        return put(WILDCARD, text), true;
    }

    bool exists() {
        bool present = *p == 't';
        const char* word = present ? "true" : "false";
        if (std::strncmp(reinterpret_cast<const char*>(p), word, std::strlen(word))) return false;
        p += std::strlen(word);
        space();
        body += char(EXISTS);
        body += char(present);
        return true;
    }

    bool numeric() {
        if (!take('[')) return false;
        uint8_t flags = 0;
        bool point = false;
        double low = 0, high = 0;
        for (int side = 0; side < 2; ++side) {
            std::string_view op, text;
            double value;
            if (!string(op) || !take(',') || !number(text, value)) return false;
            if (op == "=" && side == 0) {
                flags = 5;
                point = true;
                low = high = value;
                break;
            }
            if ((op == ">" || op == ">=") && side == 0) {
                flags |= op == ">" ? 3 : 1;
                low = value;
            } else if (op == "<" || op == "<=") {
                flags |= op == "<" ? 12 : 4;
                high = value;
                break;
            } else {
                return false;
            }
            if (!take(',')) break;
        }
        if ((flags & 5) == 5 && !point && low >= high) return false;
        body += char(NUMERIC);
        body += char(flags);
        put_double(low);
        put_double(high);
        return take(']');
    }

    bool anything_but() {
        body += char(BUT);
        if (*p == '{') {
            std::string_view name;
            if (!take('{') || !string(name) || !take(':')) return false;
            Tag tag = name == "prefix"               ? PREFIX
                      : name == "suffix"             ? SUFFIX
                      : name == "equals-ignore-case" ? EQUALS_FOLD
                      : name == "wildcard"           ? WILDCARD
                                                     : BUT;
            if (tag == BUT) return false;
            return one_or_list([this, tag] { return excluded(tag); }) && take('}');
        }
        bool strings = *p == '"' || (*p == '[' && after_bracket() == '"');
        return one_or_list([this, strings] {
            std::string_view text;
            if (!strings) return (*p == '-' || is_digit(*p)) && number_alternative();
            if (!string(text)) return false;
            return put(STRING, text), true;
        });
    }
    uint8_t after_bracket() const {
        const uint8_t* next = p + 1;
        while (is_space(*next)) ++next;
        return *next;
    }

    template <class Item>
    bool one_or_list(Item item) {
        if (*p == '[') return take('[') && list(item);
        body += char(1);
        return item();
    }

    bool excluded(Tag tag) {
        std::string_view text;
        if (tag == EQUALS_FOLD) return folded(tag);
        if (tag == WILDCARD) return wildcard();
        if (!string(text) || text.empty()) return false;
        return put(tag, text), true;
    }
};

}  // namespace matcher
