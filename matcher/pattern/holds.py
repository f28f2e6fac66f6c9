"""Turn one alternative and one value into yes or no."""

from __future__ import annotations

from typing import TypeAlias

from matcher.jsontext import NumberText, quote
from matcher.pattern.address import parse_address
from matcher.pattern.ast import (
    Address,
    Alternative,
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exact,
    Exists,
    Literal,
    Number,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)
from matcher.pattern.fold import variants
from matcher.pattern.number import comparable

__all__ = ["Scalar", "fits", "holds"]

#: A value of an event that is no object and no array.
Scalar: TypeAlias = "str | NumberText | bool | None"


def holds(alternative: Alternative, value: Scalar) -> bool:
    """Say whether one value of an event meets one alternative. (`exists: false` is met by no value.)"""
    number_text = value if isinstance(value, NumberText) else None
    number = comparable(number_text) if number_text is not None else None
    text = value if isinstance(value, str) and number_text is None else None
    match alternative:
        case Exact(wanted):
            return text == wanted
        case Number(spelled, wanted_number):
            return (number is not None and number == wanted_number) or number_text == spelled
        case Literal(word):
            return text is None and number_text is None and quote(value) == word
        case Address(_, packed):
            return text is not None and parse_address(text) == packed
        case Prefix(wanted, ignore_case):
            return text is not None and (bool(_ends(wanted, text)) if ignore_case else text.startswith(wanted))
        case Suffix(wanted, ignore_case):
            return text is not None and (_ends_with(wanted, text) if ignore_case else text.endswith(wanted))
        case EqualsIgnoreCase(wanted):
            return text is not None and len(text) in _ends(wanted, text)
        case Wildcard(_, pieces):
            return text is not None and fits(pieces, text)
        case Numeric():
            return number is not None and _in_range(alternative, number)
        case Cidr(_, packed, bits):
            return text is not None and _in_block(packed, bits, parse_address(text))
        case Exists(present):
            return present
        case AnythingBut(none_of):
            return not any(holds(one, value) for one in none_of)


def _ends(wanted: str, text: str, start: int = 0) -> set[int]:
    """Give the positions in `text` where `wanted` may end, each character in its lower or upper case."""
    ends = {start}
    for forms in variants(wanted):
        ends = {end + len(form) for end in ends for form in forms if text.startswith(form, end)}
    return ends


def _ends_with(wanted: str, text: str) -> bool:
    longest = sum(max(map(len, forms)) for forms in variants(wanted))
    starts = range(max(0, len(text) - longest), len(text) + 1)
    return any(len(text) in _ends(wanted, text, start) for start in starts)


def fits(pieces: tuple[str, ...], text: str) -> bool:
    """Place each piece at the first chance between the fixed first and last: no other choice could do better."""
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first):
        return False
    position = len(first)
    for piece in middle:
        found = text.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return text.endswith(last) and len(text) - len(last) >= position


def _in_range(wanted: Numeric, number: float) -> bool:
    above = wanted.low is None or number > wanted.low or (number == wanted.low and not wanted.low_open)
    below = wanted.high is None or number < wanted.high or (number == wanted.high and not wanted.high_open)
    return above and below


def _in_block(base: bytes, bits: int, address: bytes | None) -> bool:
    if address is None or len(address) != len(base):
        return False
    free = len(base) * 8 - bits
    return int.from_bytes(address) >> free == int.from_bytes(base) >> free
