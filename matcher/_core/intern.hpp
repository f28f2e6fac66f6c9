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

class Intern {
public:
    struct Cell {
        uint32_t tag;   // high half of the hash
        uint32_t pred;  // NONE: free
    };

    MATCHER_INLINE uint32_t find(uint64_t hash, uint32_t slot, KeyKind kind, const uint8_t* text, size_t size) const {
        if (cells.empty()) return NONE;
        uint32_t tag = uint32_t(hash >> 32);
        for (uint32_t at = uint32_t(hash) & mask;; at = (at + 1) & mask) {
            const Cell& cell = cells[at];
            if (cell.pred == NONE) return NONE;
            if (cell.tag == tag && same(cell.pred, slot, kind, text, size)) return cell.pred;
        }
    }

    uint32_t find(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) const {
        return find(hash_key(slot, kind, text, size, seed), slot, kind, text, size);
    }

    uint32_t add(uint32_t slot, KeyKind kind, const uint8_t* text, size_t size, const Seed& seed) {
        if (keys.size() * 2 >= cells.size()) widen();
        uint64_t hash = hash_key(slot, kind, text, size, seed);
        uint32_t found = find(hash, slot, kind, text, size);
        if (found != NONE) return found;
        uint32_t pred = uint32_t(keys.size());
        if (bytes.size() + size + 8 > NONE) throw std::length_error("constants of one rule set exceed 4 GiB");
        keys.push_back(uint32_t(bytes.size()));
        uint32_t head[2] = {slot, uint32_t(size) << 4 | kind};
        bytes.append(reinterpret_cast<const char*>(head), 8);
        bytes.append(reinterpret_cast<const char*>(text), size);
        place(hash, pred);
        return pred;
    }

    uint32_t count() const { return uint32_t(keys.size()); }
    uint32_t slot(uint32_t pred) const { return head(pred)[0]; }
    KeyKind kind(uint32_t pred) const { return KeyKind(head(pred)[1] & 15); }
    Bytes text(uint32_t pred) const {
        return Bytes{reinterpret_cast<const uint8_t*>(bytes.data()) + keys[pred] + 8, head(pred)[1] >> 4};
    }

    // Done adding: a table no larger than half full, so that a miss ends soon.
    void freeze() {
        keys.shrink_to_fit();
        bytes.shrink_to_fit();
        uint32_t room = 8;
        while (room * 2 < keys.size() * 3) room *= 2;
        rebuild(room);
    }

    size_t memory() const { return cells.capacity() * sizeof(Cell) + keys.capacity() * 4 + bytes.capacity(); }

private:
    std::vector<Cell> cells;
    uint32_t mask = 0;
    std::vector<uint32_t> keys;  // pred → its key in bytes: slot, size and kind, text
    std::string bytes;
    std::vector<uint64_t> hashes;  // pred → hash, while adding

    struct Head {
        uint32_t words[2];
        uint32_t operator[](int i) const { return words[i]; }
    };
    Head head(uint32_t pred) const {
        Head h;
        std::memcpy(h.words, bytes.data() + keys[pred], 8);
        return h;
    }
    MATCHER_INLINE bool same(uint32_t pred, uint32_t slot, KeyKind kind, const uint8_t* text, size_t size) const {
        Head h = head(pred);
        return h[0] == slot && h[1] == (uint32_t(size) << 4 | kind) &&
               same_bytes(reinterpret_cast<const uint8_t*>(bytes.data()) + keys[pred] + 8, text, size);
    }
    void place(uint64_t hash, uint32_t pred) {
        uint32_t at = uint32_t(hash) & mask;
        while (cells[at].pred != NONE) at = (at + 1) & mask;
        cells[at] = Cell{uint32_t(hash >> 32), pred};
        if (hashes.size() == pred) hashes.push_back(hash);
    }
    void widen() {
        cells.assign(cells.empty() ? 16 : cells.size() * 2, Cell{0, NONE});
        mask = uint32_t(cells.size()) - 1;
        for (uint32_t pred = 0; pred < keys.size(); ++pred) place(hashes[pred], pred);
    }
    void rebuild(uint32_t room) {
        cells.assign(room, Cell{0, NONE});
        cells.shrink_to_fit();
        mask = room - 1;
        for (uint32_t pred = 0; pred < keys.size(); ++pred) place(hashes[pred], pred);
        std::vector<uint64_t>().swap(hashes);
    }
};

}  // namespace matcher
