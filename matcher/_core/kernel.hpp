// The scan itself, compiled once per instruction set: included by scan.hpp inside namespace matcher::<level>, after
// that level's masks. One pass over the text, an explicit stack, no allocation but the pools'.
//
// Every text ends in a NUL that no grammar accepts, so no loop needs a bound: a NUL before `end` is an error, at
// `end` it is the end. No #pragma once: it is included several times on purpose.

template <bool STRICT>
struct Scanner {
    const uint8_t* begin;
    const uint8_t* end;
    const Paths& paths;
    Event& event;
    uint32_t depth_limit;
    size_t name_limit;
    size_t digit_limit;
    bool high = false;     // a byte above 0x7f was seen
    Fault fault = Fault::none;
    const uint8_t* fault_at = nullptr;

    const uint8_t* fail(Fault what, const uint8_t* at) {
        fault = at >= end ? Fault::end : what;
        fault_at = at >= end ? end : at;
        return nullptr;
    }

    static MATCHER_INLINE bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

    static MATCHER_INLINE const uint8_t* skip_space(const uint8_t* p) {
        if (MATCHER_LIKELY(*p > ' ')) return p;
        if (is_space(*p)) ++p;
        if (MATCHER_LIKELY(*p > ' ')) return p;
        return skip_long_space(p);
    }
    static const uint8_t* skip_long_space(const uint8_t* p) {
        for (;;) {
            uint32_t other = ~space_mask(p);
            if (other) return p + first_bit(other);
            p += 32;
        }
    }

    // From behind the opening quote to the closing one; `escaped` tells whether anything is to be decoded.
    MATCHER_INLINE const uint8_t* string_end(const uint8_t* p, bool& escaped) {
        TextMask mask = text_mask(p);
        if (MATCHER_LIKELY(mask.stop != 0)) {
            uint32_t k = first_bit(mask.stop);
            if (MATCHER_LIKELY(p[k] == '"')) {
                high |= (mask.high & below_bit(k)) != 0;
                return p + k;
            }
        }
        return long_string_end(p, escaped);
    }

    const uint8_t* long_string_end(const uint8_t* p, bool& escaped) {
        for (;;) {
            TextMask mask = text_mask(p);
            if (mask.stop == 0) {
                high |= mask.high != 0;
                p += 32;
                continue;
            }
            uint32_t k = first_bit(mask.stop);
            high |= (mask.high & below_bit(k)) != 0;
            p += k;
            if (*p == '"') return p;
            if (*p != '\\') return fail(Fault::control, p);
            escaped = true;
            do {
                p = skip_escape(p);
                if (p == nullptr) return nullptr;
            } while (*p == '\\');
        }
    }

    static MATCHER_INLINE int hex4(const uint8_t* p) {
        int value = 0;
        for (int i = 0; i < 4; ++i) {
            uint8_t c = p[i], low = c | 0x20;
            int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
            if (digit < 0) return -1;
            value = value * 16 + digit;
        }
        return value;
    }

    const uint8_t* skip_escape(const uint8_t* p) {
        switch (p[1]) {
            case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
                return p + 2;
            case 'u':
                break;
            default:
                return fail(Fault::escape, p + 1 >= end ? end : p);
        }
        int unit = hex4(p + 2);
        if (unit < 0) return fail(Fault::escape, hex_stop(p + 2) >= end ? end : p);
        if (unit < 0xd800 || unit > 0xdfff) return p + 6;
        if (unit > 0xdbff || p[6] != '\\' || p[7] != 'u') return fail(Fault::surrogate, p);
        int low = hex4(p + 8);
        if (low < 0xdc00 || low > 0xdfff) return fail(low < 0 ? Fault::escape : Fault::surrogate, p);
        return p + 12;
    }
    static const uint8_t* hex_stop(const uint8_t* p) {
        for (int i = 0; i < 4 && *p; ++i) ++p;
        return p;
    }

    MATCHER_INLINE const uint8_t* number_end(const uint8_t* p) {
        const uint8_t* q = p + (*p == '-');
        uint32_t digits = digit_mask(q);
        uint32_t run = first_gap(digits);
        if (MATCHER_UNLIKELY(run == 0)) return fail(Fault::number, q);
        if (MATCHER_UNLIKELY(*q == '0' && run > 1)) return fail(Fault::number, q + 1);
        q = run < 32 ? q + run : digits_end(q + 32);
        if (*q == '.') {
            ++q;
            run = first_gap(digit_mask(q));
            if (MATCHER_UNLIKELY(run == 0)) return fail(Fault::number, q);
            q = run < 32 ? q + run : digits_end(q + 32);
        }
        if (MATCHER_UNLIKELY((*q | 0x20) == 'e')) {
            ++q;
            if (*q == '+' || *q == '-') ++q;
            const uint8_t* stop = digits_end(q);
            if (stop == q) return fail(Fault::number, q);
            q = stop;
        }
        if (MATCHER_UNLIKELY(size_t(q - p) > digit_limit) && count_digits(p, q) > digit_limit)
            return fail(Fault::digits, p);
        return q;
    }
    static MATCHER_COLD size_t count_digits(const uint8_t* p, const uint8_t* stop) {
        size_t n = 0;
        for (; p < stop; ++p) n += *p >= '0' && *p <= '9';
        return n;
    }

    // Whether a name has more UTF-16 units than allowed; asked only of names with more bytes than that.
    MATCHER_COLD bool long_name(const uint8_t* p, const uint8_t* stop) const {
        size_t units = 0;
        while (p < stop) {
            units += *p >= 0xf0 ? 2 : (*p & 0xc0) == 0x80 ? 0 : 1;
            p += *p != '\\' ? 1 : p[1] == 'u' ? 6 : 2;
        }
        return units > name_limit;
    }
    static const uint8_t* digits_end(const uint8_t* p) {
        for (;;) {
            uint32_t run = first_gap(digit_mask(p));
            if (run < 32) return p + run;
            p += 32;
        }
    }

    MATCHER_INLINE const uint8_t* literal_end(const uint8_t* p) {
        uint32_t word = load32(p);
        if (word == 0x65757274u) return p + 4;                        // true
        if (word == 0x6c6c756eu) return p + 4;                        // null
        if (word == 0x736c6166u && p[4] == 'e') return p + 5;         // false
        bool known = *p == 't' || *p == 'n' || *p == 'f';
        return fail(known ? Fault::literal : Fault::value, p + size_t(known ? shared_run(p) : 0));
    }
    static size_t shared_run(const uint8_t* p) {
        const char* word = *p == 't' ? "true" : *p == 'n' ? "null" : "false";
        size_t n = 0;
        while (word[n] && p[n] == uint8_t(word[n])) ++n;
        return n;
    }

    // From the bracket of a container that no rule looks into to behind its closing bracket.
    const uint8_t* skip_container(const uint8_t* p, uint32_t depth) {
        return STRICT ? skip_strict(p, depth) : skip_structural(p);
    }

    const uint8_t* skip_strict(const uint8_t* p, uint32_t depth) {
        uint64_t* kinds = event.kinds.data;
        uint32_t level = depth;
        bool object = false, escaped = false;
    enter:
        if (MATCHER_UNLIKELY(level >= depth_limit)) return fail(Fault::depth, p);
        object = *p == '{';
        kinds[level >> 6] = (kinds[level >> 6] & ~(uint64_t(1) << (level & 63))) | (uint64_t(object) << (level & 63));
        ++level;
        p = skip_space(p + 1);
        if (object) {
            if (*p == '}') goto leave;
            goto key;
        }
        if (*p == ']') goto leave;
        goto value;
    key:
        if (MATCHER_UNLIKELY(*p != '"')) return fail(Fault::key, p);
        {
            const uint8_t* stop = string_end(p + 1, escaped);
            if (MATCHER_UNLIKELY(stop == nullptr)) return nullptr;
            if (MATCHER_UNLIKELY(size_t(stop - p) > name_limit) && long_name(p + 1, stop)) return fail(Fault::name, p);
            p = skip_space(stop + 1);
        }
        if (MATCHER_UNLIKELY(*p != ':')) return fail(Fault::colon, p);
        p = skip_space(p + 1);
    value:
        switch (*p) {
            case '"':
                p = string_end(p + 1, escaped);
                if (MATCHER_UNLIKELY(p == nullptr)) return nullptr;
                ++p;
                break;
            case '{': case '[':
                goto enter;
            case '-': case '0': case '1': case '2': case '3': case '4':
            case '5': case '6': case '7': case '8': case '9':
                p = number_end(p);
                if (MATCHER_UNLIKELY(p == nullptr)) return nullptr;
                break;
            default:
                p = literal_end(p);
                if (MATCHER_UNLIKELY(p == nullptr)) return nullptr;
        }
    next:
        p = skip_space(p);
        if (MATCHER_LIKELY(*p == ',')) {
            p = skip_space(p + 1);
            if (object) goto key;
            goto value;
        }
        if (MATCHER_UNLIKELY(*p != (object ? '}' : ']'))) return fail(Fault::comma, p);
    leave:
        ++p;
        if (--level == depth) return p;
        object = (kinds[(level - 1) >> 6] >> ((level - 1) & 63)) & 1;
        goto next;
    }

    // Trusts the text: only quotes and brackets are read, 64 bytes at a time.
    const uint8_t* skip_structural(const uint8_t* p) {
        uint64_t inside = 0, escape_carry = 0;  // all ones: the block starts in a string; 1: with an escaped byte
        size_t depth = 0;
        for (;; p += 64) {
            Structure s = structure(p);
            uint64_t quotes = s.quotes & ~escaped_bytes(s.backslashes, escape_carry);
            uint64_t strings = prefix_xor(quotes) ^ inside;
            inside = uint64_t(int64_t(strings) >> 63);
            uint64_t opens = s.opens & ~strings, closes = s.closes & ~strings;
            bool last = p + 64 > end;
            if (MATCHER_UNLIKELY(last)) {
                uint64_t valid = below_bit64(uint32_t(end - p));
                opens &= valid;
                closes &= valid;
            }
            if (MATCHER_LIKELY(bits64(closes) < depth)) {
                depth += bits64(opens) - bits64(closes);
            } else {
                while (closes) {
                    uint64_t lowest = closes & (~closes + 1);
                    depth += bits64(opens & (lowest - 1)) - 1;
                    opens &= ~(lowest - 1);
                    if (depth == 0) return p + first_bit64(closes) + 1;
                    closes ^= lowest;
                }
                depth += bits64(opens);
            }
            if (MATCHER_UNLIKELY(last)) return fail(Fault::end, end);
        }
    }

    static MATCHER_INLINE uint64_t escaped_bytes(uint64_t backslashes, uint64_t& carry) {
        if (MATCHER_LIKELY(backslashes == 0)) {
            uint64_t escaped = carry;
            carry = 0;
            return escaped;
        }
        // Odd-length runs escape the byte behind them: add the runs' starts and see where the carry comes out.
        constexpr uint64_t odd_bits = 0xaaaaaaaaaaaaaaaau;
        uint64_t potential = backslashes & ~carry;
        uint64_t maybe = (potential << 1) | odd_bits;
        uint64_t codes = maybe - potential;
        uint64_t escape_and_terminal = codes ^ odd_bits;
        uint64_t escaped = escape_and_terminal ^ (backslashes | carry);
        carry = (escape_and_terminal & backslashes) >> 63;
        return escaped;
    }

    // Decode a string that has escapes; room for the whole event was reserved, so no pointer moves.
    const uint8_t* decode(const uint8_t* p, const uint8_t* stop, size_t& size) {
        if (event.decoded.capacity == 0 || event.decoded.size == 0) event.decoded.reserve(size_t(end - begin) + 2 * PADDING);
        uint8_t* out = event.decoded.data + event.decoded.size;
        uint8_t* first = out;
        while (p < stop) {
            if (*p != '\\') {
                *out++ = *p++;
                continue;
            }
            switch (p[1]) {
                case 'b': *out++ = '\b'; p += 2; continue;
                case 'f': *out++ = '\f'; p += 2; continue;
                case 'n': *out++ = '\n'; p += 2; continue;
                case 'r': *out++ = '\r'; p += 2; continue;
                case 't': *out++ = '\t'; p += 2; continue;
                case 'u': break;
                default: *out++ = p[1]; p += 2; continue;
            }
            uint32_t point = uint32_t(hex4(p + 2));
            p += 6;
            if (point >= 0xd800 && point <= 0xdfff) {
                point = 0x10000 + ((point - 0xd800) << 10) + (uint32_t(hex4(p + 2)) - 0xdc00);
                p += 6;
            }
            out = put_point(out, point);
        }
        size = size_t(out - first);
        event.decoded.size += uint32_t(size);
        return first;
    }
    static uint8_t* put_point(uint8_t* out, uint32_t point) {
        if (point < 0x80) {
            *out++ = uint8_t(point);
        } else if (point < 0x800) {
            *out++ = uint8_t(0xc0 | point >> 6);
            *out++ = uint8_t(0x80 | (point & 63));
        } else if (point < 0x10000) {
            *out++ = uint8_t(0xe0 | point >> 12);
            *out++ = uint8_t(0x80 | ((point >> 6) & 63));
            *out++ = uint8_t(0x80 | (point & 63));
        } else {
            *out++ = uint8_t(0xf0 | point >> 18);
            *out++ = uint8_t(0x80 | ((point >> 12) & 63));
            *out++ = uint8_t(0x80 | ((point >> 6) & 63));
            *out++ = uint8_t(0x80 | (point & 63));
        }
        return out;
    }

    // The node that the member name between p and stop leads to.
    MATCHER_INLINE uint32_t enter(const PathNode& node, const uint8_t* p, const uint8_t* stop, bool escaped) {
        if (node.count == 0) return 0;
        size_t size = size_t(stop - p);
        if (MATCHER_UNLIKELY(escaped)) return enter_escaped(node, p, stop);
        uint32_t child = paths.child(node, p, uint32_t(size), name_head(p, size));
        if (child == 0 && node.deep && has_dot(p, size))
            child = paths.dotted_child(uint32_t(&node - paths.nodes.data()), p, size);
        return child;
    }
    static MATCHER_INLINE bool has_dot(const uint8_t* p, size_t size) {
        if (MATCHER_LIKELY(size <= 32)) return (byte_mask(p, '.') & (size < 32 ? below_bit(uint32_t(size)) : ~0u)) != 0;
        return std::memchr(p, '.', size) != nullptr;
    }
    MATCHER_COLD uint32_t enter_escaped(const PathNode& node, const uint8_t* p, const uint8_t* stop) {
        uint32_t mark = event.decoded.size;
        size_t size;
        const uint8_t* name = decode(p, stop, size);
        std::memset(const_cast<uint8_t*>(name) + size, 0, 8);
        uint32_t child = paths.child(node, name, uint32_t(size), name_head(name, size));
        if (child == 0 && node.deep && std::memchr(name, '.', size))
            child = paths.dotted_child(uint32_t(&node - paths.nodes.data()), name, size);
        event.decoded.size = mark;
        return child;
    }

    MATCHER_INLINE bool add_string(uint32_t slot, const uint8_t* p, const uint8_t* stop, bool escaped, uint32_t elem) {
        size_t size = size_t(stop - p);
        if (!STRICT && high && !valid_utf8(p, stop)) return false;
        if (MATCHER_UNLIKELY(escaped)) p = decode(p, stop, size);
        event.add(slot, Kind::string, p, size, elem);
        return true;
    }
    bool valid_utf8(const uint8_t* p, const uint8_t* stop) {
        size_t bad = utf8_fault(p, size_t(stop - p));
        if (bad == SIZE_MAX) return true;
        fail(Fault::utf8, p + bad);
        return false;
    }

    // The whole event. The current container's node, elem and array are in locals; the others wait in frames.
    bool run() {
        const uint8_t* p = skip_space(begin);
        if (*p != '{') return fail(p >= end ? Fault::end : Fault::not_object, p) != nullptr;
        Frame* frames = event.frames.data;
        uint32_t depth = 1, node = 1, elem = 0, array = NONE;  // array: NONE in an object
        uint32_t child = 0;
        bool escaped = false;
        if (depth_limit < 1) return fail(Fault::depth, p) != nullptr;
        p = skip_space(p + 1);
        if (*p == '}') goto leave;
    key:
        if (MATCHER_UNLIKELY(*p != '"')) return fail(Fault::key, p) != nullptr;
        {
            escaped = false;
            const uint8_t* stop = string_end(p + 1, escaped);
            if (MATCHER_UNLIKELY(stop == nullptr)) return false;
            if (MATCHER_UNLIKELY(size_t(stop - p) > name_limit) && long_name(p + 1, stop))
                return fail(Fault::name, p) != nullptr;
            child = enter(paths.nodes[node], p + 1, stop, escaped);
            p = skip_space(stop + 1);
            if (MATCHER_UNLIKELY(*p != ':')) return fail(Fault::colon, p) != nullptr;
            p = skip_space(p + 1);
        }
    value: {
        const PathNode& here = paths.nodes[child];
        switch (*p) {
            case '"': {
                escaped = false;
                const uint8_t* stop = string_end(p + 1, escaped);
                if (MATCHER_UNLIKELY(stop == nullptr)) return false;
                if (here.slot != NONE && !add_string(here.slot, p + 1, stop, escaped, elem)) return false;
                p = stop + 1;
                goto next;
            }
            case '-': case '0': case '1': case '2': case '3': case '4':
            case '5': case '6': case '7': case '8': case '9': {
                const uint8_t* stop = number_end(p);
                if (MATCHER_UNLIKELY(stop == nullptr)) return false;
                if (here.slot != NONE) event.add(here.slot, Kind::number, p, size_t(stop - p), elem);
                p = stop;
                goto next;
            }
            case '{':
                if (here.count != 0) goto enter_object;
                break;
            case '[':
                if (here.count != 0 || here.slot != NONE) goto enter_array;
                break;
            default: {
                const uint8_t* stop = literal_end(p);
                if (MATCHER_UNLIKELY(stop == nullptr)) return false;
                if (here.slot != NONE)
                    event.add(here.slot, *p == 't' ? Kind::yes : *p == 'f' ? Kind::no : Kind::null, p, size_t(stop - p),
                              elem);
                p = stop;
                goto next;
            }
        }
        p = skip_container(p, depth);
        if (MATCHER_UNLIKELY(p == nullptr)) return false;
        goto next;
    }
    enter_object:
        if (MATCHER_UNLIKELY(depth >= depth_limit)) return fail(Fault::depth, p) != nullptr;
        frames[depth++] = Frame{node, elem, array};
        if (array != NONE) elem = add_elem(elem, array);
        node = child;
        array = NONE;
        p = skip_space(p + 1);
        if (*p == '}') goto leave;
        goto key;
    enter_array:
        if (MATCHER_UNLIKELY(depth >= depth_limit)) return fail(Fault::depth, p) != nullptr;
        frames[depth++] = Frame{node, elem, array};
        if (array != NONE) elem = add_elem(elem, array);
        node = child;
        array = event.arrays.size;
        event.arrays.push(Span{event.elems.size, 0});
        p = skip_space(p + 1);
        if (*p == ']') goto leave;
        goto value;
    next:
        p = skip_space(p);
        if (MATCHER_LIKELY(*p == ',')) {
            p = skip_space(p + 1);
            if (array == NONE) goto key;
            child = node;
            goto value;
        }
        if (MATCHER_UNLIKELY(*p != (array == NONE ? '}' : ']'))) return fail(Fault::comma, p) != nullptr;
    leave:
        ++p;
        if (array != NONE) event.arrays[array].end = event.elems.size;
        if (--depth == 0) goto done;
        {
            const Frame& outer = frames[depth];
            if (outer.array != NONE) event.elems[elem].end = event.elems.size;
            node = outer.node;
            elem = outer.elem;
            array = outer.array;
        }
        goto next;
    done:
        event.elems[0].end = event.elems.size;
        p = skip_space(p);
        if (MATCHER_UNLIKELY(p < end)) return fail(Fault::trailing, p) != nullptr;
        return true;
    }

    MATCHER_INLINE uint32_t add_elem(uint32_t parent, uint32_t array) {
        uint32_t number = event.elems.size;
        uint32_t depth = event.elems[parent].depth + 1;
        event.elems.push(Elem{parent, array, depth, number + 1});
        return number;
    }
};

template <bool STRICT>
inline Failure scan_as(const uint8_t* text, size_t size, const Paths& paths, const TextLimits& limits, Event& event) {
    Scanner<STRICT> scanner{text, text + size, paths, event, limits.depth, limits.name, limits.digits};
    bool good = scanner.run();
    if (STRICT && MATCHER_UNLIKELY(scanner.high)) {
        // One look at the whole text for UTF-8; the first fault in the text is the one that is told.
        size_t until = good ? size : size_t(scanner.fault_at - text);
        size_t bad = utf8_fault(text, until);
        if (bad != SIZE_MAX) return Failure{Fault::utf8, bad};
    }
    if (good) return Failure{};
    return Failure{scanner.fault, size_t(scanner.fault_at - text)};
}

inline Failure scan(const uint8_t* text, size_t size, const Paths& paths, const TextLimits& limits, bool strict,
                    Event& event) {
    return strict ? scan_as<true>(text, size, paths, limits, event) : scan_as<false>(text, size, paths, limits, event);
}
