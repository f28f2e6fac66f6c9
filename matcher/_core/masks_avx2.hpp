// Masks from AVX2, BMI and PCLMUL; included inside a namespace by scan.hpp, under that target.

inline uint32_t first_bit64(uint64_t mask) { return uint32_t(_tzcnt_u64(mask)); }
inline uint32_t last_bit64(uint64_t mask) { return 63 - uint32_t(_lzcnt_u64(mask)); }
inline uint32_t first_bit(uint32_t mask) { return uint32_t(_tzcnt_u32(mask)); }
inline uint32_t below_bit(uint32_t k) { return _bzhi_u32(~0u, k); }
inline uint64_t below_bit64(uint32_t k) { return _bzhi_u64(~uint64_t(0), k); }
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

inline uint64_t both(__m256i a, __m256i b) { return bits_of(a) | uint64_t(bits_of(b)) << 32; }

#if defined(_MSC_VER) && !defined(__clang__)
#include "lanes_one.hpp"
#else
constexpr size_t LANES = 4;
typedef uint64_t Lanes __attribute__((vector_size(8 * LANES)));
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes lanes) { return Lanes(_mm256_alignr_epi8(__m256i(lanes), _mm256_permute2x128_si256(__m256i(last), __m256i(lanes), 0x21), 8)); }
MATCHER_INLINE bool any_bit(Lanes lanes) { return !_mm256_testz_si256(__m256i(lanes), __m256i(lanes)); }
#include "lanes_many.hpp"
#endif

// The range of the bytes seen.
struct Range {
    __m256i least, any;

    MATCHER_INLINE Range() : least(_mm256_set1_epi8(char(0xff))), any(_mm256_setzero_si256()) {}
    MATCHER_INLINE void see(const uint8_t* p) {
        __m256i a = bytes_at(p), b = bytes_at(p + 32);
        least = _mm256_min_epu8(least, _mm256_min_epu8(a, b)), any = _mm256_or_si256(any, _mm256_or_si256(a, b));
    }
    // The bytes of the last block, which is not whole: those that end the text, seen again or not.
    MATCHER_INLINE void see_last(const uint8_t* text, size_t size) {
        if (MATCHER_LIKELY(size >= 64)) return see(text + size - 64);
        uint8_t copy[64];
        std::memset(copy, ' ', 64);
        std::memcpy(copy, text, size);
        see(copy);
    }
    bool any_control() const { return bits_of(at_most(least, 0x1f)) != 0; }
    bool any_high() const { return bits_of(any) != 0; }
};

template <bool STRICT>
MATCHER_INLINE Block classify(const uint8_t* p) {
    Block block{};
    // By low nibble; a byte is a space if it equals its entry. A nibble without a space has an entry of another nibble.
    const __m128i space_table = _mm_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0);
    const __m256i spaces = _mm256_broadcastsi128_si256(space_table), zero = _mm256_set1_epi8('0');
    __m256i a = bytes_at(p), b = bytes_at(p + 32), fold = _mm256_set1_epi8(0x20);
    __m256i c = _mm256_or_si256(a, fold), d = _mm256_or_si256(b, fold);  // '[' and '{', ']' and '}' become one
    block.quotes = both(equal_to(a, '"'), equal_to(b, '"'));
    block.backslashes = both(equal_to(a, '\\'), equal_to(b, '\\'));
    block.opens = both(equal_to(c, '{'), equal_to(d, '{'));
    block.closes = both(equal_to(c, '}'), equal_to(d, '}'));
    block.colons = both(equal_to(a, ':'), equal_to(b, ':'));
    block.commas = both(equal_to(a, ','), equal_to(b, ','));
    block.spaces =
        both(_mm256_cmpeq_epi8(a, _mm256_shuffle_epi8(spaces, a)), _mm256_cmpeq_epi8(b, _mm256_shuffle_epi8(spaces, b)));
    if (!STRICT) return block;
    block.braces = both(_mm256_slli_epi16(a, 2), _mm256_slli_epi16(b, 2));
    block.digits = both(at_most(_mm256_sub_epi8(a, zero), 9), at_most(_mm256_sub_epi8(b, zero), 9));
    block.zeros = both(equal_to(a, '0'), equal_to(b, '0'));
    block.dots = both(equal_to(a, '.'), equal_to(b, '.'));
    block.minuses = both(equal_to(a, '-'), equal_to(b, '-'));
    return block;
}
