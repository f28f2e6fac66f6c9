// What differs between compilers and processors: targets, bit counts, wide multiply, unaligned loads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define MATCHER_INLINE __forceinline
#define MATCHER_COLD __declspec(noinline)
#define MATCHER_LIKELY(x) (x)
#define MATCHER_UNLIKELY(x) (x)
#if defined(_M_X64)
#define MATCHER_PREFETCH(at) _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T0)
#else
#define MATCHER_PREFETCH(at) __prefetch(at)
#endif
#else
#define MATCHER_INLINE inline __attribute__((always_inline))
#define MATCHER_COLD __attribute__((noinline, cold))
#define MATCHER_LIKELY(x) __builtin_expect(!!(x), 1)
#define MATCHER_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define MATCHER_PREFETCH(at) __builtin_prefetch(at)
#endif

#if defined(__x86_64__) || defined(_M_X64)
#define MATCHER_X86 1
#include <immintrin.h>
#elif defined(__aarch64__) || defined(_M_ARM64)
#define MATCHER_NEON 1
#include <arm_neon.h>
#endif

namespace matcher {

inline uint64_t load64(const uint8_t* at) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    return word;
}

inline uint32_t load32(const uint8_t* at) {
    uint32_t word;
    std::memcpy(&word, at, 4);
    return word;
}

inline uint16_t load16(const uint8_t* at) {
    uint16_t word;
    std::memcpy(&word, at, 2);
    return word;
}

// Whether two runs of bytes are the same; the runs are mostly short, so no call.
inline bool same_bytes(const uint8_t* left, const uint8_t* right, size_t size) {
    if (size >= 8) {
        size_t at = 0;
        for (; at + 8 < size; at += 8)
            if (load64(left + at) != load64(right + at)) return false;
        return load64(left + size - 8) == load64(right + size - 8);
    }
    if (size >= 4) return load32(left) == load32(right) && load32(left + size - 4) == load32(right + size - 4);
    for (size_t at = 0; at < size; ++at)
        if (left[at] != right[at]) return false;
    return true;
}

// Fold the 128-bit product of two words into one: the mixing step of every keyed hash here.
inline uint64_t fold_multiply(uint64_t left, uint64_t right) {
#if defined(_MSC_VER) && !defined(__clang__)
#if defined(_M_X64)
    uint64_t high;
    uint64_t low = _umul128(left, right, &high);
    return low ^ high;
#else
    return (left * right) ^ __umulh(left, right);
#endif
#else
    unsigned __int128 product = static_cast<unsigned __int128>(left) * right;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
#endif
}

// Two random words chosen once per rule set, so that nobody who writes events can aim at a bucket.
struct Seed {
    uint64_t first = 0x243f6a8885a308d3u;
    uint64_t second = 0x13198a2e03707344u;
};

inline uint64_t hash_bytes(const uint8_t* text, size_t size, uint64_t salt, const Seed& seed) {
    uint64_t state = seed.first ^ (salt * 0x9e3779b97f4a7c15u) ^ size;
    while (size > 16) {
        state = fold_multiply(load64(text) ^ seed.second, load64(text + 8) ^ state);
        text += 16;
        size -= 16;
    }
    uint64_t low = 0, high = 0;
    if (size >= 8) {
        low = load64(text);
        high = load64(text + size - 8);
    } else if (size >= 4) {
        low = load32(text);
        high = load32(text + size - 4);
    } else if (size > 0) {
        low = (uint64_t(text[0]) << 16) | (uint64_t(text[size >> 1]) << 8) | text[size - 1];
    }
    state = fold_multiply(low ^ seed.second, high ^ state);
    return fold_multiply(state ^ seed.first, seed.second | 1);
}

inline uint64_t hash_word(uint64_t word, const Seed& seed) {
    return fold_multiply(word ^ seed.first, seed.second | 1);
}

}  // namespace matcher
