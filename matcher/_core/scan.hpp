// JSON text → the asked fields of an event: picks the walk for this machine's vector instructions.
//
// Each level gives the walk the same few functions: `classify` 64 bytes, `digit_mask` and `byte_mask` of 32, and bit
// counts. The walks live in a namespace each, compiled for their level by a pragma, and use no template of the standard
// library inside, so that the linker can't keep a copy that needs a newer processor.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "escape.hpp"
#include "event.hpp"
#include "fault.hpp"
#include "paths.hpp"
#include "platform.hpp"
#include "simd.hpp"
#include "utf8.hpp"

namespace matcher {

// What 64 bytes are, a bit a byte.
struct Block {
    uint64_t quotes, backslashes;
    uint64_t opens, closes, colons, commas;
    uint64_t spaces;
    // Of a strict scan alone:
    uint64_t braces;  // those with the bit that tells braces from brackets
    uint64_t digits, zeros, dots, minuses;

    // Only the bytes of `kept` belong to the text; what follows may be another one, and counts as space.
    void cut(uint64_t kept) {
        for (uint64_t* bits : {&quotes, &backslashes, &opens, &closes, &colons, &commas}) *bits &= kept;
        spaces = (spaces & kept) | ~kept;
    }
};

// The bytes that a backslash escapes: those behind a run of odd length. `carry` goes from block to block.
MATCHER_INLINE uint64_t escaped_bytes(uint64_t backslashes, uint64_t& carry) {
    if (MATCHER_LIKELY(backslashes == 0)) {
        uint64_t escaped = carry;
        carry = 0;
        return escaped;
    }
    // Subtracting the runs' starts from a mask of odd places ripples through each run; where it comes out tells parity.
    constexpr uint64_t odd = 0xaaaaaaaaaaaaaaaau;
    uint64_t starts = backslashes & ~carry;
    uint64_t rippled = ((starts << 1 | odd) - starts) ^ odd;
    uint64_t escaped = rippled ^ (backslashes | carry);
    carry = (rippled & backslashes) >> 63;
    return escaped;
}

namespace scalar {
#include "masks_scalar.hpp"
#include "marks.hpp"
#include "walk.hpp"
}  // namespace scalar

#if defined(MATCHER_X86)
namespace baseline {
#include "masks_sse2.hpp"
#include "marks.hpp"
#include "walk.hpp"
}  // namespace baseline

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul")
#endif
namespace avx2 {
#include "masks_avx2.hpp"
#include "marks.hpp"
#include "walk.hpp"
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt,pclmul"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt,pclmul")
#endif
namespace avx512 {
#include "masks_avx512.hpp"
#include "marks.hpp"
#include "walk.hpp"
}  // namespace avx512
#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
#elif defined(MATCHER_NEON)
namespace baseline {
#include "masks_neon.hpp"
#include "marks.hpp"
#include "walk.hpp"
}  // namespace baseline
#endif

// False: the text is refused, and FaultFinder tells why.
using ScanFunction = bool (*)(const uint8_t*, size_t, const Paths&, const TextLimits&, bool, Event&);

inline ScanFunction scan_function(Simd level) {
#if defined(MATCHER_X86)
    if (level == Simd::avx512) return avx512::scan;
    if (level == Simd::avx2) return avx2::scan;
#endif
#if defined(MATCHER_X86) || defined(MATCHER_NEON)
    if (level == Simd::baseline) return baseline::scan;
#endif
    (void)level;
    return scalar::scan;
}

}  // namespace matcher
