"""Run an execution in memory, in virtual time: what waits a day is over at once, and nothing is slept or stored."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random

from matcher.errors import WorkflowError
from matcher.workflow.execution import Execution, advance, start, time_out
from matcher.workflow.frames import Calling, Frame, Json
from matcher.workflow.happenings import (
    Call,
    Changes,
    Ended,
    Event,
    Happening,
    ItemsRead,
    Moment,
    Proceed,
    Read,
    ReadFailed,
    ResultsWritten,
    TaskFailed,
    TimedOut,
    TimerFired,
    Write,
    WriteFailed,
)
from matcher.workflow.program import Program
from matcher.workflow.scene import Settings, timestamp

__all__ = ["Run", "World", "run"]


def _no_task(call: Call) -> Iterable[Happening]:
    return (TaskFailed("States.TaskFailed", f"there is no task for {call.resource}"),)


def _no_reader(read: Read) -> ItemsRead | ReadFailed:
    return ReadFailed(f"there is no reader for {read.reader['Resource']}")


def _no_writer(write: Write) -> ResultsWritten | WriteFailed:
    return WriteFailed(f"there is no writer for {write.writer['Resource']}")


@dataclass(frozen=True, slots=True)
class World:
    """What answers an execution. A task's answers come in order and at once; one that never ends gives no last answer."""

    serve: Callable[[Call], Iterable[Happening]] = _no_task
    read: Callable[[Read], ItemsRead | ReadFailed] = _no_reader
    write: Callable[[Write], ResultsWritten | WriteFailed] = _no_writer
    #: Told of every event as it is made.
    record: Callable[[Event], None] | None = None


@dataclass(slots=True)
class Run:
    """An execution that is over: how it ended, its events, and the virtual time at its end."""

    ended: Ended
    execution: Execution
    now: float
    events: list[Event] = field(default_factory=list)


def run(
    program: Program,
    given: Json,
    world: World | None = None,
    *,
    context: Mapping[str, Json] | None = None,
    settings: Settings | None = None,
    now: float = 0.0,
    random: Random | None = None,
) -> Run:
    """Run to the end. Raises WorkflowError where nothing can happen any more: a task neither ends nor times out."""
    execution = Execution(program, context or _context(given, now), settings or Settings())
    return _Drive(execution, world or World(), now, random or Random(0)).run(given)


def _context(given: Json, now: float) -> dict[str, Json]:
    name = "arn:aws:states:local:000000000000"
    started = {"StartTime": timestamp(now), "RedriveCount": 0, "RoleArn": ""}
    return {
        "Execution": {"Id": f"{name}:execution:machine:run", "Name": "run", "Input": given, **started},
        "StateMachine": {"Id": f"{name}:stateMachine:machine", "Name": "machine"},
    }


class _Drive:
    def __init__(self, execution: Execution, world: World, now: float, random: Random) -> None:
        self.execution = execution
        self.world = world
        self.now = now
        self.random = random
        self.tokens = count(1)
        self.order = count()
        self.ready: deque[tuple[int, Happening, int]] = deque()
        self.timers: list[tuple[float, int, int, Happening, int]] = []
        self.events: list[Event] = []

    def run(self, given: Json) -> Run:
        self._take(start(self.execution, given, self._moment()))
        limit = self.execution.program.machine.timeout_seconds
        deadline = None if limit is None else self.now + limit
        while self.execution.ended is None:
            frame, happening, scheduled = self._next(deadline)
            if happening is None:
                self._take(time_out(self.execution, self._moment()))
            elif scheduled == 0 or self._waits(frame, scheduled):
                self._take(advance(self.execution, frame, happening, self._moment()))
        return Run(self.execution.ended, self.execution, self.now, self.events)

    def _next(self, deadline: float | None) -> tuple[int, Happening | None, int]:
        if self.ready:
            return self.ready.popleft()
        at = self.timers[0][0] if self.timers else None
        if deadline is not None and (at is None or at >= deadline):
            self.now = deadline
            return 0, None, 0
        if at is None:
            raise WorkflowError("nothing can happen any more: a task neither ends nor times out")
        self.now = max(self.now, at)
        _, _, frame, happening, scheduled = heapq.heappop(self.timers)
        return frame, happening, scheduled

    def _waits(self, frame: int, scheduled: int) -> bool:
        found = self.execution.frames.get(frame)
        return found is not None and isinstance(found.work, Calling) and found.work.scheduled == scheduled

    def _moment(self) -> Moment:
        return Moment(self.now, self.random, self._token)

    def _token(self, frame: Frame) -> str:
        return f"token-{frame.id}-{next(self.tokens)}"

    def _take(self, changes: Changes) -> None:
        self.events += changes.events
        if self.world.record is not None:
            for event in changes.events:
                self.world.record(event)
        self.ready.extend((frame, Proceed(), 0) for frame in changes.ready)
        for timer in changes.timers:
            self._at(timer.at, timer.frame, TimerFired(), 0)
        for call in changes.calls:
            self._serve(call)
        for read in changes.reads:
            self.ready.append((read.frame, self.world.read(read), 0))
        for write in changes.writes:
            self.ready.append((write.frame, self.world.write(write), 0))

    def _serve(self, call: Call) -> None:
        for answer in self.world.serve(call):
            self.ready.append((call.frame, answer, call.scheduled))
        if call.heartbeat is not None:
            self._at(self.now + call.heartbeat, call.frame, TimedOut(heartbeat=True), call.scheduled)
        if call.deadline is not None:
            self._at(call.deadline, call.frame, TimedOut(), call.scheduled)

    def _at(self, time: float, frame: int, happening: Happening, scheduled: int) -> None:
        heapq.heappush(self.timers, (time, next(self.order), frame, happening, scheduled))
