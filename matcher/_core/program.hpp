// A rule as bytes: the form in which rules are kept, saved, merged, and compiled from.
//
//   node := ALL count node… | ANY count node… | TERM slot count alternative…
//   alternative := tag payload, as `read_alternative` says
// Counts, lengths and slots are varints. While a rule is on its way in, a TERM names its path (length, bytes) in place
// of its slot.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "text.hpp"

namespace matcher {

enum NodeTag : uint8_t { ALL = 1, ANY = 2, TERM = 3 };

enum Tag : uint8_t {
    STRING = 1,   // text
    NUMBER,       // text, 1 and the double or 0
    LITERAL,      // 0 true, 1 false, 2 null
    ADDRESS,      // text, the 16 bytes
    PREFIX,       // text
    SUFFIX,       // text
    EQUALS_FOLD,  // text, variants (empty: the text is ASCII)
    PREFIX_FOLD,  // text, variants
    SUFFIX_FOLD,  // text, variants of the reversed text
    WILDCARD,     // text with its escapes
    NUMERIC,      // flags (1 low, 2 low open, 4 high, 8 high open), low, high
    CIDR,         // text, bits counted in 16 bytes, the 16 bytes
    EXISTS,       // 1 or 0
    BUT,          // count, alternatives
};

struct Bytes {
    const uint8_t* data = nullptr;
    size_t size = 0;
    std::string string() const { return std::string(reinterpret_cast<const char*>(data), size); }
};

struct Alternative {
    Tag tag;
    Bytes text;
    Bytes variants;
    uint8_t flags = 0;
    uint64_t count = 0;      // of a BUT
    const uint8_t* inner = nullptr;  // a BUT's alternatives; an address's or block's 16 bytes
    double low = 0, high = 0;
    uint32_t strings = 0;    // how many STRINGs it is or holds
    const uint32_t* values = nullptr;  // the numbers of these in an index, where they are known
};

inline void put_varint(std::string& out, uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += char(value | 0x80);
    out += char(value);
}

inline Bytes read_bytes(const uint8_t*& p) {
    size_t size = size_t(read_varint(p));
    Bytes bytes{p, size};
    p += size;
    return bytes;
}

inline double read_double(const uint8_t*& p) {
    double value;
    std::memcpy(&value, p, 8);
    p += 8;
    return value;
}

// Gives how many STRINGs it is or holds.
inline uint32_t skip_alternative(const uint8_t*& p) {
    uint32_t strings = 0;
    for (uint64_t left = 1; left--;) {
        switch (Tag(*p++)) {
            case STRING: ++strings; [[fallthrough]];
            case PREFIX: case SUFFIX: case WILDCARD: read_bytes(p); break;
            case NUMBER: read_bytes(p); p += *p ? 9 : 1; break;
            case LITERAL: case EXISTS: ++p; break;
            case ADDRESS: read_bytes(p); p += 16; break;
            case EQUALS_FOLD: case PREFIX_FOLD: case SUFFIX_FOLD: read_bytes(p); read_bytes(p); break;
            case NUMERIC: p += 17; break;
            case CIDR: read_bytes(p); p += 17; break;
            case BUT: left += read_varint(p); break;
        }
    }
    return strings;
}

inline Alternative read_alternative(const uint8_t*& p) {
    Alternative a;
    a.tag = Tag(*p++);
    switch (a.tag) {
        case STRING: case PREFIX: case SUFFIX: case WILDCARD:
            a.text = read_bytes(p);
            a.strings = a.tag == STRING;
            break;
        case NUMBER:
            a.text = read_bytes(p);
            a.flags = *p++;
            if (a.flags) a.low = a.high = read_double(p);
            break;
        case LITERAL: case EXISTS:
            a.flags = *p++;
            break;
        case ADDRESS:
            a.text = read_bytes(p);
            a.inner = p;
            p += 16;
            break;
        case EQUALS_FOLD: case PREFIX_FOLD: case SUFFIX_FOLD:
            a.text = read_bytes(p);
            a.variants = read_bytes(p);
            break;
        case NUMERIC:
            a.flags = *p++;
            a.low = read_double(p);
            a.high = read_double(p);
            break;
        case CIDR:
            a.text = read_bytes(p);
            a.flags = *p++;
            a.inner = p;
            p += 16;
            break;
        case BUT:
            a.count = read_varint(p);
            a.inner = p;
            for (uint64_t i = 0; i < a.count; ++i) a.strings += skip_alternative(p);
            break;
    }
    return a;
}

// `values`: of their strings, or null.
template <class Visit>
void each_alternative(const uint8_t* p, uint64_t count, const uint32_t* values, Visit visit) {
    while (count--) {
        Alternative a = read_alternative(p);
        a.values = values;
        if (values) values += a.strings;
        visit(a);
    }
}

// Rules on their way in: programs that name slots, in the order of their owners.
struct Batch {
    std::string programs;
    std::vector<uint32_t> program_at;
    std::vector<uint32_t> owners;

    void add(uint32_t owner, const uint8_t* program, size_t size) {
        if (programs.size() + size > 0xffffffffu) throw std::length_error("the rules of one set exceed 4 GiB");
        program_at.push_back(uint32_t(programs.size()));
        owners.push_back(owner);
        programs.append(reinterpret_cast<const char*>(program), size);
    }

    uint32_t size() const { return uint32_t(owners.size()); }
    const uint8_t* program(uint32_t entry) const {
        return reinterpret_cast<const uint8_t*>(programs.data()) + program_at[entry];
    }
    size_t program_size(uint32_t entry) const {
        return (entry + 1 < size() ? program_at[entry + 1] : programs.size()) - program_at[entry];
    }
};

// A rule's nodes in prefix order, read once for each use; reused from rule to rule.
struct RuleView {
    struct Node {
        NodeTag tag;
        uint32_t parent;
        uint32_t end;         // one past its subtree
        uint32_t first_term;  // the number of the first term in its subtree
        uint32_t slot;        // of a TERM
        uint32_t count;       // of a TERM's alternatives
        uint32_t first_string;  // how many strings come before it
        const uint8_t* alternatives;
        uint32_t yes, no;     // of a TERM: which term to test next
        uint32_t branch;      // of a TERM: the first term of the branch that `no` gives up
        double cost;          // expected share of events that would make it a candidate; above 1: no anchor
    };
    std::vector<Node> nodes;
    std::vector<uint32_t> terms;  // term → node
    bool plain = true;            // one conjunction of terms
    uint32_t strings = 0;         // in all of it
    const uint32_t* values = nullptr;  // of its strings, where they are known

    static constexpr uint32_t ACCEPT = 0xffffffffu, REJECT = 0xfffffffeu;

    const uint8_t* read(const uint8_t* p) {
        nodes.clear();
        terms.clear();
        open.clear();
        plain = true;
        strings = 0;
        values = nullptr;
        do {
            while (!open.empty() && open.back().left == 0) {
                nodes[open.back().node].end = uint32_t(nodes.size());
                open.pop_back();
            }
            uint32_t parent = open.empty() ? ACCEPT : open.back().node;
            if (!open.empty()) --open.back().left;
            p = read_node(p, parent);
            while (!open.empty() && open.back().left == 0) {
                nodes[open.back().node].end = uint32_t(nodes.size());
                open.pop_back();
            }
        } while (!open.empty());
        return p;
    }

    // Where each term's outcome leads: the short circuit of the tree as forward jumps between terms.
    void link() {
        nodes[0].yes = ACCEPT;
        nodes[0].no = REJECT;
        nodes[0].branch = 0;
        for (uint32_t at = 0; at < nodes.size(); ++at) {
            const Node parent = nodes[at];
            if (parent.tag == TERM) continue;
            for (uint32_t child = at + 1; child < parent.end; child = nodes[child].end) {
                uint32_t sibling = nodes[child].end;
                bool last = sibling >= parent.end;
                uint32_t next = last ? 0 : nodes[sibling].first_term;
                nodes[child].yes = parent.tag == ALL && !last ? next : parent.yes;
                nodes[child].no = parent.tag == ANY && !last ? next : parent.no;
                nodes[child].branch = parent.tag == ANY && !last ? nodes[child].first_term : parent.branch;
            }
        }
    }

    template <class Visit>
    void each(const Node& term, Visit visit) const {
        each_alternative(term.alternatives, term.count, values ? values + term.first_string : nullptr, visit);
    }

private:
    struct Open {
        uint32_t node;
        uint64_t left;
    };
    std::vector<Open> open;

    const uint8_t* read_node(const uint8_t* p, uint32_t parent) {
        Node node{NodeTag(*p++), parent, uint32_t(nodes.size()) + 1, uint32_t(terms.size()), 0, 0, strings, nullptr, 0, 0, 0, 0};
        if (node.tag == TERM) {
            node.slot = uint32_t(read_varint(p));
            node.count = uint32_t(read_varint(p));
            node.alternatives = p;
            terms.push_back(uint32_t(nodes.size()));
            for (uint32_t i = 0; i < node.count; ++i) strings += skip_alternative(p);
        } else {
            if (node.tag == ANY || !nodes.empty()) plain = false;
            open.push_back(Open{uint32_t(nodes.size()), read_varint(p)});
        }
        nodes.push_back(node);
        return p;
    }
};

// "a\*b*c" → its pieces in the form that matches_wildcard reads.
inline std::vector<std::string> wildcard_pieces(const Bytes& source) {
    std::vector<std::string> pieces(1);
    for (size_t i = 0; i < source.size; ++i) {
        if (source.data[i] == '*') pieces.emplace_back();
        else if (source.data[i] == '\\' && i + 1 < source.size) pieces.back() += char(source.data[++i]);
        else pieces.back() += char(source.data[i]);
    }
    return pieces;
}

}  // namespace matcher
