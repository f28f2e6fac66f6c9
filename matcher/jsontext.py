"""Turn strict JSON text, or plain Python values, into values that keep duplicate members, order and number spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NoReturn, TypeAlias

import orjson

from matcher.jsonreader import JsonFault, NumberText, Reader
from matcher.limits import DEFAULT, Limits

__all__ = ["JsonFault", "Members", "NumberText", "Value", "from_python", "quote", "read"]

#: An object: (name, value) pairs in the order of the text, duplicates kept. An array is a list, so types tell all.
Members: TypeAlias = "tuple[tuple[str, Any], ...]"
Value: TypeAlias = "tuple[tuple[str, Any], ...] | list[Any] | str | NumberText | bool | None"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_decode: Final = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=NumberText, parse_float=NumberText, parse_constant=_refuse
).raw_decode

_AS_THEY_ARE: Final = (
    orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET: Final = re.compile(r"[][{}]")


def read(text: bytes | str, limits: Limits = DEFAULT) -> Value:
    """Read one JSON value: RFC 8259, valid UTF-8, no BOM, nothing after it.

    Raises `JsonFault` at the first byte that can't be accepted, or that is over a limit.
    """
    try:
        plain = (text.decode() if type(text) is bytes else str(text)).strip(" \t\n\r")
        value: Value
        value, end = _decode(plain)
        if end == len(plain):
            if end < _room(limits) and plain.isascii() and "\\u" not in plain:
                return value
            if not _doubtful(plain, limits):
                return value
    except (ValueError, RecursionError):
        pass  # the careful reader says why, or reads what is only deep
    careful: Value = Reader(text, limits).document()
    return careful


@cache
def _room(limits: Limits) -> int:
    """Give the length below which a text breaches no limit."""
    return min(limits.nesting, limits.number_digits or limits.nesting, limits.name_length or limits.nesting)


def _doubtful(text: str, limits: Limits) -> bool:
    """Say whether a text that the C scanner took may still hold a lone surrogate or breach a limit."""
    if not _encodes(text) or ("\\u" in text and _SURROGATE.search(text) is not None):
        return True
    if limits.number_digits is not None and _long_number(text, limits.number_digits):
        return True
    if limits.name_length is not None and _long_string(text, limits.name_length):
        return True
    return text.count("{") + text.count("[") > limits.nesting and _depth(text) > limits.nesting


def _encodes(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _long_number(text: str, limit: int) -> bool:
    return len(text) > limit and re.search(rf"(?<![0-9.eE+-])[0-9.eE+-]{{{limit + 1}}}", text) is not None


def _long_string(text: str, limit: int) -> bool:
    """Say whether a string may be longer than `limit` UTF-16 units: a character is two of them at most."""
    return 2 * len(text) > limit and any(2 * (found.end() - found.start()) > limit for found in _STRING.finditer(text))


def _depth(text: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


#: A container that is not yet done: what is still to come, what was made, and whether it is an object.
_Frame: TypeAlias = "tuple[Any, list[Any], bool]"


def from_python(value: object, limits: Limits = DEFAULT) -> Value:
    """Turn plain Python values (dict, list, tuple, str, int, float, bool, None) into the same shape.

    Raises `JsonFault`, with a JSON pointer, for what JSON cannot hold: other types, NaN, names that are not strings.
    """
    try:
        text = orjson.dumps(value, option=_AS_THEY_ARE)
    except TypeError:
        return _walk(value, limits.nesting)
    return _walk(value, limits.nesting) if b"null" in text else read(text, limits)  # NaN is written as null


def _walk(value: object, nesting: int) -> Value:
    """Do the same slowly, at any depth, and say where a bad value stands."""
    root: list[Any] = []
    frames: list[_Frame] = []
    rest: Any = iter((value,))
    made, in_object = root, False
    while True:
        for entry in rest:
            if in_object:
                name, child = entry
                if type(name) is not str or not _encodes(name):
                    raise JsonFault(f"a member name {name!r}, which JSON cannot hold", 0, _pointer(frames, [], True))
            else:
                name, child = None, entry
            kind = type(child)
            if kind is str and _encodes(child):
                plain: Any = child
            elif kind is bool or child is None or kind is NumberText:
                plain = child
            elif kind is int or (kind is float and child - child == 0):
                plain = NumberText(repr(child))
            elif isinstance(child, (Mapping, list, tuple)):
                made.append((name, None) if in_object else None)
                if len(frames) >= nesting:
                    reason = f"nesting over {nesting} (limit nesting)"
                    raise JsonFault(reason, 0, _pointer(frames, made, in_object))
                frames.append((rest, made, in_object))
                in_object = isinstance(child, Mapping)
                rest, made = iter(child.items() if isinstance(child, Mapping) else child), []
                break
            else:
                here = [*made, (name, None) if in_object else None]
                plain = _simple(child, _pointer(frames, here, in_object))
            made.append((name, plain) if in_object else plain)
        else:
            if not frames:
                return root[0]  # type: ignore[no-any-return]
            whole = tuple(made) if in_object else made
            rest, made, in_object = frames.pop()
            made[-1] = (made[-1][0], whole) if in_object else whole


def _simple(value: object, pointer: str) -> Value:
    """Turn a value of a subclass (an enum, a NumPy float) into JSON's own, or say that there is none."""
    if isinstance(value, str) and _encodes(value):
        return str.__str__(value)
    if isinstance(value, int):
        return NumberText(int.__repr__(value))
    if isinstance(value, float) and value - value == 0:
        return NumberText(float.__repr__(value))
    raise JsonFault(f"a {type(value).__name__}, {value!r:.60}, which JSON cannot hold", 0, pointer)


def _pointer(frames: list[_Frame], made: list[Any], in_object: bool) -> str:
    """Say where the last value made stands, or, if nothing is made yet, what holds it."""
    steps: list[str] = []
    for _, values, named in [*frames[1:], (None, made, in_object)] if frames else []:  # the bottom is the document
        if values:
            steps.append(values[-1][0] if named else str(len(values) - 1))
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def quote(value: Value) -> str:
    """Write a value as JSON text again, on one line."""
    out: list[str] = []
    rest: list[Any] = [value]  # values still to write, and the text between them as one-element sets
    while rest:
        item = rest.pop()
        kind = type(item)
        if kind is frozenset:
            out.extend(item)
        elif kind is NumberText:
            out.append(item)
        elif kind is tuple:
            out.append("{")
            rest.append(frozenset("}"))
            for position, (name, child) in reversed(list(enumerate(item))):
                comma = ", " if position else ""
                rest += [child, frozenset([f"{comma}{json.dumps(name, ensure_ascii=False)}: "])]
        elif kind is list:
            out.append("[")
            rest.append(frozenset("]"))
            for position, child in reversed(list(enumerate(item))):
                rest += [child, frozenset([", " if position else ""])]
        else:
            out.append(json.dumps(item, ensure_ascii=False))
    return "".join(out)
