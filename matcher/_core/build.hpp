// Rules' programs → a frozen Segment. Linear in the programs' bytes, up to sorts of the keys.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "anchor.hpp"
#include "emit.hpp"
#include "plant.hpp"
#include "program.hpp"
#include "segment.hpp"

namespace matcher {

class Build {
public:
    Build(Segment& target, const Batch& rules) : segment(target), batch(rules), emit(target, pieces) {}

    void run() {
        count_keys();
        choose_anchors();
        file_rules();
        freeze_indexes();
        keep_programs();
        segment.values.freeze();
        segment.code.insert(segment.code.end(), PLAIN_WORDS * QUICK_TERMS, 0);  // a quick test reads so many words
        shrink(segment.kept.bytes, segment.kept.marks, segment.local, segment.slots, segment.postings, segment.candidates,
               segment.splits, segment.split_values, segment.piece_posting, segment.radix.nodes, segment.radix.heads,
               segment.radix.texts, segment.aho.nodes, segment.aho.bytes, segment.aho.targets, segment.aho.starts,
               segment.ranges.ranges, segment.always, segment.code, segment.lists, segment.bounds, segment.texts);
    }

private:
    // A rule waits under a reference: a value, or (behind the values) a key of `hints`, or (behind both) a slot.
    struct Wait {
        uint32_t reference;
        uint32_t entry;
    };
    // A posting still to be laid out.
    struct Work {
        uint32_t posting;
        std::vector<uint32_t> entries;
        std::vector<uint32_t> used;  // slots that need not be split by again
        uint32_t anchor_slot;
    };

    static constexpr double NEVER = 2;      // the cost of what can't be an anchor
    static constexpr size_t SPLIT_OVER = 8; // candidates; a shorter list is as fast as a look-up
    static constexpr uint32_t INDIRECT = 0x80000000u;

    Segment& segment;
    const Batch& batch;
    Emit emit;
    RuleView view;
    Intern hints;                         // keys that are not values; dropped when the indexes stand
    Intern pieces;                        // inner pieces of wildcards; dropped too
    std::vector<uint32_t> value_uses, hint_uses, slot_uses;
    std::vector<uint32_t> strings;        // the values of the programs' strings, in order
    std::vector<uint32_t> string_at;      // entry → its first
    std::vector<Wait> waits;
    std::vector<uint32_t> hint_posting, slot_posting;
    std::vector<uint32_t> code_of;        // entry → program, for rules under several anchors
    std::vector<SplitCell> cells;
    bool any_fold = false;

    static bool is_value(KeyKind kind) { return kind <= KEY_FOLDED; }
    static bool is_fold(Tag tag) { return tag == EQUALS_FOLD || tag == PREFIX_FOLD || tag == SUFFIX_FOLD; }

    uint32_t local(uint32_t slot) {
        if (slot >= segment.local.size()) segment.local.resize(slot + 1, 0);
        if (segment.local[slot] == 0) {
            segment.slots.emplace_back();
            slot_uses.push_back(0);
            slot_of.push_back(slot);
            segment.local[slot] = uint32_t(segment.slots.size());
        }
        return segment.local[slot] - 1;
    }
    std::vector<uint32_t> slot_of;  // local → slot

    template <class Visit>
    void each_anywhere(Visit visit) {
        for (uint32_t entry = 0; entry < segment.size(); ++entry) {
            view.read(batch.program(entry));
            if (string_at.size() == entry) string_at.push_back(uint32_t(strings.size()));
            for (uint32_t term : view.terms)
                view.each(view.nodes[term], [&](const Alternative& a) { visit(view.nodes[term].slot, a); });
        }
    }

    // Once all keys are counted.
    void look_at(uint32_t entry) {
        view.read(batch.program(entry));
        view.values = strings.data() + string_at[entry];
    }

    void count_keys() {
        each_anywhere([&](uint32_t slot, const Alternative& a) {
            uint32_t at = local(slot);
            ++slot_uses[at];
            if (a.tag == BUT) count_excluded(slot, a);
            if (a.tag == WILDCARD) count_pieces(slot, a);
            if (!is_fold(a.tag)) return count(slot, a);
            any_fold = true;
            if (a.variants.size) segment.fold.learn(a.variants);
        });
        segment.fold.freeze();
        if (!any_fold) return;
        each_anywhere([&](uint32_t slot, const Alternative& a) {
            if (is_fold(a.tag)) count(slot, a);
        });
    }

    void count(uint32_t slot, const Alternative& a) {
        Key key = anchor_key(a, segment.fold);
        if (key.kind == KEY_PRESENT) return;
        bool value = is_value(key.kind);
        Intern& intern = value ? segment.values : hints;
        std::vector<uint32_t>& uses = value ? value_uses : hint_uses;
        uint32_t pred = add(intern, slot, key.kind, key.text);
        if (pred == uses.size()) uses.push_back(0);
        ++uses[pred];
        if (a.tag == STRING) strings.push_back(pred);
        note_value(slot, key.kind);
    }

    void note_value(uint32_t slot, KeyKind kind) {
        SlotIndex& index = segment.slots[local(slot)];
        if (kind <= KEY_LITERAL) index.values = true;
        if (kind == KEY_SPELT) index.spelt = true;
        if (kind == KEY_ADDRESS) index.addresses = segment.any_address = true;
    }

    void count_excluded(uint32_t slot, const Alternative& but) {
        each_alternative(but.inner, but.count, nullptr, [&](const Alternative& a) {
            if (a.tag == WILDCARD) count_pieces(slot, a);
            if (a.tag != STRING && a.tag != NUMBER) return;
            Key key = anchor_key(a, segment.fold);
            uint32_t value = add(segment.values, slot, key.kind, key.text);
            if (value == value_uses.size()) value_uses.push_back(0);
            if (a.tag == STRING) strings.push_back(value);
            note_value(slot, key.kind);
        });
    }

    void count_pieces(uint32_t slot, const Alternative& wildcard) {
        std::vector<std::string> all = wildcard_pieces(wildcard.text);
        for (size_t i = 1; i + 1 < all.size(); ++i) add(pieces, slot, KEY_PIECE, all[i].substr(0, PIECE_BYTES));
    }

    uint32_t add(Intern& intern, uint32_t slot, KeyKind kind, const std::string& text) {
        return intern.add(slot, kind, reinterpret_cast<const uint8_t*>(text.data()), text.size(), segment.seed);
    }
    uint32_t find(const Intern& intern, uint32_t slot, KeyKind kind, const std::string& text) const {
        return intern.find(slot, kind, reinterpret_cast<const uint8_t*>(text.data()), text.size(), segment.seed).value;
    }

    uint32_t reference(uint32_t slot, const Alternative& a) {
        return a.tag == STRING ? *a.values : reference(slot, anchor_key(a, segment.fold));
    }
    uint32_t reference(uint32_t slot, const Key& key) {
        if (key.kind == KEY_PRESENT) return segment.values.count() + hints.count() + local(slot);
        if (is_value(key.kind)) return find(segment.values, slot, key.kind, key.text);
        return segment.values.count() + find(hints, slot, key.kind, key.text);
    }

    double cost(uint32_t slot, const Alternative& a) {
        double all = slot_uses[local(slot)] + 8.0;
        if (a.tag == STRING) return std::min(value_uses[*a.values] / all, 0.9);
        Key key = anchor_key(a, segment.fold);
        if (!key.possible) return NEVER;
        double share = 0;
        if (key.kind != KEY_PRESENT) {
            uint32_t at = reference(slot, key);
            share = (is_value(key.kind) ? value_uses[at] : hint_uses[at - segment.values.count()]) / all;
        }
        return std::min(share + key.extra, 0.9);
    }

    void weigh_terms() {
        for (uint32_t term : view.terms) {
            RuleView::Node& node = view.nodes[term];
            double sum = 0;
            view.each(node, [&](const Alternative& a) {
                double one = sum < NEVER ? cost(node.slot, a) : NEVER;
                sum = one >= NEVER ? NEVER : std::min(sum + one, 0.95);
            });
            node.cost = sum;
        }
    }

    // A conjunction is announced by its rarest part; a choice only by all of its parts together.
    void weigh_tree() {
        for (uint32_t at = uint32_t(view.nodes.size()); at-- > 0;) {
            RuleView::Node& node = view.nodes[at];
            if (node.tag == TERM) continue;
            node.cost = node.tag == ALL ? NEVER : 0;
            for (uint32_t child = at + 1; child < node.end; child = view.nodes[child].end) {
                double one = view.nodes[child].cost;
                if (node.tag == ALL) node.cost = std::min(node.cost, one);
                else node.cost = one >= NEVER || node.cost >= NEVER ? NEVER : std::min(node.cost + one, 0.99);
            }
        }
    }

    void choose_anchors() {
        std::vector<uint32_t> stack, references;
        for (uint32_t entry = 0; entry < segment.size(); ++entry) {
            look_at(entry);
            weigh_terms();
            weigh_tree();
            if (view.nodes[0].cost >= NEVER) {
                unanchored.push_back(entry);
                continue;
            }
            references.clear();
            stack.assign(1, 0);
            while (!stack.empty()) {
                uint32_t at = stack.back();
                stack.pop_back();
                const RuleView::Node& node = view.nodes[at];
                if (node.tag == TERM) {
                    view.each(node, [&](const Alternative& a) { references.push_back(reference(node.slot, a)); });
                } else if (node.tag == ALL) {
                    stack.push_back(rarest_child(at));
                } else {
                    for (uint32_t child = at + 1; child < node.end; child = view.nodes[child].end) stack.push_back(child);
                }
            }
            std::sort(references.begin(), references.end());
            references.erase(std::unique(references.begin(), references.end()), references.end());
            uint32_t flag = references.size() > 1 ? REPEATED : 0;
            for (uint32_t one : references) waits.push_back(Wait{one, entry | flag});
        }
    }
    std::vector<uint32_t> unanchored;

    uint32_t rarest_child(uint32_t at) const {
        uint32_t best = at + 1;
        for (uint32_t child = at + 1; child < view.nodes[at].end; child = view.nodes[child].end)
            if (view.nodes[child].cost < view.nodes[best].cost) best = child;
        return best;
    }

    void file_rules() {
        uint32_t references = segment.values.count() + hints.count() + uint32_t(segment.slots.size());
        std::stable_sort(waits.begin(), waits.end(),
                         [](const Wait& a, const Wait& b) { return a.reference < b.reference; });
        std::vector<uint32_t> posting_of(references, NONE);
        for (size_t at = 0; at < waits.size();) {
            size_t stop = at;
            Work work{uint32_t(segment.postings.size()), {}, {}, slot_of_reference(waits[at].reference)};
            for (; stop < waits.size() && waits[stop].reference == waits[at].reference; ++stop)
                work.entries.push_back(waits[stop].entry);
            posting_of[waits[at].reference] = work.posting;
            segment.postings.push_back(Posting{0, 0, 0, 0});
            work.used.push_back(work.anchor_slot);
            lay_out(std::move(work));
            at = stop;
        }
        std::vector<Wait>().swap(waits);
        for (uint32_t entry : unanchored) segment.always.push_back(candidate(entry, NONE, {}));
        auto values_end = posting_of.begin() + segment.values.count();
        auto hints_end = values_end + hints.count();
        for (uint32_t value = 0; value < segment.values.count(); ++value)
            segment.values.set_posting(value, posting_of[value]);
        hint_posting.assign(values_end, hints_end);
        slot_posting.assign(hints_end, posting_of.end());
        freeze_splits();
    }

    uint32_t slot_of_reference(uint32_t reference) const {
        if (reference < segment.values.count()) return segment.values.slot(reference);
        reference -= segment.values.count();
        return reference < hints.count() ? hints.slot(reference) : slot_of[reference - hints.count()];
    }

    void lay_out(Work first) {
        std::vector<Work> queue;
        queue.push_back(std::move(first));
        while (!queue.empty()) {
            Work work = std::move(queue.back());
            queue.pop_back();
            std::vector<Split> splits;
            while (work.entries.size() > SPLIT_OVER && split_once(work, splits, queue)) {}
            Posting posting{uint32_t(segment.candidates.size()), uint32_t(work.entries.size()),
                            uint32_t(segment.splits.size()), uint32_t(splits.size())};
            for (uint32_t entry : work.entries)
                segment.candidates.push_back(candidate(entry, work.anchor_slot, work.used));
            segment.splits.insert(segment.splits.end(), splits.begin(), splits.end());
            segment.postings[work.posting] = posting;
        }
    }

    struct Want {
        uint32_t entry, slot, value;
    };

    // Take out of the list the rules that want one exact value of the slot that tells them apart best, and file them
    // under that value. False: no slot does.
    bool split_once(Work& work, std::vector<Split>& splits, std::vector<Work>& queue) {
        std::vector<Want> wants;
        for (uint32_t entry : work.entries) collect_wants(entry, work.used, wants);
        uint32_t slot = telling_slot(wants, work.entries.size());
        if (slot == NONE) return false;
        std::vector<Want> chosen;
        for (const Want& want : wants)
            if (want.slot == slot) chosen.push_back(want);
        std::stable_sort(chosen.begin(), chosen.end(), [](const Want& a, const Want& b) { return a.value < b.value; });
        work.used.push_back(slot);
        Split split{slot, uint32_t(segment.split_values.size()), 0};
        for (size_t at = 0; at < chosen.size();) {
            Work part{uint32_t(segment.postings.size()), {}, work.used, work.anchor_slot};
            cells.push_back(SplitCell{work.posting, chosen[at].value, part.posting});
            segment.split_values.push_back(chosen[at].value);
            ++split.count;
            segment.postings.push_back(Posting{0, 0, 0, 0});
            uint32_t value = chosen[at].value;
            for (; at < chosen.size() && chosen[at].value == value; ++at) part.entries.push_back(chosen[at].entry);
            queue.push_back(std::move(part));
        }
        splits.push_back(split);
        std::vector<uint32_t> taken, rest;
        for (const Want& want : chosen) taken.push_back(want.entry);
        std::sort(taken.begin(), taken.end());
        for (uint32_t entry : work.entries)
            if (!std::binary_search(taken.begin(), taken.end(), entry)) rest.push_back(entry);
        work.entries.swap(rest);
        return true;
    }

    void collect_wants(uint32_t entry, const std::vector<uint32_t>& used, std::vector<Want>& wants) {
        look_at(entry & ~REPEATED);
        each_want(used, [&](uint32_t slot, uint32_t value) { wants.push_back(Want{entry, slot, value}); });
    }

    // Calls visit(slot, value) for each exact value that the rule in `view` needs in any case, on a slot that is not used.
    template <class Visit>
    void each_want(const std::vector<uint32_t>& used, Visit visit) const {
        const RuleView::Node& root = view.nodes[0];
        if (root.tag == ANY) return;
        for (uint32_t at = root.tag == ALL ? 1 : 0; at < root.end; at = view.nodes[at].end) {
            const RuleView::Node& node = view.nodes[at];
            if (node.tag != TERM || node.count != 1 || std::find(used.begin(), used.end(), node.slot) != used.end()) continue;
            view.each(node, [&](const Alternative& a) {
                if (a.tag == STRING) return visit(node.slot, *a.values);
                Key key = anchor_key(a, segment.fold);
                if (key.kind <= KEY_ADDRESS) visit(node.slot, find(segment.values, node.slot, key.kind, key.text));
            });
        }
    }

    // The slot whose values leave the fewest candidates together; NONE if none takes away a quarter.
    static uint32_t telling_slot(std::vector<Want>& wants, size_t total) {
        std::sort(wants.begin(), wants.end(), [](const Want& a, const Want& b) {
            return a.slot != b.slot ? a.slot < b.slot : a.value != b.value ? a.value < b.value : a.entry < b.entry;
        });
        uint32_t best = NONE;
        double most = double(total) / 4;
        for (size_t at = 0; at < wants.size();) {
            uint32_t slot = wants[at].slot;
            double count = 0, squares = 0;
            while (at < wants.size() && wants[at].slot == slot) {
                uint32_t value = wants[at].value;
                double same = 0;
                for (; at < wants.size() && wants[at].slot == slot && wants[at].value == value; ++at) ++same;
                count += same;
                squares += same * same;
            }
            double gain = count - squares / count;
            if (gain > most) most = gain, best = slot;
        }
        return best;
    }

    // `known`: slots whose values the candidate's posting tells.
    Candidate candidate(uint32_t entry, uint32_t anchor_slot, const std::vector<uint32_t>& known) {
        bool repeated = entry & REPEATED;
        uint32_t number = entry & ~REPEATED;
        look_at(number);
        uint32_t needs = needed(known);
        if (repeated) {
            if (code_of.empty()) code_of.assign(segment.size(), INDIRECT);
            if (code_of[number] != INDIRECT) return Candidate{entry, code_of[number], needs};
        }
        weigh_terms();
        uint32_t code = emit.rule(view, anchor_slot);
        if (repeated) code_of[number] = code;
        return Candidate{entry, code, needs};
    }

    // The rarest value that a conjunction needs on a slot that is not yet known; NONE: it needs none.
    uint32_t needed(const std::vector<uint32_t>& known) {
        uint32_t best = NONE;
        each_want(known, [&](uint32_t, uint32_t value) {
            if (best == NONE || value_uses[value] < value_uses[best]) best = value;
        });
        return best;
    }

    void freeze_splits() {
        size_t room = 4;
        while (room < cells.size() * 2) room *= 2;
        segment.split_cells.assign(room, SplitCell{NONE, 0, 0});
        segment.split_mask = uint32_t(room - 1);
        for (const SplitCell& cell : cells) {
            uint64_t hash = hash_word(uint64_t(cell.posting) << 32 | cell.value, segment.seed);
            uint32_t at = uint32_t(hash) & segment.split_mask;
            while (segment.split_cells[at].posting != NONE) at = (at + 1) & segment.split_mask;
            segment.split_cells[at] = cell;
        }
        std::vector<SplitCell>().swap(cells);
    }

    void freeze_indexes() {
        Plant plant(segment);
        for (uint32_t at = 0; at < segment.slots.size(); ++at) segment.slots[at].present = slot_posting[at];
        for (uint32_t value = 0; value < segment.values.count(); ++value) {
            uint32_t at = segment.local[segment.values.slot(value)] - 1;
            KeyKind kind = segment.values.kind(value);
            uint32_t posting = segment.values.posting(value);
            if (kind == KEY_LITERAL) segment.slots[at].literals[segment.values.text(value).data[0]] = Found{value, posting};
            if (posting == NONE) continue;
            if (kind == KEY_FOLDED) segment.slots[at].folded = true;
            if (kind == KEY_BLOCK) plant.block(at, segment.values.text(value).data[0]);
        }
        for (uint32_t hint = 0; hint < hints.count(); ++hint)
            if (hint_posting[hint] != NONE)
                plant.hint(segment.local[hints.slot(hint)] - 1, hints.kind(hint), hints.text(hint), hint_posting[hint]);
        for (uint32_t piece = 0; piece < pieces.count(); ++piece) {
            uint32_t slot = pieces.slot(piece);
            std::string text = pieces.text(piece).string();
            plant.piece(segment.local[slot] - 1, text, piece);
            uint32_t hint = find(hints, slot, KEY_PIECE, text);
            segment.piece_posting.push_back(hint == NONE ? NONE : hint_posting[hint]);
            if (segment.piece_posting.back() != NONE) segment.slots[segment.local[slot] - 1].pieces_wait = true;
        }
        plant.run();
        note_asks();
    }

    void note_asks() {
        segment.asks.assign(segment.local.size(), 0);
        for (uint32_t at = 0; at < segment.slots.size(); ++at) {
            const SlotIndex& slot = segment.slots[at];
            segment.asks[slot_of[at]] = uint8_t((slot.values ? ASKS_EXACT : 0) | (slot.texts ? ASKS_TEXT : 0) |
                                                (slot.present != NONE || slot.ranges.count ? ASKS_SLOT : 0));
        }
    }

    void keep_programs() {
        Pack pack(segment.kept, segment.values, strings, segment.seed);
        for (uint32_t entry = 0; entry < batch.size(); ++entry) pack.program(batch.program(entry), batch.program_size(entry));
    }

    template <class... Arrays>
    static void shrink(Arrays&... arrays) {
        (arrays.shrink_to_fit(), ...);
    }
};

inline std::shared_ptr<const Segment> build_segment(const Seed& seed, Batch batch) {
    auto segment = std::make_shared<Segment>();
    segment->seed = seed;
    segment->owners.assign(batch.owners.begin(), batch.owners.end());
    Build(*segment, batch).run();
    return segment;
}

}  // namespace matcher
