"""Check a machine, and the machines within its states."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from matcher.workflow.asl.machine import ExecutionType, Json, Mode, QueryLanguage
from matcher.workflow.check.diagnostic import Code, Place, shown
from matcher.workflow.check.fields import Field, Fields, Required, check_fields
from matcher.workflow.check.flow import check_flow
from matcher.workflow.check.handlers import LONGEST_SECONDS
from matcher.workflow.check.states import check_state
from matcher.workflow.check.values import is_object, one_of, some_text, text, whole

__all__ = ["check_machine"]

_LONGEST_NAME: Final = 80


def _states(place: Place, value: Json) -> None:
    if not is_object(place, value):
        return
    if not value:
        place.error("no states", "at least one state")
    for name, state in value.items():
        _name(place.below(name), name)
        check_state(place.below(name), state, _branch, _processor)


def _name(place: Place, name: str) -> None:
    if not 0 < len(name) <= _LONGEST_NAME:
        place.error(f"a state's name of {len(name)} characters", f"1 to {_LONGEST_NAME}", code=Code.STATE_NAME)
    first = place.report.names.setdefault(name, place.at)
    if first != place.at:
        place.error(f"{shown(name)}, which is the name at {first} too", "a name of its own", code=Code.DUPLICATE_STATE)


_INNER: Final[dict[str, Field]] = {
    "Comment": text,
    "QueryLanguage": one_of(*QueryLanguage),
    "StartAt": Required(some_text),
    "States": Required(_states),
}
_WHOLE: Final = Fields(
    "state machine", {**_INNER, "Version": one_of("1.0"), "TimeoutSeconds": whole(1, LONGEST_SECONDS, fixed=True)}
)
_BRANCH: Final = Fields("branch", _INNER)


def _config(place: Place, value: Json) -> None:
    if check_fields(place, value, _CONFIG) and value.get("Mode") == Mode.DISTRIBUTED and "ExecutionType" not in value:
        place.error("Mode DISTRIBUTED without ExecutionType", "the field ExecutionType")


_CONFIG: Final = Fields("ProcessorConfig", {"Mode": one_of(*Mode), "ExecutionType": one_of(*ExecutionType)})
_PROCESSOR: Final = Fields("item processor", {**_INNER, "ProcessorConfig": _config})


def check_machine(place: Place, definition: Json) -> None:
    """Check a whole definition."""
    _machine(replace(place, whole=_language(definition) or place.whole), definition, _WHOLE)


def _branch(place: Place, definition: Json) -> None:
    _machine(place, definition, _BRANCH)


def _processor(place: Place, definition: Json) -> None:
    _machine(place, definition, _PROCESSOR)


def _machine(place: Place, definition: Json, fields: Fields) -> None:
    own = _language(definition)
    if own is QueryLanguage.JSONPATH and place.whole is QueryLanguage.JSONATA:
        place.error("JSONPath in a definition whose QueryLanguage is JSONata", "JSONata in every machine")
    sound = check_fields(place.speaking(own or place.language), definition, fields)
    if sound and isinstance(definition.get("States"), dict):
        check_flow(place, definition)


def _language(definition: Json) -> QueryLanguage | None:
    own = definition.get("QueryLanguage") if isinstance(definition, dict) else None
    return QueryLanguage(own) if own in tuple(QueryLanguage) else None
