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

#if defined(_MSC_VER) && !defined(__clang__)
#include "lanes_one.hpp"
#else
constexpr size_t LANES = 2;
typedef uint64_t Lanes __attribute__((vector_size(8 * LANES)));
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes lanes) { return Lanes(_mm_unpacklo_epi64(_mm_unpackhi_epi64(__m128i(last), __m128i(last)), __m128i(lanes))); }
MATCHER_INLINE bool any_bit(Lanes lanes) { return bits_of(_mm_cmpeq_epi8(__m128i(lanes), _mm_setzero_si128())) != 0xffff; }
#include "lanes_many.hpp"
#endif

// The range of the bytes seen.
struct Range {
    __m128i least, any;

    MATCHER_INLINE Range() : least(_mm_set1_epi8(char(0xff))), any(_mm_setzero_si128()) {}
    MATCHER_INLINE void see(const uint8_t* p) {
        for (int part = 0; part < 64; part += 16) {
            __m128i x = bytes_at(p + part);
            least = _mm_min_epu8(least, x), any = either(any, x);
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
    bool any_control() const { return bits_of(at_most(least, 0x1f)) != 0; }
    bool any_high() const { return bits_of(any) != 0; }
};

template <bool STRICT>
inline Block classify(const uint8_t* p) {
    Block block{};
    for (int part = 0; part < 64; part += 16) {
        __m128i x = bytes_at(p + part);
        __m128i folded = either(x, _mm_set1_epi8(0x20));  // '[' and '{', ']' and '}' become one
        __m128i breaks = either(either(equal_to(x, '\n'), equal_to(x, '\r')), equal_to(x, '\t'));
        block.quotes |= uint64_t(bits_of(equal_to(x, '"'))) << part;
        block.backslashes |= uint64_t(bits_of(equal_to(x, '\\'))) << part;
        block.opens |= uint64_t(bits_of(equal_to(folded, '{'))) << part;
        block.closes |= uint64_t(bits_of(equal_to(folded, '}'))) << part;
        block.colons |= uint64_t(bits_of(equal_to(x, ':'))) << part;
        block.commas |= uint64_t(bits_of(equal_to(x, ','))) << part;
        block.spaces |= uint64_t(bits_of(either(equal_to(x, ' '), breaks))) << part;
        if (!STRICT) continue;
        block.braces |= uint64_t(bits_of(_mm_slli_epi16(x, 2))) << part;
        block.digits |= uint64_t(digits16(x)) << part;
        block.zeros |= uint64_t(bits_of(equal_to(x, '0'))) << part;
        block.dots |= uint64_t(bits_of(equal_to(x, '.'))) << part;
        block.minuses |= uint64_t(bits_of(equal_to(x, '-'))) << part;
    }
    return block;
}
