// Masks from plain 64-bit words, eight bytes at a time; included inside a namespace by scan.hpp.

inline uint32_t first_bit(uint32_t mask) {
    uint32_t n = 0;
    while (!(mask & 1)) mask >>= 1, ++n;
    return n;
}
inline uint32_t first_bit64(uint64_t mask) {
    return uint32_t(mask) ? first_bit(uint32_t(mask)) : 32 + first_bit(uint32_t(mask >> 32));
}
inline uint32_t below_bit(uint32_t k) { return (uint32_t(1) << k) - 1; }
inline uint32_t first_gap(uint32_t mask) { return first_bit64(~uint64_t(mask)); }
inline uint64_t bits64(uint64_t mask) {
    mask = mask - ((mask >> 1) & 0x5555555555555555u);
    mask = (mask & 0x3333333333333333u) + ((mask >> 2) & 0x3333333333333333u);
    return (((mask + (mask >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u) >> 56;
}

constexpr uint64_t HIGH_BITS = 0x8080808080808080u, LOW_BITS = 0x0101010101010101u;

// The high bit of every byte that is zero; exact, no carry between bytes.
inline uint64_t zero_bytes(uint64_t word) {
    return ~(((word & ~HIGH_BITS) + ~HIGH_BITS) | word | ~HIGH_BITS);
}
inline uint64_t equal_bytes(uint64_t word, uint8_t byte) { return zero_bytes(word ^ (LOW_BITS * byte)); }
// The high bit of every byte below `bound` (at most 0x80).
inline uint64_t below_bytes(uint64_t word, uint8_t bound) {
    return ~((word & ~HIGH_BITS) + LOW_BITS * uint8_t(0x80 - bound)) & ~word & HIGH_BITS;
}
inline uint32_t gather(uint64_t high) { return uint32_t(((high >> 7) * 0x0102040810204080u) >> 56); }

template <class Test>
inline uint32_t each_word(const uint8_t* p, Test test) {
    return gather(test(load64(p))) | gather(test(load64(p + 8))) << 8 | gather(test(load64(p + 16))) << 16 |
           gather(test(load64(p + 24))) << 24;
}

inline uint32_t digit_mask(const uint8_t* p) {
    return each_word(p, [](uint64_t w) { return below_bytes(w, '9' + 1) & ~below_bytes(w, '0'); });
}
inline uint32_t byte_mask(const uint8_t* p, uint8_t byte) {
    return each_word(p, [byte](uint64_t w) { return equal_bytes(w, byte); });
}

#include "lanes_one.hpp"
