"""Turn the text of a definition into plain values, and tell of what JSON would hide: members that stand twice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import orjson

from matcher.jsontext import JsonFault, NumberText, from_python, read
from matcher.limits import Limits
from matcher.workflow.asl.limits import DefinitionLimits
from matcher.workflow.asl.machine import Json
from matcher.workflow.check.diagnostic import Code, Place, shown

__all__ = ["read_definition"]

#: How the reader's fault of too deep a text ends.
_NESTING: Final = "(limit nesting)"
_HOLDS_STATES: Final = "States"
#: Integers that JSON is written with; what lies beyond them is a double.
_LEAST: Final = -(2**63)
_MOST: Final = 2**64 - 1


def read_definition(place: Place, definition: Mapping[str, Any] | str | bytes, limits: DefinitionLimits) -> Json:
    """Read the definition; None if it can't be, which is then in the report."""
    if not isinstance(definition, Mapping) and not definition.strip():
        place.error("an empty text", "a JSON object")
        return None
    size = _size(definition)
    if size > limits.definition_bytes:
        place.error(f"{size:,} bytes", f"at most {limits.definition_bytes:,} (limit definition_bytes)")
        return None
    reading = Limits(nesting=limits.nesting)
    try:
        value = from_python(definition, reading) if isinstance(definition, Mapping) else read(definition, reading)
    except JsonFault as fault:
        code = Code.TOO_DEEP if fault.reason.endswith(_NESTING) else Code.INVALID_JSON
        where = f"byte {fault.at}" if fault.pointer is None else fault.pointer
        place.elsewhere(where).error(fault.reason, "strict JSON", code=code)
        return None
    return _plain(place, value)


def _size(definition: Mapping[str, Any] | str | bytes) -> int:
    """Bytes as JSON, or characters of a text, which are no more. Of what is no JSON 0: the reader says where it is not."""
    if not isinstance(definition, Mapping):
        return len(definition)
    try:
        return len(orjson.dumps(definition))
    except TypeError:
        return 0


def _plain(place: Place, value: Any) -> Json:
    """Turn what was read into dicts, lists and numbers; the reader has bounded the depth."""
    match value:
        case tuple():
            return _object(place, value)
        case list():
            return [_plain(place.below(index), part) for index, part in enumerate(value)]
        case NumberText():
            return _number(place, value)
    return value


def _object(place: Place, members: tuple[tuple[str, Any], ...]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for name, value in members:
        below = place.below(name)
        if name in made:
            code = Code.DUPLICATE_STATE if place.name == _HOLDS_STATES else Code.INVALID_JSON
            below.error(f"{shown(name)} for the second time", "each name once in an object", code=code)
        made[name] = _plain(below, value)
    return made


def _number(place: Place, spelled: NumberText) -> int | float:
    if spelled.lstrip("-").isdigit() and _LEAST <= (whole := int(spelled)) <= _MOST:
        return whole
    value = float(spelled)
    if math.isinf(value):
        place.error(spelled, "a number that a double can hold", code=Code.INVALID_JSON)
    return value
