// The frozen index over a batch of rules: what a match reads. build.hpp makes it.
//
// Every rule waits under its anchors: predicates such that the rule can't match an event in which none of them holds.
// A predicate that holds brings its posting, a list of candidates; each candidate's short program tests the rest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aho.hpp"
#include "fold.hpp"
#include "intern.hpp"
#include "kept.hpp"
#include "number.hpp"
#include "program.hpp"
#include "radix.hpp"
#include "ranges.hpp"

namespace matcher {

enum Op : uint8_t {
    OP_EQUAL,        // arg: a value of Segment.values
    OP_IN,           // arg: into lists: count, values in order
    OP_PREFIX,       // arg: into texts: length, bytes
    OP_SUFFIX,
    OP_EQUALS_FOLD,  // the same, lowered ASCII
    OP_PREFIX_FOLD,
    OP_SUFFIX_FOLD,
    OP_EQUALS_VARIANTS,  // arg: into texts: variants
    OP_PREFIX_VARIANTS,
    OP_SUFFIX_VARIANTS,
    OP_WILDCARD,     // arg: into texts: pieces, and for each inner one its number
    OP_RANGE,        // arg: into bounds
    OP_BLOCK,        // arg: into texts: bits, 16 bytes
    OP_PRESENT,
    OP_ABSENT,
    OP_NOT_IN,       // arg: into lists: count, values in order
    OP_NONE_OF,      // arg: into lists: count, (op, arg)…
    OP_ANY_OF,       // arg: into lists: count, (op, arg)…
};

// A rule's program in Segment.code: a header, then its terms.
//   plain: (slot << 5 | op, arg) a term, all must hold; the last is the anchor's
//   tree:  (slot << 5 | op, arg, yes, no, branch) a term; yes and no: the next term, or ACCEPT or REJECT; branch: the
//          first term of the branch of a choice that `no` gives up
constexpr uint32_t HEADER_TREE = 0x80000000u;   // a tree, not a conjunction
constexpr uint32_t HEADER_SURE = 0x40000000u;   // the last term holds whenever an anchor does
constexpr uint32_t HEADER_ABSENT = 0x20000000u; // some term allows absence
constexpr uint32_t HEADER_EQUAL = 0x10000000u;  // plain, and up to QUICK_TERMS are to be tested, each for one value
constexpr uint32_t HEADER_COUNT = 0x0fffffffu;
constexpr uint32_t QUICK_TERMS = 4;
constexpr uint32_t OP_BITS = 5, OP_MASK = 31;
constexpr uint32_t PLAIN_WORDS = 2, TREE_WORDS = 5;

constexpr size_t PIECE_BYTES = 16;  // of a wildcard's inner piece that are looked for: a bound on hits per position

constexpr uint32_t REPEATED = 0x80000000u;  // in Candidate.entry: the rule waits under several anchors

struct Candidate {
    uint32_t entry;
    uint32_t code;   // its program; NONE: the anchor is all there is
    uint32_t needs;  // a value that some other field must have; NONE: none is known
};

struct Posting {
    uint32_t first;   // candidates
    uint32_t count;
    uint32_t splits;  // into Segment.splits
    uint32_t split_count;
};

// A slot by whose value further candidates of a posting are filed.
struct Split {
    uint32_t slot;
    uint32_t first;  // the values: Segment.split_values
    uint32_t count;
};

// The smaller posting of those rules of `posting` that also want `value`.
struct SplitCell {
    uint32_t posting;  // NONE: free
    uint32_t value;
    uint32_t target;
};

// What is asked of one slot.
struct SlotIndex {
    bool values = false;     // look up strings, numbers, literals
    bool spelt = false;      // look up numbers that no double stands for
    bool addresses = false;  // look up IP literals
    bool folded = false;     // look up folded strings
    bool texts = false;      // look at strings in any way but by value
    uint32_t present = NONE;  // posting of any leaf
    Found literals[3];        // the values of true, false and null
    uint32_t prefixes = NONE, suffixes = NONE, folded_prefixes = NONE, folded_suffixes = NONE;  // roots in `radix`
    AhoForest::Root pieces{NONE, NONE};
    bool pieces_wait = false;  // a rule waits for one of them; else they are of use in long texts alone
    RangeForest::Root ranges{NONE, 0};
    uint32_t blocks = 0, block_count = 0;  // into block_bits: the mask lengths to try
};

// What is asked of the fields of a slot, bits of Segment.asks.
enum Asks : uint8_t {
    ASKS_EXACT = 1,  // their values
    ASKS_TEXT = 2,   // other things of strings
    ASKS_SLOT = 4,   // whether there is one; ranges of numbers
};

struct Bounds {
    double low, high;
};

struct Segment {
    Seed seed;

    // The rules themselves, for merging, saving and explaining.
    Kept kept;
    std::vector<uint32_t> owners;  // entry → the number of its name; ascending

    // The index.
    std::vector<uint8_t> asks;    // slot → Asks
    std::vector<uint32_t> local;  // slot → 1 + its SlotIndex; 0: not asked here
    std::vector<SlotIndex> slots;
    Intern values;
    std::vector<Posting> postings;
    std::vector<Candidate> candidates;
    std::vector<Split> splits;
    std::vector<uint32_t> split_values;
    std::vector<SplitCell> split_cells;
    uint32_t split_mask = 0;
    std::vector<uint32_t> piece_posting;  // piece of a wildcard → posting; NONE: no rule waits for it
    RadixForest radix;
    AhoForest aho;
    RangeForest ranges;
    Fold fold;
    std::vector<uint8_t> block_bits;
    std::vector<Candidate> always;  // rules that nothing anchors
    bool any_address = false;

    // The programs' operands.
    std::vector<uint32_t> code;
    std::vector<uint32_t> lists;
    std::vector<Bounds> bounds;
    std::string texts;

    uint32_t size() const { return uint32_t(owners.size()); }
    Recall programs(uint32_t entry) const { return Recall(kept, values, entry); }

    MATCHER_INLINE uint32_t split(uint32_t posting, uint32_t value) const {
        uint64_t hash = hash_word(uint64_t(posting) << 32 | value, seed);
        for (uint32_t at = uint32_t(hash) & split_mask;; at = (at + 1) & split_mask) {
            const SplitCell& cell = split_cells[at];
            if (cell.posting == NONE) return NONE;
            if (cell.posting == posting && cell.value == value) return cell.target;
        }
    }

    template <class T>
    static size_t bytes_of(const std::vector<T>& items) {
        return items.capacity() * sizeof(T);
    }
    size_t memory() const {
        return kept.memory() + bytes_of(owners) + bytes_of(asks) + bytes_of(local) + bytes_of(slots) +
               values.memory() + bytes_of(postings) + bytes_of(candidates) +
               bytes_of(splits) + bytes_of(split_values) + bytes_of(piece_posting) + bytes_of(split_cells) + radix.memory() + aho.memory() + ranges.memory() +
               fold.memory() + bytes_of(block_bits) + bytes_of(always) + bytes_of(code) + bytes_of(lists) +
               bytes_of(bounds) + texts.capacity();
    }
};

}  // namespace matcher
