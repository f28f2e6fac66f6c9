"""Turn what happens to an execution's frames into their next state, and into what has to be stored and done for it.

An Execution is the whole of what an interpreter knows of one run. It changes only by the functions here, which do no IO
and read no clock: the same happenings at the same moments make the same changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from matcher.errors import WorkflowError
from matcher.workflow.fan import gathered, report
from matcher.workflow.frames import Fanning, Frame, Json, Result, Writing
from matcher.workflow.happenings import Changes, Ended, Happening, Moment, Proceed
from matcher.workflow.program import Program
from matcher.workflow.scene import Settings
from matcher.workflow.step import enter, resume
from matcher.workflow.turn import Turn, stored_size

__all__ = ["Execution", "advance", "redrive", "start", "stop", "time_out"]


@dataclass(slots=True)
class Execution:
    """One run of a program. A store keeps `frames`, `results`, `counters`, `next_frame` and `ended` as Changes tell."""

    program: Program
    #: `Execution` and `StateMachine` of the context object.
    context: Mapping[str, Json]
    settings: Settings = field(default_factory=Settings)
    #: The whole context object, in the place of one that is made for each state; for a state that is tried alone.
    fixed: Mapping[str, Json] | None = None
    frames: dict[int, Frame] = field(default_factory=dict)
    #: By the frame that waits, then by index.
    results: dict[int, dict[int, Result]] = field(default_factory=dict)
    #: The last event's id of each history.
    counters: dict[int, int] = field(default_factory=dict)
    next_frame: int = 0
    ended: Ended | None = None


def start(execution: Execution, given: Json, moment: Moment) -> Changes:
    """Begin: the root frame stands before the first state. Raises WorkflowError for an input that is no JSON."""
    turn = Turn(execution, moment)
    try:
        stored_size(given)
    except ValueError as error:
        raise WorkflowError(f"the input: {error}") from None
    scope = execution.program.scopes[execution.program.machine.pointer]
    event = turn.event(0, 0, "ExecutionStarted", {"input": given})
    turn.spawn(None, 0, execution.program.machine.pointer, scope.start_at, given, history=0, item=None, last=0)
    assert event == 1
    return turn.changes


def advance(execution: Execution, frame: int, happening: Happening, moment: Moment) -> Changes:
    """One transition. A happening for a frame that is gone, or that waits for something else, changes nothing."""
    turn = Turn(execution, moment)
    found = execution.frames.get(frame)
    if found is None or execution.ended is not None:
        return turn.changes
    if found.work is not None:
        resume(turn, found, happening)
    elif isinstance(happening, Proceed):
        enter(turn, found)
    while turn.over:
        report(turn, turn.over.pop())
    return turn.changes


def stop(execution: Execution, error: str | None, cause: str | None, moment: Moment) -> Changes:
    """End it from outside."""
    return _end(execution, Ended("ABORTED", error=error, cause=cause), "ExecutionAborted", moment)


def time_out(execution: Execution, moment: Moment) -> Changes:
    """End it because the machine's TimeoutSeconds have passed."""
    return _end(execution, Ended("TIMED_OUT", error="States.Timeout"), "ExecutionTimedOut", moment)


def _end(execution: Execution, ended: Ended, event: str, moment: Moment) -> Changes:
    turn = Turn(execution, moment)
    if execution.ended is None:
        details = {name: value for name, value in (("error", ended.error), ("cause", ended.cause)) if value is not None}
        turn.finish(ended, event, details, max((frame.last for frame in execution.frames.values()), default=0))
    return turn.changes


def redrive(execution: Execution, moment: Moment) -> Changes:
    """Begin again where it failed, was stopped, or timed out: what had succeeded stays so. O(frames).

    Raises WorkflowError where it runs, or has succeeded.
    """
    if execution.ended is None or execution.ended.status == "SUCCEEDED":
        raise WorkflowError("only an execution that has failed, was stopped or timed out can be redriven")
    execution.ended = None
    again = int(execution.context["Execution"].get("RedriveCount", 0)) + 1
    execution.context = {**execution.context, "Execution": {**execution.context["Execution"], "RedriveCount": again}}
    turn = Turn(execution, moment)
    frames = sorted(execution.frames.values(), key=lambda frame: frame.id)
    redriven = {
        history: turn.event(history, execution.counters[history], "ExecutionRedriven", {"redriveCount": again})
        for history in dict.fromkeys(frame.history for frame in frames)
    }
    children = Counter(frame.parent for frame in frames)
    for frame in frames:
        if frame.id in execution.frames:
            _again(turn, frame, redriven[frame.history], children[frame.id])
    while turn.over:
        report(turn, turn.over.pop())
    return turn.changes


def _again(turn: Turn, frame: Frame, last: int, children: int) -> None:
    """Put the frame before its state once more; one whose branches or iterations are there waits for them again."""
    fan = frame.work
    if isinstance(fan, Fanning):
        failed = sum(result.failed for result in turn.execution.results.get(frame.id, {}).values())
        fan = replace(fan, failed=failed, reading=False)
        if children and children == fan.active:
            if turn.step(frame).distributed:
                last = turn.event(frame.history, last, "MapRunRedriven", {"redriveCount": 1})
            turn.put(replace(frame, work=fan, last=last))
            return
    if isinstance(fan, Writing):
        gathered(turn, replace(frame, last=last, work=fan.fan), turn.step(frame), fan.fan)
        return
    turn.drop_below(frame.id)
    turn.put(replace(frame, work=None, entered=0, retries=(), attempt=0, last=last))
    turn.changes.ready.append(frame.id)
