// Where and why a text is refused: plain strict JSON (RFC 8259), byte by byte. The slow twin of walk.hpp, which accepts
// the same texts and asks this one only when it has refused one.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "event.hpp"
#include "utf8.hpp"

namespace matcher {

inline int hex4(const uint8_t* p) {
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        uint8_t c = p[i], low = c | 0x20;
        int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

inline bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
inline bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

// UTF-16 units of a name between quotes; an escape counts as what it stands for.
inline size_t name_units(const uint8_t* p, const uint8_t* stop) {
    size_t units = 0;
    while (p < stop) {
        units += *p >= 0xf0 ? 2 : (*p & 0xc0) == 0x80 ? 0 : 1;
        p += *p != '\\' ? 1 : p[1] == 'u' ? 6 : 2;
    }
    return units;
}

inline size_t digit_count(const uint8_t* p, const uint8_t* stop) {
    size_t n = 0;
    for (; p < stop; ++p) n += is_digit(*p);
    return n;
}

// The text is followed by a NUL, which no grammar accepts, so reading stops at the end by itself.
class FaultFinder {
public:
    FaultFinder(const uint8_t* text, size_t size, const TextLimits& limit)
        : begin(text), end(text + size), p(text), limits(limit) {}

    Failure find() {
        bool good = document();
        // The first fault in the text is the one that is told.
        size_t bad = utf8_fault(begin, good ? size_t(end - begin) : at);
        if (bad != SIZE_MAX) return Failure{Fault::utf8, bad};
        return good ? Failure{} : Failure{fault, at};
    }

private:
    const uint8_t *begin, *end, *p;
    const TextLimits& limits;
    Fault fault = Fault::none;
    size_t at = 0;

    bool fail(Fault what, const uint8_t* where) {
        fault = where >= end ? Fault::end : what;
        at = where >= end ? size_t(end - begin) : size_t(where - begin);
        return false;
    }

    void skip_space() {
        while (is_space(*p)) ++p;
    }

    bool document() {
        skip_space();
        if (*p != '{') return fail(Fault::not_object, p);
        std::vector<bool> objects;  // the open containers: object or array
        bool opened = true;         // a container was just entered
        if (!open(objects)) return false;
        while (!objects.empty()) {
            skip_space();
            bool object = objects.back();
            if (*p == (object ? '}' : ']') && (opened || closes)) {
                ++p;
                objects.pop_back();
                opened = false;
                closes = true;
                continue;
            }
            if (!opened) {
                if (*p != ',') return fail(Fault::comma, p);
                ++p;
                skip_space();
            }
            if (object && !name()) return false;
            opened = *p == '{' || *p == '[';
            if (!(opened ? open(objects) : scalar())) return false;
            closes = !opened;
        }
        skip_space();
        return p >= end || fail(Fault::trailing, p);
    }
    bool closes = true;

    bool open(std::vector<bool>& objects) {
        if (objects.size() >= limits.depth) return fail(Fault::depth, p);
        objects.push_back(*p++ == '{');
        return true;
    }

    bool name() {
        const uint8_t* start = p;
        if (*p != '"') return fail(Fault::key, p);
        if (!string()) return false;
        if (name_units(start + 1, p - 1) > limits.name) return fail(Fault::name, start);
        skip_space();
        if (*p != ':') return fail(Fault::colon, p);
        ++p;
        skip_space();
        return true;
    }

    bool scalar() {
        if (*p == '"') return string();
        if (*p == '-' || is_digit(*p)) return number();
        const char* word = *p == 't' ? "true" : *p == 'f' ? "false" : *p == 'n' ? "null" : nullptr;
        if (word == nullptr) return fail(Fault::value, p);
        for (; *word; ++word, ++p)
            if (*p != uint8_t(*word)) return fail(Fault::literal, p);
        return true;
    }

    bool number() {
        const uint8_t* start = p;
        p += *p == '-';
        const uint8_t* first = p;
        if (!digits()) return false;
        if (*first == '0' && p - first > 1) return fail(Fault::number, first + 1);
        if (*p == '.' && (++p, !digits())) return false;
        if ((*p | 0x20) == 'e') {
            ++p;
            if (*p == '+' || *p == '-') ++p;
            if (!digits()) return false;
        }
        return digit_count(start, p) <= limits.digits || fail(Fault::digits, start);
    }
    bool digits() {
        if (!is_digit(*p)) return fail(Fault::number, p);
        while (is_digit(*p)) ++p;
        return true;
    }

    bool string() {
        for (++p;;) {
            if (*p == '"') return ++p, true;
            if (*p < 0x20) return fail(Fault::control, p);
            if (*p != '\\') ++p;
            else if (!escape()) return false;
        }
    }

    bool escape() {
        if (p + 1 >= end) return fail(Fault::escape, end);
        if (p[1] != 'u') {
            if (p[1] == 0 || !std::strchr("\"\\/bfnrt", p[1])) return fail(Fault::escape, p);
            p += 2;
            return true;
        }
        int unit = hex4(p + 2);
        if (unit < 0) return fail(Fault::escape, cut_short(p + 2) ? end : p);
        if (unit >= 0xd800 && unit <= 0xdfff) {
            if (unit > 0xdbff || p[6] != '\\' || p[7] != 'u') return fail(Fault::surrogate, p);
            int low = hex4(p + 8);
            if (low < 0) return fail(Fault::escape, cut_short(p + 8) ? end : p);
            if (low < 0xdc00 || low > 0xdfff) return fail(Fault::surrogate, p);
            p += 6;
        }
        p += 6;
        return true;
    }
    bool cut_short(const uint8_t* hex) const {
        for (int i = 0; i < 4; ++i)
            if (hex + i >= end) return true;
            else if (hex4_digit(hex[i]) < 0) return false;
        return false;
    }
    static int hex4_digit(uint8_t c) {
        uint8_t four[4] = {'0', '0', '0', c};
        return hex4(four);
    }
};

}  // namespace matcher
