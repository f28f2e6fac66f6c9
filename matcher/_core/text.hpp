// String tests: wildcards, and text whose characters may take their other case.
#pragma once

#include <cstdint>
#include <cstring>

#include "platform.hpp"

namespace matcher {

// A count or a length, seven bits a byte, low bits first.
inline uint64_t read_varint(const uint8_t*& p) {
    uint64_t value = *p & 0x7f;
    for (int shift = 7; *p++ & 0x80; shift += 7) value |= uint64_t(*p & 0x7f) << shift;
    return value;
}

inline uint8_t lower_ascii(uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

// Whether `size` bytes of text, lowered in ASCII, are `lowered`.
inline bool same_folded(const uint8_t* text, const uint8_t* lowered, size_t size) {
    for (size_t i = 0; i < size; ++i)
        if (lower_ascii(text[i]) != lowered[i]) return false;
    return true;
}

inline const uint8_t* find(const uint8_t* text, size_t size, const uint8_t* piece, size_t length) {
    if (length == 0) return text;
    if (size < length) return nullptr;
    const uint8_t* last = text + (size - length);
    while (text <= last) {
        text = static_cast<const uint8_t*>(std::memchr(text, piece[0], size_t(last - text) + 1));
        if (text == nullptr) return nullptr;
        if (std::memcmp(text, piece, length) == 0) return text;
        ++text;
    }
    return nullptr;
}

// `pattern` is: the number of pieces, then each one's length and bytes. Leftmost placement of each inner piece is
// enough, since the text between two pieces is free.
inline bool matches_wildcard(const uint8_t* pattern, const uint8_t* text, size_t size) {
    uint64_t count = read_varint(pattern);
    uint64_t length = read_varint(pattern);
    if (size < length || std::memcmp(text, pattern, length)) return false;
    if (count == 1) return size == length;
    text += length;
    size -= length;
    pattern += length;
    for (uint64_t piece = 1;; ++piece) {
        length = read_varint(pattern);
        if (piece + 1 == count) return size >= length && !std::memcmp(text + size - length, pattern, length);
        const uint8_t* found = find(text, size, pattern, length);
        if (found == nullptr) return false;
        size -= size_t(found - text) + length;
        text = found + length;
        pattern += length;
    }
}

// `variants` is: the number of characters, then for each the length and bytes of its one form and of its other (0: the
// same). No character has a form that starts or ends with its other form, so a walk never has a choice.
inline bool matches_variants(const uint8_t* variants, const uint8_t* text, size_t size, bool prefix) {
    for (uint64_t left = read_varint(variants); left; --left) {
        size_t first = *variants++;
        const uint8_t* one = variants;
        variants += first;
        size_t second = *variants++;
        const uint8_t* other = variants;
        variants += second;
        size_t step;
        if (size >= first && !std::memcmp(text, one, first)) step = first;
        else if (second && size >= second && !std::memcmp(text, other, second)) step = second;
        else return false;
        text += step;
        size -= step;
    }
    return prefix || size == 0;
}

// The same from the end; `variants` then holds the characters in reverse order.
inline bool ends_with_variants(const uint8_t* variants, const uint8_t* text, size_t size) {
    for (uint64_t left = read_varint(variants); left; --left) {
        size_t first = *variants++;
        const uint8_t* one = variants;
        variants += first;
        size_t second = *variants++;
        const uint8_t* other = variants;
        variants += second;
        if (size >= first && !std::memcmp(text + size - first, one, first)) size -= first;
        else if (second && size >= second && !std::memcmp(text + size - second, other, second)) size -= second;
        else return false;
    }
    return true;
}

// The code point at p (valid UTF-8) and its length.
inline uint32_t read_point(const uint8_t* p, size_t& length) {
    if (p[0] < 0x80) return length = 1, p[0];
    if (p[0] < 0xe0) return length = 2, uint32_t(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    if (p[0] < 0xf0) return length = 3, uint32_t(p[0] & 0xf) << 12 | uint32_t(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    length = 4;
    return uint32_t(p[0] & 7) << 18 | uint32_t(p[1] & 0x3f) << 12 | uint32_t(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

}  // namespace matcher
