"""Check one state: the fields of its type in its query language, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from matcher.workflow.asl.machine import Json, QueryLanguage
from matcher.workflow.check import maps
from matcher.workflow.check.choice import choices
from matcher.workflow.check.diagnostic import Code, Place, shown
from matcher.workflow.check.fields import Field, Fields, JSONata, JSONPath, Required, check_fields
from matcher.workflow.check.handlers import LONGEST_SECONDS, catch, retry
from matcher.workflow.check.resources import resource
from matcher.workflow.check.templates import assignment, jsonata_template, payload, static
from matcher.workflow.check.values import (
    Check,
    anything,
    boolean,
    constant,
    is_object,
    nullable_path,
    number,
    one_of,
    path,
    query_path,
    reference_path,
    result_path,
    some_text,
    text,
    timestamp,
    whole,
)

__all__ = ["check_state"]


def _credentials(place: Place, value: Json) -> None:
    """What AWS asks of them; the one who runs the workflow is who calls, so nothing is done with them."""
    if place.language is QueryLanguage.JSONATA and isinstance(value, str):
        jsonata_template(place, value)
    elif is_object(place, value):
        (payload if place.language is QueryLanguage.JSONPATH else jsonata_template)(place, value)
        if "RoleArn" not in value and "RoleArn.$" not in value:
            place.error("Credentials without RoleArn", "the field RoleArn")
    place.warn(Code.IGNORED, "Credentials", "nothing: tasks are called with the rights of the process")


_COMMON: Final[dict[str, Field]] = {
    "Type": anything,
    "Comment": text,
    "QueryLanguage": one_of(*QueryLanguage),
}
_IN_OUT: Final[dict[str, Field]] = {
    "InputPath": JSONPath(nullable_path),
    "OutputPath": JSONPath(nullable_path),
    "Output": JSONata(jsonata_template),
}
_FLOW: Final[dict[str, Field]] = {"Next": some_text, "End": boolean, "Assign": assignment}
_WORKER: Final[dict[str, Field]] = {
    **_COMMON,
    **_IN_OUT,
    **_FLOW,
    "Parameters": JSONPath(payload),
    "ResultSelector": JSONPath(payload),
    "ResultPath": JSONPath(result_path),
    "Retry": retry,
    "Catch": catch,
}
_SECONDS: Final = whole(1, LONGEST_SECONDS)

_TASK: Final = Fields(
    "Task",
    {
        **_WORKER,
        "Resource": Required(resource),
        "Arguments": JSONata(jsonata_template),
        "TimeoutSeconds": _SECONDS,
        "TimeoutSecondsPath": JSONPath(reference_path),
        "HeartbeatSeconds": _SECONDS,
        "HeartbeatSecondsPath": JSONPath(reference_path),
        "Credentials": _credentials,
    },
    single=(("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath")),
)
_PASS: Final = Fields(
    "Pass",
    {
        **_COMMON,
        **_IN_OUT,
        **_FLOW,
        "Parameters": JSONPath(payload),
        "Result": JSONPath(static),
        "ResultPath": JSONPath(result_path),
    },
)
_CHOICE: Final = Fields(
    "Choice",
    {**_COMMON, **_IN_OUT, "Assign": assignment, "Choices": Required(choices), "Default": some_text},
)
_WAIT: Final = Fields(
    "Wait",
    {
        **_COMMON,
        **_IN_OUT,
        **_FLOW,
        "Seconds": whole(0, LONGEST_SECONDS),
        "SecondsPath": JSONPath(reference_path),
        "Timestamp": timestamp,
        "TimestampPath": JSONPath(reference_path),
    },
    exactly=(("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),),
)
_SUCCEED: Final = Fields("Succeed", {**_COMMON, **_IN_OUT})
_FAIL: Final = Fields(
    "Fail",
    {
        **_COMMON,
        "Error": constant,
        "ErrorPath": JSONPath(query_path),
        "Cause": constant,
        "CausePath": JSONPath(query_path),
    },
    single=(("Error", "ErrorPath"), ("Cause", "CausePath")),
)
_PARALLEL: Final = Fields(
    "Parallel", {**_WORKER, "Arguments": JSONata(jsonata_template), "Branches": Required(anything)}
)
_MAP: Final = Fields(
    "Map",
    {
        **_WORKER,
        "ItemProcessor": anything,
        "Iterator": anything,
        "Items": JSONata(maps.items),
        "ItemsPath": JSONPath(path),
        "ItemSelector": maps.selector,
        "ItemReader": maps.reader,
        "ItemBatcher": maps.batcher,
        "ResultWriter": maps.writer,
        "MaxConcurrency": whole(0),
        "MaxConcurrencyPath": JSONPath(reference_path),
        "ToleratedFailureCount": whole(0),
        "ToleratedFailureCountPath": JSONPath(reference_path),
        "ToleratedFailurePercentage": number(0, 100),
        "ToleratedFailurePercentagePath": JSONPath(reference_path),
        "Label": maps.label,
    },
    single=(
        ("ItemSelector", "Parameters"),
        ("MaxConcurrency", "MaxConcurrencyPath"),
        ("ToleratedFailureCount", "ToleratedFailureCountPath"),
        ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ),
    exactly=(("ItemProcessor", "Iterator"),),
)
_STATES: Final = {fields.kind: fields for fields in (_TASK, _WAIT, _PASS, _SUCCEED, _FAIL, _CHOICE, _PARALLEL, _MAP)}


def check_state(place: Place, state: Json, branch: Check, processor: Check) -> None:
    """Check a state, and the machines within by `branch` and `processor`."""
    if not is_object(place, state):
        return
    kind = state.get("Type")
    fields = _STATES.get(kind) if isinstance(kind, str) else None
    if fields is None:
        found = shown(kind) if "Type" in state else "a state without Type"
        place.below("Type").error(found, f"one of {', '.join(_STATES)}")
        return
    own = state.get("QueryLanguage")
    if own == QueryLanguage.JSONPATH and place.whole is QueryLanguage.JSONATA:
        place.error("JSONPath in a definition whose QueryLanguage is JSONata", "JSONata in every state")
    here = place.speaking(QueryLanguage(own)) if own in tuple(QueryLanguage) else place
    check_fields(here, state, fields)
    if "Next" in fields.table:
        _ways_on(here, state)
    match kind:
        case "Task":
            _heartbeat(here, state)
        case "Parallel":
            _branches(place.below("Branches"), state.get("Branches", ()), branch)
        case "Map":
            _map(place, state, processor)


def _ways_on(place: Place, state: Mapping[str, Json]) -> None:
    ends = state.get("End") is True
    if "Next" in state and ends:
        place.error("both Next and End", "only one of them")
    elif "Next" not in state and not ends:
        place.error(f"a {state['Type']} without Next and without End", "Next, or End: true")


def _heartbeat(place: Place, state: Mapping[str, Json]) -> None:
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        place.below("HeartbeatSeconds").error(str(heartbeat), f"less than TimeoutSeconds, {timeout}")


def _branches(place: Place, value: Json, branch: Check) -> None:
    if isinstance(value, list) and value:
        for index, one in enumerate(value):
            branch(place.below(index), one)
    elif value != ():
        place.error(shown(value), "an array of at least one branch")


def _map(place: Place, state: Mapping[str, Json], processor: Check) -> None:
    maps.check_mode(place, state)
    for name in ("ItemProcessor", "Iterator"):
        if name in state:
            processor(place.below(name), state[name])
    if "Iterator" in state:
        place.below("Iterator").warn(Code.DEPRECATED, "Iterator", "ItemProcessor, which has replaced it")
    if "Parameters" in state:
        place.below("Parameters").warn(Code.DEPRECATED, "Parameters of a Map", "ItemSelector, which has replaced it")
