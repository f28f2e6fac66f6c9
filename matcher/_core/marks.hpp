// What the bytes of a text are → words of bits, from which the walk takes its way; and, for a strict scan, nearly all of
// the grammar. Compiled once per instruction set: included by scan.hpp, without #pragma once on purpose.
//
// A token follows another if there is nothing but space between them; adding the bits of one class to those of the
// spaces carries them over. So for all tokens at once it is checked that
//   - behind a value comes a comma, a colon or a closing bracket, and each comma stands behind a value;
//   - a closing bracket stands behind a value or an opening one;
//   - a colon stands behind a string which does not stand behind a colon;
//   - numbers, literals, escapes are sound, and strings hold no control character.
// What is left depends on the container: which bracket closes it, and that there is a colon for each member of an object
// and none in an array. That is for the walk to check.

// The words of LANES blocks, one block's behind the other's, are worked on at once.

// What the lanes of `bits` hand to the ones behind them; the first takes it from the last group.
struct Carry {
    Lanes last{};
    MATCHER_INLINE Lanes pass(Lanes bits) {
        Lanes passed = moved_up(last, bits);
        last = bits;
        return passed;
    }
};

MATCHER_INLINE Lanes shifted(Lanes bits, Carry& carry) { return bits << 1 | carry.pass(bits) >> 63; }

// From the bytes `at` on over those of `skipped`: the first bytes behind; and those that were `passed`. Adding them clears the bits of `skipped` from
// each byte on, and sets the next one.
MATCHER_INLINE Lanes over(Lanes at, Lanes skipped, Carry& carry, Lanes* passed = nullptr) {
    Lanes sum = skipped + (at & skipped);
    Lanes in = carry.pass(((at & skipped) | (skipped & ~sum)) >> 63);
    for (;;) {
        Lanes before = sum;
        at |= in;
        sum += in & skipped;
        Lanes more = (before & ~sum) >> 63;  // a whole block was skipped
        if (MATCHER_LIKELY(!any_bit(more))) {
            if (passed != nullptr) *passed = skipped & ~sum;
            return (at | sum) & ~skipped;
        }
        carry.last |= more;
        in = moved_up(Lanes{}, more);
    }
}

// From each opening quote to before the closing one; `inside` is all ones in its last lane if a string goes on.
MATCHER_INLINE Lanes between_quotes(Lanes quotes, Carry& inside) {
    for (int shift = 1; shift < 64; shift <<= 1) quotes ^= quotes << shift;
    Lanes odd = Lanes{} - (quotes >> 63);
    for (size_t step = 1; step < LANES; step *= 2) {
        Lanes moved = odd;
        for (size_t i = 0; i < step; ++i) moved = moved_up(Lanes{}, moved);
        odd ^= moved;
    }
    odd ^= every_lane(word_of(inside.last, LANES - 1));
    return quotes ^ inside.pass(odd);
}

// Whether a token of letters and digits may end before this byte. (At the end of the text it may, but nothing follows
// there that could close the event.)
static MATCHER_INLINE bool ends_token(uint8_t c) { return c == ',' || c == '}' || c == ']' || is_space(c); }

static MATCHER_INLINE const uint8_t* digits_end(const uint8_t* p) {
    for (;;) {
        uint32_t run = first_gap(digit_mask(p));
        if (MATCHER_LIKELY(run < 32)) return p + run;
        p += 32;
    }
}

// The end of a number; nullptr: it is malformed.
static MATCHER_INLINE const uint8_t* number_end(const uint8_t* p) {
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
    return MATCHER_LIKELY(ends_token(*q)) ? q : nullptr;
}

static MATCHER_INLINE const uint8_t* literal_end(const uint8_t* p) {
    uint32_t word = load32(p);
    const uint8_t* stop = word == 0x65757274u || word == 0x6c6c756eu         ? p + 4   // true, null
                          : word == 0x736c6166u && MATCHER_LIKELY(p[4] == 'e') ? p + 5  // false
                                                                             : nullptr;
    return stop != nullptr && ends_token(*stop) ? stop : nullptr;
}

static MATCHER_INLINE bool sound_token(const uint8_t* p) {
    return (*p == '-' || is_digit(*p) ? number_end(p) : literal_end(p)) != nullptr;
}

// Escapes, in the order of the text.
struct EscapeCheck {
    const uint8_t* pair = nullptr;  // where the second half of a surrogate pair is

    // `bits`: the backslashes that no other one escapes.
    MATCHER_COLD bool block(const uint8_t* at, uint64_t bits) {
        for (; bits; bits &= bits - 1)
            if (!sound(at + first_bit64(bits))) return false;
        return true;
    }
    bool sound(const uint8_t* p) {
        switch (p[1]) {
            case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return true;
            case 'u': break;
            default: return false;
        }
        int unit = hex4(p + 2);
        if (unit < 0) return false;
        if (unit < 0xd800 || unit > 0xdfff) return true;
        if (unit > 0xdbff) return p == pair;
        pair = p + 6;
        if (pair[0] != '\\' || pair[1] != 'u') return false;
        int low = hex4(pair + 2);
        return low >= 0xdc00 && low <= 0xdfff;
    }
};

// The longest run of blocks that are full of one class.
struct Streak {
    size_t now = 0, longest = 0;
    MATCHER_INLINE void block(uint64_t bits) {
        now = bits == ~uint64_t(0) ? now + 1 : 0;
        longest = now > longest ? now : longest;
    }
    // Whether there may have been more than `limit` bytes in a row.
    bool over(size_t limit) const { return longest * 64 + 64 + 62 > limit; }
};

// A text's bits, group by group, and whether they are sound.
template <bool STRICT>
struct Marker {
    const uint8_t* text;
    Event& event;
    const bool long_text;
    Carry in_string, run_carry, close_carry, close_over, colon_carry, colon_over, name_over;
    Carry figure_carry, minus_carry, dot_carry, zero_carry, fraction_over;
    Lanes wrong{}, wrong_number{}, odd_number{}, literals{}, backslashes{}, odd_names{}, high{};
    uint64_t escape_carry = 0;
    EscapeCheck escapes;
    Streak strings_streak, runs_streak;

    Marker(const uint8_t* t, Event& e, bool is_long) : text(t), event(e), long_text(is_long) {}

    // The quotes that no backslash escapes.
    MATCHER_COLD Lanes unescaped(Lanes all_quotes, Lanes all_slashes, size_t first) {
        uint64_t quotes[LANES], slashes[LANES];
        store(quotes, all_quotes);
        store(slashes, all_slashes);
        for (size_t i = 0; i < LANES; ++i) {
            if ((slashes[i] | escape_carry) == 0) continue;
            uint64_t escaped = escaped_bytes(slashes[i], escape_carry);
            quotes[i] &= ~escaped;
            if (STRICT && !escapes.block(text + 64 * (first + i), slashes[i] & ~escaped)) wrong |= every_lane(1);
        }
        return lanes_at(quotes);
    }

    MATCHER_INLINE void mark(const Classes& all, size_t first) {
        Lanes slashes = all.backslashes, quotes = all.quotes;
        if (MATCHER_UNLIKELY(any_bit(slashes) || escape_carry != 0)) quotes = unescaped(quotes, slashes, first);
        Lanes strings = between_quotes(quotes, in_string);
        Lanes opens = all.opens & ~strings, closes = all.closes & ~strings;
        Lanes colons = all.colons & ~strings, commas = all.commas & ~strings, spaces = all.spaces & ~strings;
        Lanes runs = ~(opens | closes | colons | commas | spaces | strings | quotes);
        Lanes behind_run = shifted(runs, run_carry), starts = runs & ~behind_run, opening = quotes & strings;
        // What a token stands behind, two bits: a value (both), an opening bracket, a colon, or a comma or nothing (none).
        Lanes ends = (quotes & ~strings) | closes, run_ends = behind_run & ~runs;
        Lanes behind_close = STRICT ? shifted(ends | opens, close_carry) | run_ends : Lanes{};
        Lanes behind_colon = STRICT ? shifted(ends | colons, colon_carry) | run_ends : shifted(colons, colon_carry);
        if (any_bit(spaces | close_over.last | colon_over.last)) {
            behind_colon = over(behind_colon, spaces, colon_over);
            if (STRICT) behind_close = over(behind_close, spaces, close_over);
        }
        Lanes behind_value = behind_close & behind_colon;
        behind_colon &= ~behind_close;
        Lanes firsts = (opening | starts) & ~behind_colon;
        store(event.marks.data + first, opens | closes | firsts);
        store(event.quotes.data + first, quotes);
        store(event.opens.data + first, opens);
        store(event.closes.data + first, closes);
        store(event.escapes.data + first, slashes);
        backslashes |= slashes;
        high |= all.high;
        Lanes names;
        Lanes behind_name = over(firsts & quotes, strings | quotes | spaces, name_over, &names);
        odd_names |= names & (all.dots | slashes);
        if (!STRICT) return;
        store(event.colons.data + first, colons);
        store(event.commas.data + first, commas);
        store(event.braces.data + first, all.braces & (opens | closes));
        store(event.runs.data + first, runs);
        wrong |= (behind_value & (opening | starts | opens)) | (commas & ~behind_value) | (colons & ~behind_name);
        wrong |= (closes & ~behind_close) | (strings & ~all.printing);
        check_numbers(all, first, runs, starts);
        if (MATCHER_UNLIKELY(long_text))
            for (size_t i = 0; i < LANES; ++i) {
                strings_streak.block(word_of(strings, i));
                runs_streak.block(word_of(runs, i));
            }
    }

    // Literals are left to `sound_literals`. Numbers of digits, minus and point are checked as bits; where there are others,
    // `sound_tokens` looks.
    MATCHER_INLINE void check_numbers(const Classes& all, size_t first, Lanes runs, Lanes starts) {
        Lanes digits = all.digits & runs, minuses = all.minuses & runs, dots = all.dots & runs;
        Lanes figures = digits | minuses | dots, others = starts & ~(digits | minuses);
        literals |= others;
        store(event.literals.data + first, others);
        odd_number |= shifted(figures, figure_carry) & runs & ~figures;
        Lanes behind_minus = shifted(minuses, minus_carry), behind_dot = shifted(dots, dot_carry);
        Lanes first_zeros = all.zeros & (starts | behind_minus);
        wrong_number |= (minuses & ~starts) | ((behind_minus | behind_dot) & ~digits);
        wrong_number |= (shifted(first_zeros, zero_carry) & digits) | (over(behind_dot, digits, fraction_over) & dots);
    }

    // Not as they are met: what is read behind them would wait for it.
    bool sound_literals(size_t blocks) const {
        if (!any_bit(literals)) return true;
        for (size_t i = 0; i < blocks; ++i)
            for (uint64_t starts = event.literals[i]; starts; starts &= starts - 1)
                if (literal_end(text + 64 * i + first_bit64(starts)) == nullptr) return false;
        return true;
    }

    bool sound_tokens(size_t blocks) const {
        uint64_t last = 0;
        for (size_t i = 0; i < blocks; ++i) {
            uint64_t runs = event.runs[i];
            for (uint64_t starts = runs & ~(runs << 1 | last); starts; starts &= starts - 1)
                if (!sound_token(text + 64 * i + first_bit64(starts))) return false;
            last = runs >> 63;
        }
        return true;
    }

    bool closed() const { return word_of(in_string.last, LANES - 1) == 0; }

    bool sound(size_t blocks) const {
        if (any_bit(wrong) || !closed() || !sound_literals(blocks)) return false;
        return any_bit(odd_number) ? sound_tokens(blocks) : !any_bit(wrong_number);
    }
};

// Marks: a bit for each bracket, and for the first byte of each member's name and of each element of an array. False:
// the text is malformed.
template <bool STRICT>
inline bool mark(const uint8_t* text, size_t size, const TextLimits& limits, Event& event) {
    const size_t blocks = size / 64 + 1;
    event.reserve_marks(blocks + LANES);
    Marker<STRICT> marker(text, event, STRICT && (size > limits.name || size > limits.digits));
    const size_t whole = size / 64;  // blocks
    size_t first = 0;
    for (; first + LANES <= whole; first += LANES)
        marker.mark(Classes(Planes(Blocks{text + 64 * first})), first);
    Planes rest(Blocks{text + 64 * first, whole - first});
    rest.cut(first_bytes(size - 64 * first));
    marker.mark(Classes(rest), first);
    // The byte behind the text, a NUL, is marked as the token that ends every walk.
    event.marks[blocks - 1] |= uint64_t(1) << (size & 63);
    event.marks[blocks] = ~uint64_t(0);
    event.any_escape = any_bit(marker.backslashes);
    event.any_high = any_bit(marker.high);
    event.odd_names = any_bit(marker.odd_names);
    event.long_token = marker.runs_streak.over(limits.digits) || marker.strings_streak.over(limits.name);
    return STRICT ? marker.sound(blocks) : marker.closed();
}
