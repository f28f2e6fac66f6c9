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
inline uint32_t below_bit(uint32_t k) { return (uint32_t(1) << k) - 1; }
inline uint32_t first_gap(uint32_t mask) { return first_bit64(~uint64_t(mask)); }
inline uint64_t bits64(uint64_t mask) { return vaddv_u8(vcnt_u8(vcreate_u8(mask))); }

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

#if defined(_MSC_VER) && !defined(__clang__)
#include "lanes_one.hpp"
#else
constexpr size_t LANES = 2;
typedef uint64_t Lanes __attribute__((vector_size(8 * LANES)));
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes lanes) {
    return Lanes(vextq_u64(uint64x2_t(last), uint64x2_t(lanes), 1));
}
MATCHER_INLINE bool any_bit(Lanes lanes) { return vmaxvq_u32(vreinterpretq_u32_u64(uint64x2_t(lanes))) != 0; }
#include "lanes_many.hpp"
MATCHER_INLINE Lanes chunk(const Blocks& blocks, size_t i) { return Lanes(vld1q_u8(blocks.at(i / 4) + i % 4 * 16)); }
MATCHER_INLINE Lanes low_bytes(Lanes a, Lanes b) { return Lanes(vzip1q_u8(uint8x16_t(a), uint8x16_t(b))); }
MATCHER_INLINE Lanes high_bytes(Lanes a, Lanes b) { return Lanes(vzip2q_u8(uint8x16_t(a), uint8x16_t(b))); }
#include "interleave.hpp"
#endif
