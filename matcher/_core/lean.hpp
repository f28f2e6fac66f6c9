// The scan of a text that is trusted where no rule reads: included by scan.hpp behind walk.hpp, once per instruction set.
//
// The marks are colons and brackets alone, so a member that nobody asks for costs one look at its name: a colon, the two
// quotes before it, and the next colon. What rules read is checked as in walk.hpp; commas and other values are not.
// Every valid text gives the same fields as there. No #pragma once: it is included several times on purpose.

struct Lean {
    const uint8_t* text;
    const uint8_t* end;
    const Paths& paths;
    Event& event;
    Walk walk;  // for what both do the same way

    static MATCHER_INLINE const uint8_t* skip_space(const uint8_t* p) {
        while (MATCHER_UNLIKELY(is_space(*p))) ++p;
        return p;
    }

    // The last quote before p; nullptr: there is none.
    MATCHER_INLINE const uint8_t* quote_before(const uint8_t* p) const {
        size_t at = size_t(p - text), i = at / 64;
        uint64_t word = event.quotes.data[i] & ((uint64_t(1) << (at & 63)) - 1);
        while (MATCHER_UNLIKELY(word == 0)) {
            if (i == 0) return nullptr;
            word = event.quotes.data[--i];
        }
        return text + 64 * i + last_bit64(word);
    }

    // The first quote behind p, which is an opening one: every string of the text is closed.
    MATCHER_INLINE const uint8_t* quote_after(const uint8_t* p) const {
        size_t at = size_t(p - text) + 1, i = at / 64;
        uint64_t word = event.quotes.data[i] & (~uint64_t(0) << (at & 63));
        while (MATCHER_UNLIKELY(word == 0)) word = event.quotes.data[++i];
        return text + 64 * i + first_bit64(word);
    }

    // A string, number or literal at p: noted if the node has a slot. Its end; nullptr: it is malformed.
    MATCHER_INLINE const uint8_t* scalar(const uint8_t* p, const PathNode& here, uint32_t elem) {
        if (*p == '"') {
            const uint8_t* stop = quote_after(p);
            bool escaped = MATCHER_UNLIKELY(event.any_escape) && walk.has_escape(p + 1, stop);
            if (MATCHER_UNLIKELY(escaped) && !Walk::sound_escapes(p + 1, stop)) return nullptr;
            if (here.slot == NONE) return stop + 1;
            if (event.any_high && utf8_fault(p + 1, size_t(stop - p) - 1) != SIZE_MAX) return nullptr;
            walk.add_string(here.slot, p + 1, stop, escaped, elem);
            return stop + 1;
        }
        bool number = *p == '-' || is_digit(*p);
        const uint8_t* stop = number ? walk.number_end(p) : Walk::literal_end(p);
        if (MATCHER_UNLIKELY(stop == nullptr)) return nullptr;
        Kind kind = number ? Kind::number : *p == 't' ? Kind::yes : *p == 'f' ? Kind::no : Kind::null;
        if (here.slot != NONE) event.add(here.slot, kind, p, size_t(stop - p), elem);
        return stop;
    }

    // From the bracket of a container that no rule looks into to behind its closing one: brackets are counted, 64 bytes
    // at a time. nullptr: it is not closed.
    const uint8_t* skip_container(const uint8_t* p) const {
        size_t i = size_t(p - text) / 64, depth = 0, last = size_t(end - text) / 64;
        uint64_t mask = ~uint64_t(0) << (size_t(p - text) & 63);
        for (; i <= last; ++i, mask = ~uint64_t(0)) {
            uint64_t opens = event.opens.data[i] & mask, closes = event.closes.data[i] & mask;
            if (MATCHER_LIKELY(bits64(closes) < depth)) {
                depth += bits64(opens) - bits64(closes);
                continue;
            }
            while (closes) {
                uint64_t lowest = closes & (~closes + 1);
                depth += bits64(opens & (lowest - 1)) - 1;
                opens &= ~(lowest - 1);
                if (depth == 0) return text + 64 * i + first_bit64(closes) + 1;
                closes ^= lowest;
            }
            depth += bits64(opens);
        }
        return nullptr;
    }

    bool run() {
        const uint32_t depth_limit = walk.limits.depth;
        const PathNode* nodes = paths.nodes.data();
        Frame* frames = event.frames.data;
        Cursor cursor = walk.cursor_at(text);
        const uint8_t* p = cursor.next();
        if (*p != '{' || depth_limit < 1 || skip_space(text) != p) return false;
        uint32_t depth = 1, node = 1, elem = 0, array = NONE;  // array: NONE in an object
        uint32_t child = 0;
    member:
        p = cursor.next();
        if (MATCHER_UNLIKELY(*p != ':')) {
            if (*p == '}') goto leave;
            return false;
        }
        {
            const uint8_t* close = quote_before(p);
            const uint8_t* open = close == nullptr ? nullptr : quote_before(close);
            if (MATCHER_UNLIKELY(open == nullptr)) return false;
            bool escaped = MATCHER_UNLIKELY(event.any_escape) && walk.has_escape(open + 1, close);
            if (MATCHER_UNLIKELY(escaped) && !Walk::sound_escapes(open + 1, close)) return false;
            child = walk.enter(nodes[node], open + 1, close, escaped);
        }
        p = skip_space(p + 1);
        if (*p == '{' || *p == '[') goto container;
        if (child != 0 && MATCHER_UNLIKELY(scalar(p, nodes[child], elem) == nullptr)) return false;
        goto member;
    container: {
        const PathNode& here = nodes[child];
        if (here.count == 0 && (*p == '{' || here.slot == NONE)) {
            p = skip_container(p);
            if (MATCHER_UNLIKELY(p == nullptr)) return false;
            cursor = walk.cursor_at(p);
            if (array == NONE) goto member;
            goto after_element;
        }
        if (MATCHER_UNLIKELY(cursor.next() != p || depth >= depth_limit)) return false;
        frames[depth++] = Frame{node, elem, array};
        if (array != NONE) elem = walk.add_elem(elem, array);
        node = child;
        array = NONE;
        if (*p == '{') goto member;
        array = event.arrays.size;
        event.arrays.push(Span{event.elems.size, 0});
        p = skip_space(p + 1);
        if (*p == ']') goto close_array;
    }
    element:
        child = node;
        if (*p == '{' || *p == '[') goto container;
        p = scalar(p, nodes[node], elem);
        if (MATCHER_UNLIKELY(p == nullptr)) return false;
    after_element:
        p = skip_space(p);
        if (MATCHER_LIKELY(*p == ',')) {
            p = skip_space(p + 1);
            goto element;
        }
        if (MATCHER_UNLIKELY(*p != ']')) return false;
    close_array:
        if (MATCHER_UNLIKELY(cursor.next() != p)) return false;
        event.arrays[array].end = event.elems.size;
    leave:
        ++p;
        if (--depth != 0) {
            const Frame& outer = frames[depth];
            if (outer.array != NONE) event.elems[elem].end = event.elems.size;
            node = outer.node;
            elem = outer.elem;
            array = outer.array;
            if (array == NONE) goto member;
            goto after_element;
        }
        event.elems[0].end = event.elems.size;
        return skip_space(p) == end;
    }
};

inline bool scan_lean(const uint8_t* text, size_t size, const Paths& paths, const TextLimits& limits, Event& event) {
    if (MATCHER_UNLIKELY(!mark<false>(text, size, event))) return false;
    bool long_text = size > limits.name || size > limits.digits;
    Lean lean{text, text + size, paths, event, Walk{text, text + size, paths, limits, event, long_text}};
    return lean.run();
}

inline bool scan(const uint8_t* text, size_t size, const Paths& paths, const TextLimits& limits, bool strict,
                 Event& event) {
    return strict ? scan_strict(text, size, paths, limits, event) : scan_lean(text, size, paths, limits, event);
}
