// Planes by interleaving bytes; included by masks_*.hpp behind `chunk`, `low_bytes` and `high_bytes`.

// Interleaving the first half of the rows with the second moves the highest bit of a row's number behind the bits of a
// byte's place in its row, and the highest of these behind the number. After four times the number of a byte's row is
// the last three bits of its place in the text.
MATCHER_INLINE void read_planes(const Blocks& blocks, Lanes* plane) {
    for (size_t i = 0; i < 8; ++i) plane[i] = chunk(blocks, i);
    for (int time = 0; time < 4; ++time) {
        Lanes row[8];
        for (size_t i = 0; i < 8; ++i) row[i] = plane[i];
        for (size_t i = 0; i < 4; ++i) {
            plane[2 * i] = low_bytes(row[i], row[i + 4]);
            plane[2 * i + 1] = high_bytes(row[i], row[i + 4]);
        }
    }
    transpose_bits(plane);
}
