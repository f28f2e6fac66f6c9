"""Make the calls, reads and writes that executions ask for, watch their times, and tell what comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeAlias

from matcher.clock import Clock
from matcher.workflow.happenings import (
    Call,
    ItemsRead,
    Read,
    ReadFailed,
    ResultsWritten,
    TimedOut,
    Write,
    WriteFailed,
)
from matcher.workflow.host.alarms import Alarm, Alarms
from matcher.workflow.host.live import Names
from matcher.workflow.host.records import Letter, Record
from matcher.workflow.host.resuming import Asked
from matcher.workflow.host.tasks import TaskCall, Tasks
from matcher.workflow.host.told import Told
from matcher.workflow.service import service

__all__ = ["Calls", "Reader", "Writer", "described", "no_reader", "no_writer"]

#: Reads a Map's items, or writes its results, in a thread: it may wait for a disk or a network.
#: The text names the execution: a reader may keep files open between the chunks of one Map.
Reader: TypeAlias = Callable[[Read, str], ItemsRead | ReadFailed]
Writer: TypeAlias = Callable[[Write], ResultsWritten | WriteFailed]


def no_reader(read: Read, _execution: str) -> ItemsRead | ReadFailed:
    return ReadFailed(f"there are no items for {read.reader['Resource']}: give `items`")


def no_writer(write: Write) -> ResultsWritten | WriteFailed:
    return WriteFailed(f"there is nothing that writes {write.writer['Resource']}: give `items`")


#: An execution, a frame of it, and which of its calls, reads and writes it is.
Key: TypeAlias = tuple[int, ...]


def described(record: Record, call: Call, names: Names) -> TaskCall:
    """What a task may know of its call."""
    return TaskCall(
        call.resource,
        call.state,
        names.execution(record.machine, record.name),
        names.machine(record.machine),
        record.correlation,
        f"{record.id}-{call.frame}-{call.scheduled}",
        call.token,
        call.deadline,
    )


class Calls:
    """What is under way outside. Each call is made once at a time, also where its execution was loaded anew."""

    def __init__(
        self,
        tasks: Tasks,
        read: Reader,
        write: Writer,
        clock: Clock,
        alarms: Alarms,
        executor: Executor | None,
        tell: Callable[..., None],
    ) -> None:
        self._tasks = tasks
        self._reader = read
        self._writer = write
        self._clock = clock
        self._alarms = alarms
        self._executor = executor
        self._tell = tell
        self._jobs: dict[Key, asyncio.Task[None]] = {}
        self._deadlines: dict[Key, Alarm] = {}
        #: Seconds between the heartbeats that each call promised, and when it was last heard of.
        self._promised: dict[Key, float] = {}
        self._beats: dict[Key, float] = {}

    @property
    def jobs(self) -> list[asyncio.Task[None]]:
        return list(self._jobs.values())

    def call(self, record: Record, call: Call, names: Names, *, watch_only: bool = False, taken: bool = False) -> None:
        """Make a call and watch its times; `watch_only` where it is made, and its answer comes from outside.

        `taken`: it is an activity's, and a worker has it.
        """
        key = (record.id, call.frame, call.scheduled)
        activity = service(call.resource).family == "Activity"
        if call.deadline is not None and key not in self._deadlines:
            told = Told(call.frame, TimedOut(), call.scheduled)
            self._deadlines[key] = self._alarms.set(call.deadline, lambda: self._tell(record.id, told))
        if call.heartbeat is not None and call.token and key not in self._promised:
            self._promised[key] = call.heartbeat
            if taken or not activity:
                self._begin(key)
        if not watch_only and not activity:
            self._do(key, self._run, record, call, names)

    async def _run(self, record: Record, call: Call, names: Names) -> None:
        answer = await self._tasks.run(call, described(record, call, names), self._executor)
        self._tell(record.id, Told(call.frame, answer, call.scheduled))

    def read(self, execution: int, read: Read, asked: Asked) -> None:
        work = partial(self._reader, read, str(execution))
        self._do((execution, read.frame, *asked), self._threaded, execution, read.frame, asked, work)

    def write(self, execution: int, write: Write, asked: Asked) -> None:
        work = partial(self._writer, write)
        self._do((execution, write.frame, *asked), self._threaded, execution, write.frame, asked, work)

    async def _threaded(self, execution: int, frame: int, asked: Asked, work: Callable[[], Any]) -> None:
        answer = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        self._tell(execution, Told(frame, answer, asked=asked))

    def _do(self, key: Key, work: Callable[..., Coroutine[Any, Any, None]], *given: Any) -> None:
        """Do it unless it is under way."""
        if key not in self._jobs:
            job = self._jobs[key] = asyncio.get_running_loop().create_task(work(*given))
            job.add_done_callback(lambda _job: self._jobs.pop(key, None))

    # ---- heartbeats ----

    def heard(self, letter: Letter) -> None:
        """A letter came for a call: a heartbeat, or a worker that took it."""
        key = (letter.execution, letter.frame, letter.scheduled)
        if key not in self._promised:
            return
        if key in self._beats:
            self._beats[key] = self._clock.now()
        elif letter.kind == "taken":
            self._begin(key)

    def _begin(self, key: Key) -> None:
        """Heartbeats are expected from now on."""
        self._beats[key] = self._clock.now()
        self._expect(key)

    def _expect(self, key: Key) -> None:
        self._alarms.set(self._beats[key] + self._promised[key], lambda: self._listen(key))

    def _listen(self, key: Key) -> None:
        """Time out a call that was not heard of for as long as it promised."""
        if key not in self._beats:
            return
        if self._beats[key] + self._promised[key] > self._clock.now():
            self._expect(key)
            return
        execution, frame, scheduled = key
        self._tell(execution, Told(frame, TimedOut(heartbeat=True), scheduled))

    # ---- ends ----

    def clear(self) -> None:
        """Forget all times; the jobs are ended by who has them."""
        self._deadlines.clear()
        self._promised.clear()
        self._beats.clear()

    def drop(self, execution: int, ended: Iterable[tuple[int, int]]) -> None:
        """Cancel calls that nothing waits for any more: (frame, scheduled)."""
        for frame, scheduled in ended:
            key = (execution, frame, scheduled)
            self._beats.pop(key, None)
            self._promised.pop(key, None)
            alarm = self._deadlines.pop(key, None)
            if alarm is not None:
                self._alarms.drop(alarm)
            job = self._jobs.get(key)
            if job is not None:
                job.cancel()
