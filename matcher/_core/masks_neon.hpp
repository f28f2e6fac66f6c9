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

#if defined(_MSC_VER) && !defined(__clang__)
#include "lanes_one.hpp"
#else
constexpr size_t LANES = 2;
typedef uint64_t Lanes __attribute__((vector_size(8 * LANES)));
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes lanes) { return Lanes(vextq_u64(uint64x2_t(last), uint64x2_t(lanes), 1)); }
MATCHER_INLINE bool any_bit(Lanes lanes) { return vmaxvq_u32(vreinterpretq_u32_u64(uint64x2_t(lanes))) != 0; }
#include "lanes_many.hpp"
#endif

// The range of the bytes seen.
struct Range {
    uint8x16_t least, most;

    MATCHER_INLINE Range() : least(vdupq_n_u8(0xff)), most(vdupq_n_u8(0)) {}
    MATCHER_INLINE void see(const uint8_t* p) {
        for (int part = 0; part < 64; part += 16) {
            uint8x16_t x = vld1q_u8(p + part);
            least = vminq_u8(least, x), most = vmaxq_u8(most, x);
        }
    }
    // The bytes of the last block, which is not whole: those that end the text, seen again or not.
    MATCHER_INLINE void see_last(const uint8_t* text, size_t size) {
        if (MATCHER_LIKELY(size >= 64)) return see(text + size - 64);
        uint8_t copy[64];
        std::memset(copy, ' ', 64);
        std::memcpy(copy, text, size);
        see(copy);
    }
    bool any_control() const { return vminvq_u8(least) < 0x20; }
    bool any_high() const { return vmaxvq_u8(most) > 0x7f; }
};

template <bool STRICT>
inline Block classify(const uint8_t* p) {
    Block block{};
    const uint8x16_t x[4] = {vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)};
    auto fold = [](uint8x16_t v) { return vorrq_u8(v, vdupq_n_u8(0x20)); };  // '[' and '{', ']' and '}' become one
    auto bits_equal_to = [&](uint8_t byte) { return each_vector(x, [=](uint8x16_t v) { return equal_to(v, byte); }); };
    block.quotes = bits_equal_to('"');
    block.backslashes = bits_equal_to('\\');
    block.opens = each_vector(x, [&](uint8x16_t v) { return equal_to(fold(v), '{'); });
    block.closes = each_vector(x, [&](uint8x16_t v) { return equal_to(fold(v), '}'); });
    block.colons = bits_equal_to(':');
    block.commas = bits_equal_to(',');
    block.spaces = each_vector(x, [](uint8x16_t v) {
        return vorrq_u8(vorrq_u8(equal_to(v, ' '), equal_to(v, '\n')), vorrq_u8(equal_to(v, '\r'), equal_to(v, '\t')));
    });
    if (!STRICT) return block;
    block.braces = each_vector(x, [](uint8x16_t v) { return vtstq_u8(v, vdupq_n_u8(0x20)); });
    block.digits = each_vector(x, digits16);
    block.zeros = bits_equal_to('0');
    block.dots = bits_equal_to('.');
    block.minuses = bits_equal_to('-');
    return block;
}
