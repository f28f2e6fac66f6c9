// The walk over the marks of an event: follows the trie of asked paths and notes the fields on them. Included by scan.hpp
// behind marks.hpp, once per instruction set; no #pragma once on purpose.
//
// A strict walk relies on what `mark` has checked, and checks what depends on the container; one that trusts the text where
// no rule reads checks the values that rules read alone. Every valid text gives the same fields in both.

// Where the walk is among the marks. Small and passed by value, so that it lives in registers.
struct Cursor {
    const uint64_t* marks;
    const uint8_t* base;  // the block's first byte
    size_t block;
    uint64_t word;        // its marks that are still to come
    uint32_t bit = 0;     // of the mark at hand, in its block

    MATCHER_INLINE const uint8_t* next() {
        while (MATCHER_UNLIKELY(word == 0)) {
            word = marks[++block];
            base += 64;
        }
        bit = first_bit64(word);
        word &= word - 1;
        return base + bit;
    }
};

template <bool STRICT>
struct Walk {
    const uint8_t* text;
    const uint8_t* end;
    const Paths& paths;
    const TextLimits& limits;
    Event& event;
    size_t skipped_members = 0;

    Cursor cursor_at(const uint8_t* p) const {
        size_t at = size_t(p - text);
        const uint64_t* marks = event.marks.data;
        return Cursor{marks, p - (at & 63), at / 64, marks[at / 64] & (~uint64_t(0) << (at & 63))};
    }

    static MATCHER_INLINE const uint8_t* skip_space(const uint8_t* p) {
        while (MATCHER_UNLIKELY(is_space(*p))) ++p;
        return p;
    }

    size_t colon_count() const {
        size_t count = 0;
        for (size_t i = 0; i <= size_t(end - text) / 64; ++i) count += bits64(event.colons[i]);
        return count;
    }

    // ---- strings ----

    // The quote that closes the string opened at p: there is one for every string.
    MATCHER_INLINE const uint8_t* closing_quote(const uint8_t* p) const {
        size_t at = size_t(p - text);
        const uint64_t* quotes = event.quotes.data + at / 64;
        uint64_t word = (*quotes >> (at & 63)) >> 1;
        if (MATCHER_LIKELY(word != 0)) return p + 1 + first_bit64(word);
        const uint8_t* block = text + at / 64 * 64;
        do block += 64; while (*++quotes == 0);
        return block + first_bit64(*quotes);
    }

    // The end of a number or literal that was checked; where none begins, that of nothing.
    MATCHER_INLINE const uint8_t* run_end(const uint8_t* p) const {
        size_t at = size_t(p - text);
        const uint64_t* runs = event.runs.data + at / 64;
        uint64_t word = ~*runs >> (at & 63);
        if (MATCHER_LIKELY(word != 0)) return p + first_bit64(word);
        const uint8_t* block = text + at / 64 * 64;
        do block += 64; while (~*++runs == 0);
        return block + first_bit64(~*runs);
    }

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
    // For a text that was not checked as a whole.
    static bool sound_escapes(const uint8_t* p, const uint8_t* stop) {
        EscapeCheck check;
        while ((p = static_cast<const uint8_t*>(std::memchr(p, '\\', size_t(stop - p)))) != nullptr) {
            if (!check.sound(p)) return false;
            p += 2;
            if (p >= stop) break;
        }
        return true;
    }

    // Whether the string has escapes, sound ones; -1: they are not.
    MATCHER_INLINE int escapes(const uint8_t* p, const uint8_t* stop) const {
        if (MATCHER_LIKELY(!event.any_escape) || !has_escape(p, stop)) return 0;
        return STRICT || sound_escapes(p, stop) ? 1 : -1;
    }

    // Decode a string that has escapes; room for the whole event was reserved, so no pointer moves.
    const uint8_t* decode(const uint8_t* p, const uint8_t* stop, size_t& size) {
        if (event.decoded.size == 0) event.decoded.reserve(size_t(end - text) + 2 * PADDING);
        uint8_t* first = event.decoded.data + event.decoded.size;
        size = size_t(unescape(p, stop, first) - first);
        event.decoded.size += uint32_t(size);
        return first;
    }

    // A member's name: behind its closing quote, and whether it has escapes.
    struct Name {
        const uint8_t* stop;
        bool escaped;
    };
    MATCHER_INLINE Name name_at(const Cursor& cursor, const uint8_t* p) const {
        uint64_t later = (event.quotes[cursor.block] >> cursor.bit) >> 1;
        if (MATCHER_LIKELY(later != 0)) {
            uint64_t slashes = (event.escapes[cursor.block] >> cursor.bit) >> 1;
            return Name{p + 1 + first_bit64(later), (slashes & (later ^ (later - 1))) != 0};
        }
        const uint8_t* stop = closing_quote(p);
        return Name{stop, has_escape(p + 1, stop)};
    }

    // The node that the member name between p and stop leads to.
    MATCHER_INLINE uint32_t enter(const PathNode& node, const uint8_t* p, const uint8_t* stop, bool escaped) {
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

    // A string, number or literal at p: noted if the node has a slot. Its end; nullptr: it is malformed.
    MATCHER_INLINE const uint8_t* scalar(const uint8_t* p, uint32_t slot, uint32_t elem) {
        if (*p == '"') {
            const uint8_t* stop = closing_quote(p++);
            if (slot == NONE) return stop + 1;
            int escaped = escapes(p, stop);
            if (MATCHER_UNLIKELY(escaped < 0)) return nullptr;
            if (!STRICT && event.any_high && utf8_fault(p, size_t(stop - p)) != SIZE_MAX) return nullptr;
            add_string(slot, p, stop, escaped != 0, elem);
            return stop + 1;
        }
        bool number = *p == '-' || is_digit(*p);
        const uint8_t* stop = STRICT ? run_end(p) : number ? number_end(p) : literal_end(p);
        if (!STRICT && MATCHER_UNLIKELY(stop == nullptr)) return nullptr;
        if (slot == NONE) return stop;
        if (!STRICT && number && size_t(stop - p) > limits.digits && digit_count(p, stop) > limits.digits) return nullptr;
        Kind kind = number ? Kind::number : *p == 't' ? Kind::yes : *p == 'f' ? Kind::no : Kind::null;
        event.add(slot, kind, p, size_t(stop - p), elem);
        return stop;
    }

    // Where the value of the member begins whose name ends at this quote; nullptr: no colon follows.
    static MATCHER_INLINE const uint8_t* value_behind(const uint8_t* quote) {
        const uint8_t* p = skip_space(quote + 1);
        return MATCHER_LIKELY(*p == ':') ? skip_space(p + 1) : nullptr;
    }

    static MATCHER_INLINE bool is_open(uint8_t c) { return (c | 0x20) == '{'; }

    // The whole event. The current container's node, elem and array are in locals; the others wait in frames. Behind a
    // name that no rule asks for comes its value's bracket or the next name: whether there is a colon for each is told by
    // their number alone.
    bool run() {
        const uint32_t depth_limit = limits.depth;
        const PathNode* nodes = paths.nodes.data();
        Frame* frames = event.frames.data;
        Cursor cursor = cursor_at(text);
        const uint8_t* p = cursor.next();
        const uint64_t any_start = event.odd_names ? ~uint64_t(0) : 0;  // then a name's start does not tell enough
        if (*p != '{' || depth_limit < 1 || skip_space(text) != p) return false;
        uint32_t depth = 1, node = 1, elem = 0, array = NONE;  // array: NONE in an object
        uint32_t child = 0;
        size_t members = 0;
        uint64_t starts = nodes[node].starts | any_start;
    member:
        p = cursor.next();
        if (MATCHER_UNLIKELY(*p != '"')) {
            if (*p == '}') goto leave;
            return false;
        }
    name:
        ++members;
        if (!((starts >> start_of(p + 1)) & 1)) goto unasked;
        {
            Name name = name_at(cursor, p);
            if (!STRICT && MATCHER_UNLIKELY(name.escaped) && !sound_escapes(p + 1, name.stop)) return false;
            child = enter(nodes[node], p + 1, name.stop, name.escaped);
            if (child == 0) goto unasked;
            p = value_behind(name.stop);
            if (MATCHER_UNLIKELY(p == nullptr)) return false;
        }
        if (is_open(*p)) {
            if (MATCHER_UNLIKELY(cursor.next() != p)) return false;
            goto container;
        }
        if (MATCHER_UNLIKELY(scalar(p, nodes[child].slot, elem) == nullptr)) return false;
        goto member;
    unasked: {
        const uint8_t* name = p;
        p = cursor.next();
        if (MATCHER_LIKELY(*p == '"')) goto name;
        if (*p == '}') goto leave;
        if (MATCHER_UNLIKELY(!is_open(*p) || value_behind(closing_quote(name)) != p)) return false;
        child = 0;
    }
    container: {
        const PathNode& here = nodes[child];
        if (here.count == 0 && (*p == '{' || here.slot == NONE)) {
            p = skip(p, depth);
            if (MATCHER_UNLIKELY(p == nullptr)) return false;
            cursor = cursor_at(p);
            if (array == NONE) goto member;
            goto after_element;
        }
        if (MATCHER_UNLIKELY(depth >= depth_limit)) return false;
        frames[depth++] = Frame{node, elem, array};
        if (array != NONE) elem = add_elem(elem, array);
        node = child;
        starts = here.starts | any_start;
        array = NONE;
        if (*p == '{') goto member;
        array = event.arrays.size;
        event.arrays.push(Span{event.elems.size, 0});
        p = cursor.next();
        if (*p == ']') goto leave;
    }
    element:
        child = node;
        if (is_open(*p)) goto container;
        p = scalar(p, nodes[node].slot, elem);
        if (MATCHER_UNLIKELY(p == nullptr)) return false;
    after_element:
        p = skip_space(p);
        if (MATCHER_LIKELY(*p == ',')) {
            p = cursor.next();
            goto element;
        }
        if (MATCHER_UNLIKELY(*p != ']' || cursor.next() != p)) return false;
    leave:
        if (array != NONE) event.arrays[array].end = event.elems.size;
        ++p;
        if (--depth != 0) {
            const Frame& outer = frames[depth];
            if (outer.array != NONE) event.elems[elem].end = event.elems.size;
            node = outer.node;
            starts = nodes[node].starts | any_start;
            elem = outer.elem;
            array = outer.array;
            if (array == NONE) goto member;
            goto after_element;
        }
        event.elems[0].end = event.elems.size;
        return skip_space(p) == end && (!STRICT || members + skipped_members == colon_count());
    }

    // ---- containers that no rule looks into: from the opening bracket to behind the closing one; nullptr: refused ----

    // Counts brackets, 64 bytes at a time. To be checked, there must be nothing inside but arrays, which are all alike;
    // nullptr comes back too where there is more, or where they may be nested too deep.
    template <bool CHECK>
    const uint8_t* skip_counted(const uint8_t* p, size_t room) const {
        size_t i = size_t(p - text) / 64, depth = 0, last = size_t(end - text) / 64;
        uint64_t mask = ~uint64_t(0) << (size_t(p - text) & 63);
        for (; i <= last; ++i, mask = ~uint64_t(0)) {
            uint64_t opens = event.opens[i] & mask, closes = event.closes[i] & mask;
            uint64_t others = CHECK ? (event.braces[i] | event.colons[i]) & mask : 0;
            if (CHECK && MATCHER_UNLIKELY(depth + bits64(opens) > room)) return nullptr;
            if (MATCHER_LIKELY(bits64(closes) < depth)) {
                if (CHECK && MATCHER_UNLIKELY(others != 0)) return nullptr;
                depth += bits64(opens) - bits64(closes);
                continue;
            }
            while (closes) {
                uint64_t lowest = closes & (~closes + 1);
                depth += bits64(opens & (lowest - 1)) - 1;
                opens &= ~(lowest - 1);
                if (depth == 0) return (others & (lowest ^ (lowest - 1))) ? nullptr : text + 64 * i + first_bit64(closes) + 1;
                closes ^= lowest;
            }
            if (CHECK && MATCHER_UNLIKELY(others != 0)) return nullptr;
            depth += bits64(opens);
        }
        return nullptr;
    }

    const uint8_t* skip(const uint8_t* p, uint32_t depth) {
        if (!STRICT) return skip_counted<false>(p, 0);
        const uint8_t* stop = *p == '[' ? skip_counted<true>(p, limits.depth - depth) : nullptr;
        return MATCHER_LIKELY(stop != nullptr) ? stop : skip_checked(p, depth);
    }

    // From bracket to bracket. Between two of them lie tokens of one container, where each colon is known to stand behind
    // a string that stands behind a comma or the opening bracket. So in an object all members are such if there are as many
    // colons as commas, and one more behind the opening bracket; and in an array there are none.
    const uint8_t* skip_checked(const uint8_t* p, uint32_t depth) {
        size_t i = size_t(p - text) / 64, last = size_t(end - text) / 64;
        uint64_t rest = ~uint64_t(1) << (size_t(p - text) & 63);  // what is behind the last bracket
        uint64_t* kinds = event.kinds.data;
        uint64_t colons = 0, commas = 0;   // behind it, in earlier blocks
        uint32_t level = depth;
        bool object = *p == '{', fresh = true;  // fresh: the last bracket is an opening one
        if (MATCHER_UNLIKELY(level >= limits.depth)) return nullptr;
        for (; i <= last; ++i, rest = ~uint64_t(0)) {
            const uint64_t opens = event.opens[i], colon = event.colons[i], comma = event.commas[i];
            for (uint64_t brackets = (opens | event.closes[i]) & rest; brackets; brackets &= brackets - 1) {
                uint64_t before = brackets ^ (brackets - 1);  // up to this bracket
                colons += bits64(colon & rest & before);
                commas += bits64(comma & rest & before);
                rest = ~before;
                const uint8_t* here = text + 64 * i + first_bit64(brackets);
                bool opening = (opens & before & brackets) != 0;
                if (MATCHER_UNLIKELY(colons != (object ? commas + fresh : 0))) {
                    if (colons + commas != 0 || !object || opening || skip_space(p + 1) != here) return nullptr;
                }
                p = here;
                skipped_members += colons;
                colons = commas = 0;
                fresh = opening;
                if (opening) {
                    kinds[level >> 6] = (kinds[level >> 6] & ~(uint64_t(1) << (level & 63))) | (uint64_t(object) << (level & 63));
                    if (MATCHER_UNLIKELY(++level >= limits.depth)) return nullptr;
                    object = *p == '{';
                } else {
                    if (MATCHER_UNLIKELY(*p != (object ? '}' : ']'))) return nullptr;
                    if (level == depth) return p + 1;
                    --level;
                    object = (kinds[level >> 6] >> (level & 63)) & 1;
                }
            }
            colons += bits64(colon & rest);
            commas += bits64(comma & rest);
        }
        return nullptr;
    }
};

template <bool STRICT>
inline bool walk(const uint8_t* text, size_t size, const Paths& paths, const TextLimits& limits, Event& event) {
    if (MATCHER_UNLIKELY(!mark<STRICT>(text, size, limits, event))) return false;
    if (MATCHER_UNLIKELY(!(Walk<STRICT>{text, text + size, paths, limits, event}.run()))) return false;
    if (!STRICT) return true;
    if (MATCHER_UNLIKELY(event.long_token)) return !FaultFinder(text, size, limits).find();
    return MATCHER_LIKELY(!event.any_high) || utf8_fault(text, size) == SIZE_MAX;
}

inline bool scan(const uint8_t* text, size_t size, const Paths& paths, const TextLimits& limits, bool strict,
                 Event& event) {
    return strict ? walk<true>(text, size, paths, limits, event) : walk<false>(text, size, paths, limits, event);
}
