"""Check an object against a table of fields: what it must have, may have, and may have only one of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeAlias

from matcher.workflow.asl.machine import Json, QueryLanguage
from matcher.workflow.check.diagnostic import Place, shown
from matcher.workflow.check.values import Check, is_object

__all__ = ["Field", "Fields", "JSONPath", "JSONata", "Required", "check_fields"]


@dataclass(frozen=True, slots=True)
class Required:
    """A field that must be there."""

    check: Check


@dataclass(frozen=True, slots=True)
class JSONPath:
    """A field of JSONPath mode alone."""

    check: Check


@dataclass(frozen=True, slots=True)
class JSONata:
    """A field of JSONata mode alone."""

    check: Check


#: A check alone is of a field that may be there in both languages.
Field: TypeAlias = Check | Required | JSONPath | JSONata


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one kind of object. `single`: of each group at most one; `exactly`: of each group one."""

    kind: str
    table: Mapping[str, Field]
    single: tuple[tuple[str, ...], ...] = ()
    exactly: tuple[tuple[str, ...], ...] = ()


def check_fields(place: Place, value: Json, fields: Fields) -> bool:
    """Check all that the table says; tells whether the value is an object at all."""
    if not is_object(place, value):
        return False
    for name, part in value.items():
        _check_field(place.below(name), name, part, fields)
    for name, field in fields.table.items():
        if isinstance(field, Required) and name not in value:
            place.error(f"a {fields.kind} without {name}", f"the field {name}")
    for group in (*fields.single, *fields.exactly):
        present = [name for name in group if name in value]
        if len(present) > 1:
            place.error(f"both {' and '.join(present)}", "only one of them")
    for group in fields.exactly:
        allowed = [name for name in group if _allowed(fields.table[name], place.language)]
        if not any(name in value for name in group):
            place.error(f"a {fields.kind} without {_either(allowed)}", f"one of {_either(allowed)}")
    return True


def _check_field(place: Place, name: str, value: Json, fields: Fields) -> None:
    field = fields.table.get(name)
    if field is None:
        close = get_close_matches(name[:_LONGEST_FIELD], fields.table, n=1, cutoff=_ALIKE)
        hint = f"did you mean {close[0]}?" if close else ""
        place.error(f"the field {shown(name)}", f"a field that a {fields.kind} has", hint)
        return
    if not _allowed(field, place.language):
        place.error(
            f"the field {name} in {place.language}",
            f"no such field: it is of {_other(place.language)}",
            _INSTEAD.get(name, ""),
        )
        return
    check = field if callable(field) else field.check
    check(place, value)


def _allowed(field: Field, language: QueryLanguage) -> bool:
    return not isinstance(field, JSONata if language is QueryLanguage.JSONPATH else JSONPath)


def _other(language: QueryLanguage) -> QueryLanguage:
    return QueryLanguage.JSONATA if language is QueryLanguage.JSONPATH else QueryLanguage.JSONPATH


def _either(names: list[str]) -> str:
    return ", ".join(names[:-1]) + (" or " if names[1:] else "") + names[-1]


_LONGEST_FIELD: Final = 80
_ALIKE: Final = 0.75
#: What does the same in the other language.
_INSTEAD: Final[Mapping[str, str]] = {
    "Parameters": "Arguments",
    "Arguments": "Parameters",
    "ResultSelector": "Output",
    "ResultPath": "Output or Assign",
    "OutputPath": "Output",
    "InputPath": "$states.input in Arguments or Output",
    "Output": "OutputPath, ResultSelector or ResultPath",
    "ItemsPath": "Items",
    "Items": "ItemsPath",
    "Condition": "Variable and a comparison",
    "Variable": "Condition",
    "Result": "Output",
    "SecondsPath": "Seconds with {% JSONata %}",
    "TimestampPath": "Timestamp with {% JSONata %}",
}
