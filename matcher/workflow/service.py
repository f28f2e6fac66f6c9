"""Tell what a task's Resource is (a function, an activity or a service's action) by the events of its history."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from matcher.workflow import failure
from matcher.workflow.frames import Frame, Json
from matcher.workflow.happenings import Happening, TaskFailed, TaskStarted, TaskSubmitted, TaskSucceeded, TimedOut
from matcher.workflow.turn import Turn

__all__ = ["Service", "answered", "scheduled", "service", "takes_token"]


class Service(NamedTuple):
    """How events call a resource: `family` begins their types; a service's action has a type and a name."""

    family: str
    type: str = ""
    action: str = ""


@lru_cache(maxsize=4096)
def service(resource: str) -> Service:
    """`arn:aws:states:::sqs:sendMessage.waitForTaskToken` is the action `sendMessage.waitForTaskToken` of `sqs`."""
    parts = resource.split(":")
    if len(parts) > 6 and parts[0] == "arn" and parts[2] == "states":
        if parts[5] == "activity":
            return Service("Activity")
        if parts[3] == parts[4] == "":
            return Service("Task", ":".join(parts[5:-1]), parts[-1])
    return Service("LambdaFunction")


def takes_token(resource: str) -> bool:
    return resource.endswith(".waitForTaskToken") or service(resource).family == "Activity"


def scheduled(turn: Turn, frame: Frame, resource: str, arguments: Json, times: dict[str, Json]) -> tuple[int, int]:
    """The events of a call: the last one's id, and that of the one which names it. A worker starts an activity later."""
    found = service(resource)
    details: dict[str, Json]
    if found.family == "Task":
        details = {**_named(found), "region": "", "parameters": arguments}
    else:
        details = {"resource": resource, "input": arguments}
    if "TimeoutSeconds" in times:
        details["timeoutInSeconds"] = times["TimeoutSeconds"]
    if "HeartbeatSeconds" in times and found.family != "LambdaFunction":
        details["heartbeatInSeconds"] = times["HeartbeatSeconds"]
    first = turn.event(frame.history, frame.last, f"{found.family}Scheduled", details)
    if found.family == "Activity":
        return first, first
    return turn.event(frame.history, first, f"{found.family}Started", _named(found)), first


def _named(found: Service) -> dict[str, Json]:
    return {"resourceType": found.type, "resource": found.action} if found.family == "Task" else {}


def answered(turn: Turn, frame: Frame, resource: str, happening: Happening) -> int:
    """The event of an answer; its id, or the last one's where there is none."""
    found = service(resource)
    details = _named(found)
    more: dict[str, Json]
    match happening:
        case TaskStarted(worker) if found.family == "Activity":
            name, more = "Started", {"workerName": worker}
        case TaskSubmitted(output) if found.family == "Task":
            name, more = "Submitted", {"output": output}
        case TaskSucceeded(output):
            name, more = "Succeeded", {"output": output}
        case TaskFailed(error, cause, stage):
            name, more = f"{stage}Failed", {"error": error, "cause": cause}
        case TimedOut(heartbeat):
            name, more = "TimedOut", {"error": failure.HEARTBEAT if heartbeat else failure.TIMEOUT}
        case _:
            return frame.last
    given = {key: value for key, value in more.items() if value is not None or key == "output"}
    return turn.event(frame.history, frame.last, f"{found.family}{name}", {**details, **given})
