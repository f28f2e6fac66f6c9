"""Check the rules of a Choice: comparisons and their operands, conditions within conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from matcher.workflow.asl.machine import Json, QueryLanguage
from matcher.workflow.check.diagnostic import Place, shown
from matcher.workflow.check.fields import Field, Fields, JSONata, JSONPath, Required, check_fields
from matcher.workflow.check.templates import assignment, jsonata_template
from matcher.workflow.check.values import (
    Check,
    boolean,
    constant,
    each,
    path,
    some_text,
    text,
    timestamp,
    truth,
)

__all__ = ["choices"]


def _number(place: Place, value: Json) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        hint = f"a path belongs in {place.name}Path" if isinstance(value, str) and value.startswith("$") else ""
        place.error(shown(value), "a number", hint)


def _wildcard(place: Place, value: Json) -> None:
    """A pattern in which `*` is any text; a backslash makes `*` and `\\` plain."""
    if text(place, value) and (len(value) - len(value.rstrip("\\"))) % 2:
        place.error(shown(value), r"a pattern that ends in no open escape; \\ is a backslash")


_ORDERED: Final = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_OPERANDS: Final[Mapping[str, Check]] = {"String": constant, "Numeric": _number, "Timestamp": timestamp}
_VALUED: Final[dict[str, Check]] = {
    **{f"{kind}{order}": check for kind, check in _OPERANDS.items() for order in _ORDERED},
    "BooleanEquals": boolean,
}
_OPERATORS: Final[dict[str, Check]] = {
    **_VALUED,
    **{f"{operator}Path": path for operator in _VALUED},
    **dict.fromkeys(("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"), boolean),
    "StringMatches": _wildcard,
}


def _nested(place: Place, value: Json) -> None:
    if check_fields(place, value, _NESTED):
        _condition(place, value)


_TREE: Final[dict[str, Check]] = {
    "And": each(_nested, least=1),
    "Or": each(_nested, least=1),
    "Not": _nested,
}
_CONDITIONS: Final[dict[str, Field]] = {
    "Variable": JSONPath(path),
    **{name: JSONPath(check) for name, check in (_TREE | _OPERATORS).items()},
    "Comment": text,
}
_NESTED: Final = Fields("nested condition", _CONDITIONS)
_RULE: Final = Fields(
    "choice rule",
    {
        **_CONDITIONS,
        "Condition": JSONata(truth),
        "Next": Required(some_text),
        "Assign": assignment,
        "Output": JSONata(jsonata_template),
    },
)


def choices(place: Place, value: Json) -> None:
    each(_rule, least=1)(place, value)


def _rule(place: Place, value: Json) -> None:
    if not check_fields(place, value, _RULE):
        return
    if place.language is QueryLanguage.JSONPATH:
        _condition(place, value)
    elif "Condition" not in value:
        place.error("a choice rule without Condition", "the field Condition")


def _condition(place: Place, rule: Mapping[str, Json]) -> None:
    """One comparison with its Variable, or one of And, Or and Not without."""
    asked = [name for name in rule if name in _TREE or name in _OPERATORS]
    if len(asked) != 1:
        found = f"both {' and '.join(asked)}" if asked else "no comparison"
        place.error(found, "one comparison operator, And, Or or Not")
    elif asked[0] in _TREE and "Variable" in rule:
        place.error(f"Variable beside {asked[0]}", "Variable in the conditions within")
    elif asked[0] in _OPERATORS and "Variable" not in rule:
        place.error(f"{asked[0]} without Variable", "the field Variable")
