// Which vector instructions this machine has, and the choice among them.
#pragma once

#include <cstdlib>
#include <cstring>

#include "platform.hpp"

namespace matcher {

enum class Simd : int { scalar = 0, baseline = 1, avx2 = 2, avx512 = 3 };

inline bool has_avx2() {
#if defined(MATCHER_X86)
#if defined(_MSC_VER) && !defined(__clang__)
    int leaf[4];
    __cpuid(leaf, 0);
    if (leaf[0] < 7) return false;
    __cpuid(leaf, 1);
    bool saves = (leaf[2] >> 27) & 1;
    if (!saves || (_xgetbv(0) & 6) != 6) return false;
    __cpuidex(leaf, 7, 0);
    return ((leaf[1] >> 5) & 1) && ((leaf[1] >> 3) & 1) && ((leaf[1] >> 8) & 1);
#else
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#endif
#else
    return false;
#endif
}

// With VBMI2 and GFNI: the processors before those that have it slow down when 512 bits are used.
inline bool has_avx512() {
#if defined(MATCHER_X86)
#if defined(_MSC_VER) && !defined(__clang__)
    int leaf[4];
    if (!has_avx2() || (_xgetbv(0) & 0xe6) != 0xe6) return false;
    __cpuidex(leaf, 7, 0);
    return ((leaf[1] >> 16) & 1) && ((leaf[1] >> 30) & 1) && ((leaf[2] >> 1) & 1) &&
           ((leaf[2] >> 6) & 1) && ((leaf[2] >> 8) & 1);
#else
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("gfni");
#endif
#else
    return false;
#endif
}

// The best level of this machine, or the one that MATCHER_SIMD names (scalar, sse2 or neon, avx2, avx512) if it can run
// here; "": no wish.
inline Simd choose_simd(const char* wish) {
#if defined(MATCHER_X86) || defined(MATCHER_NEON)
    Simd best = has_avx512() ? Simd::avx512 : has_avx2() ? Simd::avx2 : Simd::baseline;
#else
    Simd best = Simd::scalar;
#endif
    if (*wish == '\0') return best;
    if (!std::strcmp(wish, "scalar")) return Simd::scalar;
    if (best != Simd::scalar && (!std::strcmp(wish, "sse2") || !std::strcmp(wish, "neon"))) return Simd::baseline;
    if (best == Simd::avx512 && !std::strcmp(wish, "avx2")) return Simd::avx2;
    return best;
}

}  // namespace matcher
