// The scan itself, compiled once per instruction set: included by scan.hpp inside namespace matcher::<level>, after
// that level's `classify` and `digit_mask`. No #pragma once: it is included several times on purpose.
//
// This is the strict scan; lean.hpp has the one that trusts the text where no rule reads.
//
// First each 64 bytes become words of bits: where tokens start and strings end. Then the walk takes one bit after the
// other: finding the next token costs no look at the bytes between, and the processor need not wait for one to find
// the next. What the walk refuses, fault.hpp explains.

// Marks: a bit for each bracket, colon, comma, for both quotes of a string, and for the first byte of any other run; for a
// lean scan, of brackets and colons alone.
template <bool STRICT>
inline bool mark(const uint8_t* text, size_t size, Event& event) {
    size_t blocks = size / 64 + 1;
    event.reserve_marks(blocks + 1);
    uint64_t in_string = 0, escape_carry = 0, run_carry = 0, high = 0, controls = 0, backslashes = 0;
    uint64_t* marks = event.marks.data;
    uint64_t tail = uint64_t(1) << (size & 63);  // the byte behind the text, in the last block
    for (size_t i = 0; i < blocks; ++i) {
        Block block = classify(text + 64 * i);
        if (MATCHER_UNLIKELY(i + 1 == blocks)) {  // what follows the text may be another one
            block.quotes &= tail - 1;
            block.backslashes &= tail - 1;
            block.closes &= tail - 1;
        }
        uint64_t quotes = block.quotes & ~escaped_bytes(block.backslashes, escape_carry);
        uint64_t strings = prefix_xor(quotes) ^ in_string;  // from the opening quote to before the closing one
        in_string = uint64_t(int64_t(strings) >> 63);
        uint64_t runs = ~(block.operators | block.spaces | strings | quotes);
        uint64_t starts = runs & ~(runs << 1 | run_carry);
        run_carry = runs >> 63;
        marks[i] = STRICT ? (block.operators & ~strings) | quotes | starts : block.lean & ~(strings | block.controls);
        event.escapes.data[i] = block.backslashes;
        backslashes |= block.backslashes;
        high |= block.high;
        if (STRICT) {
            controls |= block.controls & strings;
        } else {
            event.quotes.data[i] = quotes;
            event.opens.data[i] = block.opens & ~strings;
            event.closes.data[i] = block.closes & ~strings;
        }
    }
    // The byte behind the text, a NUL, is marked as the token that ends every walk.
    marks[blocks - 1] = (marks[blocks - 1] & (tail - 1)) | tail;
    marks[blocks] = ~uint64_t(0);
    event.any_escape = backslashes != 0;
    event.any_high = high != 0;
    return controls == 0 && in_string == 0;
}

// Where the walk is among the marks. Small and passed by value, so that it lives in registers.
struct Cursor {
    const uint64_t* marks;  // of the block at hand
    const uint8_t* block;
    uint64_t word;          // its marks that are still to come; 0: there is none

    MATCHER_INLINE const uint8_t* next() {
        while (MATCHER_UNLIKELY(word == 0)) {
            word = *++marks;
            block += 64;
        }
        const uint8_t* p = block + first_bit64(word);
        word &= word - 1;
        return p;
    }
};

struct Walk {
    const uint8_t* text;
    const uint8_t* end;
    const Paths& paths;
    const TextLimits& limits;
    Event& event;
    const bool long_text;    // so long that a name or a number may be over its limit

    Cursor cursor_at(const uint8_t* p) const {
        size_t at = size_t(p - text);
        const uint64_t* marks = event.marks.data + at / 64;
        return Cursor{marks, text + at / 64 * 64, *marks & (~uint64_t(0) << (at & 63))};
    }

    // ---- scalars ----

    // Whether there is a backslash between the quotes of a string.
    MATCHER_INLINE bool has_escape(const uint8_t* p, const uint8_t* stop) const {
        size_t first = size_t(p - text), last = size_t(stop - text);
        const uint64_t* escapes = event.escapes.data;
        uint64_t mask = ~uint64_t(0) << (first & 63), tail = (uint64_t(1) << (last & 63)) - 1;
        if (MATCHER_LIKELY(first / 64 == last / 64)) return (escapes[first / 64] & mask & tail) != 0;
        uint64_t found = (escapes[first / 64] & mask) | (escapes[last / 64] & tail);
        for (size_t i = first / 64 + 1; i < last / 64; ++i) found |= escapes[i];
        return found != 0;
    }
    static bool sound_escapes(const uint8_t* p, const uint8_t* stop) {
        while (p < stop) {
            if (*p != '\\') {
                p = static_cast<const uint8_t*>(std::memchr(p, '\\', size_t(stop - p)));
                if (p == nullptr) return true;
            }
            switch (p[1]) {
                case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': p += 2; continue;
                case 'u': break;
                default: return false;
            }
            int unit = hex4(p + 2);
            if (unit < 0) return false;
            p += 6;
            if (unit < 0xd800 || unit > 0xdfff) continue;
            if (unit > 0xdbff || p[0] != '\\' || p[1] != 'u') return false;
            int low = hex4(p + 2);
            if (low < 0xdc00 || low > 0xdfff) return false;
            p += 6;
        }
        return true;
    }

    static MATCHER_INLINE const uint8_t* digits_end(const uint8_t* p) {
        for (;;) {
            uint32_t run = first_gap(digit_mask(p));
            if (MATCHER_LIKELY(run < 32)) return p + run;
            p += 32;
        }
    }

    // Whether a token of letters and digits may end before this byte. (At the end of the text it may, but nothing
    // follows there that could close the event.)
    static MATCHER_INLINE bool ends_token(uint8_t c) { return c == ',' || c == '}' || c == ']' || is_space(c); }

    // The end of a number; nullptr: it is malformed.
    MATCHER_INLINE const uint8_t* number_end(const uint8_t* p) const {
        const uint8_t* q = p + (*p == '-');
        const uint8_t* stop = digits_end(q);
        if (MATCHER_UNLIKELY(stop == q || (*q == '0' && stop - q > 1))) return nullptr;
        q = stop;
        if (*q == '.') {
            stop = digits_end(++q);
            if (MATCHER_UNLIKELY(stop == q)) return nullptr;
            q = stop;
        }
        if (MATCHER_UNLIKELY((*q | 0x20) == 'e')) {
            ++q;
            if (*q == '+' || *q == '-') ++q;
            stop = digits_end(q);
            if (stop == q) return nullptr;
            q = stop;
        }
        if (MATCHER_UNLIKELY(!ends_token(*q))) return nullptr;
        if (MATCHER_UNLIKELY(long_text) && size_t(q - p) > limits.digits && digit_count(p, q) > limits.digits)
            return nullptr;
        return q;
    }

    static MATCHER_INLINE const uint8_t* literal_end(const uint8_t* p) {
        uint32_t word = load32(p);
        const uint8_t* stop = word == 0x65757274u || word == 0x6c6c756eu         ? p + 4   // true, null
                              : word == 0x736c6166u && MATCHER_LIKELY(p[4] == 'e') ? p + 5  // false
                                                                                 : nullptr;
        return stop != nullptr && ends_token(*stop) ? stop : nullptr;
    }

    MATCHER_INLINE bool good_name(const uint8_t* p, const uint8_t* stop) const {
        return MATCHER_LIKELY(!long_text) || size_t(stop - p) <= limits.name || name_units(p, stop) <= limits.name;
    }

    // ---- containers that no rule looks into: the cursor comes back behind them; without marks if they are refused ----

    static constexpr Cursor REFUSED{nullptr, nullptr, 0};

    Cursor skip_container(Cursor cursor, const uint8_t* p, uint32_t depth) {
        const bool any_escape = event.any_escape;
        const uint32_t depth_limit = limits.depth;
        uint64_t* kinds = event.kinds.data;
        uint32_t level = depth;
        bool object;
    enter:
        if (MATCHER_UNLIKELY(level >= depth_limit)) return REFUSED;
        object = *p == '{';
        kinds[level >> 6] = (kinds[level >> 6] & ~(uint64_t(1) << (level & 63))) | (uint64_t(object) << (level & 63));
        ++level;
        p = cursor.next();
        if (*p == (object ? '}' : ']')) goto leave;
        if (!object) goto value;
    key: {
        if (MATCHER_UNLIKELY(*p != '"')) return REFUSED;
        const uint8_t* stop = cursor.next();
        if (MATCHER_UNLIKELY(any_escape) && has_escape(p + 1, stop) && !sound_escapes(p + 1, stop)) return REFUSED;
        if (MATCHER_UNLIKELY(!good_name(p + 1, stop))) return REFUSED;
        if (MATCHER_UNLIKELY(*cursor.next() != ':')) return REFUSED;
        p = cursor.next();
    }
    value:
        if (*p == '"') {
            const uint8_t* stop = cursor.next();
            if (MATCHER_UNLIKELY(any_escape) && has_escape(p + 1, stop) && !sound_escapes(p + 1, stop)) return REFUSED;
        } else if (*p == '{' || *p == '[') {
            goto enter;
        } else if (*p == '-' || is_digit(*p)) {
            if (MATCHER_UNLIKELY(number_end(p) == nullptr)) return REFUSED;
        } else if (MATCHER_UNLIKELY(literal_end(p) == nullptr)) {
            return REFUSED;
        }
    after:
        p = cursor.next();
        if (MATCHER_LIKELY(*p == ',')) {
            p = cursor.next();
            if (object) goto key;
            goto value;
        }
        if (MATCHER_UNLIKELY(*p != (object ? '}' : ']'))) return REFUSED;
    leave:
        if (--level == depth) return cursor;
        object = (kinds[(level - 1) >> 6] >> ((level - 1) & 63)) & 1;
        goto after;
    }

    // ---- what rules ask for ----

    // Decode a string that has escapes; room for the whole event was reserved, so no pointer moves.
    const uint8_t* decode(const uint8_t* p, const uint8_t* stop, size_t& size) {
        if (event.decoded.size == 0) event.decoded.reserve(size_t(end - text) + 2 * PADDING);
        uint8_t* first = event.decoded.data + event.decoded.size;
        size = size_t(unescape(p, stop, first) - first);
        event.decoded.size += uint32_t(size);
        return first;
    }

    // The node that the member name between p and stop leads to.
    MATCHER_INLINE uint32_t enter(const PathNode& node, const uint8_t* p, const uint8_t* stop, bool escaped) {
        if (node.count == 0) return 0;
        size_t size = size_t(stop - p);
        if (MATCHER_UNLIKELY(escaped)) return enter_escaped(node, p, stop);
        uint32_t child = paths.child(node, p, uint32_t(size), name_head(p, size));
        if (child == 0 && MATCHER_UNLIKELY(size >= node.dotted) && has_dot(p, size))
            child = paths.dotted_child(uint32_t(&node - paths.nodes.data()), p, size);
        return child;
    }
    static MATCHER_INLINE bool has_dot(const uint8_t* p, size_t size) {
        if (MATCHER_LIKELY(size < 32)) return (byte_mask(p, '.') & below_bit(uint32_t(size))) != 0;
        return std::memchr(p, '.', size) != nullptr;
    }
    MATCHER_COLD uint32_t enter_escaped(const PathNode& node, const uint8_t* p, const uint8_t* stop) {
        uint32_t mark = event.decoded.size;
        size_t size;
        const uint8_t* name = decode(p, stop, size);
        std::memset(const_cast<uint8_t*>(name) + size, 0, 8);
        uint32_t child = paths.child(node, name, uint32_t(size), name_head(name, size));
        if (child == 0 && size >= node.dotted && std::memchr(name, '.', size))
            child = paths.dotted_child(uint32_t(&node - paths.nodes.data()), name, size);
        event.decoded.size = mark;
        return child;
    }

    MATCHER_INLINE void add_string(uint32_t slot, const uint8_t* p, const uint8_t* stop, bool escaped, uint32_t elem) {
        size_t size = size_t(stop - p);
        if (MATCHER_UNLIKELY(escaped)) p = decode(p, stop, size);
        event.add(slot, Kind::string, p, size, elem);
    }

    MATCHER_INLINE uint32_t add_elem(uint32_t parent, uint32_t array) {
        uint32_t number = event.elems.size;
        uint32_t depth = event.elems[parent].depth + 1;
        if (depth > event.deepest) event.deepest = depth;
        event.elems.push(Elem{parent, array, depth, number + 1});
        return number;
    }

    // The whole event. The current container's node, elem and array are in locals; the others wait in frames.
    bool run() {
        const bool any_escape = event.any_escape;
        const uint32_t depth_limit = limits.depth;
        const PathNode* nodes = paths.nodes.data();
        Frame* frames = event.frames.data;
        Cursor cursor = cursor_at(text);
        const uint8_t *p = cursor.next(), *stop;
        if (*p != '{' || depth_limit < 1) return false;
        uint32_t depth = 1, node = 1, elem = 0, array = NONE;  // array: NONE in an object
        uint32_t child = 0;
        bool escaped = false;
        p = cursor.next();
        if (*p == '}') goto leave;
    key:
        if (MATCHER_UNLIKELY(*p != '"')) return false;
        stop = cursor.next();
        escaped = MATCHER_UNLIKELY(any_escape) && has_escape(p + 1, stop);
        if (MATCHER_UNLIKELY(escaped) && !sound_escapes(p + 1, stop)) return false;
        if (MATCHER_UNLIKELY(!good_name(p + 1, stop))) return false;
        child = enter(nodes[node], p + 1, stop, escaped);
        if (MATCHER_UNLIKELY(*cursor.next() != ':')) return false;
        p = cursor.next();
    value: {
        const PathNode& here = nodes[child];
        if (*p == '"') {
            stop = cursor.next();
            escaped = MATCHER_UNLIKELY(any_escape) && has_escape(p + 1, stop);
            if (MATCHER_UNLIKELY(escaped) && !sound_escapes(p + 1, stop)) return false;
            if (here.slot != NONE) add_string(here.slot, p + 1, stop, escaped, elem);
        } else if (*p == '{') {
            if (here.count != 0) goto enter_object;
            cursor = skip_container(cursor, p, depth);
            if (MATCHER_UNLIKELY(cursor.marks == nullptr)) return false;
        } else if (*p == '[') {
            if (here.count != 0 || here.slot != NONE) goto enter_array;
            cursor = skip_container(cursor, p, depth);
            if (MATCHER_UNLIKELY(cursor.marks == nullptr)) return false;
        } else if (*p == '-' || is_digit(*p)) {
            stop = number_end(p);
            if (MATCHER_UNLIKELY(stop == nullptr)) return false;
            if (here.slot != NONE) event.add(here.slot, Kind::number, p, size_t(stop - p), elem);
        } else {
            stop = literal_end(p);
            if (MATCHER_UNLIKELY(stop == nullptr)) return false;
            Kind kind = *p == 't' ? Kind::yes : *p == 'f' ? Kind::no : Kind::null;
            if (here.slot != NONE) event.add(here.slot, kind, p, size_t(stop - p), elem);
        }
        goto after;
    }
    enter_object:
        if (MATCHER_UNLIKELY(depth >= depth_limit)) return false;
        frames[depth++] = Frame{node, elem, array};
        if (array != NONE) elem = add_elem(elem, array);
        node = child;
        array = NONE;
        p = cursor.next();
        if (*p == '}') goto leave;
        goto key;
    enter_array:
        if (MATCHER_UNLIKELY(depth >= depth_limit)) return false;
        frames[depth++] = Frame{node, elem, array};
        if (array != NONE) elem = add_elem(elem, array);
        node = child;
        array = event.arrays.size;
        event.arrays.push(Span{event.elems.size, 0});
        p = cursor.next();
        if (*p == ']') goto leave;
        goto value;
    after:
        p = cursor.next();
        if (MATCHER_LIKELY(*p == ',')) {
            p = cursor.next();
            if (array == NONE) goto key;
            child = node;
            goto value;
        }
        if (MATCHER_UNLIKELY(*p != (array == NONE ? '}' : ']'))) return false;
    leave:
        if (array != NONE) event.arrays[array].end = event.elems.size;
        if (--depth != 0) {
            const Frame& outer = frames[depth];
            if (outer.array != NONE) event.elems[elem].end = event.elems.size;
            node = outer.node;
            elem = outer.elem;
            array = outer.array;
            goto after;
        }
        event.elems[0].end = event.elems.size;
        return cursor.next() == end;
    }
};

inline bool scan_strict(const uint8_t* text, size_t size, const Paths& paths, const TextLimits& limits, Event& event) {
    if (MATCHER_UNLIKELY(!mark<true>(text, size, event))) return false;
    bool long_text = size > limits.name || size > limits.digits;
    if (MATCHER_UNLIKELY(!(Walk{text, text + size, paths, limits, event, long_text}.run()))) return false;
    return MATCHER_LIKELY(!event.any_high) || utf8_fault(text, size) == SIZE_MAX;
}
