// Masks from AVX-512 (BW, VBMI) and GFNI; included inside a namespace by scan.hpp, under that target.

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
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes lanes) {
    return Lanes(_mm512_maskz_alignr_epi64(__mmask8(0xff), __m512i(lanes), __m512i(last), 7));
}
MATCHER_INLINE bool any_bit(Lanes lanes) { return _mm512_test_epi64_mask(__m512i(lanes), __m512i(lanes)) != 0; }
#include "lanes_many.hpp"

// (gcc takes the intrinsics without a mask for uses of what was not set.)
template <int ORDER>
MATCHER_INLINE __m512i parts(__m512i a, __m512i b) { return _mm512_maskz_shuffle_i64x2(0xff, a, b, ORDER); }

// Four rows of four parts of 128 bits, each second from `row` on → the i-th of them holds the i-th parts.
MATCHER_INLINE void transpose_parts(__m512i* row) {
    __m512i a = parts<0x44>(row[0], row[2]), b = parts<0x44>(row[4], row[6]);
    __m512i c = parts<0xee>(row[0], row[2]), d = parts<0xee>(row[4], row[6]);
    row[0] = parts<0x88>(a, b), row[2] = parts<0xdd>(a, b), row[4] = parts<0x88>(c, d), row[6] = parts<0xdd>(c, d);
}

MATCHER_INLINE void read_planes(const Blocks& blocks, Lanes* plane) {
    // The product of a matrix of bits with these bytes is its transpose, if its rows are in reverse order.
    const __m512i single_bits = _mm512_set1_epi64(int64_t(0x8040201008040201));
    const __m512i reversed = _mm512_set4_epi32(0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607);
    const __m512i every_eighth = _mm512_setr_epi64(  // bytes 0, 8, 16 …, then 1, 9, 17 …
        0x3830282018100800, 0x3931292119110901, 0x3a322a221a120a02, 0x3b332b231b130b03,
        0x3c342c241c140c04, 0x3d352d251d150d05, 0x3e362e261e160e06, 0x3f372f271f170f07);
    __m512i block[8], row[8];
    for (size_t i = 0; i < 8; ++i) {
        __m512i x = _mm512_shuffle_epi8(_mm512_loadu_si512(blocks.at(i)), reversed);
        x = _mm512_gf2p8affine_epi64_epi8(single_bits, x, 0);
        block[i] = _mm512_maskz_permutexvar_epi8(~__mmask64(0), every_eighth, x);
    }
    for (int i = 0; i < 8; i += 2) {
        row[i] = _mm512_maskz_unpacklo_epi64(0xff, block[i], block[i + 1]);
        row[i + 1] = _mm512_maskz_unpackhi_epi64(0xff, block[i], block[i + 1]);
    }
    transpose_parts(row);
    transpose_parts(row + 1);
    for (int i = 0; i < 8; ++i) plane[i] = Lanes(row[i]);
}
#endif
