"""Make the calls, reads and writes that executions ask for, watch their times, and tell what comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Executor
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
from matcher.workflow.host.alarms import Alarms
from matcher.workflow.host.live import Names, Told
from matcher.workflow.host.records import Letter, Record
from matcher.workflow.host.tasks import TaskCall, Tasks
from matcher.workflow.service import service

__all__ = ["Calls", "Reader", "Writer", "no_reader", "no_writer"]

#: Reads a Map's items, or writes its results, in a thread: it may wait for a disk or a network.
#: The text names the execution: a reader may keep files open between the chunks of one Map.
Reader: TypeAlias = Callable[[Read, str], ItemsRead | ReadFailed]
Writer: TypeAlias = Callable[[Write], ResultsWritten | WriteFailed]


def no_reader(read: Read, _execution: str) -> ItemsRead | ReadFailed:
    return ReadFailed(f"there are no items for {read.reader['Resource']}: give `items`")


def no_writer(write: Write) -> ResultsWritten | WriteFailed:
    return WriteFailed(f"there is nothing that writes {write.writer['Resource']}: give `items`")


#: An execution, a frame of it, and the event that scheduled the call.
Key: TypeAlias = tuple[int, int, int]


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
        #: When each call that promised heartbeats was last heard of.
        self._beats: dict[Key, float] = {}

    @property
    def jobs(self) -> list[asyncio.Task[None]]:
        return list(self._jobs.values())

    def call(self, record: Record, call: Call, names: Names, *, watch_only: bool = False) -> None:
        """Make a call and watch its times; `watch_only` where it is made, and its answer comes from outside."""
        key = (record.id, call.frame, call.scheduled)
        if call.deadline is not None:
            told = Told(call.frame, TimedOut(), call.scheduled)
            self._alarms.set(call.deadline, lambda: self._tell(record.id, told))
        if call.heartbeat is not None and key not in self._beats:
            self._beats[key] = self._clock.now()
            self._expect(key, call.heartbeat)
        if not watch_only and key not in self._jobs and service(call.resource).family != "Activity":
            self._do(key, self._run(record, call, names))

    async def _run(self, record: Record, call: Call, names: Names) -> None:
        told = TaskCall(
            call.resource,
            call.state,
            names.execution(record.machine, record.name),
            names.machine(record.machine),
            record.correlation,
            f"{record.id}-{call.frame}-{call.scheduled}",
            call.token,
            call.deadline,
        )
        answer = await self._tasks.run(call, told, self._executor)
        self._tell(record.id, Told(call.frame, answer, call.scheduled))

    def read(self, execution: int, read: Read) -> None:
        self._do((execution, read.frame, 0), self._threaded(execution, read.frame, lambda: self._reader(read, str(execution))))

    def write(self, execution: int, write: Write) -> None:
        self._do((execution, write.frame, 0), self._threaded(execution, write.frame, lambda: self._writer(write)))

    async def _threaded(self, execution: int, frame: int, work: Callable[[], Any]) -> None:
        answer = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        self._tell(execution, Told(frame, answer))

    def _do(self, key: Key, work: Coroutine[Any, Any, None]) -> None:
        """Do it unless it is under way."""
        if key in self._jobs:
            work.close()
            return
        job = asyncio.get_running_loop().create_task(work)
        self._jobs[key] = job
        job.add_done_callback(lambda _job: self._jobs.pop(key, None))

    # ---- heartbeats ----

    def heard(self, letter: Letter) -> None:
        """A letter came for a call: a heartbeat, or a worker that took it."""
        key = (letter.execution, letter.frame, letter.scheduled)
        if key in self._beats and letter.kind in ("heartbeat", "taken"):
            self._beats[key] = self._clock.now()

    def _expect(self, key: Key, seconds: float) -> None:
        self._alarms.set(self._beats[key] + seconds, lambda: self._listen(key, seconds))

    def _listen(self, key: Key, seconds: float) -> None:
        """Time out a call that was not heard of for that long."""
        last = self._beats.get(key)
        if last is None:
            return
        if last + seconds > self._clock.now():
            self._expect(key, seconds)
            return
        execution, frame, scheduled = key
        self._tell(execution, Told(frame, TimedOut(heartbeat=True), scheduled))

    # ---- ends ----

    def drop(self, execution: int, ended: Iterable[tuple[int, int]]) -> None:
        """Cancel calls that nothing waits for any more: (frame, scheduled)."""
        for frame, scheduled in ended:
            key = (execution, frame, scheduled)
            self._beats.pop(key, None)
            job = self._jobs.get(key)
            if job is not None and job is not asyncio.current_task():
                job.cancel()
