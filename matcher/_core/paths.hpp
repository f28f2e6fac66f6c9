// Path strings → the trie that drives a scan, one slot a path. Frozen once made; `extended` makes a larger one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event.hpp"
#include "platform.hpp"

namespace matcher {

// A place in the trie: the steps walked so far. Node 0 is "no rule asks here", node 1 the event itself.
struct PathNode {
    uint64_t starts;   // bit start_of(name): an edge may have it
    uint64_t lengths;  // bit (n mod 64): an edge has a name of n bytes
    uint32_t first;    // its edges: a range of Paths.edges
    uint32_t count;    // how many edges
    uint32_t slot;     // the path that ends here; NONE: none
    uint32_t table;    // first cell of its hash table; NONE: few edges, compare them in turn
    uint32_t mask;     // cells of the table, less one
    uint32_t dotted;   // bytes of the shortest name with dots that may lead on; NONE: none may
};

struct PathEdge {
    uint64_t head;   // the name's first 8 bytes, zero-filled
    uint32_t size;   // bytes of the name; INSIDE: the empty step inside a name with dots
    uint32_t node;   // where it leads
    uint32_t text;   // the name in Paths.names
};

constexpr uint32_t INSIDE = NONE;
constexpr uint32_t FEW_EDGES = 8;

inline uint64_t name_head(const uint8_t* name, size_t size) {
    uint64_t head = load64(name);
    return size >= 8 ? head : head & ((uint64_t(1) << (size * 8)) - 1);
}

// A number below 64 of a name's first two bytes, of which the second may be the quote behind it.
MATCHER_INLINE uint32_t start_of(const uint8_t* name) { return (uint32_t(load16(name)) * 0x9e35u) >> 10 & 63; }

struct Paths {
    Seed seed;
    std::vector<PathNode> nodes;
    std::vector<PathEdge> edges;
    std::vector<uint32_t> cells;  // edge number + 1; 0: free
    std::string names;            // the names' bytes, then PADDING zeros
    std::vector<std::string> texts;  // slot → path
    std::vector<uint32_t> ranks;     // slot → its place among the paths in UTF-16 order

    explicit Paths(const Seed& chosen) : seed(chosen) { build(); }

    MATCHER_INLINE uint32_t child(const PathNode& node, const uint8_t* name, uint32_t size, uint64_t head) const {
        if (!((node.lengths >> (size & 63)) & 1)) return 0;
        if (node.table == NONE) {
            const PathEdge* edge = edges.data() + node.first;
            for (const PathEdge* end = edge + node.count; edge != end; ++edge)
                if (edge->head == head && edge->size == size && same_tail(*edge, name)) return edge->node;
            return 0;
        }
        return hashed_child(node, name, size, head);
    }

    // Up to 16 bytes the first and the last eight are the whole name.
    MATCHER_INLINE uint64_t name_hash(const uint8_t* name, uint32_t size, uint64_t head) const {
        if (size <= 8) return hash_word(head ^ uint64_t(size) << 56, seed);
        if (size > 16) return hash_bytes(name, size, 0, seed);
        return fold_multiply(head ^ seed.first, load64(name + size - 8) ^ seed.second ^ size);
    }

    uint32_t hashed_child(const PathNode& node, const uint8_t* name, uint32_t size, uint64_t head) const {
        uint64_t hash = name_hash(name, size, head);
        for (uint32_t cell = uint32_t(hash) & node.mask;; cell = (cell + 1) & node.mask) {
            uint32_t number = cells[node.table + cell];
            if (number == 0) return 0;
            const PathEdge& edge = edges[number - 1];
            if (edge.head == head && edge.size == size && same_tail(edge, name)) return edge.node;
        }
    }

    // A name with dots walks several steps at once: "a.b" leads where "a" then "b" leads.
    MATCHER_COLD uint32_t dotted_child(uint32_t start, const uint8_t* name, size_t size) const {
        uint32_t at = start;
        const uint8_t* end = name + size;
        for (const uint8_t* step = name;; ++step) {
            const uint8_t* stop = static_cast<const uint8_t*>(std::memchr(step, '.', size_t(end - step)));
            if (stop == nullptr) stop = end;
            size_t length = size_t(stop - step);
            uint8_t copy[8] = {0};
            std::memcpy(copy, step, length < 8 ? length : 8);
            at = length ? child(nodes[at], step, uint32_t(length), load64(copy)) : inside_child(nodes[at]);
            if (at == 0 || stop == end) return at;
            step = stop;
        }
    }

    uint32_t inside_child(const PathNode& node) const {
        for (uint32_t edge = node.first; edge != node.first + node.count; ++edge)
            if (edges[edge].size == INSIDE) return edges[edge].node;
        return 0;
    }

    uint32_t slot_of(std::string_view path) const {
        auto found = index.find(std::string(path));
        return found == index.end() ? NONE : found->second;
    }

    // The same paths and these; slots keep their numbers.
    std::shared_ptr<const Paths> extended(const std::vector<std::string>& more) const {
        auto larger = std::make_shared<Paths>(*this);
        for (const std::string& path : more) larger->add(path);
        larger->build();
        return larger;
    }

    size_t memory() const {
        size_t bytes = nodes.capacity() * sizeof(PathNode) + edges.capacity() * sizeof(PathEdge) + cells.capacity() * 4 +
                       names.capacity() + ranks.capacity() * 4;
        for (const std::string& text : texts) bytes += 2 * (sizeof(std::string) + text.capacity()) + 40;
        return bytes;
    }

    std::unordered_map<std::string, uint32_t> index;  // path → slot

private:
    MATCHER_INLINE bool same_tail(const PathEdge& edge, const uint8_t* name) const {
        return edge.size <= 8 ||
               same_bytes(reinterpret_cast<const uint8_t*>(names.data()) + edge.text + 8, name + 8, edge.size - 8);
    }

    void add(const std::string& path) {
        if (index.try_emplace(path, uint32_t(texts.size())).second) texts.push_back(path);
    }

    // While building, a node's edges are a sorted map; the frozen arrays are laid out from it afterwards.
    struct Draft {
        std::vector<std::pair<std::string, uint32_t>> steps;
        std::unordered_map<std::string, uint32_t> found;
        uint32_t slot = NONE;
        bool only_inside = false;  // the path ends in an empty step that a whole empty name may not be

        uint32_t* find(const std::string& step) {
            if (found.empty()) {
                for (auto& entry : steps)
                    if (entry.first == step) return &entry.second;
                return nullptr;
            }
            auto entry = found.find(step);
            return entry == found.end() ? nullptr : &entry->second;
        }
        void add(const std::string& step, uint32_t node) {
            steps.emplace_back(step, node);
            if (!found.empty()) found.emplace(step, node);
            else if (steps.size() > 16) found.insert(steps.begin(), steps.end());
        }
    };

    // AWS enters a member only if every dot-separated part of its name is a step of the path, where trailing empty
    // parts are no steps. So a path that ends in "." is reached by the name "a." and never by "a" then "".
    static bool ends_inside(const std::string& path) {
        if (path.empty() || path.back() != '.') return false;
        std::string_view body(path);
        while (!body.empty() && body.back() == '.') body.remove_suffix(1);
        return body.empty() || (body.front() != '.' && body.find("..") == std::string_view::npos);
    }

    void build() {
        std::vector<Draft> drafts(2);
        for (uint32_t slot = 0; slot < texts.size(); ++slot) insert(drafts, slot);
        lay_out(drafts);
        rank();
    }

    void insert(std::vector<Draft>& drafts, uint32_t slot) const {
        const std::string& path = texts[slot];
        uint32_t at = 1;
        for (size_t begin = 0;;) {
            size_t stop = path.find('.', begin);
            std::string step = path.substr(begin, stop == std::string::npos ? stop : stop - begin);
            uint32_t* next = drafts[at].find(step);
            if (next == nullptr) {
                drafts[at].add(step, uint32_t(drafts.size()));
                at = uint32_t(drafts.size());
                drafts.emplace_back();
            } else {
                at = *next;
            }
            if (stop == std::string::npos) break;
            begin = stop + 1;
        }
        drafts[at].slot = slot;
        drafts[at].only_inside = ends_inside(path);
    }

    void lay_out(std::vector<Draft>& drafts) {
        nodes.assign(drafts.size(), PathNode{0, 0, 0, 0, NONE, NONE, 0, NONE});
        edges.clear();
        cells.clear();
        names.clear();
        for (uint32_t at = 0; at < drafts.size(); ++at) {
            Draft& draft = drafts[at];
            uint32_t first = uint32_t(edges.size());
            nodes[at].slot = draft.slot;
            for (auto& [step, target] : draft.steps) {
                nodes[at].dotted = std::min(nodes[at].dotted, shortest_below(drafts[target], step.size()));
                edge(step, uint32_t(step.size()), target);
                if (step.empty()) edge(step, INSIDE, target);
            }
            nodes[at].first = first;
            nodes[at].count = uint32_t(edges.size()) - first;
            for (uint32_t number = first; number < edges.size(); ++number)
                if (edges[number].size != INSIDE) note_name(nodes[at], edges[number]);
        }
        names.append(PADDING, '\0');
        for (uint32_t at = 0; at < drafts.size(); ++at) hash_edges(nodes[at]);
        twin_empty_names(drafts);
    }

    static void note_name(PathNode& node, const PathEdge& edge) {
        node.lengths |= uint64_t(1) << (edge.size & 63);
        uint8_t name[8];
        std::memcpy(name, &edge.head, 8);
        if (edge.size == 1) name[1] = '"';
        node.starts |= edge.size ? uint64_t(1) << start_of(name) : ~uint64_t(0);
    }

    // The shortest name that walks a step of this length and one more.
    static uint32_t shortest_below(const Draft& draft, size_t length) {
        size_t shortest = NONE;
        for (auto& [step, target] : draft.steps) shortest = std::min(shortest, length + 1 + step.size());
        return uint32_t(shortest);
    }

    void edge(const std::string& step, uint32_t size, uint32_t target) {
        uint8_t head[8] = {0};
        std::memcpy(head, step.data(), step.size() < 8 ? step.size() : 8);
        edges.push_back(PathEdge{load64(head), size, target, uint32_t(names.size())});
        names += step;
    }

    void hash_edges(PathNode& node) {
        if (node.count <= FEW_EDGES) return;
        uint32_t room = 16;
        while (room < node.count * 2) room *= 2;
        node.table = uint32_t(cells.size());
        node.mask = room - 1;
        cells.resize(cells.size() + room, 0);
        for (uint32_t number = node.first; number != node.first + node.count; ++number) {
            const PathEdge& e = edges[number];
            if (e.size == INSIDE) continue;
            const uint8_t* name = reinterpret_cast<const uint8_t*>(names.data()) + e.text;
            uint64_t hash = name_hash(name, e.size, e.head);
            uint32_t cell = uint32_t(hash) & node.mask;
            while (cells[node.table + cell]) cell = (cell + 1) & node.mask;
            cells[node.table + cell] = number + 1;
        }
    }

    // A path that `ends_inside` is not reached through a whole empty name. So where one could lead to such a path, the
    // edge of the empty name leads to a twin instead, that has all but these paths.
    void twin_empty_names(const std::vector<Draft>& drafts) {
        std::vector<bool> needed(drafts.size());
        for (uint32_t at = uint32_t(drafts.size()); at-- > 1;) {  // children have greater numbers
            needed[at] = drafts[at].only_inside;
            for (auto& [step, target] : drafts[at].steps)
                if (step.empty() && needed[target]) needed[at] = true;
        }
        std::vector<uint32_t> twins(drafts.size(), NONE), made;
        auto twin = [&](uint32_t target) {
            if (twins[target] != NONE) return twins[target];
            twins[target] = uint32_t(nodes.size());
            nodes.push_back(nodes[target]);
            if (drafts[target].only_inside) nodes.back().slot = NONE;
            made.push_back(target);
            return twins[target];
        };
        for (uint32_t at = 1; at < drafts.size(); ++at)
            for (uint32_t number = nodes[at].first; number != nodes[at].first + nodes[at].count; ++number)
                if (edges[number].size == 0 && needed[edges[number].node]) edges[number].node = twin(edges[number].node);
        for (size_t next = 0; next < made.size(); ++next) {
            PathNode node = nodes[twins[made[next]]];
            uint32_t first = uint32_t(edges.size());
            for (uint32_t number = node.first; number != node.first + node.count; ++number) {
                PathEdge copy = edges[number];
                bool empty = copy.size == 0 || copy.size == INSIDE;
                if (empty && copy.node < drafts.size() && needed[copy.node]) copy.node = twin(copy.node);
                edges.push_back(copy);
            }
            node.first = first;
            node.table = NONE;
            hash_edges(node);
            nodes[twins[made[next]]] = node;
        }
    }

    // AWS visits the paths of a rule in the order of their UTF-16 code units, which decides `exists: false` in arrays.
    // UTF-8 order differs from it only for U+E000..U+FFFF against what lies above: lift those lead bytes.
    static bool before(const std::string& left, const std::string& right) {
        size_t shared = std::min(left.size(), right.size());
        for (size_t i = 0; i < shared; ++i) {
            if (left[i] == right[i]) continue;
            auto weight = [](uint8_t byte) { return byte == 0xee || byte == 0xef ? byte + 0x10 : int(byte); };
            return weight(uint8_t(left[i])) < weight(uint8_t(right[i]));
        }
        return left.size() < right.size();
    }

    void rank() {
        std::vector<uint32_t> order(texts.size());
        for (uint32_t slot = 0; slot < order.size(); ++slot) order[slot] = slot;
        std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return before(texts[a], texts[b]); });
        ranks.resize(order.size());
        for (uint32_t place = 0; place < order.size(); ++place) ranks[order[place]] = place;
    }
};

}  // namespace matcher
