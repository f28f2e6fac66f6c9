// What rules wait for that is no whole value → the tries, automata and trees of each slot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "intern.hpp"
#include "program.hpp"
#include "segment.hpp"

namespace matcher {

// `at` is always a number in Segment.slots.
class Plant {
public:
    explicit Plant(Segment& target) : segment(target), beds(target.slots.size()) {}

    void hint(uint32_t at, KeyKind kind, const Bytes& text, uint32_t posting) {
        Bed& bed = beds[at];
        switch (kind) {
            case KEY_PREFIX: bed.prefixes.emplace_back(text.string(), posting); break;
            case KEY_SUFFIX: bed.suffixes.emplace_back(text.string(), posting); break;
            case KEY_PREFIX_FOLDED: bed.folded_prefixes.emplace_back(text.string(), posting); break;
            case KEY_SUFFIX_FOLDED: bed.folded_suffixes.emplace_back(text.string(), posting); break;
            case KEY_PIECE: break;  // they are planted with those that no rule waits for
            default: {
                const uint8_t* p = text.data;
                double low = read_double(p), high = read_double(p);
                bed.ranges.push_back(Range{low, high, high, posting});
            }
        }
    }

    void piece(uint32_t at, const std::string& text, uint32_t number) { beds[at].pieces.emplace_back(text, number); }

    void block(uint32_t at, uint8_t bits) { beds[at].blocks.push_back(bits); }

    void run() {
        for (uint32_t at = 0; at < beds.size(); ++at) plant(segment.slots[at], beds[at]);
    }

private:
    struct Bed {
        std::vector<RadixForest::Entry> prefixes, suffixes, folded_prefixes, folded_suffixes, pieces;
        std::vector<Range> ranges;
        std::vector<uint8_t> blocks;
    };

    Segment& segment;
    std::vector<Bed> beds;

    void plant(SlotIndex& slot, Bed& bed) {
        if (!bed.prefixes.empty()) slot.prefixes = segment.radix.plant(bed.prefixes);
        if (!bed.suffixes.empty()) slot.suffixes = segment.radix.plant(bed.suffixes);
        if (!bed.folded_prefixes.empty()) slot.folded_prefixes = segment.radix.plant(bed.folded_prefixes);
        if (!bed.folded_suffixes.empty()) slot.folded_suffixes = segment.radix.plant(bed.folded_suffixes);
        if (!bed.pieces.empty()) slot.pieces = segment.aho.plant(bed.pieces);
        if (!bed.ranges.empty()) slot.ranges = segment.ranges.plant(bed.ranges);
        std::sort(bed.blocks.begin(), bed.blocks.end());
        bed.blocks.erase(std::unique(bed.blocks.begin(), bed.blocks.end()), bed.blocks.end());
        slot.blocks = uint32_t(segment.block_bits.size());
        slot.block_count = uint32_t(bed.blocks.size());
        segment.block_bits.insert(segment.block_bits.end(), bed.blocks.begin(), bed.blocks.end());
        if (slot.block_count) slot.addresses = segment.any_address = true;
        slot.texts = slot.prefixes != NONE || slot.suffixes != NONE || slot.pieces.node != NONE || slot.folded ||
                     slot.folded_prefixes != NONE || slot.folded_suffixes != NONE || slot.addresses;
    }
};

}  // namespace matcher
