// JSON text → the asked fields of an event: picks the kernel for this machine's vector instructions.
//
// Each level gives the kernel the same masks: text_mask, digit_mask, space_mask, byte_mask over 32 bytes, and
// structure over 64. Kernels live in a namespace each, compiled for their level by a pragma, and use no template of
// the standard library inside, so that the linker can't keep a copy that needs a newer processor.
#pragma once

#include <cstdint>

#include "event.hpp"
#include "paths.hpp"
#include "platform.hpp"
#include "simd.hpp"
#include "utf8.hpp"

namespace matcher {

struct TextMask {
    uint32_t stop;  // quotes, backslashes, control characters
    uint32_t high;  // bytes above 0x7f
};

struct Structure {
    uint64_t quotes, backslashes, opens, closes;
};

namespace scalar {
#include "masks_scalar.hpp"
#include "kernel.hpp"
}  // namespace scalar

#if defined(MATCHER_X86)
namespace baseline {
#include "masks_sse2.hpp"
#include "kernel.hpp"
}  // namespace baseline

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul")
#endif
namespace avx2 {
#include "masks_avx2.hpp"
#include "kernel.hpp"
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
#elif defined(MATCHER_NEON)
namespace baseline {
#include "masks_neon.hpp"
#include "kernel.hpp"
}  // namespace baseline
#endif

using ScanFunction = Failure (*)(const uint8_t*, size_t, const Paths&, const TextLimits&, bool, Event&);

inline ScanFunction scan_function(Simd level) {
#if defined(MATCHER_X86)
    if (level == Simd::avx2) return avx2::scan;
#endif
#if defined(MATCHER_X86) || defined(MATCHER_NEON)
    if (level == Simd::baseline) return baseline::scan;
#endif
    (void)level;
    return scalar::scan;
}

}  // namespace matcher
