// Constants of patterns → predicate numbers, by a keyed hash over slot, type and bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "event.hpp"
#include "platform.hpp"
#include "program.hpp"

namespace matcher {

// What kind of constant a key is; a value of an event is looked up under the first four.
enum KeyKind : uint32_t {
    KEY_STRING,
    KEY_NUMBER,   // 8 bytes of the double
    KEY_SPELT,    // the text of a number that no double stands for
    KEY_LITERAL,
    KEY_ADDRESS,  // 16 bytes
    KEY_BLOCK,    // the mask's bits, 16 bytes
    KEY_FOLDED,
    KEY_PREFIX,
    KEY_PREFIX_FOLDED,
    KEY_SUFFIX,
    KEY_SUFFIX_FOLDED,
    KEY_PIECE,
    KEY_RANGE,
    KEY_PRESENT,
};

// A key's bytes as words: its first two and its last two, which overlap where it is short and up to SHORT_KEY bytes are
// all of it. So short keys are hashed and compared without a branch on their length.
struct KeyWords {
    uint64_t first, second, third, last;
};

constexpr size_t SHORT_KEY = 32;

// Eight bytes must be readable at `text`, however short it is.
MATCHER_INLINE KeyWords key_words(const uint8_t* text, size_t size) {
    bool one = size < 8, two = size >= 16;
    uint64_t kept = one ? (uint64_t(1) << (8 * size)) - 1 : ~uint64_t(0);
    const uint8_t* last = one ? text : text + size - 8;
    return KeyWords{load64(text) & kept, load64(two ? text + 8 : text) & kept, load64(two ? last - 8 : last) & kept,
                    load64(last) & kept};
}

MATCHER_INLINE uint64_t hash_key(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) {
    KeyWords words = key_words(text, size);
    uint64_t salt = (uint64_t(slot) << 32 | uint64_t(size) << 4 | kind) * 0x9e3779b97f4a7c15u;
    if (MATCHER_UNLIKELY(size > SHORT_KEY)) salt ^= hash_bytes(text + 16, size - 32, 0, seed);
    uint64_t outer = fold_multiply(words.first ^ seed.first, words.last ^ seed.second ^ salt);
    uint64_t inner = fold_multiply(words.second ^ seed.second, words.third ^ ~seed.first);
    return fold_multiply(outer ^ seed.second, inner ^ seed.first);
}

// A constant found: its number, and the posting of the rules that wait for it.
struct Found {
    uint32_t value = NONE;
    uint32_t posting = NONE;
};

// A hash table of groups of eight, whose tags are compared at once: a look-up mostly ends in the first group, with no
// look at a key that is another one.
class Intern {
public:
    // A key whose first eight bytes are readable, and its hash.
    MATCHER_INLINE Found find(uint64_t hash, uint32_t slot, KeyKind kind, const uint8_t* text, size_t size) const {
        uint64_t tag = tag_of(hash) * LOWS;
        for (size_t at = group_of(hash);; at = at + 1 == groups.size() ? 0 : at + 1) {
            const Group& group = groups[at];
            for (uint64_t hits = zeros(group.tags ^ tag); hits; hits &= hits - 1) {
                uint32_t key = group.keys[uint32_t(std::countr_zero(hits)) / 8];
                if (MATCHER_LIKELY(is(key, slot, kind, text, size))) {
                    Head head = head_at(key);
                    return Found{head.value, head.posting};
                }
            }
            if (MATCHER_LIKELY(zeros(group.tags) != 0)) return Found{};
        }
    }

    Found find(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) const {
        uint8_t copy[8];
        text = readable(text, size, copy);
        return find(hash_key(slot, kind, text, size, seed), slot, kind, text, size);
    }

    // Fetch what a look-up of this hash will read first.
    MATCHER_INLINE void prefetch(uint64_t hash) const { MATCHER_PREFETCH(&groups[group_of(hash)]); }

    uint32_t add(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) {
        if (keys.size() >= groups.size() * FULL) spread(groups.size() * 2);
        uint8_t copy[8];
        text = readable(text, size, copy);
        uint64_t hash = hash_key(slot, kind, text, size, seed);
        Found found = find(hash, slot, kind, text, size);
        if (found.value != NONE) return found.value;
        uint32_t value = uint32_t(keys.size());
        size_t room = size < 8 ? 8 : size;  // a short text is kept as a word
        if (bytes.size() + room + sizeof(Head) >= NONE) throw std::length_error("constants of one rule set exceed 4 GiB");
        keys.push_back(uint32_t(bytes.size()));
        Head head{slot, uint32_t(size) << 4 | kind, value, NONE};
        bytes.append(reinterpret_cast<const char*>(&head), sizeof head);
        bytes.append(reinterpret_cast<const char*>(text), room);
        hashes.push_back(hash);
        place(hash, keys.back());
        return value;
    }

    uint32_t count() const { return uint32_t(keys.size()); }
    uint32_t slot(uint32_t value) const { return head_at(keys[value]).slot; }
    KeyKind kind(uint32_t value) const { return KeyKind(head_at(keys[value]).size_kind & 15); }
    uint32_t posting(uint32_t value) const { return head_at(keys[value]).posting; }
    Bytes text(uint32_t value) const { return Bytes{text_at(keys[value]), head_at(keys[value]).size_kind >> 4}; }
    // Where a value stands, until frozen; and what stands there, then as well.
    uint32_t place(uint32_t value) const { return keys[value]; }
    uint32_t slot_at(uint32_t place) const { return head_at(place).slot; }
    Bytes bytes_at(uint32_t place) const { return Bytes{text_at(place), head_at(place).size_kind >> 4}; }
    void set_posting(uint32_t value, uint32_t posting) {
        Head head = head_at(keys[value]);
        head.posting = posting;
        std::memcpy(&bytes[keys[value]], &head, sizeof head);
    }

    // Done adding: only `find` may be asked from now on.
    void freeze() {
        spread(keys.size() / FULL + 1);
        std::vector<uint64_t>().swap(hashes);
        std::vector<uint32_t>().swap(keys);
        bytes.shrink_to_fit();
    }

    size_t memory() const { return groups.capacity() * sizeof(Group) + keys.capacity() * 4 + bytes.capacity(); }

private:
    struct Group {
        uint64_t tags;     // a byte a key, of its hash and never zero; zero: free
        uint32_t keys[8];  // into bytes
    };
    // What stands before the text of a key; all that a look-up wants is in one place.
    struct Head {
        uint32_t slot, size_kind, value, posting;
    };

    static constexpr size_t FULL = 5;  // keys a group on average: few groups have no free place, where a miss ends
    static constexpr uint64_t LOWS = 0x0101010101010101u, HIGHS = 0x8080808080808080u;

    std::vector<Group> groups = std::vector<Group>(1, Group{});
    std::string bytes;
    std::vector<uint32_t> keys;    // value → its key in bytes, until frozen
    std::vector<uint64_t> hashes;  // value → hash, until frozen

    // The high bits of the bytes that are zero; above the lowest of them there may be others.
    static MATCHER_INLINE uint64_t zeros(uint64_t word) { return (word - LOWS) & ~word & HIGHS; }
    static MATCHER_INLINE uint64_t tag_of(uint64_t hash) { return (hash & 0xff) | ((hash & 0xff) == 0); }
    MATCHER_INLINE size_t group_of(uint64_t hash) const { return size_t(((hash >> 32) * groups.size()) >> 32); }

    static const uint8_t* readable(const uint8_t* text, size_t size, uint8_t* copy) {
        if (size >= 8) return text;
        std::memset(copy, 0, 8);
        if (size) std::memcpy(copy, text, size);
        return copy;
    }

    const uint8_t* text_at(uint32_t key) const {
        return reinterpret_cast<const uint8_t*>(bytes.data()) + key + sizeof(Head);
    }
    Head head_at(uint32_t key) const {
        Head head;
        std::memcpy(&head, bytes.data() + key, sizeof head);
        return head;
    }
    MATCHER_INLINE bool is(uint32_t key, uint32_t slot, KeyKind kind, const uint8_t* text, size_t size) const {
        Head head = head_at(key);
        if (MATCHER_UNLIKELY(head.slot != slot || head.size_kind != (uint32_t(size) << 4 | kind))) return false;
        KeyWords one = key_words(text, size), other = key_words(text_at(key), size);
        uint64_t unlike = (one.first ^ other.first) | (one.second ^ other.second) | (one.third ^ other.third) |
                          (one.last ^ other.last);
        return unlike == 0 && (MATCHER_LIKELY(size <= SHORT_KEY) || same_bytes(text + 16, text_at(key) + 16, size - 32));
    }

    void place(uint64_t hash, uint32_t key) {
        size_t at = group_of(hash);
        while (zeros(groups[at].tags) == 0) at = at + 1 == groups.size() ? 0 : at + 1;
        uint32_t place = uint32_t(std::countr_zero(zeros(groups[at].tags))) / 8;
        groups[at].tags |= tag_of(hash) << (8 * place);
        groups[at].keys[place] = key;
    }
    void spread(size_t room) {
        groups.assign(room, Group{});
        groups.shrink_to_fit();
        for (uint32_t value = 0; value < keys.size(); ++value) place(hashes[value], keys[value]);
    }
};

}  // namespace matcher
