// Masks from SSE2, which every x86-64 has; included inside a namespace by scan.hpp.

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
inline uint64_t bits64(uint64_t mask) {
    mask = mask - ((mask >> 1) & 0x5555555555555555u);
    mask = (mask & 0x3333333333333333u) + ((mask >> 2) & 0x3333333333333333u);
    return (((mask + (mask >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u) >> 56;
}
inline uint64_t prefix_xor(uint64_t mask) {
    for (int shift = 1; shift < 64; shift <<= 1) mask ^= mask << shift;
    return mask;
}

inline __m128i bytes_at(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline uint32_t bits_of(__m128i x) { return uint32_t(_mm_movemask_epi8(x)); }
inline __m128i equal_to(__m128i x, char byte) { return _mm_cmpeq_epi8(x, _mm_set1_epi8(byte)); }
inline __m128i at_most(__m128i x, uint8_t byte) {
    return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(char(byte))), x);
}

inline uint32_t digits16(__m128i x) { return bits_of(at_most(_mm_sub_epi8(x, _mm_set1_epi8('0')), 9)); }
inline uint32_t digit_mask(const uint8_t* p) { return digits16(bytes_at(p)) | digits16(bytes_at(p + 16)) << 16; }
inline uint32_t byte_mask(const uint8_t* p, char byte) {
    return bits_of(equal_to(bytes_at(p), byte)) | bits_of(equal_to(bytes_at(p + 16), byte)) << 16;
}

inline __m128i either(__m128i a, __m128i b) { return _mm_or_si128(a, b); }

MATCHER_INLINE Block classify(const uint8_t* p) {
    Block block{0, 0, 0, 0, 0, 0, 0, 0, 0};
    for (int part = 0; part < 64; part += 16) {
        __m128i x = bytes_at(p + part);
        __m128i folded = either(x, _mm_set1_epi8(0x20));  // '[' and '{', ']' and '}' become one
        __m128i opens = equal_to(folded, '{'), closes = equal_to(folded, '}');
        __m128i points = either(equal_to(x, ':'), equal_to(x, ','));
        __m128i breaks = either(either(equal_to(x, '\n'), equal_to(x, '\r')), equal_to(x, '\t'));
        block.quotes |= uint64_t(bits_of(equal_to(x, '"'))) << part;
        block.backslashes |= uint64_t(bits_of(equal_to(x, '\\'))) << part;
        block.operators |= uint64_t(bits_of(either(either(opens, closes), points))) << part;
        block.spaces |= uint64_t(bits_of(either(equal_to(x, ' '), breaks))) << part;
        block.controls |= uint64_t(bits_of(at_most(x, 0x1f))) << part;
        block.high |= uint64_t(bits_of(x)) << part;
        block.opens |= uint64_t(bits_of(opens)) << part;
        block.closes |= uint64_t(bits_of(closes)) << part;
        block.lean |= uint64_t(bits_of(either(either(opens, closes), equal_to(x, ':')))) << part;
    }
    return block;
}
