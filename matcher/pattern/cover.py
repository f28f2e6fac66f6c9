"""Turn two alternatives into what is certain of them: that one takes all values of the other, or that they share none.

Every answer `True` is proved, a `False` means only that no proof was found.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import inf, nextafter
from typing import Final, TypeAlias

from matcher.jsontext import NumberText
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
from matcher.pattern.holds import Scalar, fits, holds
from matcher.pattern.number import spelled

__all__ = ["covers", "covers_together", "disjoint", "is_empty", "key"]

_STRINGS: Final = (Exact, Address, Prefix, Suffix, EqualsIgnoreCase, Wildcard, Cidr)
_ANY: Final = "\ud800"  # stands for any run of characters in an outline; no text holds it, so only a star takes it
_LITERALS: Final[dict[str, Scalar]] = {"null": None, "true": True, "false": False}
_Folded: TypeAlias = "EqualsIgnoreCase | Prefix | Suffix"


def key(alternative: Alternative) -> Hashable:
    """Give what is the same for alternatives that take the same values, as far as that is easily seen."""
    match alternative:
        case Number(text, None):
            return "text", text
        case Number(_, value):
            return "number", value
        case Numeric():
            low, high = _ends(alternative)
            return ("number", low) if low == high else ("range", low, high)
        case Address(_, packed):
            return "address", packed
        case Cidr(_, packed, bits):
            return "block", packed, bits
        case AnythingBut(none_of):
            return "not", frozenset(map(key, none_of))
        case Literal() | Exists():
            return alternative
    outline = _outline(alternative)
    if _is_folded(alternative) and _ANY in outline:
        return type(alternative).__name__, variants(alternative.text)
    return "string", outline


def is_empty(alternative: Alternative) -> bool:
    """Say whether no value can meet an alternative: a range with no double in it."""
    if not isinstance(alternative, Numeric):
        return False
    low, high = _ends(alternative)
    return low > high or low == inf or high == -inf


def _ends(numeric: Numeric) -> tuple[float, float]:
    """Give the least and the greatest double of a range."""
    low = -inf if numeric.low is None else numeric.low
    high = inf if numeric.high is None else numeric.high
    low = nextafter(low, inf) if numeric.low_open or low == -inf else low
    high = nextafter(high, -inf) if numeric.high_open or high == inf else high
    return low, high


def covers(wide: Alternative, narrow: Alternative) -> bool:
    """Say whether it is certain that every value (or absence) that meets `narrow` meets `wide`."""
    if isinstance(wide, Exists) or isinstance(narrow, Exists):
        return wide == narrow or (wide == Exists(True) and not isinstance(narrow, Exists))
    if is_empty(narrow):
        return True
    values = _single(narrow)
    if values:
        return holds(wide, values[0])
    if isinstance(narrow, AnythingBut):
        if not isinstance(wide, AnythingBut):
            return False
        return all(any(covers(out, barred) for out in narrow.none_of) for barred in wide.none_of)
    if isinstance(wide, AnythingBut):
        return all(disjoint(barred, narrow) for barred in wide.none_of)
    if isinstance(narrow, Numeric):
        return isinstance(wide, Numeric) and _ends(wide)[0] <= _ends(narrow)[0] and _ends(narrow)[1] <= _ends(wide)[1]
    return _covers_strings(wide, narrow)


def covers_together(wides: Sequence[Alternative], narrow: Alternative) -> bool:
    """Say whether it is certain that every value that meets `narrow` meets one of `wides`, if no single one takes all.

    An anything-but takes all but what others may take; ranges, and blocks of addresses, may join.
    """
    if isinstance(narrow, Exists) and not narrow.present:
        return False
    for wide in wides:
        if isinstance(wide, AnythingBut):
            others = [other for other in wides if other is not wide]
            if all(disjoint(out, narrow) or any(covers(other, out) for other in others) for out in wide.none_of):
                return True
    if isinstance(narrow, Numeric):
        low, high = _ends(narrow)
        reach = low
        for first, last in sorted(_spans(wides)):
            if first > reach:
                return False
            reach = max(reach, nextafter(last, inf))
            if last >= high:
                return True
    if isinstance(narrow, Cidr):
        base = int.from_bytes(narrow.packed)
        end = base + (1 << len(narrow.packed) * 8 - narrow.bits)
        for first, behind in sorted(_blocks(wides, len(narrow.packed))):
            if first > base:
                return False
            base = max(base, behind)
            if base >= end:
                return True
    return False


def _spans(alternatives: Sequence[Alternative]) -> list[tuple[float, float]]:
    """Give the ranges and single numbers among alternatives as closed ranges of doubles."""
    spans = [_ends(one) for one in alternatives if isinstance(one, Numeric) and not is_empty(one)]
    return spans + [(one.value, one.value) for one in alternatives if isinstance(one, Number) and one.value is not None]


def _blocks(alternatives: Sequence[Alternative], size: int) -> list[tuple[int, int]]:
    """Give the blocks and addresses of one family as (first, the one behind the last)."""
    blocks = []
    for one in alternatives:
        if isinstance(one, (Address, Cidr)) and len(one.packed) == size:
            free = size * 8 - one.bits if isinstance(one, Cidr) else 0
            first = int.from_bytes(one.packed)
            blocks.append((first, first + (1 << free)))
    return blocks


def _single(alternative: Alternative) -> list[Scalar]:
    """Give the one value that an alternative takes (any spelling of a number is the same here), or nothing."""
    match alternative:
        case Number(text):
            return [NumberText(text)]
        case Numeric() if _ends(alternative)[0] == _ends(alternative)[1]:
            return [NumberText(spelled(_ends(alternative)[0]))]
        case Literal(text):
            return [_LITERALS[text]]
        case Exact(text):
            return [text]
        case EqualsIgnoreCase() | Wildcard():
            outline = _outline(alternative)
            return [] if _ANY in outline else [outline]
    return []


def _covers_strings(wide: Alternative, narrow: Alternative) -> bool:
    """Do the same for a narrow alternative of many strings."""
    match wide:
        case Address(_, packed):
            return isinstance(narrow, Address) and narrow.packed == packed
        case Cidr(_, packed, bits):
            return _in_block(narrow, packed, bits)
        case EqualsIgnoreCase() | Prefix(_, True) | Suffix(_, True) if _is_folded(narrow):
            return _covers_folded(wide, narrow)
        case Prefix(text, True):
            first = _outline(narrow).partition(_ANY)[0]
            return text == "" or (not _is_folded(narrow) and holds(wide, first))
        case Suffix(text, True):
            last = _outline(narrow).rpartition(_ANY)[2]
            return text == "" or (not _is_folded(narrow) and holds(wide, last))
        case Exact() | Prefix() | Suffix() | Wildcard():
            return fits(tuple(_outline(wide).split(_ANY)), _outline(narrow))
    return False


def _in_block(narrow: Alternative, packed: bytes, bits: int) -> bool:
    if not isinstance(narrow, (Address, Cidr)) or len(narrow.packed) != len(packed):
        return False
    free = len(packed) * 8 - bits
    inside = int.from_bytes(narrow.packed) >> free == int.from_bytes(packed) >> free
    return inside and (isinstance(narrow, Address) or narrow.bits >= bits)


def _is_folded(alternative: Alternative) -> bool:
    return isinstance(alternative, EqualsIgnoreCase) or (
        isinstance(alternative, (Prefix, Suffix)) and alternative.ignore_case
    )


def _covers_folded(wide: _Folded, narrow: Alternative) -> bool:
    """Compare two that ignore case, character by character from the end that both fix."""
    if not isinstance(narrow, (EqualsIgnoreCase, Prefix, Suffix)):
        return False
    if not isinstance(narrow, (EqualsIgnoreCase, type(wide))):
        return wide.text == "" and not isinstance(wide, EqualsIgnoreCase)
    outer: Sequence[tuple[str, ...]] = variants(wide.text)
    inner: Sequence[tuple[str, ...]] = variants(narrow.text)
    if isinstance(wide, Suffix):
        outer, inner = outer[::-1], inner[::-1]
    if len(outer) > len(inner) or (isinstance(wide, EqualsIgnoreCase) and len(outer) < len(inner)):
        return False
    return all(set(given) <= set(taken) for taken, given in zip(outer, inner, strict=False))


def _outline(alternative: Alternative) -> str:
    """Give the characters that every string taken has, in order; `_ANY` where any others may stand between."""
    match alternative:
        case Exact(text):
            return text
        case Wildcard(_, pieces):
            return _ANY.join(pieces)
        case EqualsIgnoreCase(text):
            return _folded(text)
        case Prefix(text, ignore_case):
            return (_folded(text) if ignore_case else text) + _ANY
        case Suffix(text, ignore_case):
            return _ANY + (_folded(text) if ignore_case else text)
    return _ANY


def _folded(text: str) -> str:
    return "".join(forms[0] if len(forms) == 1 else _ANY for forms in variants(text))


def disjoint(one: Alternative, other: Alternative) -> bool:
    """Say whether it is certain that no value meets both."""
    if is_empty(one) or is_empty(other):
        return True
    for first, second in ((one, other), (other, one)):
        if isinstance(first, Exists):
            return not first.present and second != first
        values = _single(first)
        if values:
            return not holds(second, values[0])
    for first, second in ((one, other), (other, one)):
        if isinstance(first, AnythingBut):
            return any(covers(barred, second) for barred in first.none_of)
    if isinstance(one, Numeric) and isinstance(other, Numeric):
        return _ends(one)[1] < _ends(other)[0] or _ends(other)[1] < _ends(one)[0]
    if isinstance(one, (Address, Cidr)) and isinstance(other, (Address, Cidr)):
        return not any(
            _covers_strings(first, second) or (isinstance(first, Cidr) and _in_block(second, first.packed, first.bits))
            for first, second in ((one, other), (other, one))
        )
    return isinstance(one, _STRINGS) is not isinstance(other, _STRINGS) or _ends_differ(_outline(one), _outline(other))


def _ends_differ(one: str, other: str) -> bool:
    """Say whether two outlines have beginnings, or ends, that no string can have at once."""
    first, second = one.partition(_ANY)[0], other.partition(_ANY)[0]
    if not (first.startswith(second) or second.startswith(first)):
        return True
    first, second = one.rpartition(_ANY)[2], other.rpartition(_ANY)[2]
    return not (first.endswith(second) or second.endswith(first))
