"""Run every execution of a journal: apply what happens, store it, and only then act on it.

One execution is pumped at a time by one task of the event loop: it applies what waits, stores what that changed in one
transaction, and then makes the calls and sets the alarms that were asked for. Between two batches an execution is as the
journal has it, so that a process may die at any point: the next owner of the journal asks for the same things again, and
answers that come twice find that nothing waits for them. Commits of many executions share a transaction of the store.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from random import Random, SystemRandom
from typing import Any

from matcher.clock import SYSTEM, Clock
from matcher.errors import StoreError, WorkflowError
from matcher.observe import SILENT, Observer
from matcher.workflow.frames import Frame
from matcher.workflow.happenings import Changes, Moment, Proceed, TimerFired
from matcher.workflow.host.alarms import Alarms
from matcher.workflow.host.batch import Batch
from matcher.workflow.host.calls import Calls, no_reader, no_writer
from matcher.workflow.host.journal import Journal
from matcher.workflow.host.live import Live, Names
from matcher.workflow.host.machines import Compiled, compiled
from matcher.workflow.host.notices import Notices, Status
from matcher.workflow.host.records import Letter, Record, as_begun
from matcher.workflow.host.resuming import asked, asking, submitted, taken, wake
from matcher.workflow.host.tasks import Tasks
from matcher.workflow.host.told import Overdue, Told, Waiting
from matcher.workflow.items import Items
from matcher.workflow.scene import Settings

__all__ = ["Host"]

METRICS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}

OVERDUE = Told(0, Overdue())
#: Seconds for which an execution that waits is kept in memory rather than loaded when it is told something.
PATIENCE = 5.0
#: Frames of an execution that is worth loading again.
SMALL = 16
LETTERS = 256
#: Executions loaded at a time.
LOADS = 64
#: Seconds between looks whether another owner has gone, and of rest after the store failed.
STAND_BY = 0.1
REST = 1.0


class Host:
    """Runs the executions of a journal that it owns, or stands by until it does.

    `tasks` do the calls; `items` are where distributed Maps read and write.
    """

    def __init__(
        self,
        journal: Journal,
        tasks: Tasks,
        *,
        items: Items | None = None,
        settings: Settings | None = None,
        names: Names | None = None,
        clock: Clock = SYSTEM,
        random: Random | None = None,
        executor: Executor | None = None,
        observer: Observer = SILENT,
        status: Status | None = None,
        token: Callable[[Frame], str] | None = None,
    ) -> None:
        self.journal = journal
        self.names = names or Names()
        self.clock = clock
        self._settings = settings or Settings()
        self._observer = observer
        self._notices = None if status is None else Notices(journal, status, clock, observer)
        self._forget = items.forget if items else None
        self._random = random or SystemRandom()
        self._token = token or (lambda _frame: secrets.token_urlsafe(32))
        self._compiled: dict[str, Compiled] = {}
        self._live: dict[int, Live] = {}
        self._loading: dict[int, list[Waiting]] = {}
        self._ended: dict[int, list[asyncio.Future[Record]]] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._alarms = Alarms(clock)
        read, write = (items.read, items.write) if items else (no_reader, no_writer)
        self._calls = Calls(tasks, read, write, clock, self._alarms, executor, self.tell)
        self.running = False

    # ---- life ----

    async def start(self) -> None:
        """Own the journal, and go on with every execution that has not ended; where another owns it, do so once it ends."""
        if await self.journal.own():
            await self._go_on()
        else:
            self._do(self._stand_by())

    async def _stand_by(self) -> None:
        while not await self.journal.own():
            await self.clock.sleep(STAND_BY)
        while not self.running:
            try:
                await self._go_on()
            except StoreError as error:
                await self._rest(error)

    async def _go_on(self) -> None:
        standings = await self.journal.running()
        # Answers before executions: a call that is answered is not made again.
        letters = await self.journal.letters(0, sys.maxsize)
        self.running = True
        self._loads = asyncio.Semaphore(LOADS)
        self._do(self._alarms.run())
        if self._notices is not None:
            self._do(self._notices.run())
        self._do(self._read_letters(self._hear(letters, 0)))
        for standing in standings:
            if standing.wake <= self.clock.now():
                self._load(standing.execution)
            elif standing.wake < float("inf"):
                self._alarms.set(standing.wake, lambda number=standing.execution: self._load(number))  # type: ignore[misc]

    async def stop(self) -> None:
        """Give the journal up. Calls under way are cancelled; the next owner makes them again."""
        owned, self.running = self.running, False
        jobs = [*self._jobs, *self._calls.jobs]
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        self._live.clear()
        self._loading.clear()
        self._calls.clear()
        self._alarms.clear()
        if owned:
            await self.journal.disown()

    def add(self, definition: Compiled) -> None:
        """Know a compiled definition before one of its executions is met."""
        self._compiled.setdefault(definition.key, definition)

    @contextmanager
    def ended(self, execution: int) -> Iterator[asyncio.Future[Record]]:
        """A future of the execution's end, if that comes while the context lasts. This host must run."""
        future: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        waiting = self._ended.setdefault(execution, [])
        waiting.append(future)
        try:
            yield future
        finally:
            with suppress(ValueError):
                waiting.remove(future)
            if not waiting:
                self._ended.pop(execution, None)

    def _do(self, work: Coroutine[Any, Any, None], execution: int = 0) -> None:
        job = asyncio.get_running_loop().create_task(work, name=f"execution {execution}" if execution else None)
        self._jobs.add(job)
        job.add_done_callback(self._done)

    def _done(self, job: asyncio.Task[None]) -> None:
        self._jobs.discard(job)
        if not job.cancelled() and (error := job.exception()) is not None:
            self._observer.log("error", "a host of workflows failed", job=job.get_name(), error=repr(error))

    # ---- what is told ----

    async def _read_letters(self, after: int) -> None:
        while True:
            try:
                last = await self.journal.wait(after)
                while letters := await self.journal.letters(after, LETTERS):
                    after = self._hear(letters, after)
            except StoreError as error:
                await self._rest(error)
            else:
                after = max(after, last)  # those between are dealt with, and gone

    def _hear(self, letters: list[Letter], after: int) -> int:
        """Tell the executions; the last letter's number."""
        for letter in letters:
            self._calls.heard(letter)
            self.tell(letter.execution, letter)
        return letters[-1].id if letters else after

    def tell(self, execution: int, *waiting: Waiting) -> None:
        """Tell an execution something; it is loaded if it is not in memory."""
        live = self._live.get(execution)
        if live is None:
            self._load(execution, *waiting)
        else:
            live.queue.extend(waiting)
            self._wake(live)

    def _load(self, execution: int, *waiting: Waiting) -> None:
        if execution in self._live:
            self.tell(execution, *waiting)
        elif execution in self._loading:
            self._loading[execution] += waiting
        else:
            self._loading[execution] = list(waiting)
            self._do(self._bring(execution), execution)

    async def _bring(self, execution: int) -> None:
        """Load an execution, ask again for what it waits for, and give it what it was told meanwhile."""
        while True:
            try:
                async with self._loads:
                    live = await self._loaded(execution)
                break
            except StoreError as error:
                await self._rest(error)
            except Exception:
                del self._loading[execution]
                raise
        waiting = self._loading.pop(execution)
        if live is None:
            return
        self._live[execution] = live
        if live.execution.ended is None:
            self._act(live, asked(live.execution, live.execution.frames.values()), again=True, waiting=waiting)
            self._limit(live.record)
        live.queue.extend(waiting)
        self._wake(live)

    async def _loaded(self, execution: int) -> Live | None:
        loaded = await self.journal.load(execution)
        if loaded is None:
            return None
        key = loaded.record.definition
        if key not in self._compiled:
            text = await self.journal.definition(key)
            if text is None:
                raise WorkflowError(f"the journal has no definition {key}")
            self._compiled[key] = compiled(text)
        return Live.of(loaded, self._compiled[key].program, self.names, self._settings)

    # ---- transitions ----

    def _wake(self, live: Live) -> None:
        if not live.pumped:
            live.pumped = True
            self._do(self._pump(live), live.record.id)

    async def _pump(self, live: Live) -> None:
        try:
            while live.queue:
                now = self.clock.now()
                batch = live.run(Moment(now, self._random, self._token))
                if not (batch.transitions or batch.letters):
                    continue
                try:
                    await self.journal.save(live.saved(batch, now, notify=self._notices is not None))
                except StoreError as error:
                    await self._stumble(live, batch.heard, error)
                    return
                left, began, reopened = batch.left, live.began, live.reopened
                ended = live.keep(batch, now)
                if ended:
                    left = [*left, *live.calling()]
                if reopened:
                    self._limit(live.record)
                self._calls.drop(live.record.id, ((frame, work.scheduled) for frame, work in left))
                self._after(live, batch, began=began, ended=ended)
        finally:
            live.pumped = False
        self._part(live)

    def _after(self, live: Live, batch: Batch, *, began: bool, ended: bool) -> None:
        """The batch is stored: act on it."""
        if live.execution.ended is None:
            self._act(live, Changes(calls=batch.calls, timers=batch.timers, reads=batch.reads, writes=batch.writes))
        self._observer.count("StateTransitions", batch.transitions, machine=live.record.machine)
        if began:
            self._observer.count("ExecutionsStarted", machine=live.record.machine)
            self._tell_status(as_begun(live.record))
        if ended:
            self._over(live)

    def _act(self, live: Live, changes: Changes, *, again: bool = False, waiting: Sequence[Waiting] = ()) -> None:
        """Do what is asked for; `again` where it may be done already, or its answer be in `waiting`."""
        number = live.record.id
        frames = live.execution.frames
        answered = {(one.frame, one.scheduled) for one in waiting}
        live.queue.extend(Told(frame, Proceed()) for frame in changes.ready)
        for timer in changes.timers:
            told = Told(timer.frame, TimerFired(), until=timer.at)
            self._alarms.set(timer.at, lambda told=told: self.tell(number, told))  # type: ignore[misc]
        for call in changes.calls:
            made = again and (submitted(frames[call.frame]) or (call.frame, call.scheduled) in answered)
            has_worker = again and taken(frames[call.frame])
            self._calls.call(live.record, call, self.names, watch_only=made, taken=has_worker)
        for read in changes.reads:
            if (which := asking(frames[read.frame])) is not None:
                self._calls.read(number, read, which)
        for write in changes.writes:
            if (which := asking(frames[write.frame])) is not None:
                self._calls.write(number, write, which)

    def _limit(self, record: Record) -> None:
        """Watch the machine's TimeoutSeconds."""
        if record.deadline is not None:
            self._alarms.set(record.deadline, lambda: self.tell(record.id, OVERDUE))

    def _over(self, live: Live) -> None:
        if self._forget is not None:
            self._forget(str(live.record.id))
        for future in self._ended.pop(live.record.id, ()):
            if not future.done():
                future.set_result(live.record)
        self._observer.count(METRICS[live.record.status], machine=live.record.machine)
        self._tell_status(live.record)

    def _tell_status(self, record: Record) -> None:
        self._observer.log(
            "info",
            f"execution {record.status}",
            machine=record.machine,
            execution=record.name,
            correlation_id=record.correlation,
        )
        if self._notices is not None:
            self._notices.ring()

    def _part(self, live: Live) -> None:
        """Drop from memory what has ended, or what waits for long: whatever is told to it loads it again."""
        if live.pumped or live.queue or self._live.get(live.record.id) is not live:
            return
        soon = self.clock.now() + PATIENCE
        frames = live.execution.frames
        waits = len(frames) <= SMALL and all(wake(frame) > soon for frame in frames.values())
        if live.record.status != "RUNNING" or waits:
            del self._live[live.record.id]

    async def _stumble(self, live: Live, heard: list[Waiting], error: StoreError) -> None:
        """The store failed, and memory is ahead of it: begin again from what is stored, and from what was heard since."""
        number = live.record.id
        self._live.pop(number, None)
        self._loading[number] = [*heard, *live.queue]
        await self._rest(error)
        self._do(self._bring(number), number)

    async def _rest(self, error: StoreError) -> None:
        self._observer.log("error", "the store of workflows failed; trying again", error=str(error))
        await self.clock.sleep(REST)
