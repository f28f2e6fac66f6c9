// Constants of patterns → predicate numbers, by a keyed hash over slot, type and bytes.
#pragma once

#include <cstdint>
#include <cstring>
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

inline uint64_t hash_key(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) {
    return hash_bytes(text, size, uint64_t(slot) << 4 | kind, seed);
}

// A constant found: its number, and the posting of the rules that wait for it.
struct Found {
    uint32_t value = NONE;
    uint32_t posting = NONE;
};

class Intern {
public:
    MATCHER_INLINE Found find(uint64_t hash, uint32_t slot, KeyKind kind, const uint8_t* text, size_t size) const {
        uint32_t tag = uint32_t(hash >> 32);
        const uint8_t* base = reinterpret_cast<const uint8_t*>(bytes.data());
        for (uint32_t at = uint32_t(hash) & mask;; at = (at + 1) & mask) {
            const Cell& cell = cells[at];
            if (cell.key == NONE) return Found{};
            if (cell.tag != tag) continue;
            Head head = head_at(cell.key);
            if (head.slot == slot && head.size_kind == (uint32_t(size) << 4 | kind) &&
                same_bytes(base + cell.key + sizeof(Head), text, size))
                return Found{head.value, head.posting};
        }
    }

    Found find(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) const {
        return find(hash_key(slot, kind, text, size, seed), slot, kind, text, size);
    }

    uint32_t add(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) {
        if (keys.size() * 2 >= cells.size()) widen();
        uint64_t hash = hash_key(slot, kind, text, size, seed);
        Found found = find(hash, slot, kind, text, size);
        if (found.value != NONE) return found.value;
        uint32_t value = uint32_t(keys.size());
        if (bytes.size() + size + sizeof(Head) >= NONE) throw std::length_error("constants of one rule set exceed 4 GiB");
        keys.push_back(uint32_t(bytes.size()));
        Head head{slot, uint32_t(size) << 4 | kind, value, NONE};
        bytes.append(reinterpret_cast<const char*>(&head), sizeof head);
        bytes.append(reinterpret_cast<const char*>(text), size);
        hashes.push_back(hash);
        place(hash, keys.back());
        return value;
    }

    uint32_t count() const { return uint32_t(keys.size()); }
    uint32_t slot(uint32_t value) const { return head_at(keys[value]).slot; }
    KeyKind kind(uint32_t value) const { return KeyKind(head_at(keys[value]).size_kind & 15); }
    uint32_t posting(uint32_t value) const { return head_at(keys[value]).posting; }
    Bytes text(uint32_t value) const {
        return Bytes{reinterpret_cast<const uint8_t*>(bytes.data()) + keys[value] + sizeof(Head),
                     head_at(keys[value]).size_kind >> 4};
    }
    void set_posting(uint32_t value, uint32_t posting) {
        Head head = head_at(keys[value]);
        head.posting = posting;
        std::memcpy(&bytes[keys[value]], &head, sizeof head);
    }

    // Done adding: only `find` may be asked from now on. A third of the cells stay free, so that a miss ends soon.
    void freeze() {
        size_t room = 8;
        while (room * 2 < keys.size() * 3) room *= 2;
        cells.assign(room, Cell{0, NONE});
        cells.shrink_to_fit();
        mask = uint32_t(room - 1);
        for (uint32_t value = 0; value < keys.size(); ++value) place(hashes[value], keys[value]);
        std::vector<uint64_t>().swap(hashes);
        std::vector<uint32_t>().swap(keys);
        bytes.shrink_to_fit();
    }

    size_t memory() const { return cells.capacity() * sizeof(Cell) + keys.capacity() * 4 + bytes.capacity(); }

private:
    struct Cell {
        uint32_t tag;  // high half of the hash
        uint32_t key;  // into bytes; NONE: free
    };
    // What stands before the text of a key; all that a look-up wants is in one place.
    struct Head {
        uint32_t slot, size_kind, value, posting;
    };

    std::vector<Cell> cells = std::vector<Cell>(8, Cell{0, NONE});
    uint32_t mask = 7;
    std::string bytes;
    std::vector<uint32_t> keys;    // value → its key in bytes, until frozen
    std::vector<uint64_t> hashes;  // value → hash, until frozen

    Head head_at(uint32_t key) const {
        Head head;
        std::memcpy(&head, bytes.data() + key, sizeof head);
        return head;
    }
    void place(uint64_t hash, uint32_t key) {
        uint32_t at = uint32_t(hash) & mask;
        while (cells[at].key != NONE) at = (at + 1) & mask;
        cells[at] = Cell{uint32_t(hash >> 32), key};
    }
    void widen() {
        cells.assign(cells.size() * 2, Cell{0, NONE});
        mask = uint32_t(cells.size()) - 1;
        for (uint32_t value = 0; value < keys.size(); ++value) place(hashes[value], keys[value]);
    }
};

}  // namespace matcher
