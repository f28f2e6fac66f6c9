"""Run one state alone, its work mocked, and tell what it made of its data at each step: AWS's TestState.

Nothing is called, waited for or stored. Fields of the inspection have the names that AWS gives them.
"""
# ruff: noqa: PT028 (test_state is named as AWS names it, and is no test)

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

import orjson

from matcher.errors import WorkflowError
from matcher.workflow import failure
from matcher.workflow.asl.machine import ABSENT, Absent, Map, Parallel, Task, Worker
from matcher.workflow.definition import Definition, load
from matcher.workflow.execution import Execution, advance
from matcher.workflow.failure import FATAL, Failure
from matcher.workflow.fan import written
from matcher.workflow.frames import Calling, Frame, Json, Pausing
from matcher.workflow.happenings import Changes, Moment, Proceed, TaskFailed, TaskSucceeded, TimerFired
from matcher.workflow.inspection import inspected
from matcher.workflow.leave import effective, recover, takes
from matcher.workflow.program import Program, Step, compile_machine
from matcher.workflow.scene import Scene, Settings, timestamp
from matcher.workflow.service import takes_token
from matcher.workflow.turn import Turn, stored_size

__all__ = ["MockError", "Trial", "test_state"]


@dataclass(frozen=True, slots=True)
class MockError:
    """What a state's work fails by, in place of a result."""

    error: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """How the state ended: SUCCEEDED, FAILED, RETRIABLE (a retrier takes the error) or CAUGHT_ERROR (a catcher does)."""

    status: str
    output: Json = None
    error: str | None = None
    cause: str | None = None
    #: None where the state is an end.
    next_state: str | None = None
    #: `afterInputPath`, `afterParameters`, `result`, `variables`, `errorDetails` …, as far as the state came.
    inspection: Mapping[str, Json] = field(default_factory=dict)


def test_state(
    definition: Definition,
    given: Json = None,
    *,
    state: str | None = None,
    mock: Json | MockError | Absent = ABSENT,
    context: Mapping[str, Json] | None = None,
    variables: Mapping[str, Json] | None = None,
    retries: int = 0,
    items: list[Json] | None = None,
    failures: int = 0,
    settings: Settings | None = None,
    now: float = 0.0,
    random: Random | None = None,
) -> Trial:
    """Run a state on an input.

    `definition` is a state's, or a whole machine's of which `state` names one, in a branch or a Map too. `mock` is what
    its task, branches or iterations give; a state without work takes none. `context` is the whole context object, in the
    place of one that is made. `retries`: attempts that its retriers have made already. `items`: what a Map's item reader
    reads; `failures`: how many of its iterations have failed. Raises DefinitionError for a definition at fault, and
    WorkflowError where there is no such state, or where the mock is not one for it.
    """
    program = compile_machine(load(_whole(definition) if state is None else definition))
    scope, name = _find(program, state)
    step = program.scopes[scope].steps[name]
    _suits(step, mock, failures)
    moment = Moment(now, random or Random(0), lambda _frame: _CALLBACK)
    fixed = _made(step, given, now) if context is None else _allowed(context, step)
    execution = Execution(program, {"Execution": {}}, settings or Settings(), fixed)
    frame = Frame(0, None, 0, scope, 0, name, given, dict(variables or {}), last=0)
    execution.frames[0] = frame
    execution.next_frame = 1
    _kept(given, None if isinstance(mock, MockError | Absent) else mock, context, variables)
    return _Trial(execution, moment, mock, items, retries, failures).run()


test_state.__test__ = False  # type: ignore[attr-defined]  # pytest collects what is called test_…


def _whole(definition: Definition) -> Json:
    """A machine of one state; the states that it leads to end it."""
    value = orjson.loads(definition) if isinstance(definition, str | bytes) else definition
    if not isinstance(value, Mapping) or "States" in value:
        return definition
    return {"StartAt": _ONLY, "States": {_ONLY: value, **{name: {"Type": "Succeed"} for name in _targets(value)}}}


#: What a state defined by itself is called (AWS: StateName).
_ONLY: Final = "StateName"
#: What callbacks are called here.
_CALLBACK: Final = "token"


def _targets(state: Mapping[str, Any]) -> Iterator[str]:
    for holder in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        for name in ("Next", "Default"):
            if isinstance(holder, Mapping) and isinstance(holder.get(name), str):
                yield holder[name]


def _find(program: Program, state: str | None) -> tuple[str, str]:
    name = program.machine.start_at if state is None else state
    for pointer, scope in program.scopes.items():
        if name in scope.steps:
            return pointer, name
    raise WorkflowError(f"there is no state {name!r} in the definition")


def _suits(step: Step, mock: Json | MockError | Absent, failures: int) -> None:
    """Raise WorkflowError where the mock is not what such a state gives."""
    state = step.state
    if failures and (mock is ABSENT or step.type != "Map"):
        raise WorkflowError("failures are those of a Map whose result is mocked")
    if mock is ABSENT:
        if isinstance(state, Parallel | Map):
            raise WorkflowError(f"the {step.type} state {state.name!r} needs a mock of its result")
        return
    if not isinstance(state, Worker):
        raise WorkflowError(f"the {step.type} state {state.name!r} has no work: it takes no mock")
    if isinstance(mock, MockError) or isinstance(state, Task):
        return
    written = isinstance(state, Map) and state.result_writer is not None and state.result_writer.resource is not None
    if not isinstance(mock, dict if written else list):
        wanted = "an object, as its results are written" if written else "an array"
        raise WorkflowError(f"the mock of the {step.type} state {state.name!r} must be {wanted}")
    if isinstance(state, Parallel) and len(mock) != len(state.branches):
        raise WorkflowError(f"the mock of {state.name!r} must have {len(state.branches)} results, as it has branches")
    if not written and failures > len(mock):
        raise WorkflowError(f"of {len(mock)} iterations {failures} can't have failed")


def _kept(*values: Json) -> None:
    """Raise WorkflowError where a value is no JSON."""
    try:
        for value in values:
            stored_size(value)
    except ValueError as error:
        raise WorkflowError(f"the state can't be tried: {error}") from None


def _made(step: Step, given: Json, now: float) -> dict[str, Json]:
    """The context object that the state is given where the test gives none."""
    name = "arn:aws:states:local:000000000000"
    execution = {"Id": f"{name}:execution:machine:run", "Name": "run", "Input": given, "RoleArn": None, "StartTime": timestamp(now)}
    about: dict[str, Json] = {"Name": step.state.name, "EnteredTime": timestamp(now)}
    if isinstance(step.state, Worker):
        about["RetryCount"] = 0
    made: dict[str, Json] = {"Execution": execution, "StateMachine": {"Id": f"{name}:stateMachine:machine", "Name": "machine"}}
    return {**made, "State": about, **({"Task": {"Token": _CALLBACK}} if takes_token(step.resource) else {})}


#: What a context object may have, and of which type; None is any.
_CONTEXT: Final[Mapping[str, Mapping[str, type | None]]] = {
    "Execution": {"Id": str, "Input": None, "Name": str, "RoleArn": str, "StartTime": str, "RedriveCount": int, "RedriveTime": str},
    "State": {"EnteredTime": str, "Name": str, "RetryCount": int},
    "StateMachine": {"Id": str, "Name": str},
    "Task": {"Token": str},
}


def _allowed(context: Mapping[str, Json], step: Step) -> Mapping[str, Json]:
    """The context object, if it is one. Raises WorkflowError."""
    for name, members in context.items():
        fields = _CONTEXT.get(name)
        if fields is None or not isinstance(members, Mapping) or (name == "Task" and not takes_token(step.resource)):
            raise WorkflowError(f"the context object of this state has no {name!r}: {', '.join(_CONTEXT)} are objects in it")
        for member, value in members.items():
            kind = fields.get(member)
            if member not in fields or (kind is not None and not isinstance(value, kind)):
                raise WorkflowError(f"{name}.{member} of the context object: {', '.join(fields)} may be there, each of its type")
    return context


_TOLERATED: Final = ("ToleratedFailureCount", "ToleratedFailurePercentage")


class _Trial:
    def __init__(
        self,
        execution: Execution,
        moment: Moment,
        mock: Json | MockError | Absent,
        items: list[Json] | None,
        retries: int,
        failures: int,
    ) -> None:
        self.failures = failures
        self.execution = execution
        self.moment = moment
        self.mock = mock
        self.items = items
        self.retries = retries
        self.frame = execution.frames[0]
        self.step = execution.program.scopes[self.frame.scope].steps[self.frame.state]

    def run(self) -> Trial:
        result = ABSENT if isinstance(self.mock, MockError) else self.mock
        scene = Turn(self.execution, self.moment).scene(self.frame)
        inspection = inspected(self.step, scene, result, self.items)
        changes = advance(self.execution, 0, Proceed(), self.moment)
        frame = self.execution.frames.get(0)
        if frame is not None and frame.entered and self.execution.ended is None and not changes.handled:
            frame = replace(frame, retries=(self.retries,) * len(self.step.retry), attempt=self.retries)
            self.execution.frames[0] = frame
            changes = self._work(frame)
        return self._told(changes, inspection)

    def _work(self, frame: Frame) -> Changes:
        """End what the state waits for."""
        match frame.work:
            case Pausing(until):
                return advance(self.execution, 0, TimerFired(), replace(self.moment, now=until))
            case Calling():
                happening = self._failed() or TaskSucceeded(self._result())
                return advance(self.execution, 0, happening, self.moment)
        turn = Turn(self.execution, self.moment)
        turn.drop_below(0)
        fault = self._failed()
        try:
            if fault is not None:
                raise Failure(fault.error, fault.cause)
            self._tolerate(frame, turn.scene(frame))
            written(turn, replace(frame, work=None), self.step, self._result())
        except Failure as failed:
            recover(turn, frame, self.step, failed, inner=True)
        return turn.changes

    def _tolerate(self, frame: Frame, scene: Scene) -> None:
        """Fail where more iterations failed than the Map says that it tolerates. One that says nothing lets them pass here."""
        document = effective(frame, self.step, scene)
        tolerated = {name: self.step.fields[name](document, scene) for name in _TOLERATED if name in self.step.fields}
        count, share = (tolerated.get(name) for name in _TOLERATED)
        total = len(self.mock) if isinstance(self.mock, list) else len(self.items or ())
        if (count is not None and self.failures > count) or (share is not None and self.failures * 100 > share * total):
            raise Failure(failure.TOLERATED, "The specified tolerated failure threshold was exceeded")

    def _failed(self) -> TaskFailed | None:
        return TaskFailed(self.mock.error, self.mock.cause) if isinstance(self.mock, MockError) else None

    def _result(self) -> Json:
        if self.mock is ABSENT:
            raise WorkflowError(f"the {self.step.type} state {self.frame.state!r} needs a mock of its result")
        return self.mock

    def _told(self, changes: Changes, inspection: dict[str, Json]) -> Trial:
        ended = self.execution.ended
        if ended is not None and ended.status != "SUCCEEDED":
            if (retrier := self._exhausted(ended.error)) is not None:
                inspection["errorDetails"] = {"retryIndex": retrier}
            return Trial("FAILED", None, ended.error, ended.cause, None, inspection)
        frame = self.execution.frames.get(0)
        fault = next(iter(changes.handled), None)
        if fault is not None and fault.retrier is not None:
            assert frame is not None
            assert isinstance(frame.work, Pausing)
            wait = frame.work.until - self.moment.now
            inspection["errorDetails"] = {"retryIndex": fault.retrier, "retryBackoffIntervalSeconds": wait}
            return Trial("RETRIABLE", None, fault.error, fault.cause, None, inspection)
        variables = {**self.frame.variables, **self._assigned(changes)}
        if variables:
            inspection["variables"] = variables
        if ended is not None:
            output, after = ended.output, None
        else:
            assert frame is not None
            output, after = frame.input, frame.state
        if fault is None:
            return Trial("SUCCEEDED", output, None, None, after, inspection)
        inspection["errorDetails"] = {"catchIndex": fault.catcher}
        return Trial("CAUGHT_ERROR", output, fault.error, fault.cause, after, inspection)

    def _assigned(self, changes: Changes) -> Mapping[str, Json]:
        exits = (event.details or {} for event in changes.events if event.type == self.step.exited)
        return next((details["assignedVariables"] for details in exits if "assignedVariables" in details), {})

    def _exhausted(self, error: str | None) -> int | None:
        """The retrier that takes the error, and has no attempt left."""
        if error in FATAL or not self.retries:
            return None
        return next((at for at, retrier in enumerate(self.step.retry) if takes(retrier.error_equals, error)), None)
