// Masks from AVX2 and BMI; included inside a namespace by scan.hpp, under that target.

inline uint32_t first_bit64(uint64_t mask) { return uint32_t(_tzcnt_u64(mask)); }
inline uint32_t below_bit(uint32_t k) { return _bzhi_u32(~0u, k); }
inline uint32_t first_gap(uint32_t mask) { return uint32_t(_tzcnt_u32(~mask)); }
inline uint64_t bits64(uint64_t mask) { return uint64_t(_mm_popcnt_u64(mask)); }

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

#if defined(_MSC_VER) && !defined(__clang__)
#include "lanes_one.hpp"
#else
constexpr size_t LANES = 4;
typedef uint64_t Lanes __attribute__((vector_size(8 * LANES)));
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes lanes) {
    __m256i middle = _mm256_permute2x128_si256(__m256i(last), __m256i(lanes), 0x21);
    return Lanes(_mm256_alignr_epi8(__m256i(lanes), middle, 8));
}
MATCHER_INLINE bool any_bit(Lanes lanes) { return !_mm256_testz_si256(__m256i(lanes), __m256i(lanes)); }
#include "lanes_many.hpp"
// 16 bytes of each half of a group.
MATCHER_INLINE Lanes chunk(const Blocks& blocks, size_t i) {
    const __m128i* low = reinterpret_cast<const __m128i*>(blocks.at(i / 4) + i % 4 * 16);
    const __m128i* high = reinterpret_cast<const __m128i*>(blocks.at(2 + i / 4) + i % 4 * 16);
    return Lanes(_mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)), _mm_loadu_si128(high), 1));
}
MATCHER_INLINE Lanes low_bytes(Lanes a, Lanes b) { return Lanes(_mm256_unpacklo_epi8(__m256i(a), __m256i(b))); }
MATCHER_INLINE Lanes high_bytes(Lanes a, Lanes b) { return Lanes(_mm256_unpackhi_epi8(__m256i(a), __m256i(b))); }
#include "interleave.hpp"
#endif
