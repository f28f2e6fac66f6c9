// One block's word at a time, where there are no vectors of words; included by masks_*.hpp.
constexpr size_t LANES = 1;
using Lanes = uint64_t;
MATCHER_INLINE Lanes moved_up(Lanes last, Lanes) { return last; }
MATCHER_INLINE bool any_bit(Lanes lanes) { return lanes != 0; }
MATCHER_INLINE uint64_t word_of(Lanes lanes, size_t) { return lanes; }
MATCHER_INLINE Lanes with_word(Lanes, size_t, uint64_t word) { return word; }
MATCHER_INLINE Lanes every_lane(uint64_t word) { return word; }
MATCHER_INLINE Lanes lanes_at(const uint64_t* words) { return *words; }
MATCHER_INLINE void store(uint64_t* words, Lanes lanes) { *words = lanes; }
#include "transpose.hpp"

MATCHER_INLINE void read_planes(const Blocks& blocks, Lanes* plane) {
    for (int i = 0; i < 8; ++i) plane[i] = load64(blocks.at(0) + 8 * i);
    transpose<8>(plane, 0x00000000ffffffffu, 0x0000ffff0000ffffu, 0x00ff00ff00ff00ffu);
    transpose_bits(plane);
}
