// Constants of patterns → predicate numbers, by a keyed hash over slot, type and bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "event.hpp"
#include "platform.hpp"
#include "program.hpp"
#include "tags.hpp"

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

// So many bytes must be readable at a text that is looked up, however short it is.
constexpr size_t KEY_READ = 16;

// The first and the last eight bytes of a text, filled with zeros if it is shorter. By arithmetic, since compilers make
// branches of choices.
struct KeyWords {
    uint64_t first, last;
};
MATCHER_INLINE KeyWords key_words(const uint8_t* text, size_t size) {
    static constexpr uint64_t all = ~uint64_t(0);
    static constexpr uint64_t low[9] = {0, all >> 56, all >> 48, all >> 40, all >> 32, all >> 24, all >> 16, all >> 8, all};
    const size_t seen = size < 8 ? size : 8;
    return KeyWords{load64(text) & low[seen], load64(text + size - seen) & low[seen]};
}

MATCHER_INLINE uint64_t hash_key(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) {
    const uint64_t salt = (uint64_t(slot) << 32 | uint64_t(size) << 4 | kind) * 0x9e3779b97f4a7c15u;
    KeyWords words = key_words(text, size);
    uint64_t hash = fold_multiply(words.first ^ seed.first, words.last ^ seed.second ^ salt);
    if (size > 16) {
        if (MATCHER_UNLIKELY(size > 32)) hash ^= hash_bytes(text + 16, size - 32, 0, seed);
        words = key_words(text + 8, size - 16);  // all that is left of up to 32 bytes
        hash = fold_multiply(hash ^ words.first ^ seed.second, words.last ^ ~seed.first);
    }
    return hash;
}

MATCHER_INLINE bool same_key(const uint8_t* one, const uint8_t* other, size_t size) {
    if (MATCHER_LIKELY(size <= 16)) return same_short(one, other, size);
    return same_short(one, other, 16) && same_bytes(one + 16, other + 16, size - 16);
}

// A constant found: its number, and the posting of the rules that wait for it.
struct Found {
    uint32_t value = NONE;
    uint32_t posting = NONE;
};

// What a key is but for its text, as it stands before it: its slot, size and kind.
MATCHER_INLINE uint64_t what_of(uint32_t slot, KeyKind kind, size_t size) {
    return uint64_t(uint32_t(size) << 4 | kind) << 32 | slot;
}

// A hash table of groups of eight, whose tags are compared at once: a look-up mostly ends in the first group, with no
// look at a key that is another one.
class Intern {
    struct Group {
        uint16_t tags[8];  // of the keys' hashes and never zero; zero: free
        uint32_t keys[8];  // into bytes
    };
    // What stands before the text of a key; all that a look-up wants is in one place.
    struct Head {
        uint32_t slot, size_kind, value, posting;
    };
    static MATCHER_INLINE uint16_t tag_of(uint64_t hash) { return uint16_t(hash | 1); }

public:
    struct Table {
        const Group* groups;
        size_t count;
        const uint8_t* bytes;

        MATCHER_INLINE size_t group_of(uint64_t hash) const { return size_t(((hash >> 32) * count) >> 32); }
        MATCHER_INLINE void prefetch(uint64_t hash) const { MATCHER_PREFETCH(groups + group_of(hash)); }

        // The key to compare, which is on its way from memory; NONE: tags tell that there is none. If it is another one,
        // `find`.
        MATCHER_INLINE uint32_t guess(uint64_t hash) const {
            const Group& group = groups[group_of(hash)];
            const uint32_t bits = equal_and_free(group.tags, tag_of(hash));
            const uint32_t key = group.keys[std::countr_zero(bits | 0x80) & 7];
            MATCHER_PREFETCH(bytes + key);
            const uint32_t none = uint32_t((bits & 0xff) == 0) & uint32_t(bits != 0);  // no such tag, and none went on
            return key | (0 - none);
        }
        MATCHER_INLINE bool is(uint32_t key, uint64_t what, const uint8_t* text) const {
            return MATCHER_LIKELY(load64(bytes + key) == what) && same_key(text, bytes + key + sizeof(Head), what >> 36);
        }
        MATCHER_INLINE Found found_at(uint32_t key) const {
            return Found{load32(bytes + key + offsetof(Head, value)), load32(bytes + key + offsetof(Head, posting))};
        }
    };

    MATCHER_INLINE Found find(uint64_t hash, uint64_t what, const uint8_t* text) const {
        const Table table = this->table();
        for (size_t at = table.group_of(hash);; at = at + 1 == table.count ? 0 : at + 1) {
            const Group& group = table.groups[at];
            uint32_t bits = equal_and_free(group.tags, tag_of(hash));
            for (uint32_t hits = bits & 0xff; hits; hits &= hits - 1) {
                uint32_t key = group.keys[std::countr_zero(hits)];
                if (MATCHER_LIKELY(table.is(key, what, text))) return table.found_at(key);
            }
            if (MATCHER_LIKELY(bits > 0xff)) return Found{};
        }
    }

    Found find(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) const {
        uint8_t copy[KEY_READ];
        text = readable(text, size, copy);
        return find(hash_key(slot, kind, text, size, seed), what_of(slot, kind, size), text);
    }

    // The steps of a look-up one by one, for those who take each with many texts at once. A copy of what is read again
    // and again, so that it is kept in registers.
    Table table() const { return Table{groups.data(), groups.size(), reinterpret_cast<const uint8_t*>(bytes.data())}; }

    uint32_t add(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) {
        if (keys.size() >= groups.size() * FULL) spread(groups.size() * 2);
        uint8_t copy[KEY_READ];
        text = readable(text, size, copy);
        uint64_t hash = hash_key(slot, kind, text, size, seed);
        Found found = find(hash, what_of(slot, kind, size), text);
        if (found.value != NONE) return found.value;
        uint32_t value = uint32_t(keys.size());
        if (bytes.size() + size + sizeof(Head) >= NONE) throw std::length_error("constants of one rule set exceed 4 GiB");
        bytes.resize(bytes.size() - KEY_READ);
        keys.push_back(uint32_t(bytes.size()));
        Head head{slot, uint32_t(size) << 4 | kind, value, NONE};
        bytes.append(reinterpret_cast<const char*>(&head), sizeof head);
        bytes.append(reinterpret_cast<const char*>(text), size);
        bytes.append(KEY_READ, '\0');
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
    static constexpr size_t FULL = 5;  // keys a group on average: few groups have no free place, where a miss ends

    std::vector<Group> groups = std::vector<Group>(1, Group{});
    std::string bytes = std::string(KEY_READ, '\0');  // so many stand behind the last key
    std::vector<uint32_t> keys;    // value → its key in bytes, until frozen
    std::vector<uint64_t> hashes;  // value → hash, until frozen

    static const uint8_t* readable(const uint8_t* text, size_t size, uint8_t* copy) {
        if (size >= KEY_READ) return text;
        std::memset(copy, 0, KEY_READ);
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
    void place(uint64_t hash, uint32_t key) {
        size_t at = table().group_of(hash);
        uint32_t free;
        while ((free = equal_and_free(groups[at].tags, 0) >> 8) == 0) at = at + 1 == groups.size() ? 0 : at + 1;
        groups[at].tags[std::countr_zero(free)] = tag_of(hash);
        groups[at].keys[std::countr_zero(free)] = key;
    }
    void spread(size_t room) {
        groups.assign(room, Group{});
        groups.shrink_to_fit();
        for (uint32_t value = 0; value < keys.size(); ++value) place(hashes[value], keys[value]);
    }
};

}  // namespace matcher
