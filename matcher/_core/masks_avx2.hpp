// Masks from AVX2, BMI and PCLMUL; included inside a namespace by scan.hpp, under that target.

inline uint32_t first_bit64(uint64_t mask) { return uint32_t(_tzcnt_u64(mask)); }
inline uint32_t last_bit64(uint64_t mask) { return 63 - uint32_t(_lzcnt_u64(mask)); }
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

inline uint32_t digit_mask(const uint8_t* p) {
    return bits_of(at_most(_mm256_sub_epi8(bytes_at(p), _mm256_set1_epi8('0')), 9));
}
inline uint32_t byte_mask(const uint8_t* p, char byte) { return bits_of(equal_to(bytes_at(p), byte)); }

// A table by low nibble, in both lanes; a byte equals its entry if it is the one meant for that nibble. A nibble that is
// meant for none has an entry of another nibble.
inline __m256i lookup(__m256i x, __m128i table) { return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), x); }

inline uint64_t both(__m256i a, __m256i b) { return bits_of(a) | uint64_t(bits_of(b)) << 32; }

MATCHER_INLINE Block classify(const uint8_t* p) {
    const __m128i space_table = _mm_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0);
    const __m128i operator_table = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0);
    const __m128i lean_table = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', 0, '}', 0, 0);
    __m256i a = bytes_at(p), b = bytes_at(p + 32), fold = _mm256_set1_epi8(0x20);
    __m256i c = _mm256_or_si256(a, fold), d = _mm256_or_si256(b, fold);  // '[' and '{', ']' and '}' become one
    return Block{
        both(equal_to(a, '"'), equal_to(b, '"')),
        both(equal_to(a, '\\'), equal_to(b, '\\')),
        both(_mm256_cmpeq_epi8(c, lookup(a, operator_table)), _mm256_cmpeq_epi8(d, lookup(b, operator_table))),
        both(_mm256_cmpeq_epi8(a, lookup(a, space_table)), _mm256_cmpeq_epi8(b, lookup(b, space_table))),
        both(at_most(a, 0x1f), at_most(b, 0x1f)),
        both(a, b),
        both(equal_to(c, '{'), equal_to(d, '{')),
        both(equal_to(c, '}'), equal_to(d, '}')),
        both(_mm256_cmpeq_epi8(c, lookup(a, lean_table)), _mm256_cmpeq_epi8(d, lookup(b, lean_table))),
    };
}
