// Masks from AVX-512 (BW); included inside a namespace by scan.hpp, under that target.

using avx2::bits64;
using avx2::below_bit;
using avx2::byte_mask;
using avx2::digit_mask;
using avx2::first_bit64;
using avx2::first_gap;

#if defined(_MSC_VER) && !defined(__clang__)
#include "lanes_one.hpp"
#else
constexpr size_t LANES = 8;
typedef uint64_t Lanes __attribute__((vector_size(8 * LANES)));
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes lanes) { return Lanes(_mm512_maskz_alignr_epi64(__mmask8(0xff), __m512i(lanes), __m512i(last), 7)); }
MATCHER_INLINE bool any_bit(Lanes lanes) { return _mm512_test_epi64_mask(__m512i(lanes), __m512i(lanes)) != 0; }
#include "lanes_many.hpp"
#endif

// The range of the bytes seen.
struct Range {
    __m512i least, any;

    MATCHER_INLINE Range() : least(_mm512_set1_epi8(char(0xff))), any(_mm512_setzero_si512()) {}
    MATCHER_INLINE void see(const uint8_t* p) {
        __m512i x = _mm512_loadu_si512(p);
        least = _mm512_min_epu8(least, x), any = _mm512_or_si512(any, x);
    }
    // The bytes of the last block, which is not whole: those that end the text, seen again or not.
    MATCHER_INLINE void see_last(const uint8_t* text, size_t size) {
        if (MATCHER_LIKELY(size >= 64)) return see(text + size - 64);
        uint8_t copy[64];
        std::memset(copy, ' ', 64);
        std::memcpy(copy, text, size);
        see(copy);
    }
    bool any_control() const { return _mm512_cmple_epu8_mask(least, _mm512_set1_epi8(0x1f)) != 0; }
    bool any_high() const { return _mm512_movepi8_mask(any) != 0; }
};

template <bool STRICT>
MATCHER_INLINE Block classify(const uint8_t* p) {
    Block block{};
    const __m512i space_table = _mm512_set4_epi32('\r' << 8, '\n' << 16 | '\t' << 8, 0, ' ');  // as in AVX2
    __m512i x = _mm512_loadu_si512(p), folded = _mm512_or_si512(x, _mm512_set1_epi8(0x20));
    auto equal_to = [](__m512i bytes, char byte) { return uint64_t(_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte))); };
    block.quotes = equal_to(x, '"');
    block.backslashes = equal_to(x, '\\');
    block.opens = equal_to(folded, '{');
    block.closes = equal_to(folded, '}');
    block.colons = equal_to(x, ':');
    block.commas = equal_to(x, ',');
    block.spaces = uint64_t(_mm512_cmpeq_epi8_mask(x, _mm512_shuffle_epi8(space_table, x)));
    if (!STRICT) return block;
    block.braces = uint64_t(_mm512_test_epi8_mask(x, _mm512_set1_epi8(0x20)));
    block.digits = uint64_t(_mm512_cmple_epu8_mask(_mm512_sub_epi8(x, _mm512_set1_epi8('0')), _mm512_set1_epi8(9)));
    block.zeros = equal_to(x, '0');
    block.dots = equal_to(x, '.');
    block.minuses = equal_to(x, '-');
    return block;
}
