// Rules' programs ⇄ the form in which a segment keeps them: strings that its index holds are told by where they stand.
//
// It is a program (program.hpp) with these differences. A byte with its high bit set begins a place in the index's
// values: seven bits, and a varint of those above. In place of a node that is a TERM of this one string on its slot, in
// place of an alternative that string. AGAIN and a varint stand for the TERM that far into all the bytes. A double is a
// varint of its bytes in reverse, which is short where the double is round; that of a NUMBER is left out (flag 2) if it
// is the one nearest to the text.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "intern.hpp"
#include "lately.hpp"
#include "number.hpp"
#include "program.hpp"

namespace matcher {

// Programs in order, found by counting from the last mark before them.
struct Kept {
    static constexpr uint32_t STRIDE = 16;

    std::string bytes;
    std::vector<uint32_t> marks;  // where every STRIDE-th program begins

    size_t memory() const { return bytes.capacity() + marks.capacity() * sizeof(uint32_t); }
};

constexpr uint8_t AGAIN = 0x40;

inline void put(std::string& out, const uint8_t* bytes, size_t size) {
    out.append(reinterpret_cast<const char*>(bytes), size);
}

class Pack {
public:
    // `strings`: which values the strings of all programs are, in order; `known` is not frozen yet.
    Pack(Kept& target, const Intern& known, const std::vector<uint32_t>& strings, const Seed& seed)
        : kept(target), values(known), string(strings.data()), terms(strings.size(), seed) {}

    void program(const uint8_t* p, size_t size) {
        if (kept.bytes.size() + 2 * size >= NONE) throw std::length_error("the rules of one set exceed 4 GiB");
        if (count++ % Kept::STRIDE == 0) kept.marks.push_back(uint32_t(kept.bytes.size()));
        for (const uint8_t* end = p + size; p < end;) node(p);
    }

private:
    Kept& kept;
    const Intern& values;
    const uint32_t* string;  // the next one's value
    Lately terms;
    size_t count = 0;

    static constexpr size_t LONG = 6;  // a shorter term takes no more than what would stand for it

    void node(const uint8_t*& p) {
        uint8_t tag = *p++;
        uint64_t number = read_varint(p);
        if (tag != TERM) return head(tag, number);
        uint64_t alternatives = read_varint(p);
        size_t start = kept.bytes.size();
        if (alternatives != 1 || *p != STRING) {
            head(tag, number);
            put_varint(kept.bytes, alternatives);
        }
        while (alternatives--) alternative(p);
        if (kept.bytes.size() - start < LONG) return;
        uint32_t place = terms.settle(kept.bytes, start);
        if (place != start) head(AGAIN, place);
    }

    void head(uint8_t tag, uint64_t number) {
        kept.bytes += char(tag);
        put_varint(kept.bytes, number);
    }

    void alternative(const uint8_t*& p) {
        const uint8_t* first = p;
        Alternative a = read_alternative(p);
        if (a.tag == STRING) return place(values.place(*string++));
        if (a.tag == NUMBER) return number(a);
        if (a.tag == NUMERIC) {
            head(a.tag, a.flags);
            put_double(a.low);
            return put_double(a.high);
        }
        if (a.tag != BUT) return put(kept.bytes, first, size_t(p - first));
        head(a.tag, a.count);
        for (uint64_t i = 0; i < a.count; ++i) alternative(a.inner);  // BUTs do not nest
    }

    void place(uint32_t at) {
        kept.bytes += char(at | 0x80);
        put_varint(kept.bytes, at >> 7);
    }

    void number(const Alternative& a) {
        head(a.tag, a.text.size);
        put(kept.bytes, a.text.data, a.text.size);
        double value;
        bool implied = a.flags && nearest(a.text.data, a.text.size, value) && !std::memcmp(&value, &a.low, 8);
        kept.bytes += char(implied ? 2 : a.flags);
        if (a.flags && !implied) put_double(a.low);
    }

    void put_double(double value) {
        uint64_t bits, reversed = 0;
        std::memcpy(&bits, &value, 8);
        for (int i = 0; i < 8; ++i, bits >>= 8) reversed = reversed << 8 | (bits & 0xff);
        put_varint(kept.bytes, reversed);
    }
};

// Gives programs back as they were, from one on.
class Recall {
public:
    Recall(const Kept& source, const Intern& known, uint32_t entry)
        : values(known), begin(reinterpret_cast<const uint8_t*>(source.bytes.data())), p(begin) {
        if (source.marks.empty()) return;
        p += source.marks[entry / Kept::STRIDE];
        for (uint32_t before = entry % Kept::STRIDE; before--;) next();
    }

    // The next program; it stands until the one after it is asked for.
    const std::string& next() {
        program.clear();
        for (uint64_t left = 1; left--;) left += node();
        return program;
    }

private:
    const Intern& values;
    const uint8_t *begin, *p;
    std::string program;

    // Gives how many nodes are inside it.
    uint64_t node() {
        if (*p & 0x80) {
            uint32_t at = place();
            head(TERM, values.slot_at(at));
            put_varint(program, 1);
            string(at);
            return 0;
        }
        uint8_t tag = *p++;
        if (tag == AGAIN) return again(begin + read_varint(p));
        uint64_t number = copy_varint(tag);
        if (tag != TERM) return number;
        uint64_t count = read_varint(p);
        put_varint(program, count);
        while (count--) alternative();
        return 0;
    }

    uint64_t again(const uint8_t* term) {
        std::swap(p, term);
        uint64_t inside = node();
        p = term;
        return inside;
    }

    void alternative() {
        if (*p & 0x80) return string(place());
        Tag tag = Tag(*p);
        if (tag == NUMBER) return number();
        if (tag == NUMERIC) {
            put(program, p, 2);
            p += 2;
            copy_double();
            return copy_double();
        }
        if (tag != BUT) {
            const uint8_t* first = p;
            skip_alternative(p);
            return put(program, first, size_t(p - first));
        }
        ++p;
        for (uint64_t count = copy_varint(tag); count--;) alternative();
    }

    void number() {
        ++p;
        Bytes text = read_bytes(p);
        head(NUMBER, text.size);
        put(program, text.data, text.size);
        uint8_t flags = *p++;
        program += char(flags ? 1 : 0);
        if (flags == 1) return copy_double();
        double value;
        if (flags && nearest(text.data, text.size, value)) program.append(reinterpret_cast<const char*>(&value), 8);
    }

    uint32_t place() {
        uint32_t low = *p++ & 0x7f;
        return low | uint32_t(read_varint(p)) << 7;
    }

    void string(uint32_t at) {
        Bytes text = values.bytes_at(at);
        head(STRING, text.size);
        put(program, text.data, text.size);
    }

    void head(uint8_t tag, uint64_t number) {
        program += char(tag);
        put_varint(program, number);
    }

    uint64_t copy_varint(uint8_t tag) {
        uint64_t number = read_varint(p);
        head(tag, number);
        return number;
    }

    void copy_double() {
        uint64_t reversed = read_varint(p), bits = 0;
        for (int i = 0; i < 8; ++i, reversed >>= 8) bits = bits << 8 | (reversed & 0xff);
        program.append(reinterpret_cast<const char*>(&bits), 8);
    }
};

}  // namespace matcher
