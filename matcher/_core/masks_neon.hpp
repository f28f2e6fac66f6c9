// Masks from NEON, which every AArch64 has; included inside a namespace by scan.hpp.

inline uint32_t first_bit64(uint64_t mask) {
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long n;
    _BitScanForward64(&n, mask);
    return n;
#else
    return uint32_t(__builtin_ctzll(mask));
#endif
}
inline uint32_t first_bit(uint32_t mask) { return first_bit64(mask); }
inline uint32_t below_bit(uint32_t k) { return (uint32_t(1) << k) - 1; }
inline uint64_t below_bit64(uint32_t k) { return k >= 64 ? ~uint64_t(0) : (uint64_t(1) << k) - 1; }
inline uint32_t first_gap(uint32_t mask) { return first_bit64(~uint64_t(mask)); }
inline uint64_t bits64(uint64_t mask) { return vaddv_u8(vcnt_u8(vcreate_u8(mask))); }
inline uint64_t prefix_xor(uint64_t mask) {
    for (int shift = 1; shift < 64; shift <<= 1) mask ^= mask << shift;
    return mask;
}

inline uint8x16_t equal_to(uint8x16_t x, uint8_t byte) { return vceqq_u8(x, vdupq_n_u8(byte)); }
// Two vectors of 0x00 or 0xff bytes → 32 bits.
inline uint32_t bits_of(uint8x16_t a, uint8x16_t b) {
    const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t weight = vld1q_u8(weights);
    uint8x16_t sum = vpaddq_u8(vandq_u8(a, weight), vandq_u8(b, weight));
    sum = vpaddq_u8(sum, sum);
    sum = vpaddq_u8(sum, sum);
    return vgetq_lane_u32(vreinterpretq_u32_u8(sum), 0);
}

inline uint8x16_t stops16(uint8x16_t x) {
    return vorrq_u8(vorrq_u8(equal_to(x, '"'), equal_to(x, '\\')), vcltq_u8(x, vdupq_n_u8(0x20)));
}
inline TextMask text_mask(const uint8_t* p) {
    uint8x16_t a = vld1q_u8(p), b = vld1q_u8(p + 16), top = vdupq_n_u8(0x80);
    return TextMask{bits_of(stops16(a), stops16(b)), bits_of(vcgeq_u8(a, top), vcgeq_u8(b, top))};
}
inline uint8x16_t digits16(uint8x16_t x) { return vcleq_u8(vsubq_u8(x, vdupq_n_u8('0')), vdupq_n_u8(9)); }
inline uint32_t digit_mask(const uint8_t* p) { return bits_of(digits16(vld1q_u8(p)), digits16(vld1q_u8(p + 16))); }
inline uint8x16_t spaces16(uint8x16_t x) {
    return vorrq_u8(vorrq_u8(equal_to(x, ' '), equal_to(x, '\n')), vorrq_u8(equal_to(x, '\r'), equal_to(x, '\t')));
}
inline uint32_t space_mask(const uint8_t* p) { return bits_of(spaces16(vld1q_u8(p)), spaces16(vld1q_u8(p + 16))); }
inline uint32_t byte_mask(const uint8_t* p, uint8_t byte) {
    return bits_of(equal_to(vld1q_u8(p), byte), equal_to(vld1q_u8(p + 16), byte));
}
inline Structure structure(const uint8_t* p) {
    Structure s{0, 0, 0, 0};
    for (int half = 0; half < 64; half += 32) {
        uint8x16_t a = vld1q_u8(p + half), b = vld1q_u8(p + half + 16), fold = vdupq_n_u8(0x20);
        uint8x16_t c = vorrq_u8(a, fold), d = vorrq_u8(b, fold);  // '[' and '{', ']' and '}' become one
        s.quotes |= uint64_t(bits_of(equal_to(a, '"'), equal_to(b, '"'))) << half;
        s.backslashes |= uint64_t(bits_of(equal_to(a, '\\'), equal_to(b, '\\'))) << half;
        s.opens |= uint64_t(bits_of(equal_to(c, '{'), equal_to(d, '{'))) << half;
        s.closes |= uint64_t(bits_of(equal_to(c, '}'), equal_to(d, '}'))) << half;
    }
    return s;
}
