// Where a text stops being UTF-8, and code points as UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform.hpp"

namespace matcher {

// The bytes of the well-formed sequence at p (RFC 3629: no overlong form, no surrogate, at most U+10FFFF); 0: none.
inline size_t sequence_size(const uint8_t* p, size_t left) {
    auto tail = [&](size_t i) { return i < left && (p[i] & 0xc0) == 0x80; };
    uint8_t lead = p[0];
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0;
    if (lead < 0xe0) return tail(1) ? 2 : 0;
    if (lead < 0xf0) {
        if (!tail(1) || !tail(2)) return 0;
        if (lead == 0xe0 && p[1] < 0xa0) return 0;
        if (lead == 0xed && p[1] > 0x9f) return 0;
        return 3;
    }
    if (lead > 0xf4 || !tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xf0 && p[1] < 0x90) return 0;
    if (lead == 0xf4 && p[1] > 0x8f) return 0;
    return 4;
}

// The offset of the first byte of the first malformed sequence; SIZE_MAX: there is none.
inline size_t utf8_fault(const uint8_t* text, size_t size) {
    size_t at = 0;
    while (at < size) {
        while (at + 8 <= size && (load64(text + at) & 0x8080808080808080u) == 0) at += 8;
        if (at >= size) break;
        size_t step = sequence_size(text + at, size - at);
        if (step == 0) return at;
        at += step;
    }
    return SIZE_MAX;
}

}  // namespace matcher
