"""Compile the rules of a Choice to predicates: every comparison operator, And, Or, Not, and JSONata conditions."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from matcher.query.jsonpath import compile_path
from matcher.query.reference import MISSING
from matcher.workflow import failure
from matcher.workflow.asl.machine import And, ChoiceRule, Comparison, Condition, Not, Or
from matcher.workflow.expressions import typed
from matcher.workflow.failure import Failure
from matcher.workflow.finding import finder
from matcher.workflow.frames import Json
from matcher.workflow.scene import Scene

__all__ = ["instant", "matches", "predicate"]

Predicate: TypeAlias = Callable[[Json, Scene], bool]

_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_PIECE: Final = re.compile(r"\\(.)|(\*)", re.DOTALL)


def predicate(rule: ChoiceRule) -> Predicate:
    match rule.condition:
        case str() as text:
            return typed(text, "Condition", "boolean")
        case bool() as fixed:
            return lambda _document, _scene: fixed
    return _tree(rule.condition)


def _tree(condition: Condition) -> Predicate:
    match condition:
        case And(parts):
            every = [_tree(part) for part in parts]
            return lambda document, scene: all(part(document, scene) for part in every)
        case Or(parts):
            any_of = [_tree(part) for part in parts]
            return lambda document, scene: any(part(document, scene) for part in any_of)
        case Not(part):
            inner = _tree(part)
            return lambda document, scene: not inner(document, scene)
    return _comparison(condition)


def _comparison(comparison: Comparison) -> Predicate:
    find = finder(compile_path(comparison.variable))
    wanted = comparison.value
    if comparison.operator == "IsPresent":
        return lambda document, scene: (find(document, scene) is not MISSING) is wanted
    if comparison.operator in _KINDS:
        is_kind = _KINDS[comparison.operator]
        return lambda document, scene: is_kind(_there(find(document, scene), comparison.variable)) is wanted
    test = _test(comparison.operator)
    if comparison.by_path:
        find_wanted = finder(compile_path(wanted))
        return lambda document, scene: test(
            _there(find(document, scene), comparison.variable), _there(find_wanted(document, scene), wanted)
        )
    return lambda document, scene: test(_there(find(document, scene), comparison.variable), wanted)


def _there(value: Json, path: str) -> Json:
    if value is MISSING:
        cause = f"Invalid path '{path}': The choice state's condition path references an invalid value."
        raise Failure(failure.RUNTIME, cause, described=True)
    return value


def _test(name: str) -> Callable[[Json, Json], bool]:
    """The operator of that name: false where a value is not of its type."""
    if name == "StringMatches":
        return lambda value, pattern: isinstance(value, str) and isinstance(pattern, str) and matches(pattern, value)
    family = next(family for family in _READERS if name.startswith(family))
    read, compare = _READERS[family], _ORDERS[name.removeprefix(family)]

    def test(value: Json, wanted: Json) -> bool:
        left, right = read(value), read(wanted)
        return left is not None and right is not None and bool(compare(left, right))

    return test


def _number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Json) -> bytes | None:
    """Ordered by UTF-16 units, as Java compares."""
    return value.encode("utf-16-be", "surrogatepass") if isinstance(value, str) else None


def instant(value: Json) -> float | None:
    """An RFC 3339 timestamp in seconds since the epoch; None where it is none."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        whole = datetime.fromisoformat(found[1] + found[3]).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return whole + float(found[2] or 0)


def matches(pattern: str, text: str) -> bool:
    """Whether the text fits the pattern, in which `*` stands for any characters and `\\*` for itself. O(len(text))
    for each part of the pattern: parts between stars are found one behind the other, never tried again."""
    parts = _parts(pattern)
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _parts(pattern: str) -> list[str]:
    parts, at = [""], 0
    for piece in _PIECE.finditer(pattern):
        parts[-1] += pattern[at : piece.start()] + (piece[1] or "")
        if piece[2]:
            parts.append("")
        at = piece.end()
    parts[-1] += pattern[at:]
    return parts


_READERS: Final[dict[str, Callable[[Json], Any]]] = {
    "String": _text,
    "Numeric": _number,
    "Boolean": lambda value: value if isinstance(value, bool) else None,
    "Timestamp": instant,
}
_ORDERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_KINDS: Final[dict[str, Callable[[Json], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": lambda value: _number(value) is not None,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: instant(value) is not None,
}
