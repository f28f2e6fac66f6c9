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
inline uint32_t below_bit(uint32_t k) { return (uint32_t(1) << k) - 1; }
inline uint32_t first_gap(uint32_t mask) { return first_bit64(~uint64_t(mask)); }
inline uint64_t bits64(uint64_t mask) {
    mask = mask - ((mask >> 1) & 0x5555555555555555u);
    mask = (mask & 0x3333333333333333u) + ((mask >> 2) & 0x3333333333333333u);
    return (((mask + (mask >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u) >> 56;
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

#if defined(_MSC_VER) && !defined(__clang__)
#include "lanes_one.hpp"
#else
constexpr size_t LANES = 2;
typedef uint64_t Lanes __attribute__((vector_size(8 * LANES)));
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes lanes) {
    return Lanes(_mm_unpacklo_epi64(_mm_unpackhi_epi64(__m128i(last), __m128i(last)), __m128i(lanes)));
}
MATCHER_INLINE bool any_bit(Lanes lanes) {
    return bits_of(_mm_cmpeq_epi8(__m128i(lanes), _mm_setzero_si128())) != 0xffff;
}
#include "lanes_many.hpp"
MATCHER_INLINE Lanes chunk(const Blocks& blocks, size_t i) { return Lanes(bytes_at(blocks.at(i / 4) + i % 4 * 16)); }
MATCHER_INLINE Lanes low_bytes(Lanes a, Lanes b) { return Lanes(_mm_unpacklo_epi8(__m128i(a), __m128i(b))); }
MATCHER_INLINE Lanes high_bytes(Lanes a, Lanes b) { return Lanes(_mm_unpackhi_epi8(__m128i(a), __m128i(b))); }
#include "interleave.hpp"
#endif
