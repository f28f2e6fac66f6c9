// Escaped text between the quotes of a JSON string → UTF-8.
#pragma once

#include <cstdint>

#include "fault.hpp"

namespace matcher {

inline uint8_t* put_point(uint8_t* out, uint32_t point) {
    if (point < 0x80) {
        *out++ = uint8_t(point);
    } else if (point < 0x800) {
        *out++ = uint8_t(0xc0 | point >> 6);
        *out++ = uint8_t(0x80 | (point & 63));
    } else if (point < 0x10000) {
        *out++ = uint8_t(0xe0 | point >> 12);
        *out++ = uint8_t(0x80 | ((point >> 6) & 63));
        *out++ = uint8_t(0x80 | (point & 63));
    } else {
        *out++ = uint8_t(0xf0 | point >> 18);
        *out++ = uint8_t(0x80 | ((point >> 12) & 63));
        *out++ = uint8_t(0x80 | ((point >> 6) & 63));
        *out++ = uint8_t(0x80 | (point & 63));
    }
    return out;
}

// The escapes are sound. Never writes more bytes than it reads; gives the end of what it wrote.
inline uint8_t* unescape(const uint8_t* p, const uint8_t* stop, uint8_t* out) {
    while (p < stop) {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        switch (p[1]) {
            case 'b': *out++ = '\b'; p += 2; continue;
            case 'f': *out++ = '\f'; p += 2; continue;
            case 'n': *out++ = '\n'; p += 2; continue;
            case 'r': *out++ = '\r'; p += 2; continue;
            case 't': *out++ = '\t'; p += 2; continue;
            case 'u': break;
            default: *out++ = p[1]; p += 2; continue;
        }
        uint32_t point = uint32_t(hex4(p + 2));
        p += 6;
        if (point >= 0xd800 && point <= 0xdfff) {
            point = 0x10000 + ((point - 0xd800) << 10) + (uint32_t(hex4(p + 2)) - 0xdc00);
            p += 6;
        }
        out = put_point(out, point);
    }
    return out;
}

}  // namespace matcher
