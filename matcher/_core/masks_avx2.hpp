// Masks from AVX2, BMI and PCLMUL; included inside a namespace by scan.hpp, under that target.

inline uint32_t first_bit64(uint64_t mask) { return uint32_t(_tzcnt_u64(mask)); }
inline uint32_t first_bit(uint32_t mask) { return uint32_t(_tzcnt_u32(mask)); }
inline uint32_t below_bit(uint32_t k) { return _bzhi_u32(~0u, k); }
inline uint64_t below_bit64(uint32_t k) { return _bzhi_u64(~uint64_t(0), k); }
inline uint32_t first_gap(uint32_t mask) { return uint32_t(_tzcnt_u32(~mask)); }
inline uint64_t bits64(uint64_t mask) { return uint64_t(_mm_popcnt_u64(mask)); }
inline uint64_t prefix_xor(uint64_t mask) {
    __m128i ones = _mm_set1_epi8(char(0xff));
    return uint64_t(_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, int64_t(mask)), ones, 0)));
}

inline __m256i bytes_at(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline uint32_t bits_of(__m256i x) { return uint32_t(_mm256_movemask_epi8(x)); }
inline __m256i equal_to(__m256i x, char byte) { return _mm256_cmpeq_epi8(x, _mm256_set1_epi8(byte)); }
inline __m256i at_most(__m256i x, uint8_t byte) {
    return _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(char(byte))), x);
}

inline TextMask text_mask(const uint8_t* p) {
    __m256i x = bytes_at(p);
    return TextMask{bits_of(_mm256_or_si256(_mm256_or_si256(equal_to(x, '"'), equal_to(x, '\\')), at_most(x, 0x1f))),
                    bits_of(x)};
}
inline uint32_t digit_mask(const uint8_t* p) {
    return bits_of(at_most(_mm256_sub_epi8(bytes_at(p), _mm256_set1_epi8('0')), 9));
}
inline uint32_t space_mask(const uint8_t* p) {
    __m256i x = bytes_at(p);
    return bits_of(_mm256_or_si256(_mm256_or_si256(equal_to(x, ' '), equal_to(x, '\n')),
                                   _mm256_or_si256(equal_to(x, '\r'), equal_to(x, '\t'))));
}
inline uint32_t byte_mask(const uint8_t* p, char byte) { return bits_of(equal_to(bytes_at(p), byte)); }
inline Structure structure(const uint8_t* p) {
    __m256i a = bytes_at(p), b = bytes_at(p + 32), fold = _mm256_set1_epi8(0x20);
    __m256i c = _mm256_or_si256(a, fold), d = _mm256_or_si256(b, fold);  // '[' and '{', ']' and '}' become one
    return Structure{bits_of(equal_to(a, '"')) | uint64_t(bits_of(equal_to(b, '"'))) << 32,
                     bits_of(equal_to(a, '\\')) | uint64_t(bits_of(equal_to(b, '\\'))) << 32,
                     bits_of(equal_to(c, '{')) | uint64_t(bits_of(equal_to(d, '{'))) << 32,
                     bits_of(equal_to(c, '}')) | uint64_t(bits_of(equal_to(d, '}'))) << 32};
}
