"""Run one state alone, its work mocked, and tell what it made of its data at each step: AWS's TestState.

Nothing is called, waited for or stored. Fields of the inspection have the names that AWS gives them.
"""
# ruff: noqa: PT028 (test_state is named as AWS names it, and is no test)

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

import orjson

from matcher.errors import WorkflowError
from matcher.workflow.asl.machine import ABSENT, Absent
from matcher.workflow.definition import Definition, load
from matcher.workflow.execution import Execution, advance
from matcher.workflow.failure import Failure
from matcher.workflow.fan import written
from matcher.workflow.frames import Calling, Frame, Json, Pausing
from matcher.workflow.happenings import Changes, Moment, Proceed, TaskFailed, TaskSucceeded, TimerFired
from matcher.workflow.leave import effective, recover
from matcher.workflow.program import Program, compile_machine
from matcher.workflow.scene import Scene, Settings, timestamp
from matcher.workflow.turn import Turn

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
    settings: Settings | None = None,
    now: float = 0.0,
    random: Random | None = None,
) -> Trial:
    """Run a state on an input.

    `definition` is a state's, or a whole machine's of which `state` names one, in a branch or a Map too. `mock` is what
    its task, branches or iterations give; a state without work needs none. `retries`: attempts that its retriers have
    made already. `items`: what a Map's item reader reads. Raises DefinitionError for a definition at fault, and
    WorkflowError where there is no such state, or no mock for what needs one.
    """
    program = compile_machine(load(_whole(definition) if state is None else definition))
    scope, name = _find(program, state)
    about = {"Execution": {"Input": given, "StartTime": timestamp(now), "RedriveCount": 0}, "StateMachine": {}}
    execution = Execution(program, {**about, **(context or {})}, settings or Settings())
    moment = Moment(now, random or Random(0), lambda _frame: "token")
    frame = Frame(0, None, 0, scope, 0, name, given, dict(variables or {}), last=0)
    execution.frames[0] = frame
    execution.next_frame = 1
    return _Trial(execution, moment, mock, items, retries).run()


test_state.__test__ = False  # type: ignore[attr-defined]  # pytest collects what is called test_…


def _whole(definition: Definition) -> Json:
    """A machine of one state; the states that it leads to end it."""
    value = orjson.loads(definition) if isinstance(definition, str | bytes) else definition
    if not isinstance(value, Mapping) or "States" in value:
        return definition
    return {"StartAt": _ONLY, "States": {_ONLY: value, **{name: {"Type": "Succeed"} for name in _targets(value)}}}


#: What a state defined by itself is called.
_ONLY: Final = "state"


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


class _Trial:
    def __init__(
        self,
        execution: Execution,
        moment: Moment,
        mock: Json | MockError | Absent,
        items: list[Json] | None,
        retries: int,
    ) -> None:
        self.execution = execution
        self.moment = moment
        self.mock = mock
        self.items = items
        self.retries = retries
        self.frame = execution.frames[0]
        self.step = execution.program.scopes[self.frame.scope].steps[self.frame.state]

    def run(self) -> Trial:
        changes = advance(self.execution, 0, Proceed(), self.moment)
        frame = self.execution.frames.get(0)
        if frame is not None and frame.entered and self.execution.ended is None and not changes.handled:
            frame = replace(frame, retries=(self.retries,) * len(self.step.retry), attempt=self.retries)
            self.execution.frames[0] = frame
            changes = self._work(frame)
        inspection = self._inspection()
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
            written(turn, replace(frame, work=None), self.step, self._result())
        except Failure as failed:
            recover(turn, frame, self.step, failed, inner=True)
        return turn.changes

    def _failed(self) -> TaskFailed | None:
        return TaskFailed(self.mock.error, self.mock.cause) if isinstance(self.mock, MockError) else None

    def _result(self) -> Json:
        if self.mock is ABSENT:
            raise WorkflowError(f"the {self.step.type} state {self.frame.state!r} needs a mock of its result")
        return self.mock

    def _told(self, changes: Changes, inspection: dict[str, Json]) -> Trial:
        ended = self.execution.ended
        if ended is not None and ended.status != "SUCCEEDED":
            return Trial("FAILED", None, ended.error, ended.cause, None, inspection)
        frame = self.execution.frames.get(0)
        fault = next(iter(changes.handled), None)
        if fault is not None and fault.retrier is not None:
            assert frame is not None
            assert isinstance(frame.work, Pausing)
            wait = frame.work.until - self.moment.now
            inspection["errorDetails"] = {"retryIndex": fault.retrier, "retryBackoffIntervalSeconds": wait}
            return Trial("RETRIABLE", None, fault.error, fault.cause, None, inspection)
        if ended is not None:
            output, after = ended.output, None
        else:
            assert frame is not None
            output, after = frame.input, frame.state
            inspection["variables"] = frame.variables
        if fault is None:
            return Trial("SUCCEEDED", output, None, None, after, inspection)
        inspection["errorDetails"] = {"catchIndex": fault.catcher}
        return Trial("CAUGHT_ERROR", output, fault.error, fault.cause, after, inspection)

    def _inspection(self) -> dict[str, Json]:
        """The data at each step of the state's processing, up to the first that fails."""
        turn = Turn(self.execution, self.moment)
        scene = turn.scene(self.frame)
        made: dict[str, Json] = {"input": self.frame.input}
        with suppress(Failure):
            made.update(self._steps(scene))
        return made

    def _steps(self, scene: Scene) -> Iterator[tuple[str, Json]]:
        step, frame = self.step, self.frame
        document = effective(frame, step, scene)
        if not step.jsonata:
            yield "afterInputPath", document
        arguments = frame.input if step.jsonata else document
        if step.arguments is not None:
            arguments = step.arguments(document, scene)
            yield ("afterArguments" if step.jsonata else "afterParameters"), arguments
        yield from self._map(document, scene)
        if self.mock is ABSENT or isinstance(self.mock, MockError):
            return
        yield "result", self.mock
        if not step.jsonata:
            selected = self.mock
            if step.selector is not None:
                selected = step.selector(self.mock, scene)
                yield "afterResultSelector", selected
            yield "afterResultPath", selected if step.merge is None else step.merge(frame.input, selected)

    def _map(self, document: Json, scene: Scene) -> Iterator[tuple[str, Json]]:
        """What a Map makes of its items, and its bounds."""
        fields = self.step.fields
        if self.step.type != "Map":
            return
        items = fields["Items"](document, scene) if "Items" in fields else self.items or []
        yield ("afterItemsPath" if "Items" in fields else "afterItemsPointer"), items
        if "ItemSelector" in fields:
            select: Callable[[Json, Scene], Json] = fields["ItemSelector"]
            within = ({"Index": index, "Value": value} for index, value in enumerate(items))
            yield "afterItemSelector", [select(document, scene.of_item(item)) for item in within]
        for name, told in _BOUNDS.items():
            if name in fields:
                yield told, fields[name](document, scene)


_BOUNDS: Final = {
    "MaxConcurrency": "maxConcurrency",
    "ToleratedFailureCount": "toleratedFailureCount",
    "ToleratedFailurePercentage": "toleratedFailurePercentage",
}
