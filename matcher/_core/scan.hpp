// JSON text → the asked fields of an event: picks the walk for this machine's vector instructions.
//
// Each level gives the walk the same few functions: `read_planes` of a group of 64-byte blocks, `digit_mask` and
// `byte_mask` of 32 bytes, and bit counts. The walks live in a namespace each, compiled for their level by a pragma, and
// use no template of the standard library inside, so that the linker can't keep a copy that needs a newer processor.
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

// Where a group of 64-byte blocks lies; those behind the last one that holds text are read as that one.
struct Blocks {
    const uint8_t* first;
    size_t last = SIZE_MAX;

    MATCHER_INLINE const uint8_t* at(size_t i) const { return first + 64 * (i < last ? i : last); }
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
#include "planes.hpp"
#include "marks.hpp"
#include "walk.hpp"
}  // namespace scalar

#if defined(MATCHER_X86)
namespace baseline {
#include "masks_sse2.hpp"
#include "planes.hpp"
#include "marks.hpp"
#include "walk.hpp"
}  // namespace baseline

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif
namespace avx2 {
#include "masks_avx2.hpp"
#include "planes.hpp"
#include "marks.hpp"
#include "walk.hpp"
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vbmi,gfni,avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vbmi,gfni,avx2,bmi,bmi2,lzcnt,popcnt")
#endif
namespace avx512 {
#include "masks_avx512.hpp"
#include "planes.hpp"
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
#include "planes.hpp"
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
