// A rule → its program in the segment: what is still to be tested once an anchor holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "anchor.hpp"
#include "lately.hpp"
#include "program.hpp"
#include "segment.hpp"

namespace matcher {

class Emit {
public:
    // `known_pieces` numbers the wildcards' inner pieces.
    Emit(Segment& target, const Intern& known_pieces)
        : segment(target), pieces(known_pieces), texts(target.size(), target.seed), lists(texts), ranges(texts) {}

    // `anchor_slot` is the slot that all of a plain rule's anchors are on; NONE: no anchor. NONE comes back where the
    // anchor is all there is to test.
    uint32_t rule(RuleView& view, uint32_t anchor_slot) {
        bool plain = view.plain;
        std::vector<uint32_t> order(view.terms);
        bool sure = false;
        if (plain) {
            std::stable_sort(order.begin(), order.end(),
                             [&](uint32_t a, uint32_t b) { return view.nodes[a].cost < view.nodes[b].cost; });
            auto anchor = std::find_if(order.begin(), order.end(),
                                       [&](uint32_t term) { return view.nodes[term].slot == anchor_slot; });
            if (anchor != order.end()) {
                std::rotate(anchor, anchor + 1, order.end());
                sure = all_sure(view, view.nodes[order.back()]);
                if (sure && order.size() == 1) return NONE;
            }
        } else {
            view.link();
        }
        std::vector<uint32_t> words;
        uint32_t header = uint32_t(order.size()) | (plain ? 0 : HEADER_TREE) | (sure ? HEADER_SURE : 0);
        for (uint32_t term : order) {
            const RuleView::Node& node = view.nodes[term];
            Test test = one_of(view, node);
            if (allows_absence(view, node)) header |= HEADER_ABSENT;
            words.push_back(node.slot << OP_BITS | test.op);
            words.push_back(test.arg);
            if (plain) continue;
            words.push_back(node.yes);
            words.push_back(node.no);
            words.push_back(node.branch);
        }
        if (plain && all_equal(words, order.size() - sure)) header |= HEADER_EQUAL;
        uint32_t at = uint32_t(segment.code.size());
        segment.code.push_back(header);
        segment.code.insert(segment.code.end(), words.begin(), words.end());
        return at;
    }

private:
    struct Test {
        uint32_t op, arg;
        bool operator<(const Test& other) const { return op != other.op ? op < other.op : arg < other.arg; }
    };
    Segment& segment;
    const Intern& pieces;
    Lately texts, lists, ranges;  // rules share most of their operands

    static bool all_equal(const std::vector<uint32_t>& words, size_t tested) {
        for (size_t i = 0; i < tested; ++i)
            if ((words[PLAIN_WORDS * i] & OP_MASK) != OP_EQUAL) return false;
        return tested <= QUICK_TERMS;
    }

    bool all_sure(const RuleView& view, const RuleView::Node& term) const {
        bool sure = true;
        view.each(term, [&](const Alternative& a) { sure &= a.tag == STRING || anchor_key(a, segment.fold).sure; });
        return sure;
    }

    static bool allows_absence(const RuleView& view, const RuleView::Node& term) {
        bool allowed = false;
        view.each(term, [&](const Alternative& a) { allowed |= a.tag == EXISTS && !a.flags; });
        return allowed;
    }

    Test one_of(const RuleView& view, const RuleView::Node& term) {
        if (term.count > 1) {
            std::vector<Test> tests;
            view.each(term, [&](const Alternative& a) { tests.push_back(test(term.slot, a)); });
            return list(tests, OP_IN, OP_ANY_OF);
        }
        Test one{OP_ABSENT, 0};
        view.each(term, [&](const Alternative& a) { one = test(term.slot, a); });
        return one;
    }

    Test none_of(uint32_t slot, const Alternative& but) {
        std::vector<Test> tests;
        each_alternative(but.inner, but.count, but.values, [&](const Alternative& a) { tests.push_back(test(slot, a)); });
        return list(tests, OP_NOT_IN, OP_NONE_OF);
    }

    // A list of values alone is sorted and searched; a mixed one is tried in turn.
    Test list(std::vector<Test>& tests, Op values, Op mixed) {
        bool all_values = true;
        for (const Test& one : tests) all_values &= one.op == OP_EQUAL;
        std::sort(tests.begin(), tests.end());
        tests.erase(std::unique(tests.begin(), tests.end(), [](const Test& a, const Test& b) {
            return a.op == b.op && a.arg == b.arg;
        }), tests.end());
        size_t start = segment.lists.size();
        segment.lists.push_back(uint32_t(tests.size()));
        for (const Test& one : tests) {
            if (!all_values) segment.lists.push_back(one.op);
            segment.lists.push_back(one.arg);
        }
        return Test{uint32_t(all_values ? values : mixed), lists.settle(segment.lists, start)};
    }

    Test test(uint32_t slot, const Alternative& a) {
        switch (a.tag) {
            case STRING: return Test{OP_EQUAL, *a.values};
            case NUMBER: case LITERAL: case ADDRESS: return value(slot, anchor_key(a, segment.fold));
            case PREFIX: return Test{OP_PREFIX, text(sized(a.text.string()))};
            case SUFFIX: return Test{OP_SUFFIX, text(sized(a.text.string()))};
            case EQUALS_FOLD: return folded(a, OP_EQUALS_FOLD, OP_EQUALS_VARIANTS);
            case PREFIX_FOLD: return folded(a, OP_PREFIX_FOLD, OP_PREFIX_VARIANTS);
            case SUFFIX_FOLD: return folded(a, OP_SUFFIX_FOLD, OP_SUFFIX_VARIANTS);
            case WILDCARD: return wildcard(slot, a);
            case NUMERIC: {
                Bounds bounds = closed_bounds(a);
                if (bounds.low == bounds.high) return value(slot, anchor_key(a, segment.fold));
                segment.bounds.push_back(bounds);
                return Test{OP_RANGE, ranges.settle(segment.bounds, segment.bounds.size() - 1)};
            }
            case CIDR: return Test{OP_BLOCK, text(char(a.flags) + Bytes{a.inner, 16}.string())};
            case EXISTS: return Test{uint32_t(a.flags ? OP_PRESENT : OP_ABSENT), 0};
            case BUT: return none_of(slot, a);
        }
        return Test{OP_ABSENT, 0};
    }

    Test value(uint32_t slot, const Key& key) {
        const uint8_t* text = reinterpret_cast<const uint8_t*>(key.text.data());
        return Test{OP_EQUAL, segment.values.find(slot, key.kind, text, key.text.size(), segment.seed).value};
    }

    uint32_t piece_number(uint32_t slot, const std::string& piece) const {
        size_t size = std::min(piece.size(), PIECE_BYTES);
        return pieces.find(slot, KEY_PIECE, reinterpret_cast<const uint8_t*>(piece.data()), size, segment.seed).value;
    }

    Test wildcard(uint32_t slot, const Alternative& a) {
        std::vector<std::string> pieces = wildcard_pieces(a.text);
        std::string bytes;
        put_varint(bytes, pieces.size());
        for (const std::string& piece : pieces) bytes += sized(piece);
        for (size_t i = 1; i + 1 < pieces.size(); ++i) put_varint(bytes, piece_number(slot, pieces[i]));
        return Test{OP_WILDCARD, text(bytes)};
    }

    Test folded(const Alternative& a, Op ascii, Op variants) {
        if (a.variants.size) return Test{uint32_t(variants), text(a.variants.string())};
        std::string lowered = a.text.string();
        for (char& c : lowered) c = char(lower_ascii(uint8_t(c)));
        return Test{uint32_t(ascii), text(sized(lowered))};
    }

    static std::string sized(const std::string& piece) {
        std::string out;
        put_varint(out, piece.size());
        return out + piece;
    }

    uint32_t text(const std::string& bytes) {
        size_t start = segment.texts.size();
        segment.texts += bytes;
        return texts.settle(segment.texts, start);
    }
};

}  // namespace matcher
