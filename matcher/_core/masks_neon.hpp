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
inline uint32_t last_bit64(uint64_t mask) {
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long n;
    _BitScanReverse64(&n, mask);
    return n;
#else
    return 63 - uint32_t(__builtin_clzll(mask));
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

inline uint8x16_t digits16(uint8x16_t x) { return vcleq_u8(vsubq_u8(x, vdupq_n_u8('0')), vdupq_n_u8(9)); }
inline uint32_t digit_mask(const uint8_t* p) { return bits_of(digits16(vld1q_u8(p)), digits16(vld1q_u8(p + 16))); }
inline uint32_t byte_mask(const uint8_t* p, uint8_t byte) {
    return bits_of(equal_to(vld1q_u8(p), byte), equal_to(vld1q_u8(p + 16), byte));
}

// The bits of one test over 64 bytes.
template <class Test>
inline uint64_t each_vector(const uint8x16_t* x, Test test) {
    return bits_of(test(x[0]), test(x[1])) | uint64_t(bits_of(test(x[2]), test(x[3]))) << 32;
}

inline Block classify(const uint8_t* p) {
    const uint8x16_t x[4] = {vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)};
    auto fold = [](uint8x16_t v) { return vorrq_u8(v, vdupq_n_u8(0x20)); };  // '[' and '{', ']' and '}' become one
    auto is_open = [&](uint8x16_t v) { return equal_to(fold(v), '{'); };
    auto is_close = [&](uint8x16_t v) { return equal_to(fold(v), '}'); };
    return Block{
        each_vector(x, [](uint8x16_t v) { return equal_to(v, '"'); }),
        each_vector(x, [](uint8x16_t v) { return equal_to(v, '\\'); }),
        each_vector(x, [&](uint8x16_t v) {
            return vorrq_u8(vorrq_u8(is_open(v), is_close(v)), vorrq_u8(equal_to(v, ':'), equal_to(v, ',')));
        }),
        each_vector(x, [](uint8x16_t v) {
            return vorrq_u8(vorrq_u8(equal_to(v, ' '), equal_to(v, '\n')), vorrq_u8(equal_to(v, '\r'), equal_to(v, '\t')));
        }),
        each_vector(x, [](uint8x16_t v) { return vcltq_u8(v, vdupq_n_u8(0x20)); }),
        each_vector(x, [](uint8x16_t v) { return vcgeq_u8(v, vdupq_n_u8(0x80)); }),
        each_vector(x, is_open),
        each_vector(x, is_close),
        each_vector(x, [&](uint8x16_t v) { return vorrq_u8(vorrq_u8(is_open(v), is_close(v)), equal_to(v, ':')); }),
    };
}
