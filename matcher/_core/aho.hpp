// Sets of short literals → automata that list, in one pass, every member which occurs anywhere in a text.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "event.hpp"
#include "platform.hpp"

namespace matcher {

struct AhoNode {
    uint32_t first;  // edges, by byte
    uint32_t count;
    uint32_t fail;   // the longest proper suffix that is a node
    uint32_t pred;   // the literal that ends here; NONE: none
    uint32_t also;   // the next node on the way of `fail` that ends a literal; NONE: none
};

// Many automata (Aho and Corasick, 1975) in one set of arrays.
struct AhoForest {
    std::vector<AhoNode> nodes;
    std::vector<uint8_t> bytes;     // edge → byte
    std::vector<uint32_t> targets;  // edge → node
    std::vector<uint32_t> starts;   // 256 targets for each root

    struct Root {
        uint32_t node;
        uint32_t start;
    };

    // Literals are unique and not empty. Linear in their bytes after the sort.
    Root plant(std::vector<std::pair<std::string, uint32_t>>& literals) {
        std::sort(literals.begin(), literals.end());
        struct Work {
            size_t low, high, depth;
            uint32_t node, parent;
            uint8_t byte;
        };
        uint32_t root = uint32_t(nodes.size());
        uint32_t start = uint32_t(starts.size());
        starts.resize(starts.size() + 256, root);
        nodes.push_back(AhoNode{0, 0, root, NONE, NONE});
        std::vector<Work> queue{{0, literals.size(), 0, root, root, 0}};
        for (size_t next = 0; next < queue.size(); ++next) {  // breadth first: `fail` always leads to a finished node
            Work work = queue[next];
            AhoNode node{uint32_t(bytes.size()), 0, root, NONE, NONE};
            if (work.depth > 1) node.fail = step(Root{root, start}, nodes[work.parent].fail, work.byte);
            size_t at = work.low;
            if (literals[at].first.size() == work.depth) node.pred = literals[at++].second;
            if (work.node != root) node.also = nodes[node.fail].pred != NONE ? node.fail : nodes[node.fail].also;
            while (at < work.high) {
                size_t stop = at;
                uint8_t byte = uint8_t(literals[at].first[work.depth]);
                while (stop < work.high && uint8_t(literals[stop].first[work.depth]) == byte) ++stop;
                uint32_t target = uint32_t(nodes.size());
                nodes.push_back(AhoNode{0, 0, root, NONE, NONE});
                queue.push_back(Work{at, stop, work.depth + 1, target, work.node, byte});
                bytes.push_back(byte);
                targets.push_back(target);
                if (work.node == root) starts[start + byte] = target;
                ++node.count;
                at = stop;
            }
            nodes[work.node] = node;
        }
        return Root{root, start};
    }

    MATCHER_INLINE uint32_t step(const Root& root, uint32_t at, uint8_t byte) const {
        while (at != root.node) {
            const AhoNode& node = nodes[at];
            const uint8_t* first = bytes.data() + node.first;
            const uint8_t* end = first + node.count;
            const uint8_t* found = node.count <= 8 ? std::find(first, end, byte) : std::lower_bound(first, end, byte);
            if (found != end && *found == byte) return targets[size_t(found - bytes.data())];
            at = node.fail;
        }
        return starts[root.start + byte];
    }

    // Calls hit(node, pred, end) for every occurrence, and then for those of its suffixes as long as it answers true.
    template <class Hit>
    MATCHER_INLINE void walk(const Root& root, const uint8_t* text, size_t size, Hit hit) const {
        uint32_t at = root.node;
        for (size_t i = 0; i < size; ++i) {
            at = step(root, at, text[i]);
            for (uint32_t node = nodes[at].pred != NONE ? at : nodes[at].also; node != NONE; node = nodes[node].also)
                if (!hit(node, nodes[node].pred, i + 1)) break;
        }
    }

    size_t memory() const {
        return nodes.capacity() * sizeof(AhoNode) + bytes.capacity() + targets.capacity() * 4 + starts.capacity() * 4;
    }
};

}  // namespace matcher
