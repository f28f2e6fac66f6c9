// What a scan leaves behind: the asked fields of one event, by slot, and the array elements that they lie in.
#pragma once

#include <cstdlib>
#include <initializer_list>
#include <new>
#include <utility>

#include "platform.hpp"

namespace matcher {

constexpr uint32_t NONE = 0xffffffffu;
constexpr size_t PADDING = 64;  // bytes that may be read behind any text

// A vector that keeps its memory between events and never runs a constructor.
template <class T>
struct Pool {
    T* data = nullptr;
    uint32_t size = 0;
    uint32_t capacity = 0;

    Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() { std::free(data); }

    MATCHER_COLD void grow(size_t wanted) {
        size_t room = capacity ? size_t(capacity) * 2 : 64;
        if (room < wanted) room = wanted;
        if (room > NONE) throw std::bad_alloc();
        void* fresh = std::realloc(static_cast<void*>(data), room * sizeof(T));
        if (fresh == nullptr) throw std::bad_alloc();
        data = static_cast<T*>(fresh);
        capacity = static_cast<uint32_t>(room);
    }
    MATCHER_INLINE void reserve(size_t wanted) {
        if (MATCHER_UNLIKELY(wanted > capacity)) grow(wanted);
    }
    MATCHER_INLINE T& push() {
        if (MATCHER_UNLIKELY(size == capacity)) grow(size_t(size) + 1);
        return data[size++];
    }
    MATCHER_INLINE void push(const T& item) {
        T copy = item;
        push() = copy;
    }
    void trim(size_t most) {
        if (size_t(capacity) * sizeof(T) <= most) return;
        std::free(data);
        data = nullptr;
        size = capacity = 0;
    }
    T& operator[](size_t index) { return data[index]; }
    const T& operator[](size_t index) const { return data[index]; }
    T* begin() { return data; }
    T* end() { return data + size; }
};

enum class Kind : uint8_t { string, number, yes, no, null };

enum class Fault : uint8_t {
    none,
    end,          // the text ends too early
    not_object,   // the event is no object
    value,        // a value was expected
    key,          // a member name was expected
    colon,        // ":" was expected
    comma,        // "," or the closing brace or bracket was expected
    control,      // a control character inside a string
    escape,       // a bad escape sequence
    surrogate,    // a lone surrogate
    utf8,         // not UTF-8
    number,       // a malformed number
    literal,      // a misspelt true, false or null
    depth,        // nested deeper than the limit
    name,         // a member name longer than the limit
    digits,       // a number of more digits than the limit
    trailing,     // text after the event
    steps,        // array elements could not be reconciled within the limit of steps
    size,         // the event is larger than 4 GiB
    line,         // a line of a file longer than the limit
};

struct TextLimits {
    uint32_t depth = 1000;          // levels of nesting
    size_t name = 50000;            // UTF-16 units of a member name
    size_t digits = 1000;           // of a number
};

struct Failure {
    Fault fault = Fault::none;
    size_t at = 0;
    explicit operator bool() const { return fault != Fault::none; }
};

// What is known of a number: nothing; its nearest double; whether that double's shortest decimal is this very number.
enum class Parsed : uint8_t { no, nearest, comparable, incomparable };

// One leaf at a path that some rule asks for.
struct Field {
    const uint8_t* text;  // a string decoded to UTF-8; a number as spelt; PADDING readable bytes follow
    uint32_t size;        // bytes of text
    uint32_t slot;        // its path, as Paths numbers them
    uint32_t elem;        // the innermost array element (object or array) around it; 0: none
    uint32_t next;        // the next field of the same slot, in the order of the document; NONE: last
    Kind kind;
    Parsed parsed;
    union {
        double number;    // of a number: the nearest double, once parsed
        uint32_t pieces;  // of a long string: where its pieces are noted (Scratch.pieces), plus 1; 0: nowhere
    };
};

// An object or array that is an element of an array. Numbered in the order of the document (pre-order), so that the
// elements inside one are the range (itself, end). Element 0 is the event.
struct Elem {
    uint32_t parent;
    uint32_t array;  // which array it is an element of
    uint32_t depth;  // how many elements are around it
    uint32_t end;    // one past the last element inside it
};

// The elements of one array are the children, by parent, within [first, end).
struct Span {
    uint32_t first;
    uint32_t end;
};

// The fields of one slot in this event; valid if `epoch` is the event's.
struct SlotState {
    uint32_t epoch;
    uint32_t first;
    uint32_t last;
    uint32_t count;
    bool inside;  // some field of it lies in an array element
};

struct Frame {
    uint32_t node;
    uint32_t elem;   // the element around this container's leaves
    uint32_t array;  // for an array its number, else NONE
};

// All the working memory of scanning one event; kept and used again by a thread.
struct Event {
    Pool<uint8_t> buffer;   // the padded copy of the event
    Pool<uint8_t> decoded;  // strings that had escapes; reserved once per event, so pointers stay
    Pool<Field> fields;
    Pool<Elem> elems;
    Pool<Span> arrays;
    Pool<SlotState> slots;
    Pool<uint32_t> touched;  // slots that have a field, in order of first sight
    Pool<Frame> frames;
    Pool<uint64_t> kinds;  // one bit a level while skipping: 1 for an object
    // A bit a byte. Marks: where the walk stops; runs: numbers and literals; literals: their first bytes; escapes: backslashes; quotes: not escaped;
    // opens, closes, braces, colons, commas: outside of strings.
    Pool<uint64_t> marks, runs, literals, escapes, quotes, opens, closes, braces, colons, commas;
    bool any_escape = false, any_high = false;  // the text has a backslash; a byte above 0x7f
    bool odd_names = false;                     // a name may have a dot or a backslash
    bool long_token = false;                    // it may have a name or a number that is over its limit
    uint32_t epoch = 0;
    uint32_t deepest = 0;  // the greatest depth of an element
    uint32_t inside = 0;   // slots that have a field in an array element

    // A copy that begins with a cache line: reads by lines are of whole lines then, as they were written.
    const uint8_t* pad(const uint8_t* text, size_t size) {
        constexpr size_t line = 64;
        buffer.reserve(size + PADDING + line);
        uint8_t* start = buffer.data + (line - reinterpret_cast<uintptr_t>(buffer.data) % line) % line;
        std::memcpy(start, text, size);
        std::memset(start + size, 0, PADDING);
        return start;
    }

    void start(uint32_t slot_count, uint32_t depth) {
        fields.size = elems.size = arrays.size = touched.size = decoded.size = 0;
        elems.push(Elem{NONE, NONE, 0, 1});
        deepest = inside = 0;
        if (MATCHER_UNLIKELY(slots.size < slot_count)) widen(slot_count);
        if (MATCHER_UNLIKELY(++epoch == 0)) forget();
        frames.reserve(size_t(depth) + 1);
        kinds.reserve(size_t(depth) / 64 + 1);
    }

    template <class Visit>
    MATCHER_INLINE void each_bits(Visit visit) {
        for (Pool<uint64_t>* bits : {&marks, &runs, &literals, &escapes, &quotes, &opens, &closes, &braces, &colons, &commas})
            visit(*bits);
    }
    MATCHER_INLINE void reserve_marks(size_t blocks) {
        if (MATCHER_UNLIKELY(blocks > commas.capacity)) grow_marks(blocks);
    }
    MATCHER_COLD void grow_marks(size_t blocks) {
        each_bits([&](Pool<uint64_t>& bits) { bits.reserve(blocks); });
    }

    MATCHER_COLD void widen(uint32_t slot_count) {
        slots.reserve(slot_count);
        std::memset(static_cast<void*>(slots.data + slots.size), 0, (slot_count - slots.size) * sizeof(SlotState));
        slots.size = slot_count;
    }
    MATCHER_COLD void forget() {
        std::memset(static_cast<void*>(slots.data), 0, slots.size * sizeof(SlotState));
        epoch = 1;
    }

    MATCHER_INLINE void add(uint32_t slot, Kind kind, const uint8_t* text, size_t size, uint32_t elem) {
        uint32_t index = fields.size;
        Field& field = fields.push();
        field.text = text;
        field.size = static_cast<uint32_t>(size);
        field.slot = slot;
        field.elem = elem;
        field.next = NONE;
        field.kind = kind;
        field.parsed = Parsed::no;
        field.pieces = 0;
        SlotState& state = slots[slot];
        if (state.epoch != epoch) {
            state = SlotState{epoch, index, index, 1, elem != 0};
            inside += elem != 0;
            touched.push(slot);
        } else {
            fields[state.last].next = index;
            state.last = index;
            ++state.count;
            inside += elem != 0 && !state.inside;
            state.inside |= elem != 0;
        }
    }

    bool has(uint32_t slot) const { return slots[slot].epoch == epoch; }

    // Give back what one huge event made a thread keep.
    void trim() {
        constexpr size_t most = size_t(4) << 20;
        buffer.trim(most);
        decoded.trim(most);
        each_bits([&](Pool<uint64_t>& bits) { bits.trim(most); });
        fields.trim(most);
        elems.trim(most);
        arrays.trim(most);
        touched.trim(most);
    }
};

}  // namespace matcher
