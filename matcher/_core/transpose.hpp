// Rows of bits, bytes or longer units → columns. Included by lanes_*.hpp, once per instruction set.

// Exchanges the bits of `high` under the mask with those of `low` that stand SHIFT above them.
template <int SHIFT>
MATCHER_INLINE void exchange(Lanes& low, Lanes& high, uint64_t mask) {
    Lanes unlike = ((low >> SHIFT) ^ high) & every_lane(mask);
    high ^= unlike;
    low ^= unlike << SHIFT;
}

// Rows of eights of units of SIZE bits → the i-th row holds the i-th unit of each eight. The masks have the lower half
// of each eight, four and two units.
template <int SIZE>
MATCHER_INLINE void transpose(Lanes* row, uint64_t halves, uint64_t pairs, uint64_t singles) {
    for (int i : {0, 1, 2, 3}) exchange<4 * SIZE>(row[i], row[i + 4], halves);
    for (int i : {0, 1, 4, 5}) exchange<2 * SIZE>(row[i], row[i + 2], pairs);
    for (int i : {0, 2, 4, 6}) exchange<SIZE>(row[i], row[i + 1], singles);
}

MATCHER_INLINE void transpose_bits(Lanes* row) {
    transpose<1>(row, 0x0f0f0f0f0f0f0f0fu, 0x3333333333333333u, 0x5555555555555555u);
}
