"""Rehearse workflows: tasks are mocked, a day passes at once, and what tests never reach is told."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Final, TypeAlias

import orjson

from matcher.errors import WorkflowError
from matcher.workflow.asl.machine import Machine
from matcher.workflow.drive import World, run
from matcher.workflow.frames import Json
from matcher.workflow.graph.model import Edge, Graph, graph
from matcher.workflow.graph.trace import trace
from matcher.workflow.happenings import Call, Event, Happening, TaskSubmitted, TaskSucceeded
from matcher.workflow.history import spelled
from matcher.workflow.host.calls import described
from matcher.workflow.host.live import Names, context
from matcher.workflow.host.machines import Compiled
from matcher.workflow.host.records import Record
from matcher.workflow.host.tasks import failed, result, sought, takes_call
from matcher.workflow.items import Items
from matcher.workflow.scene import Settings

__all__ = ["MORNING", "NEVER", "Coverage", "Mocks", "Rehearsal", "rehearse"]

#: When rehearsals begin: 2025-01-01T00:00:00Z, so that what a test prints is the same every day.
MORNING: Final = 1_735_689_600.0

#: A mock that gives no answer: the call times out, if it may.
NEVER: Final = object()

#: What does a call, by the name of its state, its resource or its function: a value; an exception; a callable that is
#: given the arguments; or a list of these, of which every call takes the next (a list as a value stands in a list).
Mocks: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rehearsal(Record):
    """An execution that was rehearsed, with its history and the calls that it made."""

    events: Sequence[Event] = ()
    calls: Sequence[Call] = field(default=(), repr=False)

    @property
    def seconds(self) -> float:
        """How long it would have taken, if tasks took no time."""
        return (self.stopped or self.started) - self.started


def rehearse(
    compiled: Compiled,
    given: Json,
    mocks: Mocks,
    *,
    machine: str = "workflow",
    items: Items | None = None,
    settings: Settings | None = None,
    names: Names | None = None,
    random: Random | None = None,
    now: float = MORNING,
) -> Rehearsal:
    """Run a workflow to its end in virtual time.

    Raises WorkflowError for a call that no mock is for, and where nothing can happen any more.
    """
    record = Record(0, machine, compiled.key, "rehearsal", "RUNNING", {} if given is None else given, now)
    stage = _Stage(record, mocks, names or Names())
    world = World(stage.serve) if items is None else World(stage.serve, items.read, items.write)
    about = context(record, stage.names)
    done = run(compiled.program, record.input, world, context=about, settings=settings, now=now, random=random)
    known = {one.name: getattr(record, one.name) for one in fields(Record)}
    end = done.ended
    known.update(status=end.status, stopped=done.now, output=end.output, error=end.error, cause=end.cause)
    return Rehearsal(**known, events=done.events, calls=stage.calls)


class _Stage:
    """Answers the calls of one rehearsal."""

    def __init__(self, record: Record, mocks: Mocks, names: Names) -> None:
        self.record = record
        self.names = names
        self.calls: list[Call] = []
        self._mocks = {name: _Mock(name, mock) for name, mock in mocks.items()}

    def serve(self, call: Call) -> Iterator[Happening]:
        self.calls.append(call)
        by_state = self._mocks.get(call.state)
        mock, given = (by_state, call.arguments) if by_state else sought(call, self._mocks)
        if mock is None:
            known = ", ".join(self._mocks) or "none"
            raise WorkflowError(f"no mock for the state {call.state!r} or its resource {call.resource}; there are: {known}")
        answer = mock.next()
        if call.resource.endswith(".waitForTaskToken"):
            yield TaskSubmitted({})
        if answer is NEVER:
            return
        try:
            output = orjson.loads(orjson.dumps(self._output(answer, given, call)))
        except Exception as error:  # noqa: BLE001 (as a task's: the workflow's to handle)
            yield failed(error)
        else:
            yield TaskSucceeded(output if by_state else result(call, output))

    def _output(self, answer: Any, given: Json, call: Call) -> Any:
        if isinstance(answer, Exception) or (isinstance(answer, type) and issubclass(answer, Exception)):
            raise answer
        if not callable(answer):
            return answer
        output = answer(given, described(self.record, call, self.names)) if takes_call(answer) else answer(given)
        if not inspect.isawaitable(output):
            return output
        with ThreadPoolExecutor(1) as pool:  # this thread may run a loop already
            return pool.submit(asyncio.run, _awaited(output)).result()


async def _awaited(output: Any) -> Any:
    return await output


class _Mock:
    """One entry of the mocks."""

    def __init__(self, name: str, mock: Any) -> None:
        self._name = name
        self._mock = mock
        self._taken = 0

    def next(self) -> Any:
        if not isinstance(self._mock, list):
            return self._mock
        if self._taken == len(self._mock):
            raise WorkflowError(f"the mock {self._name!r} has {self._taken} answers, and is called once more")
        self._taken += 1
        return self._mock[self._taken - 1]


class Coverage:
    """Which states and ways of a machine were gone, over any number of executions, rehearsed ones or real."""

    def __init__(self, machine: Machine) -> None:
        self._graphs: tuple[Graph, ...] = tuple(graph(machine).walk())
        self.executions = 0
        #: Visits of each state, and how often each way was gone; of a Choice's rules with one target, all count.
        self.states: Counter[str] = Counter({node.name: 0 for part in self._graphs for node in part.nodes})
        self.ways: Counter[Edge] = Counter({edge: 0 for part in self._graphs for edge in part.edges})

    def add(self, events: Iterable[Event]) -> None:
        """Count one execution: its events, those of child executions of distributed Maps too."""
        self.executions += 1
        histories: dict[int, list[Event]] = {}
        for event in events:
            histories.setdefault(event.history, []).append(event)
        for number, history in histories.items():
            traced = trace(spelled(history, number))
            for name, visits in traced.states.items():
                self.states[name] += visits.count
            for edge in self.ways:
                self.ways[edge] += traced.count(edge)

    @property
    def missing_states(self) -> list[str]:
        return [name for name, count in self.states.items() if not count]

    @property
    def missing_ways(self) -> list[Edge]:
        return [edge for edge, count in self.ways.items() if not count]

    @property
    def share(self) -> float:
        """The part of all states and ways that was gone, from 0 to 1."""
        whole = len(self.states) + len(self.ways)
        return (whole - len(self.missing_states) - len(self.missing_ways)) / whole

    def report(self) -> str:
        """What was gone and what was not, as text."""
        states, ways = self.missing_states, self.missing_ways
        gone = f"{_part(self.states)} states, {_part(self.ways)} ways"
        lines = [f"{self.share:.0%} covered by {self.executions} executions: {gone}"]
        lines += [f"  never entered: {name}" for name in states]
        lines += [f"  never gone: {_told(edge)}" for edge in ways]
        return "\n".join(lines)


def _part(counted: Counter[Any]) -> str:
    return f"{sum(count > 0 for count in counted.values())} of {len(counted)}"


def _told(edge: Edge) -> str:
    ends = (name if name.isprintable() else edge.kind for name in (edge.source, edge.target))
    return " → ".join(ends) + (f" ({edge.kind}: {edge.label})" if edge.label else "")
