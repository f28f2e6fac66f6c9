"""Keep the log of accepted events in SQLite: append, read, wait, and trim what nobody needs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from matcher.clock import Clock
from matcher.store.bell import Bell
from matcher.store.connection import Connection
from matcher.store.database import Database
from matcher.store.records import Appended, Entry, Stored
from matcher.store.sqlite_rows import array, changed, columns, insert, stored

__all__ = ["SQLiteLog", "append", "last_position"]


class SQLiteLog:
    """See `protocol.Log`."""

    def __init__(self, database: Database, clock: Clock, poll: float) -> None:
        self._database = database
        self._clock = clock
        self._poll = poll
        self._bell = Bell()
        self._last = 0
        #: Positions that may not be needed any more; what was so before this process is found by a sweep of the log.
        self.free: set[int] = set()
        self._swept = 0

    async def append(self, entries: Sequence[Entry]) -> list[Appended]:
        found = await self._database.run(lambda connection: append(connection, entries), durable=True)
        if found:
            self.reached(max(item.position for item in found))
        return found

    def reached(self, position: int) -> None:
        """Wake those who wait for that position."""
        if position > self._last:
            self._last = position
            self._bell.ring()

    async def read(self, after: int, limit: int) -> list[Stored]:
        rows = await self._database.ask(
            lambda connection: connection.execute(
                "SELECT position, id, bus, accepted, more, body FROM log WHERE position > ? ORDER BY position LIMIT ?",
                (after, limit),
            ).fetchall()
        )
        return [stored(*row) for row in rows]

    async def wait(self, after: int) -> None:
        waiting = asyncio.ensure_future(self._bell.until(lambda: self._last > after))
        try:
            while not waiting.done():
                # Another process may have appended: nothing rings then.
                self.reached(await self.last())
                pause = asyncio.ensure_future(self._clock.sleep(self._poll))
                await asyncio.wait((waiting, pause), return_when=asyncio.FIRST_COMPLETED)
                pause.cancel()
        finally:
            waiting.cancel()

    async def cursor(self) -> int:
        return await self._database.ask(cursor_position)

    async def last(self) -> int:
        return await self._database.ask(last_position)

    async def trim(self, limit: int, now: float) -> int:
        free = [self.free.pop() for _ in range(min(limit, len(self.free)))]
        room = limit - len(free)
        try:
            gone, swept, expired = await self._database.run(
                lambda connection: trim(connection, free, self._swept, room, limit, now)
            )
        except BaseException:
            self.free.update(free)
            raise
        self._swept = swept
        return max(gone, expired)

    def forget_claims(self) -> None:
        """A new consumer looks at the whole log again, since its predecessor may have died with what was free."""
        self.free.clear()
        self._swept = 0


def cursor_position(connection: Connection) -> int:
    position: int = connection.execute("SELECT position FROM cursor").fetchone()[0]
    return position


def last_position(connection: Connection) -> int:
    """Of the last entry that was ever appended: the log keeps all after the cursor."""
    (position,) = connection.execute(
        "SELECT max(coalesce((SELECT max(position) FROM log), 0), (SELECT position FROM cursor))"
    ).fetchone()
    return int(position)


def append(connection: Connection, entries: Sequence[Entry]) -> list[Appended]:
    """Keep entries at the end of the log, but for duplicates."""
    position = last_position(connection)
    known = known_keys(connection, entries)
    found: list[Appended] = []
    rows: list[tuple[Any, ...]] = []
    fresh: dict[tuple[str, str], tuple[Any, ...]] = {}
    for item in entries:
        if item.deduplication is not None:
            key = (item.bus, item.deduplication)
            first = known.get(key)
            if first is not None and item.accepted < first[0]:
                found.append(first[1])
                continue
            until = item.accepted + item.deduplication_window
            known[key] = (until, Appended(position + 1, item.id))
            fresh[key] = (*key, until, position + 1, item.id)
        position += 1
        rows.append((position, *columns(item)))
        found.append(Appended(position))
    insert(connection, "INSERT INTO log", rows)
    insert(connection, "INSERT OR REPLACE INTO deduplication", list(fresh.values()))
    return found


def known_keys(connection: Connection, entries: Sequence[Entry]) -> dict[tuple[str, str], tuple[float, Appended]]:
    """What came first for each deduplication key of the entries that is known, and until when it counts."""
    keys: dict[str, list[str]] = {}
    for item in entries:
        if item.deduplication is not None:
            keys.setdefault(item.bus, []).append(item.deduplication)
    found: dict[tuple[str, str], tuple[float, Appended]] = {}
    for bus, names in keys.items():
        rows = connection.execute(
            "SELECT key, until, position, id FROM deduplication WHERE bus = ? AND key IN (SELECT value FROM json_each(?))",
            (bus, array(names)),
        ).fetchall()
        found.update({(bus, key): (until, Appended(position, first)) for key, until, position, first in rows})
    return found


def trim(
    connection: Connection, free: Sequence[int], swept: int, room: int, limit: int, now: float
) -> tuple[int, int, int]:
    """Forget entries among those, and among the `room` next that a sweep comes to, and keys that are over.

    How many entries went, how far the sweep has come, and how many keys went.
    """
    cursor = cursor_position(connection)
    if room and swept < cursor:
        rows = connection.execute(
            "SELECT position FROM log WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
            (swept, cursor, room),
        ).fetchall()
        free = [*free, *(position for (position,) in rows)]
        swept = rows[-1][0] if len(rows) == room else cursor
    gone = changed(
        connection,
        """DELETE FROM log WHERE position IN (SELECT value FROM json_each(?)) AND position <= ?
        AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.position = log.position)""",
        (array(free), cursor),
    )
    expired = changed(
        connection,
        """DELETE FROM deduplication WHERE (bus, key) IN
        (SELECT bus, key FROM deduplication WHERE until <= ? ORDER BY until LIMIT ?)""",
        (now, limit),
    )
    return gone, swept, expired
