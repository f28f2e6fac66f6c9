// Turn a fuzzer's bytes into rules: programs as program.hpp describes them, of every node and every alternative.
//
// What comes out is what `lower` would make of a legal pattern: no two terms that can hold together share a path, a
// wildcard has no two stars in a row, a list is of one kind, the low end of a range is below its high end.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "program.hpp"

namespace matcher::fuzzed {

// Bytes one after the other; zeros when they are used up.
class Choices {
public:
    Choices(const uint8_t* data, size_t size) : at(data), end(data + size) {}
    bool done() const { return at == end; }
    uint8_t byte() { return at == end ? 0 : *at++; }
    uint32_t below(uint32_t bound) { return byte() % bound; }

private:
    const uint8_t *at, *end;
};

inline const std::vector<std::string> PATHS = {"a",   "b",   "c",  "a.b",  "a.c", "b.c",         "a.b.c", "a.b.d", "d.e.f",
                                               "\xc3\xa9", "",   "a.", ".a",   "..",  "a..b", "a.longer.name.to.hash"};
inline const std::vector<std::string> TEXTS = {
    "",  "x",  "y",   "ab",   "abc", "aB",   "bc",   "abab", "true", "1", "a*b", "\\", "\xc3\xa9", "\xf0\x9f\x98\x80",
    "\n", "\"", "abcdefghijklmnop", "abcdefghijklmnopq", "abcdefghijklmnopqrstuvwxyz0123456789"};
inline const std::vector<std::string> NUMBERS = {"0", "1",  "1.0", "-1", "5.5", "10",   "300",
                                                 "300.0", "3e2", "1e23", "1e400", "9007199254740993"};
inline const std::vector<std::string> WILDCARDS = {"*", "a*", "*b", "a*b", "*a*", "*ab*b*", "a\\*b", "x\\\\*", "abc",
                                                   "*a*b*c*", "*abcdefghijklmnopqr*", ""};
inline const std::vector<double> BOUNDS = {-1e308, -1, 0, 1, 5.5, 10, 300, 1e308};

inline void put_text(std::string& out, const std::string& text) {
    put_varint(out, text.size());
    out += text;
}

inline void put_double(std::string& out, double value) { out.append(reinterpret_cast<const char*>(&value), 8); }

inline std::string sixteen(uint8_t first, uint8_t last, bool v4) {
    std::string out(16, '\0');
    if (v4) out[10] = out[11] = '\xff', out[12] = char(first);
    else out[0] = char(first);
    out[15] = char(last);
    return out;
}

class Maker {
public:
    explicit Maker(Choices& c) : choices(c) {}

    std::string rule() {
        std::string out;
        std::vector<bool> used(PATHS.size());
        node(out, used, 3);
        return out;
    }

private:
    Choices& choices;
    uint32_t fresh = 0;  // paths named after all of PATHS were

    // Writes a node; `used` holds the paths that it may not name, and after it also those that it does.
    void node(std::string& out, std::vector<bool>& used, int depth) {
        uint32_t kind = depth == 0 ? 0 : choices.below(4);
        if (kind < 2) return term(out, used);
        uint32_t count = 2 + choices.below(kind == 2 ? 4 : 3);
        out += char(kind == 2 ? ALL : ANY);
        put_varint(out, count);
        std::vector<bool> before = used;
        for (uint32_t i = 0; i < count; ++i) {
            std::vector<bool> own = before;
            node(out, kind == 2 ? used : own, depth - 1);
            if (kind == 3)
                for (size_t path = 0; path < own.size(); ++path) used[path] = used[path] || own[path];
        }
    }

    void term(std::string& out, std::vector<bool>& used) {
        size_t path = choices.below(uint32_t(PATHS.size()));
        for (size_t tried = 0; used[path] && tried < PATHS.size(); ++tried) path = (path + 1) % PATHS.size();
        out += char(TERM);
        put_text(out, used[path] ? "z" + std::to_string(++fresh) : PATHS[path]);
        used[path] = true;
        uint32_t count = 1 + choices.below(8) / 5;
        put_varint(out, count);
        while (count--) alternative(out);
    }

    const std::string& one_of(const std::vector<std::string>& list) {
        return list[choices.below(uint32_t(list.size()))];
    }

    void alternative(std::string& out) {
        Tag tag = Tag(1 + choices.below(14));
        if (tag == BUT) {
            static const Tag kinds[] = {STRING, NUMBER, PREFIX, SUFFIX, EQUALS_FOLD, WILDCARD};
            Tag kind = kinds[choices.below(6)];
            uint32_t count = 1 + choices.below(3);
            out += char(BUT);
            put_varint(out, count);
            while (count--) plain(out, kind);
        } else {
            plain(out, tag);
        }
    }

    void plain(std::string& out, Tag tag) {
        out += char(tag);
        switch (tag) {
            case STRING: case PREFIX: case SUFFIX: put_text(out, one_of(TEXTS)); break;
            case WILDCARD: put_text(out, one_of(WILDCARDS)); break;
            case NUMBER: number(out); break;
            case LITERAL: out += char(choices.below(3)); break;
            case EXISTS: out += char(choices.below(2)); break;
            case EQUALS_FOLD: case PREFIX_FOLD: case SUFFIX_FOLD: folded(out); break;
            case NUMERIC: range(out); break;
            case ADDRESS: case CIDR: address(out, tag); break;
            default: std::abort();
        }
    }

    void number(std::string& out) {
        uint32_t which = choices.below(uint32_t(NUMBERS.size()));
        put_text(out, NUMBERS[which]);
        bool comparable = which + 2 < NUMBERS.size();
        out += char(comparable);
        if (comparable) put_double(out, std::strtod(NUMBERS[which].c_str(), nullptr));
    }

    void folded(std::string& out) {
        const std::string& text = one_of(TEXTS);
        if (text == "\xc3\xa9") {  // the one text beyond ASCII whose character has another case
            put_text(out, text);
            put_text(out, std::string("\x01\x02\xc3\xa9\x02\xc3\x89"));
        } else {
            put_text(out, uint8_t(text[0]) < 0x80 ? text : "Ab");
            put_text(out, "");
        }
    }

    void range(std::string& out) {
        uint32_t low = choices.below(uint32_t(BOUNDS.size()) - 1);
        uint32_t high = low + 1 + choices.below(uint32_t(BOUNDS.size()) - low - 1);
        uint32_t kind = choices.below(4);  // 0 below, 1 above, 2 between, 3 equal
        uint32_t open = choices.byte();
        uint8_t flags = 0;
        if (kind == 3) high = low, flags = 1 | 4;
        if (kind == 1 || kind == 2) flags |= 1 | (open & 2);
        if (kind == 0 || kind == 2) flags |= 4 | (open & 8);
        out += char(flags);
        put_double(out, flags & 1 ? BOUNDS[low] : 0);
        put_double(out, flags & 4 ? BOUNDS[high] : 0);
    }

    void address(std::string& out, Tag tag) {
        bool v4 = choices.below(2);
        put_text(out, std::string(v4 ? "10.0.0." : "2000::") + (tag == ADDRESS ? "1" : "0/8"));
        if (tag == CIDR) out += char(v4 ? 104 : 8);
        out += sixteen(v4 ? 10 : 0x20, tag == ADDRESS, v4);
    }
};

}  // namespace matcher::fuzzed
