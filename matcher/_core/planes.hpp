// The bytes of a group of blocks → what they are, a bit a byte: the bytes' bits are transposed into eight planes, and
// each class of bytes is a formula of these. So a class costs a few operations on words, whatever the instruction set.
// Included by scan.hpp behind masks_*.hpp, once per instruction set; no #pragma once on purpose.

// A bit for each of the first `count` bytes of a group, which has more.
MATCHER_INLINE Lanes first_bytes(size_t count) {
    static constexpr uint64_t all = ~uint64_t(0), whole[16] = {all, all, all, all, all, all, all, all};
    return with_word(lanes_at(whole + 8 - count / 64), count / 64, (uint64_t(1) << (count & 63)) - 1);
}

// plane[i]: the bits of value 2 to the i-th.
struct Planes {
    Lanes plane[8];

    MATCHER_INLINE explicit Planes(const Blocks& blocks) { read_planes(blocks, plane); }

    // Only the bytes of `kept` belong to the text; what follows may be another one, and counts as space.
    MATCHER_INLINE void cut(Lanes kept) {
        for (Lanes& bits : plane) bits &= kept;
        plane[5] |= ~kept;
    }
};

// What the bytes are, within strings too.
struct Classes {
    Lanes quotes, backslashes, opens, closes, colons, commas, spaces;
    Lanes braces, digits, zeros, dots, minuses;
    Lanes printing, high;  // not below 0x20; above 0x7f

    MATCHER_INLINE explicit Classes(const Planes& planes) {
        const Lanes* p = planes.plane;
        const Lanes upper = p[7] | p[6];
        const Lanes signs = p[5] & ~p[4] & ~upper, figures = p[5] & p[4] & ~upper;  // 0x20 to 0x2f; 0x30 to 0x3f
        const Lanes letters = p[6] & p[4] & ~p[7];                                  // 0x50 to 0x5f; 0x70 to 0x7f
        // By the last digit of the code.
        const Lanes twelve = p[3] & p[2], c = twelve & ~p[1] & ~p[0], d = twelve & ~p[1] & p[0];
        const Lanes ten = p[3] & p[1] & ~p[2], not_two = p[3] | p[2] | p[0], not_zero = not_two | p[1];
        quotes = signs & p[1] & ~not_two;
        commas = signs & c;
        minuses = signs & d;
        dots = signs & twelve & p[1] & ~p[0];
        zeros = figures & ~not_zero;
        digits = figures & ~(p[3] & (p[2] | p[1]));
        colons = figures & ten & ~p[0];
        opens = letters & ten & p[0];
        closes = letters & d;
        braces = p[5];
        backslashes = letters & c & ~p[5];
        printing = upper | p[5];
        const Lanes breaks = p[3] & ~(printing | p[4]);  // 0x08 to 0x0f, of which 9, 10 and 13 are spaces
        spaces = (signs & ~not_zero) | (breaks & (d | ((p[1] ^ p[0]) & ~p[2])));
        high = p[7];
    }
};
