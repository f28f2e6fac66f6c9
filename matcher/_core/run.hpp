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
        const uint32_t* local = segment.local.data();
        const uint32_t known = uint32_t(segment.local.size());
        hash_strings(local, known);
        for (uint32_t slot : event.touched)
            if (slot < known && local[slot] != 0) look_up(slot, segment.slots[local[slot] - 1]);
        // All values are known before the first candidate is tested.
        for (uint32_t i = 0; i < scratch.pending.size; ++i) visit(scratch.pending[i]);
        for (const Candidate& candidate : segment.always) consider(candidate);
    }

private:
    const Segment& segment;
    const uint64_t* dead;
    Scratch& scratch;
    Event& event;
    Tester tester;
    Arrays arrays;
    bool many = false;  // a posting may come again

    void start() {
        scratch.values.reserve(event.fields.size);
        scratch.hashes.reserve(event.fields.size);
        scratch.addresses.reserve(event.fields.size);
        scratch.pending.size = 0;
        scratch.postings.clear();
        scratch.entries.clear();
        scratch.sorted.size = scratch.numbers.size = 0;
        scratch.pieces.size = 0;
        scratch.kept_hits = 0;
        scratch.held.clear();
        if (MATCHER_UNLIKELY(++scratch.run == 0)) {
            scratch.orders.size = 0;
            scratch.run = 1;
        }
    }

    // Hash all strings first: so the cells of each are on their way from memory while others are looked at.
    void hash_strings(const uint32_t* local, uint32_t known) {
        for (uint32_t at = 0; at < event.fields.size; ++at) {
            const Field& field = event.fields[at];
            if (field.kind != Kind::string || field.slot >= known || local[field.slot] == 0) continue;
            if (!segment.slots[local[field.slot] - 1].values || MATCHER_UNLIKELY(field.size > LONGEST_KEY)) continue;
            uint64_t hash = hash_key(field.slot, KEY_STRING, field.text, field.size, segment.seed);
            segment.values.prefetch(hash);
            scratch.hashes[at] = hash;
        }
    }

    // Find each field's value, and the postings that the slot's fields announce.
    void look_up(uint32_t slot, const SlotIndex& index) {
        const SlotState state = event.slots[slot];
        many |= state.count > 1;
        for (uint32_t at = state.first; at != NONE;) {
            Field& field = event.fields[at];
            Found value;
            if (field.kind == Kind::string) {
                field.pieces = 0;
                if (index.values && MATCHER_LIKELY(field.size <= LONGEST_KEY)) {
                    ++scratch.counters.probes;
                    value = segment.values.find(scratch.hashes[at], slot, KEY_STRING, field.text, field.size);
                }
                if (segment.any_address) scratch.addresses[at] = NONE;
                if (index.texts) announce_text(slot, index, field, at);
            } else {
                if (segment.any_address) scratch.addresses[at] = NONE;
                if (field.kind != Kind::number) value = index.literals[int(field.kind) - int(Kind::yes)];
                else if (index.values || index.ranges.count) value = look_up_number(slot, index, field);
            }
            scratch.values[at] = value.value;
            scratch.held.add(value.value);
            announce(value.posting);
            at = field.next;
        }
        if (index.ranges.count && state.count > Tester::FEW_FIELDS) announce_ranges(slot, index);
        announce(index.present);
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

    Found look_up_number(uint32_t slot, const SlotIndex& index, Field& field) {
        if (index.ranges.count && event.slots[slot].count <= Tester::FEW_FIELDS)
            segment.ranges.walk(index.ranges, tester.number(field), [&](uint32_t posting) {
                if (tester.is_comparable(field)) announce(posting);
            });
        if (!index.values || field.size > LONGEST_KEY) return Found{};
        ++scratch.counters.probes;
        return number_value_of(slot, index, field);
    }

    Found number_value_of(uint32_t slot, const SlotIndex& index, Field& field) {
        double value = tester.number(field);
        if (value == 0) value = 0;  // -0 is 0
        uint8_t bytes[8];
        std::memcpy(bytes, &value, 8);
        Found found = segment.values.find(slot, KEY_NUMBER, bytes, 8, segment.seed);
        if (found.value == NONE && !index.spelt) return found;
        if (tester.is_comparable(field)) return found;
        return index.spelt ? segment.values.find(slot, KEY_SPELT, field.text, field.size, segment.seed) : Found{};
    }

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

    MATCHER_INLINE void visit(uint32_t number) {
        if (number == NONE || (many && !scratch.postings.insert(number))) return;
        const Posting& posting = segment.postings[number];
        const Candidate* candidate = segment.candidates.data() + posting.first;
        for (const Candidate* end = candidate + posting.count; candidate != end; ++candidate) consider(*candidate);
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

    MATCHER_INLINE void consider(const Candidate& candidate) {
        if (!scratch.held.may_have(candidate.needs)) return;
        uint32_t entry = candidate.entry & ~REPEATED;
        if (dead != nullptr && (dead[entry >> 6] >> (entry & 63)) & 1) return;
        if ((candidate.entry & REPEATED) && !scratch.entries.insert(entry)) return;
        ++scratch.counters.candidates;
        if (candidate.code == NONE || verify(segment.code.data() + candidate.code))
            scratch.owners.push(segment.owners[entry]);
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
        return event.elems.size > 1 && arrays.matter(code, header);
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
