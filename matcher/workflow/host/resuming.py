"""Tell what a frame that was stored waits for, so that an execution goes on from where its process died."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeAlias

from matcher.workflow.asl.machine import Task
from matcher.workflow.execution import Execution
from matcher.workflow.frames import Calling, Fanning, Frame, Pausing, Reading, Writing
from matcher.workflow.happenings import Call, Changes, Read, Timer, Write

__all__ = ["Asked", "asked", "asking", "submitted", "taken", "wake"]

#: Which read or write a Map waits for: the event that entered the state, its attempt, and the first item or -1.
Asked: TypeAlias = tuple[int, int, int]



def wake(frame: Frame) -> float:
    """When a frame needs its execution in memory: 0 is at once, infinity when something is told to it."""
    match frame.work:
        case Pausing(until):
            return until
        case Calling(token=token, deadline=deadline, heartbeat=None) if token and submitted(frame):
            return math.inf if deadline is None else deadline
        case Fanning(reading=False):
            return math.inf
    return 0.0


def submitted(frame: Frame) -> bool:
    """Whether the service that a call goes to has taken it: an event stands behind those of the call itself."""
    work = frame.work
    return isinstance(work, Calling) and frame.last > work.scheduled + 1


def taken(frame: Frame) -> bool:
    """Whether a worker has taken a call of an activity: an event stands behind that of the call itself."""
    work = frame.work
    return isinstance(work, Calling) and frame.last > work.scheduled


def asking(frame: Frame) -> Asked | None:
    """The read or write that a frame waits for."""
    match frame.work:
        case Reading():
            return frame.entered, frame.attempt, 0
        case Fanning(reading=True):
            return frame.entered, frame.attempt, frame.work.end
        case Writing():
            return frame.entered, frame.attempt, -1
    return None


def asked(execution: Execution, frames: Iterable[Frame]) -> Changes:
    """What transitions asked for when they brought the frames where they are: it is asked for once more."""
    found = Changes()
    for frame in frames:
        match frame.work:
            case None:
                found.ready.append(frame.id)
            case Pausing(until):
                found.timers.append(Timer(frame.id, until))
            case Calling():
                found.calls.append(_call(execution, frame, frame.work))
            case Reading(fan):
                found.reads.append(_read(frame, fan, 0))
            case Fanning(reading=True):
                found.reads.append(_read(frame, frame.work, frame.work.end))
            case Writing(fan):
                found.writes.append(_write(execution, frame, fan))
    return found


def _call(execution: Execution, frame: Frame, work: Calling) -> Call:
    state = execution.program.scopes[frame.scope].steps[frame.state].state
    assert isinstance(state, Task)
    return Call(
        frame.id, work.scheduled, frame.state, state.resource, work.arguments, work.token, work.deadline, work.heartbeat
    )


def _read(frame: Frame, fan: Fanning, start: int) -> Read:
    assert fan.settings is not None
    return Read(frame.id, fan.settings["ItemReader"], start)


def _write(execution: Execution, frame: Frame, fan: Fanning) -> Write:
    assert fan.settings is not None
    results = execution.results.get(frame.id, {})
    return Write(frame.id, fan.settings["ResultWriter"], [results[index] for index in sorted(results)])
