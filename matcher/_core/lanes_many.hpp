// The words of several blocks in one vector; included by masks_*.hpp behind Lanes, `moved_up`, `any_bit`.
MATCHER_INLINE uint64_t word_of(Lanes lanes, size_t i) { return lanes[i]; }
MATCHER_INLINE Lanes with_word(Lanes lanes, size_t i, uint64_t word) { return lanes[i] = word, lanes; }
MATCHER_INLINE Lanes every_lane(uint64_t word) { return Lanes{} + word; }
MATCHER_INLINE Lanes lanes_at(const uint64_t* words) {
    Lanes lanes;
    std::memcpy(&lanes, words, sizeof lanes);
    return lanes;
}
MATCHER_INLINE void store(uint64_t* words, Lanes lanes) { std::memcpy(words, &lanes, sizeof lanes); }
#include "transpose.hpp"
