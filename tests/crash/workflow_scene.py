"""A machine of 23 states and its tasks, what an execution of it must give, and what is wrong with a history of one."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matcher.workflow.happenings import Event
from matcher.workflow.host.tasks import TaskCall, TaskError

__all__ = ["DEFINITION", "Services", "expected", "faults", "noted", "store"]

RETRY = [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 50}]


def store(folder: Path) -> str:
    return f"sqlite:///{folder}/workflows.db"


def _task(resource: str, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Retry": RETRY, **more}


def _map(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": {"StartAt": next(iter(states)), "States": states}, **more}


DEFINITION: dict[str, Any] = {
    "StartAt": "Prepare",
    "States": {
        "Prepare": {"Type": "Pass", "Parameters": {"n.$": "$.n", "items.$": "States.ArrayRange(1, 3, 1)"}, "Next": "Validate"},
        "Validate": _task("double", InputPath="$.n", ResultPath="$.double", Next="Odd"),
        "Odd": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.odd", "IsPresent": True, "Next": "Never"}, {"Variable": "$.n", "NumericLessThan": 10, "Next": "Rest"}],
            "Default": "Quick",
        },
        "Never": {"Type": "Fail"},
        "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Parts"},
        "Quick": {"Type": "Pass", "Next": "Parts"},
        "Parts": {
            "Type": "Parallel",
            "ResultPath": "$.parts",
            "Branches": [
                {"StartAt": "Charge", "States": {"Charge": _task("double", InputPath="$.double", Next="Receipt"), "Receipt": {"Type": "Pass", "End": True}}},
                {"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 1, "Next": "Reserve"}, "Reserve": _task("threaded", InputPath="$.n", End=True)}},
                {
                    "StartAt": "Each",
                    "States": {"Each": _map({"Pick": _task("double", Next="Note"), "Note": {"Type": "Pass", "End": True}}, ItemsPath="$.items", MaxConcurrency=2, End=True)},
                },
            ],
            "Next": "Ask",
        },
        "Ask": _task(
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            Parameters={"token.$": "$$.Task.Token", "n.$": "$.n"},
            ResultPath="$.answer",
            Next="Sum",
        ),
        "Sum": _map(
            {"Split": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "Two"}], "Default": "Other"}, "Two": {"Type": "Pass", "Result": "two", "End": True}, "Other": _task("double", End=True)},
            ItemsPath="$.items",
            ResultPath="$.sum",
            Next="Risky",
        ),
        "Risky": {"Type": "Task", "Resource": "risky", "Catch": [{"ErrorEquals": ["Refused"], "ResultPath": "$.caught", "Next": "Undo"}], "End": True},
        "Undo": _task("double", InputPath="$.n", ResultPath="$.undone", Next="Tidy"),
        "Tidy": {"Type": "Pass", "Parameters": {"parts.$": "$.parts", "answer.$": "$.answer", "sum.$": "$.sum", "caught.$": "$.caught.Error", "undone.$": "$.undone"}, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}  # fmt: skip


def expected(n: int) -> Any:
    return {"parts": [4 * n, 2 * n, [2, 4, 6]], "answer": n + 1, "sum": [2, "two", 6], "caught": "Refused", "undone": 2 * n}


class Services:
    """The tasks. Each call is noted before it is answered; one of eight fails, by chance."""

    def __init__(self, folder: Path) -> None:
        self._calls = os.open(folder / "calls", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._tokens = os.open(folder / "tokens", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._chance = random.SystemRandom()

    def all(self) -> dict[str, Any]:
        return {
            "double": self.double,
            "threaded": self.threaded,
            "risky": self.risky,
            "arn:aws:states:::sqs:sendMessage": self.ask,
        }

    def _note(self, call: TaskCall, fails: float = 0.125) -> None:
        os.write(self._calls, f"{call.call_id}\n".encode())
        if self._chance.random() < fails:
            raise TaskError("Flaky")

    async def double(self, given: int, call: TaskCall) -> int:
        await asyncio.sleep(0)
        self._note(call)
        return 2 * given

    def threaded(self, given: int, call: TaskCall) -> int:
        self._note(call)
        return 2 * given

    async def risky(self, given: Any, call: TaskCall) -> None:
        self._note(call, 0)
        raise TaskError("Refused")

    async def ask(self, given: dict[str, Any], call: TaskCall) -> None:
        self._note(call)
        os.write(self._tokens, f"{given['token']} {given['n']}\n".encode())


def noted(path: Path) -> list[str]:
    """Whole lines of a file of notes."""
    return path.read_text().split("\n")[:-1] if path.exists() else []


#: Events of a call behind the first: those that end it, and the others.
ENDS = frozenset(f"{family}{end}" for family in ("LambdaFunction", "Task") for end in ("Succeeded", "Failed", "TimedOut"))
WAYS = ENDS | {"LambdaFunctionStarted", "TaskStarted", "TaskSubmitted"}


def faults(execution: int, events: Iterable[Event], calls: Counter[str]) -> list[str]:
    """What is wrong with a history: it is no chain, a call ended not once, or was never made."""
    found, ends = [], Counter[int]()
    #: The event that scheduled the call, by each event of it.
    scheduled: dict[int, int] = {}
    for place, event in enumerate(events, 1):
        if event.id != place or not 0 <= event.previous < event.id:
            found.append(f"event {event.id} after {event.previous} stands at {place}")
        if event.type.endswith("Scheduled"):
            scheduled[event.id] = event.id
        elif event.type in WAYS:
            scheduled[event.id] = scheduled.get(event.previous, event.id)
            ends[scheduled[event.id]] += event.type in ENDS
        ends[0] += event.type == "ExecutionSucceeded"
    made = {int(call.rsplit("-", 1)[1]) for call in calls if call.startswith(f"{execution}-")}
    for number in sorted({0, *scheduled.values()}):
        if ends[number] != 1:
            found.append(f"the call {number} ended {ends[number]} times" if number else f"it succeeded {ends[0]} times")
        if number and number not in made:
            found.append(f"the call {number} was never made")
    return found
