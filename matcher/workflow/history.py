"""Spell the events of a history as AWS's GetExecutionHistory does: 62 types, each with the details of its own name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from matcher.workflow.frames import Json
from matcher.workflow.happenings import Event

__all__ = ["TYPES", "spell", "spelled"]

_STATES: Final = ("Choice", "Map", "Parallel", "Pass", "Succeed", "Task", "Wait")
#: Every type, by what it tells of.
TYPES: Final = frozenset(
    (
        *(f"Execution{end}" for end in ("Aborted", "Failed", "Redriven", "Started", "Succeeded", "TimedOut")),
        *(f"{state}State{end}" for state in _STATES for end in ("Entered", "Exited")),
        *(f"{state}StateAborted" for state in ("Map", "Parallel", "Task", "Wait")),
        *(f"{state}State{end}" for state in ("Map", "Parallel") for end in ("Failed", "Started", "Succeeded")),
        *(f"MapIteration{end}" for end in ("Aborted", "Failed", "Started", "Succeeded")),
        *(f"MapRun{end}" for end in ("Aborted", "Failed", "Redriven", "Started", "Succeeded")),
        *(
            f"{family}{end}"
            for family in ("Activity", "LambdaFunction", "Task")
            for end in ("Failed", "Scheduled", "Started", "Succeeded", "TimedOut")
        ),
        "ActivityScheduleFailed",
        "EvaluationFailed",
        "FailStateEntered",
        "LambdaFunctionScheduleFailed",
        "LambdaFunctionStartFailed",
        "TaskStartFailed",
        "TaskSubmitFailed",
        "TaskSubmitted",
    )
)
#: Types that AWS gives no details.
_BARE: Final = frozenset(
    {
        "LambdaFunctionStarted",
        "MapRunSucceeded",
        "MapStateAborted",
        "MapStateFailed",
        "MapStateSucceeded",
        "ParallelStateAborted",
        "ParallelStateFailed",
        "ParallelStateStarted",
        "ParallelStateSucceeded",
        "TaskStateAborted",
        "WaitStateAborted",
        "MapRunAborted",
    }
)
#: Members that hold JSON, which AWS gives as text, and says of each whether it was cut.
_PAYLOADS: Final = frozenset({"input", "output"})


def spell(event: Event) -> dict[str, Any]:
    """One event, with its time as a `datetime`, its payloads as JSON text, and its details under their AWS name."""
    made: dict[str, Any] = {
        "timestamp": datetime.fromtimestamp(event.time, UTC),
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous,
    }
    if event.type not in _BARE and event.details is not None:
        made[_name(event.type)] = _details(event.details)
    return made


def spelled(events: Iterable[Event], history: int = 0) -> list[dict[str, Any]]:
    """The events of one history: 0 is the execution's, another number that of a child execution."""
    return [spell(event) for event in events if event.history == history]


def _name(kind: str) -> str:
    if kind.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def _details(details: dict[str, Json]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for name, value in details.items():
        if name in _PAYLOADS:
            made[name] = _text(value)
            made[f"{name}Details"] = {"truncated": False}
        elif name == "parameters":
            made[name] = _text(value)
        elif name == "assignedVariables":
            made[name] = {variable: _text(assigned) for variable, assigned in value.items()}
            made["assignedVariablesDetails"] = {"truncated": False}
        else:
            made[name] = value
    return made


def _text(value: Json) -> str:
    return orjson.dumps(value).decode()
