// Sets of strings → path-compressed tries that list every member which is a prefix of a text.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event.hpp"
#include "platform.hpp"

namespace matcher {

struct RadixNode {
    uint32_t text;   // the label on the way here, in RadixForest.texts
    uint32_t size;   // bytes of the label
    uint32_t first;  // its children are consecutive nodes, by first byte of their labels
    uint32_t count;  // children
    uint32_t pred;   // the predicate of the string that ends here; NONE: none
};

// Many tries in one set of arrays; a root is a node number.
struct RadixForest {
    std::vector<RadixNode> nodes;
    std::vector<uint8_t> heads;  // node → first byte of its label
    std::string texts;

    using Entry = std::pair<std::string, uint32_t>;

    // Entries need not be sorted, and are unique. Linear in their bytes after the sort.
    uint32_t plant(std::vector<Entry>& entries) {
        std::sort(entries.begin(), entries.end());
        struct Work {
            size_t low, high, depth;
            uint32_t node;
        };
        uint32_t root = uint32_t(nodes.size());
        nodes.push_back(RadixNode{0, 0, 0, 0, NONE});
        heads.push_back(0);
        std::vector<Work> queue{{0, entries.size(), 0, root}};
        for (size_t next = 0; next < queue.size(); ++next) {
            Work work = queue[next];
            std::string_view low(entries[work.low].first), high(entries[work.high - 1].first);
            size_t shared = work.depth;
            while (shared < low.size() && shared < high.size() && low[shared] == high[shared]) ++shared;
            RadixNode node{uint32_t(texts.size()), uint32_t(shared - work.depth), 0, 0, NONE};
            texts.append(low.substr(work.depth, shared - work.depth));
            if (node.size) heads[work.node] = uint8_t(low[work.depth]);
            size_t at = work.low;
            if (low.size() == shared) node.pred = entries[at++].second;
            node.first = uint32_t(nodes.size());
            while (at < work.high) {
                size_t stop = at;
                char byte = entries[at].first[shared];
                while (stop < work.high && entries[stop].first[shared] == byte) ++stop;
                queue.push_back(Work{at, stop, shared, uint32_t(nodes.size())});
                nodes.push_back(RadixNode{0, 0, 0, 0, NONE});
                heads.push_back(uint8_t(byte));
                ++node.count;
                at = stop;
            }
            nodes[work.node] = node;
        }
        return root;
    }

    // Calls hit(pred) for every member that the text starts with; with BACKWARD that its reverse starts with.
    template <bool BACKWARD, class Hit>
    MATCHER_INLINE void walk(uint32_t root, const uint8_t* text, size_t size, Hit hit) const {
        uint32_t at = root;
        size_t done = 0;
        for (;;) {
            const RadixNode& node = nodes[at];
            if (size - done < node.size) return;
            const uint8_t* label = reinterpret_cast<const uint8_t*>(texts.data()) + node.text;
            if (BACKWARD) {
                for (uint32_t i = 0; i < node.size; ++i)
                    if (text[size - 1 - done - i] != label[i]) return;
            } else if (!same_bytes(text + done, label, node.size)) {
                return;
            }
            done += node.size;
            if (node.pred != NONE) hit(node.pred);
            if (done == size || node.count == 0) return;
            uint8_t byte = BACKWARD ? text[size - 1 - done] : text[done];
            at = child(node, byte);
            if (at == NONE) return;
        }
    }

    size_t memory() const {
        return nodes.capacity() * sizeof(RadixNode) + heads.capacity() + texts.capacity();
    }

private:
    MATCHER_INLINE uint32_t child(const RadixNode& node, uint8_t byte) const {
        const uint8_t* first = heads.data() + node.first;
        const uint8_t* end = first + node.count;
        const uint8_t* found = node.count <= 8 ? std::find(first, end, byte) : std::lower_bound(first, end, byte);
        return found != end && *found == byte ? uint32_t(found - heads.data()) : NONE;
    }
};

}  // namespace matcher
