"""Turn a pattern's AST into the bytes that the core compiles, and those bytes back into an AST.

The form is described in program.hpp. The AST's classes come in as arguments, so that this floor imports none of them.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

__all__ = ["lower", "raised"]

cdef enum:
    ALL = 1
    ANY = 2
    TERM = 3

cdef enum:
    STRING = 1
    NUMBER = 2
    LITERAL = 3
    ADDRESS = 4
    PREFIX = 5
    SUFFIX = 6
    EQUALS_FOLD = 7
    PREFIX_FOLD = 8
    SUFFIX_FOLD = 9
    WILDCARD = 10
    NUMERIC = 11
    CIDR = 12
    EXISTS = 13
    BUT = 14

cdef tuple LITERALS = ("true", "false", "null")
cdef bytes MAPPED = bytes(10) + b"\xff\xff"


cdef void put_varint(bytearray out, uint64_t value):
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)


cdef void put_bytes(bytearray out, bytes text):
    put_varint(out, len(text))
    out += text


cdef bytes double_bytes(double value):
    cdef char raw[8]
    memcpy(raw, &value, 8)
    return raw[:8]


cdef bytes pack_variants(tuple characters, bint backward):
    cdef bytearray out = bytearray()
    put_varint(out, len(characters))
    for forms in (reversed(characters) if backward else characters):
        one = (<str> forms[0]).encode()
        other = (<str> forms[1]).encode() if len(forms) > 1 and forms[1] != forms[0] else b""
        out.append(len(one))
        out += one
        out.append(len(other))
        out += other
    return bytes(out)


cdef void put_folded(bytearray out, str text, object variants, int tag):
    out.append(tag)
    put_bytes(out, text.encode())
    put_bytes(out, b"" if text.isascii() else pack_variants(variants(text), tag == SUFFIX_FOLD))


cdef bytes sixteen(bytes packed):
    return MAPPED + packed if len(packed) == 4 else packed


cdef int put_alternative(bytearray out, object a, dict kinds, object variants) except -1:
    cdef str kind = kinds[type(a)]
    if kind == "Exact":
        out.append(STRING)
        put_bytes(out, (<str> a.text).encode())
    elif kind == "Number":
        out.append(NUMBER)
        put_bytes(out, (<str> a.text).encode())
        out.append(a.value is not None)
        if a.value is not None:
            out += double_bytes(a.value)
    elif kind == "Literal":
        out.append(LITERAL)
        out.append(LITERALS.index(a.text))
    elif kind == "Address":
        out.append(ADDRESS)
        put_bytes(out, (<str> a.text).encode())
        out += sixteen(a.packed)
    elif kind == "Prefix" or kind == "Suffix":
        if a.ignore_case:
            put_folded(out, a.text, variants, PREFIX_FOLD if kind == "Prefix" else SUFFIX_FOLD)
        else:
            out.append(PREFIX if kind == "Prefix" else SUFFIX)
            put_bytes(out, (<str> a.text).encode())
    elif kind == "EqualsIgnoreCase":
        put_folded(out, a.text, variants, EQUALS_FOLD)
    elif kind == "Wildcard":
        out.append(WILDCARD)
        put_bytes(out, (<str> a.text).encode())
    elif kind == "Numeric":
        out.append(NUMERIC)
        out.append((a.low is not None) | a.low_open << 1 | (a.high is not None) << 2 | a.high_open << 3)
        out += double_bytes(a.low or 0)
        out += double_bytes(a.high or 0)
    elif kind == "Cidr":
        out.append(CIDR)
        put_bytes(out, (<str> a.text).encode())
        out.append(a.bits + 96 if len(a.packed) == 4 else a.bits)
        out += sixteen(a.packed)
    elif kind == "Exists":
        out.append(EXISTS)
        out.append(bool(a.present))
    else:
        out.append(BUT)
        put_varint(out, len(a.none_of))
        for inner in a.none_of:
            put_alternative(out, inner, kinds, variants)
    return 0


def lower(node, dict kinds not None, variants):
    """The program of a pattern.

    `kinds` maps each class of the AST to its name; `variants(text)` gives the forms of each character of a text that
    ignores case.
    """
    cdef bytearray out = bytearray()
    cdef list stack = [node]
    cdef str kind
    while stack:
        node = stack.pop()
        kind = kinds[type(node)]
        if kind == "Term":
            out.append(TERM)
            put_bytes(out, (<str> node.path).encode())
            put_varint(out, len(node.alternatives))
            for alternative in node.alternatives:
                put_alternative(out, alternative, kinds, variants)
        else:
            out.append(ALL if kind == "All" else ANY)
            put_varint(out, len(node.nodes))
            stack.extend(reversed(node.nodes))
    return bytes(out)


cdef class Reading:
    cdef const unsigned char* at
    cdef bytes text

    cdef uint64_t varint(self):
        cdef uint64_t value = 0
        cdef int shift = 0
        while True:
            byte = self.at[0]
            self.at += 1
            value |= (<uint64_t> (byte & 0x7F)) << shift
            if byte < 0x80:
                return value
            shift += 7

    cdef int byte(self):
        self.at += 1
        return (self.at - 1)[0]

    cdef bytes take(self, uint64_t size):
        taken = self.at[:size]
        self.at += size
        return taken

    cdef str string(self):
        return self.take(self.varint()).decode()

    cdef double number(self):
        cdef double value
        memcpy(&value, self.at, 8)
        self.at += 8
        return value


cdef tuple pieces_of(str text):
    cdef list pieces = [""]
    cdef Py_ssize_t i = 0
    while i < len(text):
        if text[i] == "*":
            pieces.append("")
        else:
            if text[i] == "\\":
                i += 1
            pieces[len(pieces) - 1] += text[i]
        i += 1
    return tuple(pieces)


cdef bytes shortest(bytes packed):
    return packed[12:] if packed.startswith(MAPPED) else packed


cdef object read_alternative(Reading r, dict classes):
    cdef int tag = r.byte()
    if tag == STRING:
        return classes["Exact"](r.string())
    if tag == NUMBER:
        text = r.string()
        return classes["Number"](text, r.number() if r.byte() else None)
    if tag == LITERAL:
        return classes["Literal"](LITERALS[r.byte()])
    if tag == ADDRESS:
        text = r.string()
        return classes["Address"](text, shortest(r.take(16)))
    if tag == PREFIX or tag == SUFFIX:
        return classes["Prefix" if tag == PREFIX else "Suffix"](r.string())
    if tag == EQUALS_FOLD or tag == PREFIX_FOLD or tag == SUFFIX_FOLD:
        text = r.string()
        r.take(r.varint())
        if tag == EQUALS_FOLD:
            return classes["EqualsIgnoreCase"](text)
        return classes["Prefix" if tag == PREFIX_FOLD else "Suffix"](text, True)
    if tag == WILDCARD:
        text = r.string()
        return classes["Wildcard"](text, pieces_of(text))
    if tag == NUMERIC:
        flags = r.byte()
        low, high = r.number(), r.number()
        lower_bound, upper_bound = (low if flags & 1 else None), (high if flags & 4 else None)
        return classes["Numeric"](lower_bound, bool(flags & 2), upper_bound, bool(flags & 8))
    if tag == CIDR:
        text = r.string()
        bits = r.byte()
        packed = r.take(16)
        short = shortest(packed) if bits >= 96 else packed
        return classes["Cidr"](text, short, bits - 96 if len(short) == 4 else bits)
    if tag == EXISTS:
        return classes["Exists"](bool(r.byte()))
    return classes["AnythingBut"](tuple([read_alternative(r, classes) for _ in range(r.varint())]))


def raised(bytes program not None, list paths not None, dict classes not None):
    """The AST of a program whose terms name slots of `paths`; `classes` maps names to the classes of the AST."""
    cdef Reading r = Reading.__new__(Reading)
    cdef list open_nodes = []  # [class, how many children, children]
    cdef int tag
    r.text = program
    r.at = <const unsigned char*> (<char*> r.text)
    while True:
        tag = r.byte()
        if tag != TERM:
            open_nodes.append([classes["All" if tag == ALL else "AnyOf"], r.varint(), []])
            continue
        slot, count = r.varint(), r.varint()
        node = classes["Term"](paths[slot], tuple([read_alternative(r, classes) for _ in range(count)]))
        while open_nodes:
            top = open_nodes[len(open_nodes) - 1]
            top[2].append(node)
            if len(top[2]) < top[1]:
                break
            open_nodes.pop()
            node = top[0](tuple(top[2]))
        else:
            return node
