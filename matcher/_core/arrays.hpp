// Whether the terms of a rule hold on array elements that agree: no two from different elements of one array.
//
// Elements are numbered in pre-order, so "inside element e" is a range of numbers, and the elements in which a term
// holds are a sorted run. Three roads:
//   - every term lies, below what is fixed, in one array: choose an element of each array, and go down into it. Each
//     element is looked at once a level, so this is linear in the hits times their depth, whatever the rule;
//   - a term whose hits lie in several arrays (duplicate members, names with dots), or one that allows absence (which
//     depends on the elements fixed before it, in the order of the paths): search in the order of the paths, jumping
//     back over terms that had no part in a failure;
//   - a rule with choices: each way through them that can hold, one of the above.
// The second and third can be exponential in the rule for hostile events (the problem is), so steps are limited.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "scratch.hpp"
#include "segment.hpp"
#include "test.hpp"

namespace matcher {

class Arrays {
public:
    explicit Arrays(const Tester& t) : tester(t), segment(t.segment), scratch(t.scratch), event(t.event) {}

    // Whether two terms of the rule lie in array elements: else they can't disagree.
    bool matter(const uint32_t* code, uint32_t header) const {
        uint32_t words = header & HEADER_TREE ? TREE_WORDS : PLAIN_WORDS, inside = 0;
        for (uint32_t i = 0; i < (header & HEADER_COUNT); ++i) {
            uint32_t slot = code[words * i] >> OP_BITS;
            if (event.has(slot) && event.slots[slot].inside && ++inside == 2) return true;
        }
        return false;
    }

    bool agree(const uint32_t* code, uint32_t header) {
        words = header & HEADER_TREE ? TREE_WORDS : PLAIN_WORDS;
        terms = code;
        count = header & HEADER_COUNT;
        scratch.steps = scratch.step_limit;
        for (uint32_t i = 0; i < count; ++i) put_in_order(code[words * i]);
        scratch.hits.size = scratch.kept_hits;
        scratch.ranges.size = scratch.array_frames.size = 0;
        for (uint32_t i = 0; i < count; ++i) scratch.ranges.push(collect(code[words * i], code[words * i + 1]));
        if (header & HEADER_TREE) return any_way();
        scratch.terms.size = 0;
        for (uint32_t i = 0; i < count; ++i) scratch.terms.push(i);
        return together();
    }

private:
    const Tester& tester;
    const Segment& segment;
    Scratch& scratch;
    Event& event;
    const uint32_t* terms = nullptr;
    uint32_t words = 0, count = 0;

    const Elem& elem(uint32_t number) const { return event.elems[number]; }
    uint32_t hit(uint32_t at) const { return scratch.hits[at]; }

    bool step() { return spend(1); }
    bool spend(uint32_t steps) {
        scratch.counters.array_steps += steps;
        if (scratch.steps < steps) return scratch.exhausted = true, false;
        scratch.steps -= steps;
        return true;
    }

    // What is kept for all rules goes before what this one collects.
    void put_in_order(uint32_t slot_op) {
        uint32_t slot = slot_op >> OP_BITS;
        if ((slot_op & OP_MASK) == OP_EQUAL && event.has(slot) && event.slots[slot].count > Tester::FEW_FIELDS)
            tester.with_value(slot, 0);
    }

    // The elements in which the term holds, in order.
    HitRange collect(uint32_t slot_op, uint32_t arg) {
        uint32_t slot = slot_op >> OP_BITS, op = slot_op & OP_MASK;
        HitRange range{scratch.hits.size, scratch.hits.size};
        if (!event.has(slot)) return range;
        const SlotState& state = event.slots[slot];
        if (op == OP_EQUAL && state.count > Tester::FEW_FIELDS && !segment.any_address) {
            HitRange kept = tester.hits_of(slot, arg);
            if (std::is_sorted(scratch.hits.data + kept.low, scratch.hits.data + kept.high)) return kept;
            for (uint32_t i = kept.low; i < kept.high; ++i) scratch.hits.push(hit(i));
        } else if (op == OP_RANGE && state.count > Tester::FEW_FIELDS) {
            auto [first, last] = tester.within(slot, segment.bounds[arg]);
            for (; first != last; ++first)
                if (tester.is_comparable(event.fields[first->field])) scratch.hits.push(event.fields[first->field].elem);
        } else {
            for (uint32_t at = state.first; at != NONE; at = event.fields[at].next)
                if (tester.holds(op, arg, at)) scratch.hits.push(event.fields[at].elem);
        }
        return distinct(range.low);
    }

    HitRange distinct(uint32_t low) {
        uint32_t* first = scratch.hits.data + low;
        uint32_t* last = scratch.hits.end();
        if (!std::is_sorted(first, last)) std::sort(first, last);
        last = std::unique(first, last);
        scratch.hits.size = uint32_t(last - scratch.hits.data);
        return HitRange{low, scratch.hits.size};
    }

    bool may_be_absent(uint32_t term) const {
        return tester.allows_absence(terms[words * term] & OP_MASK, terms[words * term + 1]);
    }
    bool has_hits(uint32_t term) const { return scratch.ranges[term].low != scratch.ranges[term].high; }

    // ---- the terms numbered in scratch.terms, all at once ----

    bool together() {
        bool ordered = false;
        for (uint32_t i = 0; i < scratch.terms.size && !ordered; ++i) ordered = needs_order(scratch.terms[i]);
        if (!ordered) {
            int answer = descend();
            if (answer >= 0) return answer;
        }
        return search();
    }

    // Plain absence (no leaf at all) is no matter of order.
    bool needs_order(uint32_t term) const {
        if (!may_be_absent(term)) return false;
        return event.has(terms[words * term] >> OP_BITS);
    }

    // First road. 1: they agree; 0: they don't; -1: some term lies in several arrays.
    int descend() {
        uint32_t base = scratch.ranges.size;
        for (uint32_t i = 0; i < scratch.terms.size; ++i) {
            HitRange range = scratch.ranges[scratch.terms[i]];
            if (range.low != range.high) scratch.ranges.push(range);
            else if (!may_be_absent(scratch.terms[i])) return scratch.ranges.size = base, 0;
        }
        scratch.array_frames.size = 0;
        int answer = enter(0, base);
        while (answer >= 0 && scratch.array_frames.size) {
            ArrayFrame& frame = scratch.array_frames[scratch.array_frames.size - 1];
            answer = answer == 0 ? next_element(frame) : next_group(frame);
        }
        scratch.ranges.size = base;
        return answer;
    }

    static constexpr int OPEN = 2;  // the answer is still to come, from the frame on top

    // Fix an element, for the terms in ranges from `first` on.
    int enter(uint32_t context, uint32_t first) {
        uint32_t kept = first;
        for (uint32_t i = first; i < scratch.ranges.size; ++i)  // a hit right here agrees with everything inside
            if (hit(scratch.ranges[i].low) != context) {
                HitRange range = scratch.ranges[i];
                scratch.ranges[kept++] = range;
            }
        scratch.ranges.size = kept;
        if (kept - first <= 1) return 1;
        for (uint32_t i = first; i < kept; ++i)
            if (array_below(context, scratch.ranges[i]) == NONE) return -1;
        std::sort(scratch.ranges.data + first, scratch.ranges.data + kept, [&](HitRange a, HitRange b) {
            return array_below(context, a) < array_below(context, b);
        });
        scratch.array_frames.push(ArrayFrame{context, first, kept, first, first, 0, 0});
        return OPEN;
    }

    // The next terms that share one array. A term alone in its array agrees with all others.
    int next_group(ArrayFrame& frame) {
        frame.group = frame.group_end;
        while (frame.group < frame.last) {
            uint32_t array = array_below(frame.context, scratch.ranges[frame.group]);
            uint32_t end = frame.group + 1;
            while (end < frame.last && array_below(frame.context, scratch.ranges[end]) == array) ++end;
            frame.group_end = end;
            if (end - frame.group > 1) break;
            frame.group = end;
        }
        if (frame.group == frame.last) return --scratch.array_frames.size, 1;
        if (event.deepest == elem(frame.context).depth + 1)
            return share_element(frame) ? 1 : (--scratch.array_frames.size, 0);
        frame.pivot = frame.group;
        for (uint32_t i = frame.group + 1; i < frame.group_end; ++i)
            if (length(scratch.ranges[i]) < length(scratch.ranges[frame.pivot])) frame.pivot = i;
        frame.at = scratch.ranges[frame.pivot].low;
        return next_element(frame);
    }

    // Where no element has others inside, terms agree on an element that is a hit of each: leap from hit to hit.
    bool share_element(const ArrayFrame& frame) {
        uint32_t element = 0, leaps = 0;
        for (uint32_t same = 0, i = frame.group; same < frame.group_end - frame.group;) {
            HitRange& range = scratch.ranges[i];
            range.low = gallop(range.low, range.high, element);
            if (range.low == range.high || !spend(1)) return false;
            same = hit(range.low) == element ? same + 1 : 1;
            element = hit(range.low);
            if (++i == frame.group_end) i = frame.group;
            if (++leaps == MANY_LEAPS && frame.group_end - frame.group == 2) {
                HitRange left = scratch.ranges[frame.group], right = scratch.ranges[frame.group + 1];
                if (length(left) / 8 <= length(right) && length(right) / 8 <= length(left)) return share_hit(left, right);
            }
        }
        return true;
    }
    static constexpr uint32_t MANY_LEAPS = 32, HITS_A_STEP = 8;  // so many hits are as dear as a leap

    // Whether two runs of about the same length have a hit in common: those of the one are stamped, those of the other are
    // looked at, and none has to wait for the one before it.
    bool share_hit(HitRange left, HitRange right) {
        if (!spend((length(left) + length(right)) / HITS_A_STEP)) return false;
        uint32_t* stamps = scratch.stamps.of(event.elems.size);
        for (uint32_t i = left.low; i < left.high; ++i) stamps[hit(i)] = scratch.stamps.now;
        for (uint32_t i = right.low; i < right.high; ++i)
            if (stamps[hit(i)] == scratch.stamps.now) return true;
        return false;
    }

    // The next element of the group's array in which each of its terms has a hit.
    int next_element(ArrayFrame& frame) {
        for (;;) {
            scratch.ranges.size = frame.last;
            HitRange pivot = scratch.ranges[frame.pivot];
            if (frame.at == pivot.high || !step()) return --scratch.array_frames.size, 0;
            uint32_t element = child_of(frame.context, hit(frame.at)), end = elem(element).end;
            frame.at = gallop(frame.at, pivot.high, end);
            bool all = true;
            for (uint32_t i = frame.group; i < frame.group_end; ++i) {
                // Elements come in order, so hits before this one are never wanted again.
                uint32_t high = scratch.ranges[i].high;
                uint32_t low = scratch.ranges[i].low = gallop(scratch.ranges[i].low, high, element);
                if (low == high) return --scratch.array_frames.size, 0;
                if (hit(low) >= end) {  // no element before that one will do
                    frame.at = gallop(frame.at, pivot.high, child_of(frame.context, hit(low)));
                    all = false;
                    break;
                }
                scratch.ranges.push(HitRange{low, gallop(low, high, end)});
            }
            if (all) return enter(element, frame.last);
        }
    }

    static uint32_t length(HitRange range) { return range.high - range.low; }

    // The first hit from `low` on that is not before the element; near ones are found in few steps.
    uint32_t gallop(uint32_t low, uint32_t high, uint32_t element) const {
        const uint32_t* hits = scratch.hits.data;
        uint32_t stride = 1;
        while (low + stride < high && hits[low + stride] < element) low += stride, stride *= 2;
        uint32_t stop = std::min(low + stride + 1, high);
        return uint32_t(std::lower_bound(hits + low, hits + stop, element) - hits);
    }

    // The hits from element `low` to before element `high`.
    HitRange inside(HitRange range, uint32_t low, uint32_t high) const {
        const uint32_t* hits = scratch.hits.data;
        const uint32_t* first = std::lower_bound(hits + range.low, hits + range.high, low);
        const uint32_t* last = std::lower_bound(first, hits + range.high, high);
        return HitRange{uint32_t(first - hits), uint32_t(last - hits)};
    }

    uint32_t child_of(uint32_t context, uint32_t inside) const {
        while (elem(inside).parent != context) inside = elem(inside).parent;
        return inside;
    }

    // The array right below the context in which all of the hits lie; NONE: there are several.
    uint32_t array_below(uint32_t context, HitRange range) const {
        uint32_t array = elem(child_of(context, hit(range.low))).array;
        return hit(range.high - 1) < event.arrays[array].end ? array : NONE;
    }

    // ---- second road ----

    struct Level {
        uint32_t term;
        HitRange hits;                  // where it holds
        HitRange leaves;                // where it has a leaf at all; for a term that allows absence
        bool absence;
        uint32_t array;                 // the outermost array that it lies in; NONE: none or several
        std::vector<HitRange> options;  // hits that agree with one element fixed before
        size_t option = 0;
        uint32_t at = 0;
        bool absence_tried = false;
        uint32_t chosen = 0;            // the element that it fixes; 0: none
        std::vector<bool> culprits;     // earlier levels that had a part in a failure behind it
    };

    bool search() {
        uint32_t kept = scratch.hits.size;
        std::vector<Level> levels;
        for (uint32_t i = 0; i < scratch.terms.size; ++i) levels.push_back(level(scratch.terms[i]));
        std::sort(levels.begin(), levels.end(), [&](const Level& a, const Level& b) {
            return rank(a.term) < rank(b.term);
        });
        bool found = search(levels);
        scratch.hits.size = kept;
        return found;
    }

    uint32_t rank(uint32_t term) const { return scratch.ranks[terms[words * term] >> OP_BITS]; }

    Level level(uint32_t term) {
        Level level;
        level.term = term;
        level.hits = level.leaves = scratch.ranges[term];
        level.absence = may_be_absent(term);
        uint32_t slot = terms[words * term] >> OP_BITS;
        if (level.absence) {
            uint32_t low = scratch.hits.size;
            if (event.has(slot))
                for (uint32_t at = event.slots[slot].first; at != NONE; at = event.fields[at].next)
                    scratch.hits.push(event.fields[at].elem);
            level.leaves = distinct(low);
        }
        bool nested = level.leaves.low != level.leaves.high && hit(level.leaves.low) != 0;
        level.array = nested ? array_below(0, level.leaves) : NONE;
        return level;
    }

    bool search(std::vector<Level>& levels) {
        size_t at = 0;
        prepare(levels, 0);
        while (at < levels.size()) {
            if (advance(levels, at)) {
                if (++at < levels.size()) prepare(levels, at);
                continue;
            }
            if (scratch.exhausted) return false;
            std::vector<bool> culprits = levels[at].culprits;
            for (size_t i = 0; i < at; ++i) culprits[i] = culprits[i] || related(levels[i], levels[at]);
            size_t back = at;
            while (back > 0 && !culprits[back - 1]) --back;
            if (back == 0) return false;
            at = back - 1;
            for (size_t i = 0; i < at; ++i) levels[at].culprits[i] = levels[at].culprits[i] || culprits[i];
        }
        return true;
    }

    // Whether another choice at the earlier level could help the later one: it may free a hit, or, for absence, fix an
    // element that a leaf is not in.
    bool related(const Level& earlier, const Level& later) const {
        if (later.absence) return true;
        if (earlier.chosen == 0) return false;
        return later.array == NONE || elem(child_of(0, earlier.chosen)).array == later.array;
    }

    void prepare(std::vector<Level>& levels, size_t at) {
        Level& level = levels[at];
        level.culprits.assign(levels.size(), false);
        level.absence_tried = false;
        level.chosen = 0;
        agreeing(levels, at, level.hits, level.options);
        level.option = 0;
        level.at = level.options.empty() ? 0 : level.options[0].low;
    }

    bool advance(std::vector<Level>& levels, size_t at) {
        Level& level = levels[at];
        level.chosen = 0;
        while (level.option < level.options.size()) {
            if (level.at == level.options[level.option].high) {
                if (++level.option < level.options.size()) level.at = level.options[level.option].low;
                continue;
            }
            if (!step()) return false;
            uint32_t element = hit(level.at++);
            if (!agrees(levels, at, element)) continue;
            level.chosen = element;
            return true;
        }
        if (!level.absence || level.absence_tried) return false;
        level.absence_tried = true;
        return absent(levels, at);
    }

    bool absent(const std::vector<Level>& levels, size_t at) {
        std::vector<HitRange> options;
        agreeing(levels, at, levels[at].leaves, options);
        for (HitRange range : options)
            for (uint32_t i = range.low; i < range.high; ++i)
                if (!step() || agrees(levels, at, hit(i))) return false;
        return true;
    }

    bool agrees(const std::vector<Level>& levels, size_t count, uint32_t element) const {
        for (size_t i = 0; i < count; ++i)
            if (levels[i].chosen && !agree_pair(levels[i].chosen, element)) return false;
        return true;
    }

    bool agree_pair(uint32_t left, uint32_t right) const {
        while (left != right) {
            const Elem &a = elem(left), &b = elem(right);
            if (a.depth > b.depth) left = a.parent;
            else if (b.depth > a.depth) right = b.parent;
            else if (a.array == b.array) return false;
            else left = a.parent, right = b.parent;
        }
        return true;
    }

    // The hits that agree with that fixed element which leaves the fewest.
    void agreeing(const std::vector<Level>& levels, size_t count, HitRange hits, std::vector<HitRange>& best) const {
        best.assign(1, hits);
        size_t fewest = length(hits);
        std::vector<HitRange> options;
        for (size_t i = 0; i < count; ++i) {
            if (levels[i].chosen == 0) continue;
            options.clear();
            size_t total = around(levels[i].chosen, hits, options);
            if (total >= fewest) continue;
            fewest = total;
            best.swap(options);
        }
    }

    // What agrees with an element: all inside it, and around it all but the other elements of the arrays it is in.
    size_t around(uint32_t element, HitRange hits, std::vector<HitRange>& options) const {
        size_t total = keep(inside(hits, element, elem(element).end), options);
        for (; element != 0; element = elem(element).parent) {
            const Span& array = event.arrays[elem(element).array];
            uint32_t parent = elem(element).parent;
            total += keep(inside(hits, parent, array.first), options);
            total += keep(inside(hits, array.end, elem(parent).end), options);
        }
        return total;
    }

    static size_t keep(HitRange range, std::vector<HitRange>& options) {
        if (range.low != range.high) options.push_back(range);
        return length(range);
    }

    // ---- third road: each way through a rule with choices ----

    // A step of the way: the term, and whether it must hold. A branch that is given up takes none of its terms along.
    bool any_way() {
        scratch.taken.size = 0;
        uint32_t at = 0;
        for (;;) {
            if (at == RuleView::ACCEPT) {
                gather_taken();
                if (together()) return true;
                at = RuleView::REJECT;
            }
            if (scratch.exhausted || !step()) return false;
            if (at == RuleView::REJECT) {
                at = turn_back();
                if (at == RuleView::REJECT) return false;
            } else if (can_take(at)) {
                scratch.taken.push(at << 1 | 1);
                at = terms[words * at + 2];
            } else if (can_leave(at)) {
                scratch.taken.push(at << 1);
                at = terms[words * at + 3];
            } else {
                at = RuleView::REJECT;
            }
        }
    }

    bool can_take(uint32_t term) const { return has_hits(term) || may_be_absent(term); }

    bool can_leave(uint32_t term) const {
        if (terms[words * term + 3] == RuleView::REJECT) return false;
        uint32_t branch = terms[words * term + 4];
        for (uint32_t i = scratch.taken.size; i-- > 0;) {
            uint32_t earlier = scratch.taken[i] >> 1;
            if (earlier < branch) break;
            if (scratch.taken[i] & 1) return false;
        }
        return true;
    }

    uint32_t turn_back() {
        while (scratch.taken.size) {
            uint32_t last = scratch.taken[--scratch.taken.size];
            uint32_t term = last >> 1;
            if (!(last & 1) || !can_leave(term)) continue;
            scratch.taken.push(term << 1);
            return terms[words * term + 3];
        }
        return RuleView::REJECT;
    }

    void gather_taken() {
        scratch.terms.size = 0;
        for (uint32_t step : scratch.taken)
            if (step & 1) scratch.terms.push(step >> 1);
    }
};

}  // namespace matcher
