"""Keep all that a store keeps in one SQLite file, which several processes may append to and one consumes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from matcher.clock import SYSTEM, Clock
from matcher.errors import StoreError
from matcher.store.connection import Connect, Connection, Settings, standard
from matcher.store.database import Database
from matcher.store.filelock import FileLock
from matcher.store.sqlite_letters import SQLiteDeadLetters
from matcher.store.sqlite_log import SQLiteLog
from matcher.store.sqlite_queue import SQLiteQueue
from matcher.store.sqlite_records import SQLiteArchive, SQLiteReplays, SQLiteSeen
from matcher.store.sqlite_schema import SCHEMA

__all__ = ["SQLiteStore"]


class SQLiteStore:
    """See `protocol.Store`. Beside the file lie its write-ahead log, and two empty files that are locks between processes:
    `PATH.consumer` of the one that consumes, `PATH.turn` of the one that writes.

    `poll` is how often, in seconds, waiting looks for what other processes did; what this one did is known at once.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: Settings | None = None,
        *,
        clock: Clock = SYSTEM,
        poll: float = 0.05,
        connect: Connect = standard,
    ) -> None:
        self.database = database = Database(path, [SCHEMA], settings or Settings(), connect)
        self._clock = clock
        self._poll = poll
        self.log = SQLiteLog(database, clock, poll)
        self.queue = SQLiteQueue(database, self.log)
        self.dead_letters = SQLiteDeadLetters(database, self.log)
        self.archive = SQLiteArchive(database)
        self.replays = SQLiteReplays(database, self.log)
        self.seen = SQLiteSeen(database)

    async def open(self) -> None:
        await asyncio.to_thread(self.database.open)

    async def close(self) -> None:
        await asyncio.to_thread(self.database.close)
        self._forget_claims()

    async def __aenter__(self) -> SQLiteStore:
        await self.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def _forget_claims(self) -> None:
        self.queue.forget_claims()
        self.log.forget_claims()

    @asynccontextmanager
    async def consumer(self, *, wait: bool = True) -> AsyncIterator[None]:
        lock = FileLock(f"{self.database.path}.consumer")
        while not lock.take():
            if not wait:
                raise StoreError(f"{self.database.path}: the store has a consumer already")
            await self._clock.sleep(self._poll)
        try:
            self._forget_claims()
            yield
        finally:
            self._forget_claims()
            lock.close()

    async def check(self) -> list[str]:
        return await self.database.check() or await self.database.read(misfits)

    async def compact(self) -> int:
        return await self.database.compact()

    async def size(self) -> int:
        return self.database.size()


#: What should find no row, by what it would mean.
MISFITS = {
    "delivery {}/{} refers to no entry": """SELECT position, name FROM delivery JOIN queue ON queue.id = queue
        WHERE NOT EXISTS (SELECT 1 FROM log WHERE log.position = delivery.position)""",
    "delivery {}/{} heads its group and is not ready": """SELECT min(position), name FROM delivery
        JOIN queue ON queue.id = queue WHERE member IS NOT NULL GROUP BY queue, member HAVING NOT ready""",
    "delivery {}/{} is ready and does not head its group": """SELECT position, name FROM delivery AS one
        JOIN queue ON queue.id = queue WHERE ready AND member IS NOT NULL AND EXISTS
        (SELECT 1 FROM delivery WHERE queue = one.queue AND member = one.member AND position < one.position)""",
    "queue {} counts {} deliveries and has {}": """SELECT name, waiting, count(position) AS found FROM queue
        LEFT JOIN delivery ON queue = queue.id GROUP BY queue.id HAVING found <> waiting""",
    "archive {} counts {} events and has {}": """SELECT name, events, count(position) AS found FROM archive
        LEFT JOIN archived ON archived.archive = archive.id GROUP BY archive.id HAVING found <> events""",
}


def misfits(connection: Connection) -> list[str]:
    """What does not fit together, a sentence each."""
    return [text.format(*row) for text, question in MISFITS.items() for row in connection.execute(question).fetchall()]
