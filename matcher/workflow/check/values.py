"""Make checks of single values: each tells a place what is wrong with the value that stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from matcher.workflow.asl.machine import Json, QueryLanguage
from matcher.workflow.check.diagnostic import Code, Place, shown
from matcher.workflow.check.expressions import (
    is_jsonata,
    jsonata_fault,
    looks_like_query,
    path_fault,
    query_fault,
    reference_fault,
    result_fault,
)

__all__ = [
    "Check",
    "anything",
    "boolean",
    "computed",
    "constant",
    "each",
    "is_object",
    "nullable_path",
    "number",
    "one_of",
    "path",
    "query_path",
    "reference_path",
    "result_path",
    "some_text",
    "text",
    "timestamp",
    "truth",
    "whole",
]

#: What a check returns does not matter: it tells the report.
Check: TypeAlias = Callable[[Place, Json], object]

#: RFC 3339 as AWS reads it: T and Z or an offset are obligatory.
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def anything(place: Place, value: Json) -> None:
    """Any JSON will do, or it is checked with the state that holds it."""


def boolean(place: Place, value: Json) -> None:
    if not isinstance(value, bool):
        place.error(shown(value), "true or false")


def text(place: Place, value: Json, *, empty: bool = True) -> bool:
    """A string; tells whether it is one."""
    if isinstance(value, str) and (value or empty):
        return True
    place.error(shown(value), "a string" if empty else "a string of at least one character")
    return False


def some_text(place: Place, value: Json) -> bool:
    """A string of at least one character: the name of a state, of a column, of a resource."""
    return text(place, value, empty=False)


def computed(place: Place, value: Json) -> bool:
    """Whether JSONata gives the value; its syntax is checked here."""
    if place.language is not QueryLanguage.JSONATA or not isinstance(value, str) or not is_jsonata(value):
        return False
    if fault := jsonata_fault(value):
        place.error(shown(value), fault)
    return True


def constant(place: Place, value: Json) -> None:
    """A string that no path replaces."""
    if computed(place, value) or not text(place, value):
        return
    if place.language is QueryLanguage.JSONATA:
        if fault := jsonata_fault(value):
            place.error(shown(value), fault)
    elif looks_like_query(value):
        place.warn(Code.NO_PATH, shown(value), f"a constant; a path belongs in {place.name}Path")


def whole(least: int, most: int | None = None, *, fixed: bool = False) -> Check:
    """Make the check of an integer, which JSONata may compute if it is not `fixed`."""
    return _numeric(int, "an integer", least, most, fixed)


def number(least: float, most: float | None = None, *, fixed: bool = False) -> Check:
    """Make the check of a number, which JSONata may compute if it is not `fixed`."""
    return _numeric((int, float), "a number", least, most, fixed)


def _numeric(kind: type | tuple[type, ...], noun: str, least: float, most: float | None, fixed: bool) -> Check:
    want = f"{noun}, {least} or more" if most is None else f"{noun} from {least} to {most}"

    def check(place: Place, value: Json) -> None:
        if not fixed and computed(place, value):
            return
        fits = isinstance(value, kind) and not isinstance(value, bool)
        if fits and least <= value and (most is None or value <= most):
            return
        hint = f"a path belongs in {place.name}Path" if isinstance(value, str) and value.startswith("$") else ""
        jsonata = " or {% JSONata %}" if place.language is QueryLanguage.JSONATA and not fixed else ""
        place.error(shown(value), want + jsonata, hint)

    return check


def one_of(*allowed: str) -> Check:
    """Make the check of a string out of a few."""

    def check(place: Place, value: Json) -> None:
        if value not in allowed:
            place.error(shown(value), f"one of {', '.join(allowed)}")

    return check


def timestamp(place: Place, value: Json) -> None:
    """A timestamp, which JSONata may compute."""
    if computed(place, value):
        return
    if not isinstance(value, str) or not _is_timestamp(value):
        place.error(shown(value), "an RFC 3339 timestamp such as 2027-03-14T01:59:00Z")


def _is_timestamp(value: str) -> bool:
    if not _TIMESTAMP.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True


def truth(place: Place, value: Json) -> None:
    """What a rule in JSONata asks: an expression, or a plain true or false."""
    if not isinstance(value, bool) and not computed(place, value):
        place.error(shown(value), "true, false or {% JSONata %}")


def _by(fault_of: Callable[[str], str], *, null: bool) -> Check:
    def check(place: Place, value: Json) -> None:
        if value is None and null:
            return
        if not isinstance(value, str):
            place.error(shown(value), "a path or null" if null else "a path")
        elif fault := fault_of(value):
            place.error(shown(value), fault)

    return check


def path(place: Place, value: Json) -> None:
    """A path to any number of places."""
    _query(path_fault, place, value)


def nullable_path(place: Place, value: Json) -> None:
    """A path to any number of places; null is no input, or no output."""
    if value is not None:
        _query(path_fault, place, value)


def reference_path(place: Place, value: Json) -> None:
    """A path to one place."""
    _query(reference_fault, place, value)


def result_path(place: Place, value: Json) -> None:
    """A path to one place in the input, where a result is put; null drops the result."""
    if value is not None:
        _query(result_fault, place, value)


def query_path(place: Place, value: Json) -> None:
    """A path to one place, or an intrinsic function."""
    _query(query_fault, place, value)


def _query(fault_of: Callable[[str], str], place: Place, value: Json) -> None:
    if not isinstance(value, str):
        place.error(shown(value), "a path")
    elif fault := fault_of(value):
        place.error(shown(value), fault)


def each(check: Check, *, least: int = 0) -> Check:
    """Make the check of an array from that of its elements."""

    def check_all(place: Place, value: Json) -> None:
        if not isinstance(value, list):
            place.error(shown(value), "an array")
            return
        if len(value) < least:
            place.error("an empty array", "at least one element")
        for index, element in enumerate(value):
            check(place.below(index), element)

    return check_all


def is_object(place: Place, value: Json) -> bool:
    """Tell whether the value is an object; if not, so does the report."""
    if isinstance(value, Mapping):
        return True
    place.error(shown(value), "an object")
    return False
