"""Keep executions in an SQLite file, which many processes may tell things and one runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from matcher.clock import SYSTEM, Clock
from matcher.store.bell import Bell
from matcher.store.connection import Connect, Connection, Settings, standard
from matcher.store.database import Database
from matcher.store.filelock import FileLock
from matcher.workflow.frames import Json
from matcher.workflow.happenings import Event
from matcher.workflow.host import rows
from matcher.workflow.host.records import (
    ActivityTask,
    Begin,
    Letter,
    LetterKind,
    Loaded,
    Notice,
    Record,
    Save,
    Standing,
)
from matcher.workflow.host.schema import SCHEMA

__all__ = ["SQLiteJournal"]


class SQLiteJournal:
    """See `Journal`. A file `PATH.workflows` beside the database is the lock of the one owner.

    What an execution went through is synced before it is acted on (`synced=False`: it survives the process, but not a
    power cut). `poll` is how often, in seconds, waiting looks for what other processes did.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: Settings | None = None,
        *,
        clock: Clock = SYSTEM,
        poll: float = 0.05,
        synced: bool = True,
        connect: Connect = standard,
    ) -> None:
        self.database = Database(path, [SCHEMA], settings or Settings(), connect)
        self._clock = clock
        self._poll = poll
        self._synced = synced
        self._lock = FileLock(f"{self.database.path}.workflows")
        self._bell = Bell()
        #: Keys of definitions that the file has.
        self._defined: set[str] = set()
        self._last = 0
        self._tasks = 0

    async def open(self) -> None:
        await asyncio.to_thread(self.database.open)

    async def close(self) -> None:
        self._lock.close()
        await asyncio.to_thread(self.database.close)

    async def own(self) -> bool:
        return self._lock.take()

    async def disown(self) -> None:
        self._lock.close()

    async def define(self, key: str, definition: str) -> None:
        if key in self._defined:
            return
        sql = "INSERT OR IGNORE INTO workflow_definition VALUES (?, ?)"
        await self.database.run(lambda connection: connection.execute(sql, (key, definition)), durable=True)
        self._defined.add(key)

    async def definition(self, key: str) -> str | None:
        sql = "SELECT text FROM workflow_definition WHERE key = ?"
        found = await self.database.run(lambda connection: connection.execute(sql, (key,)).fetchone())
        return None if found is None else str(found[0])

    async def begin(self, begin: Begin) -> tuple[Record, bool]:
        record, letter = await self.database.run(lambda connection: rows.begin(connection, begin), durable=True)
        self._reached(letter)
        return record, letter > 0

    async def save(self, save: Save) -> None:
        await self.database.run(lambda connection: rows.save(connection, save), durable=self._synced)
        if any(activity for _, _, _, activity, _ in save.tokens):
            self._tasks += 1
            self._bell.ring()

    async def load(self, execution: int) -> Loaded | None:
        return await self.database.run(lambda connection: rows.load(connection, execution))

    async def running(self) -> list[Standing]:
        return await self.database.run(rows.running)

    async def post(self, execution: int, kind: LetterKind, content: Json = None) -> None:
        letter = await self.database.run(
            lambda connection: rows.post(connection, execution, kind, content), durable=True
        )
        self._reached(letter)

    async def answer(self, token: str, kind: LetterKind, content: Json = None) -> None:
        letter = await self.database.run(lambda connection: rows.answer(connection, token, kind, content), durable=True)
        self._reached(letter)

    def _reached(self, letter: int) -> None:
        if letter > self._last:
            self._last = letter
            self._bell.ring()

    async def letters(self, after: int, limit: int) -> list[Letter]:
        return await self.database.run(lambda connection: rows.letters(connection, after, limit))

    async def wait(self, after: int) -> int:
        while self._last <= after:
            self._reached(await self.database.run(_last_letter))
            if self._last <= after:
                await self._ring_or_poll(lambda: self._last > after)
        return self._last

    async def _ring_or_poll(self, ready: rows.Ready) -> None:
        """Wait for this process to do something, or for long enough to look for what others did."""
        ring = asyncio.ensure_future(self._bell.until(ready))
        pause = asyncio.ensure_future(self._clock.sleep(self._poll))
        try:
            await asyncio.wait((ring, pause), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ring.cancel()
            pause.cancel()

    async def take(self, activity: str, worker: str) -> ActivityTask | None:
        found = await self.database.run(lambda connection: rows.take(connection, activity, worker), durable=True)
        if found is None:
            return None
        task, letter = found
        self._reached(letter)
        return task

    async def wait_for_task(self, activity: str) -> None:
        del activity
        seen = self._tasks
        await self._ring_or_poll(lambda: self._tasks > seen)

    async def notices(self, limit: int) -> list[Notice]:
        return await self.database.run(lambda connection: rows.notices(connection, limit))

    async def noticed(self, notices: Sequence[int]) -> None:
        await self.database.run(lambda connection: rows.noticed(connection, notices))

    async def find(self, machine: str, name: str) -> Record | None:
        return await self.database.run(lambda connection: rows.find(connection, machine, name))

    async def list(self, machine: str, status: str | None, before: int | None, limit: int) -> list[Record]:
        return await self.database.read(lambda connection: rows.records(connection, machine, status, before, limit))

    async def purge(self, before: float, limit: int) -> int:
        return await self.database.run(lambda connection: rows.purge(connection, before, limit))

    async def history(self, execution: int, history: int, after: int, limit: int) -> Sequence[Event]:
        return await self.database.read(lambda connection: rows.events(connection, execution, history, after, limit))


def _last_letter(connection: Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'letter'").fetchone()
    return row[0] if row else 0
