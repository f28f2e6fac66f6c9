"""Turn what a state made, or failed by, into its way out: output, variables and the next state, a retry, or the end."""

from __future__ import annotations

from dataclasses import replace

from matcher.workflow import failure
from matcher.workflow.asl.machine import Retrier
from matcher.workflow.failure import FATAL, UNLISTED, Failure
from matcher.workflow.frames import Frame, Json, Pausing
from matcher.workflow.happenings import Ended, Handled, Timer
from matcher.workflow.program import Rule, Step
from matcher.workflow.scene import Scene
from matcher.workflow.turn import Over, Turn

__all__ = ["defeat", "effective", "go", "leave", "recover", "takes"]


def effective(frame: Frame, step: Step, scene: Scene) -> Json:
    """The document of the state's expressions: in JSONPath the input by InputPath, in JSONata `$states`."""
    if step.jsonata:
        return {"input": frame.input}
    return frame.input if step.input is None else step.input(frame.input, scene)


def leave(turn: Turn, frame: Frame, step: Step, result: Json, scene: Scene) -> None:
    """The state is done, with that result (or, where it has none, its effective input)."""
    if step.jsonata:
        states = {"input": frame.input, "result": result}
        output = result if step.output is None else step.output(states, scene)
        assigned = None if step.assign is None else step.assign(states, scene)
    else:
        selected = result if step.selector is None else step.selector(result, scene)
        if step.wide:
            turn.fits(frame, selected)
        assigned = None if step.assign is None else step.assign(selected, scene)
        output = selected if step.merge is None else step.merge(frame.input, selected)
        if step.output is not None:
            output = step.output(output, scene)
    go(turn, frame, step, output, assigned, step.next)


def go(turn: Turn, frame: Frame, step: Step, output: Json, assigned: dict[str, Json] | None, to: str | None) -> None:
    """Leave the state for the next one, or for the end of the frame; fail where what it gives is too large."""
    turn.fits(frame, output)
    if assigned:
        turn.fits(frame, assigned)
    details: dict[str, Json] = {"name": frame.state, "output": output}
    variables = frame.variables
    if assigned:
        details["assignedVariables"] = assigned
        variables = {**variables, **assigned}
        turn.holds(variables)
    last = turn.event(frame.history, frame.last, step.exited, details)
    if to is None:
        _over(turn, replace(frame, last=last, work=None), output)
        return
    turn.put(
        Frame(
            frame.id,
            frame.parent,
            frame.index,
            frame.scope,
            frame.history,
            to,
            output,
            variables,
            last=last,
            item=frame.item,
            given=frame.given,
        )
    )
    turn.changes.ready.append(frame.id)


def _over(turn: Turn, frame: Frame, output: Json) -> None:
    if frame.parent is not None:
        turn.over.append(Over(frame, output))
        return
    turn.drop(frame.id)
    turn.finish(Ended("SUCCEEDED", output), "ExecutionSucceeded", {"output": output}, frame.last)


def recover(turn: Turn, frame: Frame, step: Step, fault: Failure, *, previous: int = -1, inner: bool = False) -> None:
    """The state failed: try it again, go where a catcher says, or end the frame.

    `previous` is what an EvaluationFailed points back to; AWS takes the event before the state was entered, where it
    fails as it is entered. `inner`: a frame below has failed, and its events tell so.
    """
    cause = fault.cause
    if fault.described:
        cause = f"An error occurred while executing the state '{frame.state}' (entered at the event id #{frame.entered}). {cause}"
    if fault.location is not None:
        details = {"error": fault.error, "cause": cause, "state": frame.state}
        if fault.location:
            details["location"] = fault.location
        last = turn.event(frame.history, frame.last if previous < 0 else previous, "EvaluationFailed", details)
        frame = replace(frame, last=last)
    if fault.error not in FATAL:
        retrier = _retry(turn, frame, step, fault.error)
        if retrier is not None:
            turn.changes.handled.append(Handled(frame.id, frame.state, fault.error, cause, retrier=retrier))
            return
        catcher = next((at for at, rule in enumerate(step.rules) if takes(rule.errors, fault.error)), None)
        if catcher is not None:
            try:
                _catch(turn, frame, step, step.rules[catcher], fault.error, cause)
                turn.changes.handled.append(Handled(frame.id, frame.state, fault.error, cause, catcher=catcher))
                return
            except Failure as another:
                recover(turn, frame, replace(step, retry=(), rules=()), another)
                return
    if step.scopes and (inner or fault.error not in FATAL):
        frame = replace(frame, last=turn.event(frame.history, frame.last, f"{step.type}StateFailed"))
    defeat(turn, frame, fault.error, cause)


def takes(names: tuple[str, ...], error: str | None) -> bool:
    """Whether one of a retrier's or catcher's names takes the error."""
    if error is None:
        return failure.ALL in names
    if error in names:
        return True
    if error == failure.HEARTBEAT and failure.TIMEOUT in names:
        return True
    if failure.TASK_FAILED in names and error not in (failure.TIMEOUT, failure.HEARTBEAT, *UNLISTED):
        return True
    return failure.ALL in names and error not in UNLISTED


def _retry(turn: Turn, frame: Frame, step: Step, error: str | None) -> int | None:
    """The retrier that tries again. Only the first that takes the error counts; each counts its own attempts."""
    for index, retrier in enumerate(step.retry):
        if not takes(retrier.error_equals, error):
            continue
        retries = frame.retries or (0,) * len(step.retry)
        if retries[index] >= retrier.max_attempts:
            return None
        until = turn.moment.now + _delay(retrier, retries[index], turn)
        counted = tuple(count + (position == index) for position, count in enumerate(retries))
        if step.scopes:
            turn.drop_below(frame.id)
        turn.put(replace(frame, work=Pausing(until, retry=True), retries=counted, attempt=frame.attempt + 1))
        turn.changes.timers.append(Timer(frame.id, until))
        return index
    return None


def _delay(retrier: Retrier, attempts: int, turn: Turn) -> float:
    try:
        delay = retrier.interval_seconds * retrier.backoff_rate**attempts
    except OverflowError:
        delay = float("inf")
    bound = retrier.max_delay_seconds
    delay = min(delay, 99_999_999 if bound is None else bound)
    return turn.moment.random.uniform(0, delay) if retrier.jitter_strategy == "FULL" else delay


def _catch(turn: Turn, frame: Frame, step: Step, rule: Rule, error: str | None, cause: str | None) -> None:
    error_output = {"Error": error or "", "Cause": cause or ""}
    scene = turn.scene(frame)
    if step.jsonata:
        document: Json = {"input": frame.input, "errorOutput": error_output}
        output = error_output if rule.output is None else rule.output(document, scene)
    else:
        document = error_output
        output = error_output if rule.merge is None else rule.merge(frame.input, error_output)
    assigned = None if rule.assign is None else rule.assign(document, scene)
    if step.scopes:
        frame = replace(frame, last=turn.event(frame.history, frame.last, f"{step.type}StateFailed"))
        turn.drop_below(frame.id)
    go(turn, frame, step, output, assigned, rule.next)


def defeat(turn: Turn, frame: Frame, error: str | None, cause: str | None) -> None:
    """The frame ends by an error. It stays, for a redrive, until what is around it goes on without it."""
    turn.put(frame)
    if frame.parent is not None:
        turn.over.append(Over(frame, None, True, error, cause))
        return
    details = {name: value for name, value in (("error", error), ("cause", cause)) if value is not None}
    turn.finish(Ended("FAILED", None, error, cause), "ExecutionFailed", details, frame.last)
