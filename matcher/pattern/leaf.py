"""Turn the JSON values of one leaf array into alternatives; the first fault of any kind refuses the leaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from matcher.jsontext import NumberText
from matcher.pattern.address import parse_address, parse_block
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
from matcher.pattern.number import comparable
from matcher.pattern.quick import exact, numeric

__all__ = ["OPERATORS", "Refused", "alternative", "alternatives", "is_legacy", "wildcard_pieces"]


class Refused(Exception):
    """The pattern is not legal; `faults.faults_of` says why. (It carries nothing: the fast way builds no messages.)"""


_LITERALS: Final = {None: Literal("null"), True: Literal("true"), False: Literal("false")}
_MAY_START_ADDRESS: Final = frozenset("0123456789")


def alternatives(values: list[Any]) -> tuple[Alternative, ...]:
    """Turn a leaf's array into its alternatives; raise `Refused` if it is empty or one of them is not legal."""
    if not values:
        raise Refused
    if len(values) == 1:
        return (alternative(values[0]),)
    return tuple([alternative(value) for value in values])


def alternative(value: Any) -> Alternative:
    """Turn one element of a leaf's array into an alternative."""
    kind = type(value)
    if kind is str:
        if ":" in value or value[:1] in _MAY_START_ADDRESS:
            packed = parse_address(value)
            if packed is not None:
                return Address(value, packed)
        return exact(value)
    if kind is NumberText:
        return Number(str(value), comparable(value))
    if kind is tuple and len(value) == 1:
        operator, operand = value[0]
        build = OPERATORS.get(operator)
        if build is not None:
            return build(operand)
    elif value is None or kind is bool:
        return _LITERALS[value]
    raise Refused


def _text(operand: Any) -> str:
    if type(operand) is not str:
        raise Refused
    return operand


def _prefix(operand: Any) -> Prefix:
    if type(operand) is str:
        return Prefix(operand)
    return Prefix(_ignoring_case(operand), True)


def _suffix(operand: Any) -> Suffix:
    if type(operand) is str:
        return Suffix(operand)
    return Suffix(_ignoring_case(operand), True)


def _ignoring_case(operand: Any) -> str:
    if type(operand) is not tuple or len(operand) != 1 or operand[0][0] != "equals-ignore-case":
        raise Refused
    return _text(operand[0][1])


def _wildcard(operand: Any) -> Wildcard:
    pieces = wildcard_pieces(_text(operand))
    if isinstance(pieces, int):
        raise Refused
    return Wildcard(operand, pieces)


def wildcard_pieces(text: str) -> tuple[str, ...] | int:
    """Give the literals between the stars, or the offset of the character that is at fault.

    Two stars in a row are one, and a backslash before anything but a star or a backslash.
    """
    if "\\" not in text:
        fault = text.find("**")
        return tuple(text.split("*")) if fault < 0 else fault
    pieces, piece, position = [], "", 0
    while position < len(text):
        character, after = text[position], text[position + 1 : position + 2]
        if character == "*":
            if after == "*":
                return position
            pieces.append(piece)
            piece = ""
        elif character == "\\":
            if after not in ("*", "\\"):
                return position
            piece += after
            position += 1
        else:
            piece += character
        position += 1
    return (*pieces, piece)


def _exists(operand: Any) -> Exists:
    if type(operand) is not bool:
        raise Refused
    return Exists(operand)


def _cidr(operand: Any) -> Cidr:
    try:
        packed, bits = parse_block(_text(operand))
    except ValueError:
        raise Refused from None
    return Cidr(operand, packed, bits)


def _bound(operand: Any) -> float:
    value = comparable(operand) if type(operand) is NumberText else None
    if value is None:
        raise Refused
    return value


def _numeric(operand: Any) -> Numeric:
    if type(operand) is not list:
        raise Refused
    if len(operand) == 2:
        operator, bound = operand[0], _bound(operand[1])
        if operator in (">", ">="):
            return numeric(bound, operator == ">", None, False)
        if operator in ("<", "<="):
            return numeric(None, False, bound, operator == "<")
        if operator == "=":
            return numeric(bound, False, bound, False)
    elif len(operand) == 4 and operand[0] in (">", ">=") and operand[2] in ("<", "<="):
        low, high = _bound(operand[1]), _bound(operand[3])
        if low < high:
            return numeric(low, operand[0] == ">", high, operand[2] == "<")
    raise Refused


def _anything_but(operand: Any) -> AnythingBut:
    kind = type(operand)
    if kind is str:
        return AnythingBut((Exact(operand),))
    if kind is NumberText:
        return AnythingBut((Number(str(operand), _bound(operand)),))
    if kind is list and operand:
        first = type(operand[0])
        if (first is not str and first is not NumberText) or any(type(value) is not first for value in operand):
            raise Refused
        if first is str:
            return AnythingBut(tuple([exact(value) for value in operand]))
        return AnythingBut(tuple([Number(str(value), _bound(value)) for value in operand]))
    if kind is tuple and len(operand) == 1:
        operator, texts = operand[0]
        build = _NEGATED.get(operator)
        texts = [texts] if type(texts) is str else texts
        if build is not None and type(texts) is list and texts:
            return AnythingBut(tuple([build(_text(text)) for text in texts]))
    raise Refused


def _not_empty(build: Callable[[str], Any]) -> Callable[[str], Any]:
    def checked(text: str) -> Any:
        if not text:
            raise Refused
        return build(text)

    return checked


_NEGATED: Final[dict[str, Callable[[str], Any]]] = {
    "prefix": _not_empty(Prefix),
    "suffix": _not_empty(Suffix),
    "equals-ignore-case": EqualsIgnoreCase,
    "wildcard": _wildcard,
}

#: The operators of the grammar, each with what turns its operand into an alternative.
OPERATORS: Final[dict[str, Callable[[Any], Alternative]]] = {
    "exactly": lambda operand: Exact(_text(operand)),
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": lambda operand: EqualsIgnoreCase(_text(operand)),
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
}


def is_legacy(value: Any) -> bool:
    """Say whether a legal alternative is also legal in AWS's older grammar.

    There anything-but knows no wildcard, and no lists of prefixes or suffixes.
    """
    if type(value) is not tuple or value[0][0] != "anything-but" or type(value[0][1]) is not tuple:
        return True
    operator, texts = value[0][1][0]
    return operator == "equals-ignore-case" or (operator != "wildcard" and type(texts) is str)
