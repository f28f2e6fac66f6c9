// Small runs of numbers or bytes × what is looked for → which of them are equal, all at once.
#pragma once

#include <cstdint>

#include "platform.hpp"

namespace matcher {

// Bits 0 to 7: the tags that are equal; bits 8 to 15: those that are zero, which are free.
MATCHER_INLINE uint32_t equal_and_free(const uint16_t* tags, uint16_t tag) {
#if defined(MATCHER_X86)
    __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tags));
    __m128i equal = _mm_cmpeq_epi16(all, _mm_set1_epi16(int16_t(tag)));
    __m128i free = _mm_cmpeq_epi16(all, _mm_setzero_si128());
    return uint32_t(_mm_movemask_epi8(_mm_packs_epi16(equal, free)));
#elif defined(MATCHER_NEON)
    static constexpr uint16_t weights[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    uint16x8_t all = vld1q_u16(tags), weight = vld1q_u16(weights);
    uint32_t equal = vaddvq_u16(vandq_u16(vceqq_u16(all, vdupq_n_u16(tag)), weight));
    uint32_t free = vaddvq_u16(vandq_u16(vceqzq_u16(all), weight));
    return equal | free << 8;
#else
    uint32_t bits = 0;
    for (uint32_t i = 0; i < 8; ++i) bits |= uint32_t(tags[i] == tag) << i | uint32_t(tags[i] == 0) << (8 + i);
    return bits;
#endif
}

// Whether two texts of up to 16 bytes are the same; of both 16 bytes must be readable.
MATCHER_INLINE bool same_short(const uint8_t* one, const uint8_t* other, size_t size) {
#if defined(MATCHER_X86)
    __m128i left = _mm_loadu_si128(reinterpret_cast<const __m128i*>(one));
    __m128i right = _mm_loadu_si128(reinterpret_cast<const __m128i*>(other));
    uint32_t equal = uint32_t(_mm_movemask_epi8(_mm_cmpeq_epi8(left, right)));
    return ((~equal << 16) << (16 - size)) == 0;
#else
    uint64_t low = load64(one) ^ load64(other), high = load64(one + 8) ^ load64(other + 8);
    if (size <= 8) return size == 0 || low << (64 - 8 * size) == 0;
    return low == 0 && high << (128 - 8 * size) == 0;
#endif
}

// Whether each number at the odd places of `words`, or its bits and those of `more`, is among `count` others, a multiple
// of four.
MATCHER_INLINE bool all_among(const uint32_t* words, const uint32_t* more, const uint32_t* others, uint32_t count) {
#if defined(MATCHER_X86)
    auto four = [](const uint32_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
    __m128 odd = _mm_shuffle_ps(_mm_castsi128_ps(four(words)), _mm_castsi128_ps(four(words + 4)), 0xdd);
    __m128i found[4] = {}, want = _mm_or_si128(_mm_castps_si128(odd), four(more));
    for (uint32_t i = 0; i < count; i += 4) {
        __m128i some = four(others + i);
        found[0] = _mm_or_si128(found[0], _mm_cmpeq_epi32(some, _mm_shuffle_epi32(want, 0x00)));
        found[1] = _mm_or_si128(found[1], _mm_cmpeq_epi32(some, _mm_shuffle_epi32(want, 0x55)));
        found[2] = _mm_or_si128(found[2], _mm_cmpeq_epi32(some, _mm_shuffle_epi32(want, 0xaa)));
        found[3] = _mm_or_si128(found[3], _mm_cmpeq_epi32(some, _mm_shuffle_epi32(want, 0xff)));
    }
    __m128i low = _mm_packs_epi32(found[0], found[1]), high = _mm_packs_epi32(found[2], found[3]);
    uint32_t bits = uint32_t(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
    bits |= bits >> 1;
    return ((bits | bits >> 2) & 0x1111) == 0x1111;
#else
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; ++i)
        for (uint32_t j = 0; j < 4; ++j) found |= uint32_t(others[i] == (words[2 * j + 1] | more[j])) << j;
    return found == 15;
#endif
}

}  // namespace matcher
