// An alternative of a pattern → the key under which a rule may wait for it, and how often it may come.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "fold.hpp"
#include "intern.hpp"
#include "program.hpp"
#include "segment.hpp"

namespace matcher {

struct Key {
    KeyKind kind = KEY_PRESENT;
    std::string text;
    bool possible = true;  // false: absence satisfies it, so nothing can announce it
    bool sure = true;      // the key's presence is the alternative's truth, not only a hint
    double extra = 0;      // how much more often it comes than its share of the patterns tells
};

inline Bounds closed_bounds(const Alternative& a) {
    constexpr double most = std::numeric_limits<double>::max(), infinity = std::numeric_limits<double>::infinity();
    double low = a.flags & 1 ? a.low : -most, high = a.flags & 4 ? a.high : most;
    if (a.flags & 2) low = std::nextafter(low, infinity);
    if (a.flags & 8) high = std::nextafter(high, -infinity);
    return Bounds{low, high};
}

inline std::string double_key(double value) {
    if (value == 0) value = 0;  // -0 is 0
    char bytes[8];
    std::memcpy(bytes, &value, 8);
    return std::string(bytes, 8);
}

inline std::string reversed(std::string text) {
    std::reverse(text.begin(), text.end());
    return text;
}

inline Key wildcard_key(const Bytes& source) {
    std::vector<std::string> pieces = wildcard_pieces(source);
    if (pieces.size() == 1) return Key{KEY_STRING, pieces[0], true, true, 0};
    size_t best = 0;
    for (size_t i = 1; i < pieces.size(); ++i)
        if (std::min(pieces[i].size(), PIECE_BYTES) > std::min(pieces[best].size(), PIECE_BYTES)) best = i;
    if (pieces[best].empty()) return Key{KEY_PRESENT, "", true, false, 0.5};
    if (best == 0) return Key{KEY_PREFIX, pieces[best], true, false, 0.02};
    if (best + 1 == pieces.size()) return Key{KEY_SUFFIX, reversed(pieces[best]), true, false, 0.02};
    return Key{KEY_PIECE, pieces[best].substr(0, PIECE_BYTES), true, false, 0.05};
}

inline Key folded_key(const Alternative& a, const Fold& fold) {
    bool whole;
    std::string text = fold.key(a, whole);
    bool sure = a.variants.size == 0 && fold.empty();  // else a joined character may fold to an ASCII letter
    if (a.tag == EQUALS_FOLD && whole) return Key{KEY_FOLDED, text, true, sure, 0.01};
    if (text.empty()) return Key{KEY_PRESENT, "", true, false, 0.5};
    return Key{a.tag == SUFFIX_FOLD ? KEY_SUFFIX_FOLDED : KEY_PREFIX_FOLDED, text, true, sure && a.tag != EQUALS_FOLD,
               0.02};
}

inline Key range_key(const Alternative& a) {
    Bounds bounds = closed_bounds(a);
    if (bounds.low == bounds.high) return Key{KEY_NUMBER, double_key(bounds.low), true, true, 0};
    if (bounds.low > bounds.high) return Key{KEY_PRESENT, "", true, false, 0.5};
    return Key{KEY_RANGE, double_key(bounds.low) + double_key(bounds.high), true, true, 0.25};
}

inline Key anchor_key(const Alternative& a, const Fold& fold) {
    switch (a.tag) {
        case STRING: return Key{KEY_STRING, a.text.string(), true, true, 0};
        case NUMBER:
            if (!a.flags) return Key{KEY_SPELT, a.text.string(), true, true, 0};
            return Key{KEY_NUMBER, double_key(a.low), true, true, 0};
        case LITERAL: return Key{KEY_LITERAL, std::string(1, char(a.flags)), true, true, 0.3};
        case ADDRESS: return Key{KEY_ADDRESS, Bytes{a.inner, 16}.string(), true, true, 0};
        case CIDR: return Key{KEY_BLOCK, std::string(1, char(a.flags)) + Bytes{a.inner, 16}.string(), true, true, 0.05};
        case PREFIX:
            if (a.text.size == 0) return Key{KEY_PRESENT, "", true, false, 0.5};
            return Key{KEY_PREFIX, a.text.string(), true, true, 0.02};
        case SUFFIX:
            if (a.text.size == 0) return Key{KEY_PRESENT, "", true, false, 0.5};
            return Key{KEY_SUFFIX, reversed(a.text.string()), true, true, 0.02};
        case EQUALS_FOLD: case PREFIX_FOLD: case SUFFIX_FOLD: return folded_key(a, fold);
        case WILDCARD: return wildcard_key(a.text);
        case NUMERIC: return range_key(a);
        case EXISTS: return Key{KEY_PRESENT, "", a.flags != 0, true, 0.6};
        case BUT: return Key{KEY_PRESENT, "", true, false, 0.8};
    }
    return Key{KEY_PRESENT, "", false, false, 0};
}

}  // namespace matcher
