"""Run one state of a frame: enter it, or go on with it after what happened; leave it, wait, call, or fan out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from matcher.workflow import failure, service
from matcher.workflow.asl.machine import ABSENT, Pass
from matcher.workflow.failure import Failure
from matcher.workflow.fan import branch, iterate, read, written
from matcher.workflow.frames import Calling, Fanning, Frame, Pausing, Reading, Writing
from matcher.workflow.happenings import (
    Call,
    Happening,
    ItemsRead,
    ReadFailed,
    ResultsWritten,
    TaskFailed,
    TaskSucceeded,
    TimedOut,
    Timer,
    TimerFired,
    WriteFailed,
)
from matcher.workflow.leave import defeat, effective, go, leave, recover
from matcher.workflow.program import Step
from matcher.workflow.scene import Scene
from matcher.workflow.turn import Turn, oversize

__all__ = ["enter", "resume"]


def enter(turn: Turn, frame: Frame) -> None:
    """Enter the state that the frame stands before, and run it as far as it goes."""
    step = turn.step(frame)
    number = turn.event(frame.history, frame.last, step.entered, {"name": frame.state, "input": frame.input})
    entered = _entered(frame, number, turn.moment.now)
    limit = turn.execution.settings.history_events
    if limit is not None and number >= limit:
        cause = f"The execution reached the maximum number of history events ({limit})."
        defeat(turn, entered, failure.RUNTIME, cause)
        return
    try:
        _BODIES[step.type](turn, entered, step, turn.scene(entered))
    except Failure as fault:
        recover(turn, _latest(turn, entered), step, fault, previous=frame.last)


def _entered(frame: Frame, event: int, now: float) -> Frame:
    """`replace`, spelt out: every transition of every execution passes here."""
    return Frame(
        frame.id,
        frame.parent,
        frame.index,
        frame.scope,
        frame.history,
        frame.state,
        frame.input,
        frame.variables,
        None,
        event,
        now,
        event,
        item=frame.item,
        given=frame.given,
    )


def _latest(turn: Turn, frame: Frame) -> Frame:
    """The frame as the transition left it where it failed."""
    found = turn.changes.frames.get(frame.id)
    return found if found is not None and found.entered == frame.entered else frame


def _pass(turn: Turn, frame: Frame, step: Step, scene: Scene) -> None:
    state = step.state
    if isinstance(state, Pass) and state.result is not ABSENT:
        leave(turn, frame, step, state.result, scene)
    elif step.jsonata:
        leave(turn, frame, step, frame.input, scene)
    else:
        document = effective(frame, step, scene)
        leave(turn, frame, step, document if step.arguments is None else step.arguments(document, scene), scene)


def _choice(turn: Turn, frame: Frame, step: Step, scene: Scene) -> None:
    document = effective(frame, step, scene)
    rule = next((rule for rule in step.rules if rule.holds is not None and rule.holds(document, scene)), None)
    if rule is None and step.default is None:
        raise Failure(failure.NO_CHOICE, "No choice rule holds, and there is no Default.", described=True)
    to = step.default if rule is None else rule.next
    shape, assign = (step.output, step.assign) if rule is None or not step.jsonata else (rule.output, rule.assign)
    if rule is not None and not step.jsonata:
        assign = rule.assign
    plain = frame.input if step.jsonata else document
    output = plain if shape is None else shape(document, scene)
    go(turn, frame, step, output, None if assign is None else assign(document, scene), to)


def _wait(turn: Turn, frame: Frame, step: Step, scene: Scene) -> None:
    document = effective(frame, step, scene)
    if "Seconds" in step.fields:
        until = turn.moment.now + step.fields["Seconds"](document, scene)
    else:
        until = step.fields["Timestamp"](document, scene)
    if until <= turn.moment.now:
        _rested(turn, frame, step, scene)
        return
    turn.put(replace(frame, work=Pausing(until)))
    turn.changes.timers.append(Timer(frame.id, until))


def _rested(turn: Turn, frame: Frame, step: Step, scene: Scene) -> None:
    leave(turn, frame, step, frame.input if step.jsonata else effective(frame, step, scene), scene)


def _fail(turn: Turn, frame: Frame, step: Step, scene: Scene) -> None:
    document = {"input": frame.input} if step.jsonata else frame.input
    found = {name: field(document, scene) for name, field in step.fields.items()}
    defeat(turn, frame, found.get("Error"), found.get("Cause"))


def _task(turn: Turn, frame: Frame, step: Step, scene: Scene) -> None:
    resource = step.resource
    if service.takes_token(resource):
        scene.token = turn.moment.token(frame)
    document = effective(frame, step, scene)
    arguments = step.arguments(document, scene) if step.arguments else frame.input if step.jsonata else document
    times = {name: field(document, scene) for name, field in step.fields.items()}
    turn.fits(frame, arguments, resource)
    seconds = times.get("TimeoutSeconds", turn.execution.settings.task_seconds)
    heartbeat = times.get("HeartbeatSeconds")
    deadline = None if seconds is None else turn.moment.now + seconds
    last, scheduled = service.scheduled(turn, frame, resource, arguments, times)
    work = Calling(scheduled, arguments, scene.token, deadline, heartbeat)
    turn.put(replace(frame, last=last, work=work))
    turn.changes.calls.append(
        Call(frame.id, scheduled, frame.state, resource, arguments, scene.token, deadline, heartbeat)
    )


_BODIES: Final[dict[str, Callable[[Turn, Frame, Step, Scene], None]]] = {
    "Pass": _pass,
    "Choice": _choice,
    "Wait": _wait,
    "Succeed": _rested,
    "Fail": _fail,
    "Task": _task,
    "Parallel": branch,
    "Map": iterate,
}


def resume(turn: Turn, frame: Frame, happening: Happening) -> None:
    """Go on with the state; a happening that it does not wait for changes nothing."""
    step = turn.step(frame)
    try:
        match frame.work, happening:
            case Pausing(until, retry), TimerFired() if until <= turn.moment.now:
                frame = replace(frame, work=None)
                (_BODIES[step.type] if retry else _rested)(turn, frame, step, turn.scene(frame))
            case Calling(), _:
                _answered(turn, frame, step, happening)
            case Reading() | Fanning(reading=True), ItemsRead() | ReadFailed():
                read(turn, frame, step, happening)
            case Writing(fan), ResultsWritten(output):
                written(turn, replace(frame, work=fan), step, output)
            case Writing(fan), WriteFailed(cause):
                raise Failure(failure.WRITER, cause)
    except Failure as fault:
        recover(turn, _latest(turn, frame), step, fault)


def _answered(turn: Turn, frame: Frame, step: Step, happening: Happening) -> None:
    resource = step.resource
    if isinstance(happening, TaskSucceeded) and turn.too_large(happening.output):
        happening = TaskFailed(failure.DATA_LIMIT, oversize(resource))
    last = service.answered(turn, frame, resource, happening)
    frame = replace(frame, last=last)
    turn.put(frame)
    match happening:
        case TaskSucceeded(output):
            leave(turn, frame, step, output, turn.scene(frame))
        case TaskFailed(error, cause):
            raise Failure(error, cause)
        case TimedOut(heartbeat):
            raise Failure(failure.HEARTBEAT if heartbeat else failure.TIMEOUT, None)


