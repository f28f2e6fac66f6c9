"""Turn functions over a connection, submitted by any thread or event loop, into few transactions of one SQLite file.

One thread writes. It takes all that was submitted while it was busy, runs it in one transaction and commits; only then
does anyone hear of a result. So one fsync covers many operations, and under load the more the longer an fsync takes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from matcher.errors import StoreError
from matcher.store.connection import Connect, Connection, Schema, Settings, explained, migrate, opened, standard
from matcher.store.filelock import FileLock

__all__ = ["Database"]

Result = TypeVar("Result")
DEFAULT = Settings()
CHECKPOINT_EVERY = 32  # transactions: a few megabytes at most rates


@dataclass(slots=True)
class Job:
    """An operation and who waits for it."""

    function: Callable[[Connection], Any]
    durable: bool
    writes: bool
    future: Future[Any] | asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Database:
    """One SQLite file. Operations are functions over a connection: they write, and never begin or end a transaction.

    An operation may run more than once (after another one of its transaction has failed), and has then left no trace
    before: it changes nothing but the database. It must be short, for all others wait. What it raises reaches whoever
    submitted it and undoes that operation alone; an error of SQLite's becomes a StoreError.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        schemas: Sequence[Schema],
        settings: Settings = DEFAULT,
        connect: Connect = standard,
    ) -> None:
        self.path = os.fspath(path)
        self.settings = settings
        self._schemas = schemas
        self._connect = connect
        self._lock = Lock()
        self._writer: Worker | None = None
        self._reader: Worker | None = None

    def open(self) -> None:
        """Open the file, made and migrated where needed; once open, do nothing. Waits for the disk."""
        with self._lock:
            if self._writer is not None:
                return
            with ExitStack() as undo:
                connections = []
                for _ in range(2):
                    connections.append(opened(self.path, self.settings, self._connect))
                    undo.callback(connections[-1].close)
                try:
                    migrate(connections[0], self._schemas)
                except BaseException as error:
                    raise explained(error, self.path) from error
                undo.pop_all()
            self._reader = Reader(self.path, connections[1], 1)
            self._writer = Writer(self.path, connections[0], self.settings.gather, self._reader.checkpoint)

    def close(self) -> None:
        """Finish what was submitted, and close the file. Waits for the disk."""
        with self._lock:
            workers = (self._reader, self._writer)
            self._reader = self._writer = None
        for worker in workers:
            if worker is not None:
                worker.stop()

    def submit(self, function: Callable[[Connection], Result], *, durable: bool = False) -> Future[Result]:
        """Have the writer run an operation. The future has its result once it is committed and, if asked, synced."""
        future: Future[Result] = Future()
        self._worker(self._writer).jobs.put(Job(function, durable, True, future))
        return future

    def run(self, function: Callable[[Connection], Result], *, durable: bool = False) -> asyncio.Future[Result]:
        """The same for who runs in an event loop: cheaper, since results of one loop come together."""
        return self._put(self._writer, function, durable=durable, writes=True)

    def ask(self, function: Callable[[Connection], Result]) -> asyncio.Future[Result]:
        """Run something short that only reads after all that was submitted before, and with it: it waits for no one."""
        return self._put(self._writer, function, durable=False, writes=False)

    def read(self, function: Callable[[Connection], Result]) -> asyncio.Future[Result]:
        """Run something that only reads, beside the writer: it may take long, and sees what is committed by then."""
        return self._put(self._reader, function, durable=False, writes=False)

    def _put(
        self, worker: Worker | None, function: Callable[[Connection], Result], *, durable: bool, writes: bool
    ) -> asyncio.Future[Result]:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._worker(worker).jobs.put(Job(function, durable, writes, future))
        return future

    def _worker(self, worker: Worker | None) -> Worker:
        if worker is None:
            raise StoreError(f"{self.path}: the store is not open")
        return worker

    def size(self) -> int:
        """Bytes of the file and what lies beside it."""
        beside = (Path(self.path + suffix) for suffix in ("", "-wal", "-shm"))
        return sum(path.stat().st_size for path in beside if path.exists())

    async def check(self) -> list[str]:
        """What SQLite finds damaged; none: nothing. Reads the whole file."""
        try:
            rows = await self.read(lambda connection: connection.execute("PRAGMA integrity_check").fetchall())
        except StoreError as error:  # so damaged that it can't even be looked through
            return [str(error)]
        return [text for (text,) in rows if text != "ok"]

    async def compact(self) -> int:
        """Give unused pages back to the system, a megabyte a step so that others get their turn; how many bytes."""
        before = self.size()
        while await self.run(_shrink):
            pass
        await self.read(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())
        return max(0, before - self.size())


def _checkpoint(connection: Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _shrink(connection: Connection) -> int:
    """Free pages that are left."""
    connection.execute("PRAGMA incremental_vacuum(128)").fetchall()
    left: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return left


class Worker:
    """A thread with a connection, that takes jobs in the order in which they come."""

    def __init__(self, path: str, connection: Connection, gather: int) -> None:
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._path = path
        self._connection = connection
        self._gather = gather
        self._thread = Thread(target=self._work, name=f"matcher {type(self).__name__.lower()} {path}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        going = True
        while going:
            jobs, going = self._gathered()
            if jobs:
                self._perform(jobs)
                _answer(jobs)
        self._connection.close()

    def _gathered(self) -> tuple[list[Job], bool]:
        """The jobs that wait, at least one unless the worker is to stop, and whether to go on."""
        jobs: list[Job] = []
        while not jobs or (len(jobs) < self._gather and not self.jobs.empty()):
            job = self.jobs.get()
            if job is None:
                return jobs, False
            jobs.append(job)
        return jobs, True

    def _perform(self, jobs: list[Job]) -> None:
        raise NotImplementedError


class Reader(Worker):
    """Runs each job on its own."""

    def checkpoint(self) -> None:
        """Have what is committed copied from the write-ahead log into the file, unless there is other work to do."""
        if self.jobs.empty():
            self.jobs.put(Job(_checkpoint, False, False, Future()))

    def _perform(self, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                job.result = job.function(self._connection)
            except BaseException as error:  # noqa: BLE001 (whoever submitted it gets it)
                job.error = explained(error, self._path)


class Writer(Worker):
    """Runs jobs together in one transaction, synced if one of them asks for it.

    Every so many transactions the reader is asked for a checkpoint: what is left to the one that SQLite makes inside a
    commit, once the write-ahead log is long, is then little.
    """

    _synced: bool | None = None

    def __init__(self, path: str, connection: Connection, gather: int, checkpoint: Callable[[], None]) -> None:
        self._checkpoint = checkpoint
        self._begun = 0
        # SQLite's own waiting is sleeping and trying again, by which a process may wait for seconds beside busy others.
        # So writers of this file queue at a lock of the system's before; that they do is a courtesy and no more.
        self._turn = FileLock(f"{path}.turn")
        super().__init__(path, connection, gather)

    def _work(self) -> None:
        super()._work()
        self._turn.close()

    def _perform(self, jobs: list[Job]) -> None:
        try:
            self._transact(jobs)
        finally:
            self._turn.leave()

    def _transact(self, jobs: list[Job]) -> None:
        try:
            self._begin(durable=any(job.durable for job in jobs), writes=any(job.writes for job in jobs))
        except BaseException as error:  # noqa: BLE001 (as in Reader)
            self._undo()
            for job in jobs:
                job.error = explained(error, self._path)
            return
        try:
            for job in jobs:
                job.result = job.function(self._connection)
            self._connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 (as in Reader)
            self._undo()
            if len(jobs) == 1:
                jobs[0].error = explained(error, self._path)
                return
            # One of them failed, or all together were too much: each gets a transaction of its own.
            for job in jobs:
                self._transact([job])

    def _begin(self, *, durable: bool, writes: bool) -> None:
        if not writes:
            self._connection.execute("BEGIN")
            return
        if durable is not self._synced:
            self._connection.execute("PRAGMA synchronous = FULL" if durable else "PRAGMA synchronous = NORMAL")
            self._synced = durable
        self._begun += 1
        if self._begun % CHECKPOINT_EVERY == 0:
            self._checkpoint()
        self._turn.take(wait=True)
        self._connection.execute("BEGIN IMMEDIATE")

    def _undo(self) -> None:
        """End the transaction, unless SQLite has ended it. Where that fails, the next BEGIN fails and tells, and it is
        tried again."""
        with suppress(Exception):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _answer(jobs: Sequence[Job]) -> None:
    """Tell results to who waits for them; those of one event loop by one call."""
    waiting: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        if isinstance(job.future, asyncio.Future):
            waiting.setdefault(job.future.get_loop(), []).append(job)
        elif job.future.set_running_or_notify_cancel():
            _resolve(job)
    for loop, group in waiting.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve_all, group)


def _resolve_all(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if not job.future.done():
            _resolve(job)


def _resolve(job: Job) -> None:
    if job.error is None:
        job.future.set_result(job.result)
    else:
        job.future.set_exception(job.error)
