// One event's fields × one segment → the names of the rules that match.
#pragma once

#include <cstdint>

#include "arrays.hpp"
#include "scratch.hpp"
#include "segment.hpp"
#include "test.hpp"

namespace matcher {

class Run {
public:
    // `dead`: a bit an entry, set for removed ones; nullptr: none is.
    Run(const Segment& s, const uint64_t* removed, Scratch& w)
        : segment(s), dead(removed), scratch(w), event(w.event), tester(s, w), arrays(tester) {}

    void run() {
        if (segment.size() == 0) return;
        start();
        read_fields();
        find_probes();
        // All values are known before the first candidate is tested.
        visit_pending();
        for (const Candidate& candidate : segment.always) choose(candidate);
        for (const Candidate& candidate : scratch.chosen) {
            MATCHER_PREFETCH(segment.code.data() + (candidate.code == NONE ? 0 : candidate.code));
            MATCHER_PREFETCH(&segment.owners[candidate.entry & ~REPEATED]);
        }
        for (const Candidate& candidate : scratch.chosen) consider(candidate);
    }

private:
    const Segment& segment;
    const uint64_t* dead;
    Scratch& scratch;
    Event& event;
    Tester tester;
    Arrays arrays;
    bool many = false;   // a posting may come again
    bool quick = false;  // the event's values are few

    void start() {
        const uint32_t count = event.fields.size;
        scratch.values.reserve(count + 4);
        for (uint32_t i = 0; i < 4; ++i) scratch.values[count + i] = NONE;
        quick = count <= 32 && !segment.any_address;
        scratch.probes.reserve(count);
        if (MATCHER_UNLIKELY(segment.any_address && count != 0)) {
            scratch.addresses.reserve(count);
            std::memset(scratch.addresses.data, 0xff, count * sizeof(uint32_t));
        }
        scratch.pending.size = scratch.chosen.size = scratch.probes.size = 0;
        scratch.postings.clear();
        scratch.entries.clear();
        scratch.sorted.size = scratch.numbers.size = 0;
        scratch.pieces.size = 0;
        scratch.kept_hits = 0;
        scratch.held.clear();
        many = event.touched.size != count;
        if (MATCHER_UNLIKELY(++scratch.run == 0)) {
            scratch.orders.size = 0;
            scratch.run = 1;
        }
    }

    // A field's value, and the postings that it announces; of one that is looked up by value, only the hash: so the cells
    // of all of them are on their way from memory at once.
    void read_fields() {
        const uint32_t count = event.fields.size, known = uint32_t(segment.asks.size());
        const uint8_t* const asked = segment.asks.data();
        const Intern::Table table = segment.values.table();
        const Seed seed = segment.seed;
        event.fields.reserve(size_t(count) + 1);  // KEY_READ bytes are read of a number, which may be in the last one
        Field* const fields = event.fields.data;
        uint32_t* const values = scratch.values.data;
        Probe* probe = scratch.probes.data;
        for (uint32_t at = 0; at < count; ++at) {
            Field& field = fields[at];
            values[at] = NONE;
            const uint32_t asks = field.slot < known ? asked[field.slot] : 0;
            KeyKind kind = KEY_STRING;
            const uint8_t* text = field.text;
            size_t size = field.size;
            if (MATCHER_UNLIKELY((asks & ~uint32_t(ASKS_EXACT)) | (field.kind != Kind::string))) {
                if (!read_more(field, at, asks)) continue;
                if (field.kind == Kind::number) {
                    kind = KEY_NUMBER;
                    text = reinterpret_cast<const uint8_t*>(&field.number);
                    size = 8;
                }
            } else {
                field.pieces = 0;
            }
            if (!(asks & ASKS_EXACT) || MATCHER_UNLIKELY(size > LONGEST_KEY)) continue;
            uint64_t hash = hash_key(field.slot, kind, text, size, seed);
            table.prefetch(hash);
            *probe++ = Probe{hash, what_of(field.slot, kind, size), text, at, NONE};
        }
        scratch.probes.size = uint32_t(probe - scratch.probes.data);
    }

    // All that is not a look-up by value; whether one is still to be made.
    bool read_more(Field& field, uint32_t at, uint32_t asks) {
        if (asks == 0) return false;
        const SlotIndex& index = segment.slots[segment.local[field.slot] - 1];
        if ((asks & ASKS_SLOT) && event.slots[field.slot].first == at) {
            announce(index.present);
            if (index.ranges.count && event.slots[field.slot].count > Tester::FEW_FIELDS) announce_ranges(field.slot, index);
        }
        if (field.kind == Kind::number) return read_number(field, at, index);
        if (field.kind != Kind::string) return take(at, index.literals[int(field.kind) - int(Kind::yes)]), false;
        field.pieces = 0;
        if (asks & ASKS_TEXT) announce_text(field.slot, index, field, at);
        return true;
    }

    bool read_number(Field& field, uint32_t at, const SlotIndex& index) {
        if (index.ranges.count && event.slots[field.slot].count <= Tester::FEW_FIELDS)
            segment.ranges.walk(index.ranges, tester.number(field), [&](uint32_t posting) {
                if (tester.is_comparable(field)) announce(posting);
            });
        if (!index.values) return false;
        if (tester.number(field) == 0) field.number = 0;  // -0 is 0
        if (MATCHER_LIKELY(field.parsed == Parsed::comparable)) return true;
        take(at, unusual_number(field, index));
        return false;
    }

    // One that may not stand for its double: looked at closely only where it would be found.
    Found unusual_number(Field& field, const SlotIndex& index) {
        ++scratch.counters.probes;
        const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&field.number);
        Found found = segment.values.find(field.slot, KEY_NUMBER, bytes, 8, segment.seed);
        if (found.value == NONE && !index.spelt) return found;
        if (tester.is_comparable(field)) return found;
        if (!index.spelt || field.size > LONGEST_KEY) return Found{};
        return segment.values.find(field.slot, KEY_SPELT, field.text, field.size, segment.seed);
    }

    MATCHER_INLINE void take(uint32_t at, Found value) {
        scratch.values[at] = value.value;
        scratch.held.add(value.value);
        announce(value.posting);
    }

    // All a step further, and again: first those that are no constant of any pattern fall out. Without a branch, since it
    // is hard to foresee which they are; and in the widths in which they were written, else a read waits for the writes.
    void find_probes() {
        const Intern::Table table = segment.values.table();
        Probe* const probes = scratch.probes.data;
        const uint32_t count = scratch.probes.size;
        scratch.counters.probes += count;
        scratch.likely.reserve(count);
        scratch.pending.reserve(size_t(scratch.pending.size) + count);
        uint32_t *const first = scratch.likely.data, *likely = first, *pending = scratch.pending.end();
        for (uint32_t i = 0; i < count; ++i) {
            const uint32_t key = table.guess(probes[i].hash);
            probes[i].key = key;
            *likely = i;
            likely += key != NONE;
        }
        for (const uint32_t* at = first; at != likely; ++at) {
            const Probe& probe = probes[*at];
            Found found = MATCHER_LIKELY(table.is(probe.key, probe.what, probe.text))
                              ? table.found_at(probe.key)
                              : segment.values.find(probe.hash, probe.what, probe.text);
            scratch.values[probe.field] = found.value;
            scratch.held.add(found.value);
            *pending = found.posting;
            pending += found.posting != NONE;
        }
        scratch.pending.size = uint32_t(pending - scratch.pending.data);
        for (uint32_t posting : scratch.pending) MATCHER_PREFETCH(&segment.postings[posting]);
    }

    // Many numbers: each is looked up among the ranges, unless the same ranges come again and again; then each range is
    // looked up among the numbers, so that none is told twice.
    void announce_ranges(uint32_t slot, const SlotIndex& index) {
        size_t left = size_t(4) * index.ranges.count + 256;
        for (uint32_t at = event.slots[slot].first; at != NONE; at = event.fields[at].next) {
            Field& field = event.fields[at];
            if (field.kind != Kind::number) continue;
            size_t hits = 0;
            segment.ranges.walk(index.ranges, tester.number(field), [&](uint32_t posting) {
                ++hits;
                if (tester.is_comparable(field)) announce(posting);
            });
            if (hits > left) return join_ranges(slot, index);
            left -= hits;
        }
    }

    void join_ranges(uint32_t slot, const SlotIndex& index) {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        auto [low, high] = tester.within(slot, Bounds{-infinity, infinity});
        if (low == high) return;
        segment.ranges.overlap(index.ranges, low->number, (high - 1)->number, [&](const Range& range) {
            if (tester.any_within(slot, Bounds{range.low, range.high})) scratch.pending.push(range.pred);
        });
    }

    MATCHER_INLINE void announce(uint32_t posting) {
        if (posting != NONE) scratch.pending.push(posting);
    }

    static constexpr uint32_t LONGEST_KEY = 0x0fffffff;

    void announce_text(uint32_t slot, const SlotIndex& index, Field& field, uint32_t at) {
        auto hit = [&](uint32_t posting) { scratch.pending.push(posting); };
        if (index.prefixes != NONE) segment.radix.walk<false>(index.prefixes, field.text, field.size, hit);
        if (index.suffixes != NONE) segment.radix.walk<true>(index.suffixes, field.text, field.size, hit);
        if (index.pieces.node != NONE) announce_pieces(index, field);
        if (index.folded || index.folded_prefixes != NONE || index.folded_suffixes != NONE)
            announce_folded(slot, index, field);
        if (index.addresses) announce_address(slot, index, field, at);
    }

    // A piece may occur often in one text; its posting is taken once, and with it those of the pieces it ends with.
    void announce_pieces(const SlotIndex& index, Field& field) {
        if (MATCHER_UNLIKELY(field.size >= Tester::LONG_TEXT)) return note_pieces(index, field);
        if (!index.pieces_wait) return;
        Pool<uint32_t>& seen = scratch.nodes_seen;
        while (MATCHER_UNLIKELY(seen.size < segment.aho.nodes.size())) seen.push(0);
        segment.aho.walk(index.pieces, field.text, field.size, [&](uint32_t node, uint32_t piece, size_t) {
            if (seen[node] == scratch.run) return false;
            seen[node] = scratch.run;
            announce(segment.piece_posting[piece]);
            return true;
        });
    }

    // In a long text, where each piece first and last ends is kept for Tester::can_end.
    void note_pieces(const SlotIndex& index, Field& field) {
        uint32_t block = scratch.pieces.size, count = uint32_t(segment.piece_posting.size());
        scratch.pieces.reserve(size_t(block) + count);
        scratch.pieces.size += count;
        PieceSeen* seen = scratch.pieces.data + block;
        std::memset(static_cast<void*>(seen), 0, count * sizeof(PieceSeen));
        field.pieces = block + 1;
        segment.aho.walk(index.pieces, field.text, field.size, [&](uint32_t, uint32_t piece, size_t end) {
            seen[piece].last_end = uint32_t(end);
            if (seen[piece].first_end == 0) {
                seen[piece].first_end = uint32_t(end);
                announce(segment.piece_posting[piece]);
            }
            return true;
        });
    }

    void announce_folded(uint32_t slot, const SlotIndex& index, const Field& field) {
        auto hit = [&](uint32_t posting) { scratch.pending.push(posting); };
        segment.fold.fold(field.text, field.size, scratch.folded);
        const uint8_t* text = reinterpret_cast<const uint8_t*>(scratch.folded.data());
        size_t size = scratch.folded.size();
        if (index.folded && size <= LONGEST_KEY) {
            announce(segment.values.find(slot, KEY_FOLDED, text, size, segment.seed).posting);
        }
        if (index.folded_prefixes != NONE) segment.radix.walk<false>(index.folded_prefixes, text, size, hit);
        if (index.folded_suffixes != NONE) segment.radix.walk<true>(index.folded_suffixes, text, size, hit);
    }

    void announce_address(uint32_t slot, const SlotIndex& index, const Field& field, uint32_t at) {
        Ip ip;
        if (!read_ip(field.text, field.size, ip)) return;
        Found address = segment.values.find(slot, KEY_ADDRESS, ip.bytes, 16, segment.seed);
        scratch.addresses[at] = address.value;
        scratch.held.add(address.value);
        announce(address.posting);
        for (uint32_t i = index.block_count; i-- > 0;) {  // longest mask first: each floors what is left
            uint8_t key[17];
            key[0] = segment.block_bits[index.blocks + i];
            if (ip.v4 && key[0] < 96) break;
            floor_ip(ip.bytes, key[0]);
            std::memcpy(key + 1, ip.bytes, 16);
            announce(segment.values.find(slot, KEY_BLOCK, key, 17, segment.seed).posting);
        }
    }

    // The candidates of all postings, in one loop over all of them: how many each has is hard to foresee.
    void visit_pending() {
        many = many && comes_again();
        scratch.lists.reserve(size_t(scratch.pending.size) + 1);
        scratch.forks.reserve(scratch.pending.size);
        CandidateList* const lists = scratch.lists.data;
        uint32_t* const forks = scratch.forks.data;
        const Candidate* const candidates = segment.candidates.data();
        uint32_t list = 0, fork = 0;
        size_t total = 0;
        for (uint32_t number : scratch.pending) {
            if (many && !scratch.postings.insert(number)) continue;
            const Posting& posting = segment.postings[number];
            lists[list] = CandidateList{candidates + posting.first, candidates + posting.first + posting.count};
            MATCHER_PREFETCH(lists[list].first);
            list += posting.count != 0;
            total += posting.count;
            forks[fork] = number;
            fork += posting.split_count != 0;
        }
        lists[list] = CandidateList{candidates, candidates};
        choose_all(lists, total);
        for (uint32_t i = 0; i < fork; ++i) visit_splits(forks[i], segment.postings[forks[i]]);
    }

    // Whether a posting may have been announced twice.
    bool comes_again() const {
        if (scratch.pending.size > 64) return true;
        uint64_t seen = 0, again = 0;
        for (uint32_t number : scratch.pending) {
            uint64_t bit = uint64_t(1) << (number & 63);
            again |= seen & bit;
            seen |= bit;
        }
        return again != 0;
    }

    void choose_all(const CandidateList* list, size_t total) {
        scratch.chosen.reserve(scratch.chosen.size + total);
        Candidate* chosen = scratch.chosen.end();
        const Candidate* at = list->first;
        for (; total; --total) {
            *chosen = *at;
            chosen += scratch.held.may_have(at->needs);
            bool done = ++at == list->end;
            list += done;
            at = done ? list->first : at;
        }
        scratch.chosen.size = uint32_t(chosen - scratch.chosen.data);
    }

    MATCHER_INLINE void visit(uint32_t number) {
        if (number == NONE || (many && !scratch.postings.insert(number))) return;
        const Posting& posting = segment.postings[number];
        const Candidate* candidate = segment.candidates.data() + posting.first;
        for (const Candidate* end = candidate + posting.count; candidate != end; ++candidate) choose(*candidate);
        if (posting.split_count) visit_splits(number, posting);
    }

    void visit_splits(uint32_t number, const Posting& posting) {
        bool kept = many;
        for (uint32_t i = 0; i < posting.split_count; ++i) {
            const Split& split = segment.splits[posting.splits + i];
            if (!event.has(split.slot)) continue;
            const SlotState& state = event.slots[split.slot];
            many |= state.count > 1;
            if (state.count > Tester::FEW_FIELDS && state.count > split.count && !segment.any_address) {
                visit_split_values(number, split);
                continue;
            }
            for (uint32_t at = state.first; at != NONE; at = event.fields[at].next) {
                ++scratch.counters.probes;
                if (scratch.values[at] != NONE) visit(segment.split(number, scratch.values[at]));
                if (segment.any_address && scratch.addresses[at] != NONE)
                    visit(segment.split(number, scratch.addresses[at]));
            }
        }
        many = kept;
    }

    // Many fields and fewer values to split by: ask for each value whether a field has it.
    void visit_split_values(uint32_t number, const Split& split) {
        for (uint32_t i = split.first; i < split.first + split.count; ++i) {
            ++scratch.counters.probes;
            auto [first, last] = tester.with_value(split.slot, segment.split_values[i]);
            if (first != last) visit(segment.split(number, segment.split_values[i]));
        }
    }

    // Without a branch too.
    MATCHER_INLINE void choose(const Candidate& candidate) {
        scratch.chosen.push() = candidate;
        scratch.chosen.size -= !scratch.held.may_have(candidate.needs);
    }

    MATCHER_INLINE void consider(const Candidate& candidate) {
        uint32_t entry = candidate.entry & ~REPEATED;
        if (dead != nullptr && (dead[entry >> 6] >> (entry & 63)) & 1) return;
        ++scratch.counters.candidates;
        if (candidate.code != NONE) {
            const uint32_t* code = segment.code.data() + candidate.code;
            if (MATCHER_LIKELY(quick && (*code & HEADER_EQUAL) && event.inside < 2)) {
                if (!equal_terms(code)) return;
            } else if (((candidate.entry & REPEATED) && !scratch.entries.insert(entry)) || !verify(code)) {
                return;
            }
        }
        scratch.owners.push(segment.owners[entry]);
    }

    // A rule that wants one value of each of a few slots: a value tells its slot, so it is enough that the event has it.
    MATCHER_INLINE bool equal_terms(const uint32_t* code) const {
        static constexpr uint32_t masks[QUICK_TERMS + 1][QUICK_TERMS] = {
            {NONE, NONE, NONE, NONE}, {0, NONE, NONE, NONE}, {0, 0, NONE, NONE}, {0, 0, 0, NONE}, {0, 0, 0, 0}};
        const uint32_t tested = (*code & HEADER_COUNT) - ((*code & HEADER_SURE) != 0);
        scratch.counters.tests += tested;
        return all_among(code + 1, masks[tested], scratch.values.data, (event.fields.size + 4) & ~uint32_t(3));
    }

    bool verify(const uint32_t* code) {
        uint32_t header = *code++;
        // Only for absence does it matter beforehand whether terms lie in array elements; most candidates fail before.
        bool maybe = (header & HEADER_ABSENT) && elements_matter(code, header);
        if (header & HEADER_TREE) {
            if (!tree(code, maybe)) return false;
        } else {
            uint32_t tested = (header & HEADER_COUNT) - ((header & HEADER_SURE) != 0);
            for (const uint32_t* end = code + PLAIN_WORDS * tested; code != end; code += PLAIN_WORDS)
                if (!tester.term(code[0], code[1], maybe)) return false;
            code -= PLAIN_WORDS * tested;
        }
        return !(maybe || elements_matter(code, header)) || arrays.agree(code, header);
    }

    MATCHER_INLINE bool elements_matter(const uint32_t* code, uint32_t header) const {
        return event.inside > 1 && arrays.matter(code, header);
    }

    bool tree(const uint32_t* code, bool maybe) {
        uint32_t at = 0;
        while (at < RuleView::REJECT) {
            const uint32_t* term = code + TREE_WORDS * at;
            at = tester.term(term[0], term[1], maybe) ? term[2] : term[3];
        }
        return at == RuleView::ACCEPT;
    }
};

}  // namespace matcher
