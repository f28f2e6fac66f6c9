"""Turn the AST back into pattern JSON, with dotted paths."""

from __future__ import annotations

import json
from typing import Any

from matcher.jsontext import NumberText, Value, quote
from matcher.pattern.address import parse_address
from matcher.pattern.ast import (
    Address,
    All,
    Alternative,
    AnyOf,
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exact,
    Exists,
    Literal,
    Node,
    Number,
    Numeric,
    Prefix,
    Suffix,
    Term,
    Wildcard,
)
from matcher.pattern.number import comparable, spelled

__all__ = ["alternative_text", "alternative_value", "to_pattern", "to_text"]

_LITERALS = {"null": None, "true": True, "false": False}


def to_text(node: Node) -> str:
    """Write a node as pattern JSON that `parse` reads as the same node; an object may hold `$or` several times."""
    out: list[str] = []
    rest: list[Node | str] = ["}", node, "{"]
    while rest:
        item = rest.pop()
        match item:
            case str():
                out.append(item)
            case Term(path, alternatives):
                out.append(f"{json.dumps(path, ensure_ascii=False)}: [")
                out.append(", ".join(map(alternative_text, alternatives)) + "]")
            case All(nodes):
                rest += _between(", ", [[inner] for inner in nodes])
            case AnyOf(nodes):
                rest += ["]", *_between(", ", [["}", inner, "{"] for inner in nodes]), '"$or": [']
    return "".join(out)


def _between(comma: str, parts: list[list[Node | str]]) -> list[Node | str]:
    """Join the parts for a stack: the first comes last."""
    joined: list[Node | str] = []
    for part in reversed(parts):
        joined += [*part, comma]
    return joined[:-1]


def to_pattern(node: Node) -> dict[str, Any]:
    """Give a pattern of the same meaning as a dict, for display and for `json.dumps`.

    A dict holds one `$or` only: a second one moves into the branches of the first. Numbers that no Python number spells
    stay `NumberText`, which `parse` takes for numbers.
    """
    made: dict[int, dict[str, Any]] = {}
    rest: list[tuple[Node, bool]] = [(node, False)]
    while rest:
        item, ready = rest.pop()
        match item:
            case Term(path, alternatives):
                made[id(item)] = {path: [_plain(alternative_value(one)) for one in alternatives]}
            case All(nodes) | AnyOf(nodes) if not ready:
                rest += [(item, True), *((inner, False) for inner in nodes)]
            case AnyOf(nodes):
                made[id(item)] = {"$or": [made[id(inner)] for inner in nodes]}
            case All(nodes):
                made[id(item)] = _merged([made[id(inner)] for inner in nodes])
    return made[id(node)]


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    fields = {name: value for part in parts for name, value in part.items() if name != "$or"}
    ors = [part["$or"] for part in parts if "$or" in part]
    for position, branches in enumerate(ors):
        later = [{"$or": other} for other in ors[position + 1 :]]
        if not later:
            return {**fields, "$or": branches}
        return {**fields, "$or": [_merged([branch, *later]) for branch in branches]}
    return fields


def alternative_text(alternative: Alternative) -> str:
    """Write one alternative as JSON text."""
    return quote(alternative_value(alternative))


def alternative_value(alternative: Alternative) -> Value:
    """Give the JSON value that `parse` reads as this alternative."""
    match alternative:
        case Exact(text):
            return text if parse_address(text) is None else (("exactly", text),)
        case Address(text):
            return text
        case Number(text):
            return NumberText(text)
        case Literal(text):
            return _LITERALS[text]
        case Prefix(text, ignore_case):
            return (("prefix", (("equals-ignore-case", text),) if ignore_case else text),)
        case Suffix(text, ignore_case):
            return (("suffix", (("equals-ignore-case", text),) if ignore_case else text),)
        case EqualsIgnoreCase(text):
            return (("equals-ignore-case", text),)
        case Wildcard(text):
            return (("wildcard", text),)
        case Numeric():
            return (("numeric", _range(alternative)),)
        case Cidr(text):
            return (("cidr", text),)
        case Exists(present):
            return (("exists", present),)
        case AnythingBut(none_of):
            return (("anything-but", _refused(none_of)),)


def _range(numeric: Numeric) -> list[Value]:
    if numeric.low is not None and numeric.low == numeric.high:
        return ["=", _spelled(numeric.low)]
    bounds: list[Value] = []
    if numeric.low is not None:
        bounds += [">" if numeric.low_open else ">=", _spelled(numeric.low)]
    if numeric.high is not None:
        bounds += ["<" if numeric.high_open else "<=", _spelled(numeric.high)]
    return bounds


def _spelled(value: float) -> NumberText:
    return NumberText(int(value) if value.is_integer() and abs(value) < 1e15 else spelled(value))


def _refused(none_of: tuple[Any, ...]) -> Value:
    first = none_of[0]
    if isinstance(first, Number):
        listed: list[Any] = [NumberText(one.text) for one in none_of]
    else:
        listed = [one.text for one in none_of]
    operand = listed[0] if len(listed) == 1 else listed
    match first:
        case Prefix():
            return (("prefix", operand),)
        case Suffix():
            return (("suffix", operand),)
        case EqualsIgnoreCase():
            return (("equals-ignore-case", operand),)
        case Wildcard():
            return (("wildcard", operand),)
    return operand


def _plain(value: Value) -> Any:
    """Give the value of an alternative as dicts and Python numbers."""
    if isinstance(value, NumberText):
        for number in (int, float):
            try:
                if str(number(value)) == value:
                    return number(value)
            except ValueError:
                continue
        return value if comparable(value) is None else float(value)
    if isinstance(value, tuple):
        return {name: _plain(child) for name, child in value}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return value
