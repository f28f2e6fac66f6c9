// Sets of closed ranges of doubles → trees that list every range which holds a number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "platform.hpp"

namespace matcher {

struct Range {
    double low;
    double high;
    double furthest;  // the highest `high` in the subtree of which this is the root
    uint32_t pred;
};

// Many trees in one array: a tree is a run sorted by `low`, its root the middle, its subtrees the halves.
struct RangeForest {
    std::vector<Range> ranges;

    struct Root {
        uint32_t first;
        uint32_t count;
    };

    Root plant(std::vector<Range>& set) {
        std::sort(set.begin(), set.end(), [](const Range& a, const Range& b) { return a.low < b.low; });
        Root root{uint32_t(ranges.size()), uint32_t(set.size())};
        ranges.insert(ranges.end(), set.begin(), set.end());
        measure(root.first, root.first + root.count);
        return root;
    }

    // Calls hit(pred) for each range that holds x; logarithmic in the ranges and linear in the hits.
    template <class Hit>
    MATCHER_INLINE void walk(const Root& root, double x, Hit hit) const {
        overlap(root, x, x, [&](const Range& range) { hit(range.pred); });
    }

    // Calls hit(range) for each range that overlaps [low, high].
    template <class Hit>
    MATCHER_INLINE void overlap(const Root& root, double low, double high, Hit hit) const {
        struct Part {
            uint32_t low, high;
        } stack[64];
        int top = 0;
        stack[top++] = Part{root.first, root.first + root.count};
        while (top) {
            Part part = stack[--top];
            while (part.low < part.high) {
                uint32_t middle = part.low + (part.high - part.low) / 2;
                const Range& range = ranges[middle];
                if (range.furthest < low) break;
                if (range.low <= high) {
                    if (low <= range.high) hit(range);
                    stack[top++] = Part{middle + 1, part.high};
                }
                part.high = middle;
            }
        }
    }

    size_t memory() const { return ranges.capacity() * sizeof(Range); }

private:
    double measure(uint32_t low, uint32_t high) {  // recursion to the depth of log2(count)
        if (low >= high) return -std::numeric_limits<double>::infinity();
        uint32_t middle = low + (high - low) / 2;
        double left = measure(low, middle), right = measure(middle + 1, high);
        return ranges[middle].furthest = std::max(ranges[middle].high, std::max(left, right));
    }
};

}  // namespace matcher
