// One operator on one field, and one term of a rule on all fields of its path.
#pragma once

#include <algorithm>
#include <cstdint>

#include "event.hpp"
#include "number.hpp"
#include "scratch.hpp"
#include "segment.hpp"
#include "text.hpp"

namespace matcher {

class Tester {
public:
    const Segment& segment;
    Scratch& scratch;
    Event& event;

    Tester(const Segment& s, Scratch& w) : segment(s), scratch(w), event(w.event) {}

    // The nearest double of a number. It may match only where `comparable` says that it stands for it.
    MATCHER_INLINE double number(Field& field) const {
        if (field.parsed == Parsed::no)
            field.parsed = nearest(field.text, field.size, field.number) ? Parsed::comparable : Parsed::nearest;
        return field.number;
    }

    MATCHER_INLINE bool is_comparable(Field& field) const {
        if (field.parsed == Parsed::nearest) {
            bool yes = long_comparable(field.text, field.size, field.number);
            field.parsed = yes ? Parsed::comparable : Parsed::incomparable;
        }
        return field.parsed == Parsed::comparable;
    }

    bool holds(uint32_t op, uint32_t arg, uint32_t index) const {
        Field& field = event.fields[index];
        ++scratch.counters.tests;
        switch (op) {
            case OP_EQUAL: return equal(index, arg);
            case OP_IN: return in_list(arg, scratch.values[index]) ||
                               (segment.any_address && in_list(arg, scratch.addresses[index]));
            case OP_PRESENT: return true;
            case OP_ABSENT: return false;
            case OP_RANGE: {
                if (field.kind != Kind::number) return false;
                const Bounds& bounds = segment.bounds[arg];
                double value = number(field);
                return bounds.low <= value && value <= bounds.high && is_comparable(field);
            }
            case OP_NOT_IN: return !in_list(arg, scratch.values[index]);
            case OP_NONE_OF: return !any_of(arg, index);
            case OP_ANY_OF: return any_of(arg, index);
            default: return field.kind == Kind::string && text_holds(op, arg, field);
        }
    }

    // Whether some field of the slot holds. `maybe`: an absence that depends on array elements counts as one.
    MATCHER_INLINE bool term(uint32_t slot_op, uint32_t arg, bool maybe) const {
        uint32_t slot = slot_op >> OP_BITS, op = slot_op & OP_MASK;
        if (!event.has(slot)) return allows_absence(op, arg);
        const SlotState& state = event.slots[slot];
        if (op == OP_EQUAL && state.count == 1) return ++scratch.counters.tests, equal(state.first, arg);
        if (MATCHER_UNLIKELY(state.count > FEW_FIELDS)) {
            if (op == OP_EQUAL) return ordered(slot, arg);
            if (op == OP_RANGE) return any_within(slot, segment.bounds[arg]);
        }
        for (uint32_t index = state.first; index != NONE; index = event.fields[index].next)
            if (holds(op, arg, index)) return true;
        return maybe && state.inside && allows_absence(op, arg);
    }

    bool allows_absence(uint32_t op, uint32_t arg) const {
        if (op == OP_ABSENT) return true;
        if (op != OP_ANY_OF) return false;
        const uint32_t* list = segment.lists.data() + arg;
        for (uint32_t i = 0; i < list[0]; ++i)
            if (list[1 + 2 * i] == OP_ABSENT) return true;
        return false;
    }

    // The fields of a slot that have the value, as a run of `sorted`; for slots of many fields.
    std::pair<const uint64_t*, const uint64_t*> with_value(uint32_t slot, uint32_t value) const {
        const SlotOrder& order = order_of(slot);
        const uint64_t* first = scratch.sorted.data + order.first;
        const uint64_t* last = first + event.slots[slot].count;
        return {std::lower_bound(first, last, uint64_t(value) << 32),
                std::lower_bound(first, last, (uint64_t(value) + 1) << 32)};
    }

    // The same run as elements: a range of scratch.hits that stays while the event is matched.
    HitRange hits_of(uint32_t slot, uint32_t value) const {
        auto [first, last] = with_value(slot, value);
        const SlotOrder& order = scratch.orders[slot];
        const uint64_t* base = scratch.sorted.data + order.first;
        return HitRange{order.hits + uint32_t(first - base), order.hits + uint32_t(last - base)};
    }

    // Whether a number of the slot may match within bounds; for slots of many fields.
    bool any_within(uint32_t slot, const Bounds& bounds) const {
        auto [first, last] = within(slot, bounds);
        return std::any_of(first, last, [&](const NumberAt& at) { return is_comparable(event.fields[at.field]); });
    }

    // The numbers of a slot within bounds, as a run of `numbers`. Of very many only those that may match are in it, so
    // that none is asked again for each range; of fewer that is not worth asking beforehand.
    std::pair<const NumberAt*, const NumberAt*> within(uint32_t slot, const Bounds& bounds) const {
        const SlotOrder& order = numbers_of(slot);
        const NumberAt* first = scratch.numbers.data + order.numbers;
        const NumberAt* last = first + order.number_count;
        first = std::lower_bound(first, last, bounds.low, [](const NumberAt& a, double low) { return a.number < low; });
        last = std::upper_bound(first, last, bounds.high, [](double high, const NumberAt& a) { return high < a.number; });
        return {first, last};
    }

    static constexpr uint32_t FEW_FIELDS = 16, VERY_MANY = 1024;
    static constexpr uint32_t LONG_TEXT = 4096;  // bytes of a string whose pieces are worth noting

private:
    MATCHER_INLINE bool equal(uint32_t index, uint32_t value) const {
        return scratch.values[index] == value || (segment.any_address && scratch.addresses[index] == value);
    }

    bool ordered(uint32_t slot, uint32_t value) const {
        auto [first, last] = with_value(slot, value);
        if (first != last) return true;
        if (!segment.any_address) return false;
        for (uint32_t index = event.slots[slot].first; index != NONE; index = event.fields[index].next)
            if (scratch.addresses[index] == value) return true;
        return false;
    }

    SlotOrder& place_of(uint32_t slot) const {
        while (scratch.orders.size <= slot) scratch.orders.push(SlotOrder{0, 0, 0, 0, 0, 0});
        return scratch.orders[slot];
    }

    const SlotOrder& order_of(uint32_t slot) const {
        SlotOrder& order = place_of(slot);
        if (order.epoch == scratch.run) return order;
        order.epoch = scratch.run;
        order.first = scratch.sorted.size;
        for (uint32_t index = event.slots[slot].first; index != NONE; index = event.fields[index].next)
            scratch.sorted.push(uint64_t(scratch.values[index]) << 32 | index);
        std::sort(scratch.sorted.data + order.first, scratch.sorted.end());
        keep_hits(order);
        return order;
    }

    // The elements of the sorted fields, for all rules to use: hits of a value are a run of them.
    void keep_hits(SlotOrder& order) const {
        scratch.hits.size = scratch.kept_hits;
        order.hits = scratch.hits.size;
        for (uint32_t i = order.first; i < scratch.sorted.size; ++i)
            scratch.hits.push(event.fields[uint32_t(scratch.sorted[i])].elem);
        scratch.kept_hits = scratch.hits.size;
    }

    const SlotOrder& numbers_of(uint32_t slot) const {
        SlotOrder& order = place_of(slot);
        if (order.numbers_epoch == scratch.run) return order;
        order.numbers_epoch = scratch.run;
        order.numbers = scratch.numbers.size;
        for (uint32_t index = event.slots[slot].first; index != NONE; index = event.fields[index].next) {
            Field& field = event.fields[index];
            if (field.kind != Kind::number) continue;
            double value = number(field);
            if (event.slots[slot].count <= VERY_MANY || is_comparable(field))
                scratch.numbers.push(NumberAt{value, index});
        }
        order.number_count = scratch.numbers.size - order.numbers;
        std::sort(scratch.numbers.data + order.numbers, scratch.numbers.end(),
                  [](const NumberAt& a, const NumberAt& b) { return a.number < b.number; });
        return order;
    }

    bool in_list(uint32_t arg, uint32_t value) const {
        if (value == NONE) return false;
        const uint32_t* first = segment.lists.data() + arg + 1;
        const uint32_t* last = first + first[-1];
        if (last - first <= 8) return std::find(first, last, value) != last;
        return std::binary_search(first, last, value);
    }

    bool any_of(uint32_t arg, uint32_t index) const {
        const uint32_t* list = segment.lists.data() + arg;
        for (uint32_t i = 0; i < list[0]; ++i)
            if (holds(list[1 + 2 * i], list[2 + 2 * i], index)) return true;
        return false;
    }

    bool text_holds(uint32_t op, uint32_t arg, const Field& field) const {
        const uint8_t* operand = reinterpret_cast<const uint8_t*>(segment.texts.data()) + arg;
        switch (op) {
            case OP_EQUALS_VARIANTS: return matches_variants(operand, field.text, field.size, false);
            case OP_PREFIX_VARIANTS: return matches_variants(operand, field.text, field.size, true);
            case OP_SUFFIX_VARIANTS: return ends_with_variants(operand, field.text, field.size);
            case OP_WILDCARD:
                if (MATCHER_UNLIKELY(field.pieces != 0) && !can_end(operand, field)) return false;
                return matches_wildcard(operand, field.text, field.size);
            case OP_BLOCK: return in_block(operand, field);
            default: break;
        }
        size_t size = size_t(read_varint(operand));
        if (field.size < size) return false;
        const uint8_t* tail = field.text + field.size - size;
        switch (op) {
            case OP_PREFIX: return !std::memcmp(field.text, operand, size);
            case OP_SUFFIX: return !std::memcmp(tail, operand, size);
            case OP_EQUALS_FOLD: return field.size == size && same_folded(field.text, operand, size);
            case OP_PREFIX_FOLD: return same_folded(field.text, operand, size);
            case OP_SUFFIX_FOLD: return same_folded(tail, operand, size);
            default: return false;
        }
    }

    // A quick look at long texts: whether each inner piece last occurs behind where those before it first do.
    bool can_end(const uint8_t* pattern, const Field& field) const {
        const PieceSeen* seen = scratch.pieces.data + (field.pieces - 1);
        uint64_t count = read_varint(pattern);
        size_t reached = size_t(read_varint(pattern));
        const uint8_t* numbers = pattern + reached;
        for (uint64_t piece = 1; piece < count; ++piece) {  // the numbers stand behind the pieces
            size_t length = size_t(read_varint(numbers));
            numbers += length;
        }
        pattern += reached;
        for (uint64_t piece = 1; piece + 1 < count; ++piece) {
            size_t length = size_t(read_varint(pattern));
            size_t known = std::min(length, PIECE_BYTES);
            const PieceSeen& at = seen[read_varint(numbers)];
            if (at.last_end < reached + known) return false;
            reached = std::max(reached, size_t(at.first_end) - known) + length;
            pattern += length;
        }
        return true;
    }

    // v4 addresses live in ::ffff:0:0/96, so one comparison serves both; a v6 block never reaches into them.
    static bool in_block(const uint8_t* operand, const Field& field) {
        Ip ip;
        if (!read_ip(field.text, field.size, ip)) return false;
        if (ip.v4 != (operand[0] >= 96 && is_v4(operand + 1))) return false;
        floor_ip(ip.bytes, operand[0]);
        return std::memcmp(ip.bytes, operand + 1, 16) == 0;
    }
    static bool is_v4(const uint8_t* bytes) {
        static constexpr uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        return std::memcmp(bytes, mapped, 12) == 0;
    }
};

}  // namespace matcher
