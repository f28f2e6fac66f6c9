// The working memory of one thread: one event's fields and what a run over a segment learns of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "event.hpp"
#include "platform.hpp"
#include "segment.hpp"

namespace matcher {

// A set of numbers that is emptied in no time.
class Seen {
public:
    void clear() {
        used = 0;
        if (++epoch == 0) wipe();
    }
    // Whether the number is new.
    MATCHER_INLINE bool insert(uint32_t number) {
        if (MATCHER_UNLIKELY(used * 2 >= cells.size)) widen();
        for (uint32_t at = place(number);; at = (at + 1) & (cells.size - 1)) {
            Cell& cell = cells[at];
            if (cell.epoch != epoch) {
                cell = Cell{epoch, number};
                ++used;
                return true;
            }
            if (cell.number == number) return false;
        }
    }

private:
    struct Cell {
        uint32_t epoch, number;
    };
    Pool<Cell> cells;
    uint32_t epoch = 1, used = 0;

    uint32_t place(uint32_t number) const { return uint32_t((number * 0x9e3779b97f4a7c15u) >> 32) & (cells.size - 1); }
    MATCHER_COLD void wipe() {
        std::memset(static_cast<void*>(cells.data), 0, cells.size * sizeof(Cell));
        epoch = 1;
    }
    MATCHER_COLD void widen() {
        Pool<Cell> old;
        std::swap(old.data, cells.data);
        std::swap(old.size, cells.size);
        std::swap(old.capacity, cells.capacity);
        uint32_t room = old.size ? old.size * 2 : 64;
        cells.reserve(room);
        cells.size = room;
        uint32_t kept = epoch;
        wipe();
        used = 0;
        for (const Cell& cell : old)
            if (cell.epoch == kept) insert(cell.number);
    }
};

// Where a slot's fields lie in Scratch.sorted by value, and its comparable numbers in Scratch.numbers; each valid if its
// epoch is the run's.
struct SlotOrder {
    uint32_t epoch, first;
    uint32_t hits;  // the elements of the same fields: Scratch.hits from here on
    uint32_t numbers_epoch, numbers, number_count;
};

struct NumberAt {
    double number;
    uint32_t field;
};

// Where a piece of a wildcard ends in a long text, first and last; 0: nowhere.
struct PieceSeen {
    uint32_t first_end, last_end;
};

struct Counters {
    uint64_t bytes = 0, fields = 0, probes = 0, candidates = 0, tests = 0, array_steps = 0;
    void reset() { *this = Counters(); }
};

// A mark for each element of an event; all are taken back by counting on.
struct Stamps {
    Pool<uint32_t> pool;
    uint32_t now = 0;

    uint32_t* of(uint32_t elements) {
        if (MATCHER_UNLIKELY(pool.size < elements) || ++now == 0) {
            pool.reserve(elements);
            pool.size = elements;
            std::memset(pool.data, 0, size_t(elements) * sizeof(uint32_t));
            now = 1;
        }
        return pool.data;
    }
};

// A run of Scratch.hits: the elements in which a term of a rule holds.
struct HitRange {
    uint32_t low, high;
};

struct ArrayFrame {
    uint32_t context;               // the element fixed so far
    uint32_t first, last;           // its terms: Scratch.ranges
    uint32_t group, group_end;      // those that share one array, being tried
    uint32_t pivot, at;             // the term that names the elements to try, and the next of its hits
};

// The values that an event holds, a bit for each 256th of them: says no at no cost, and yes sometimes wrongly.
struct Held {
    uint64_t words[4];

    void clear() { words[0] = words[1] = words[2] = 0, words[3] = uint64_t(1) << 63; }  // NONE is always held
    MATCHER_INLINE void add(uint32_t value) { words[value >> 6 & 3] |= uint64_t(1) << (value & 63); }
    MATCHER_INLINE bool may_have(uint32_t value) const { return words[value >> 6 & 3] >> (value & 63) & 1; }
};

struct CandidateList {
    const Candidate *first, *end;
};

// A text that is looked up: its hash, then the key that it is compared with.
struct Probe {
    uint64_t hash, what;
    const uint8_t* text;
    uint32_t field, key;
};

struct Scratch {
    Event event;
    Pool<uint32_t> values;     // field → value in the segment; NONE: not a constant of any pattern
    Pool<Probe> probes;
    Pool<uint32_t> likely;     // those that may be found
    Held held;                 // these values and addresses
    Pool<uint32_t> addresses;  // field → value as an IP literal
    Pool<uint32_t> owners;     // the names that matched
    Pool<uint32_t> pending;    // postings that the fields announce
    Pool<CandidateList> lists;
    Pool<uint32_t> forks;      // those of them that are split
    Pool<Candidate> chosen;    // their candidates that may match
    std::string folded;
    Seen postings, entries;
    Pool<SlotOrder> orders;    // slot → its order; valid if the epoch is the run's
    Pool<uint64_t> sorted;     // value << 32 | field
    Pool<NumberAt> numbers;
    Pool<PieceSeen> pieces;    // a block for each long string: piece → where
    Pool<uint32_t> nodes_seen;       // node of an AhoForest → the run that came there
    uint32_t run = 0;
    Counters counters;
    // For array elements (arrays.hpp).
    Pool<uint32_t> hits;
    uint32_t kept_hits = 0;  // of slots in order (SlotOrder); what rules collect comes behind
    Stamps stamps;
    Pool<HitRange> ranges;
    Pool<ArrayFrame> array_frames;
    Pool<uint32_t> terms;
    Pool<uint32_t> taken;
    const uint32_t* ranks = nullptr;  // slot → its place in the order of paths
    uint64_t step_limit = 0;
    uint64_t steps = 0;      // left of the limit, for the rule at hand
    bool exhausted = false;  // the limit was reached

    void trim() {
        constexpr size_t most = size_t(4) << 20;
        event.trim();
        values.trim(most);
        probes.trim(most);
        likely.trim(most);
        addresses.trim(most);
        sorted.trim(most);
        pending.trim(most);
        lists.trim(most);
        forks.trim(most);
        chosen.trim(most);
        numbers.trim(most);
        nodes_seen.trim(most);
        hits.trim(most);
        ranges.trim(most);
        stamps.pool.trim(most);
        if (folded.capacity() > most) std::string().swap(folded);
    }
};

// Behind a pointer: the address of a thread-local object itself would be asked for again and again.
inline Scratch& thread_scratch() {
    static thread_local std::unique_ptr<Scratch> scratch;
    if (MATCHER_UNLIKELY(scratch == nullptr)) scratch = std::make_unique<Scratch>();
    return *scratch;
}

}  // namespace matcher
