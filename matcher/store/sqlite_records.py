"""Keep archived events, replays and seen keys in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import orjson

from matcher.store.connection import Connection
from matcher.store.database import Database
from matcher.store.records import ArchiveInfo, Begun, Entry, Finished, InFlight, Mark, New, Replay, ReplayState, Stored
from matcher.store.shared import changed_replay
from matcher.store.sqlite_log import SQLiteLog, append
from matcher.store.sqlite_rows import array, changed, entry, insert

__all__ = ["SQLiteArchive", "SQLiteReplays", "SQLiteSeen"]


class SQLiteArchive:
    """See `protocol.Archive`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, archive: str, start: float, end: float, after: Mark | None, limit: int) -> list[Stored]:
        mark = Mark(start, 0) if after is None else max(after, Mark(start, 0))
        rows = await self._database.read(
            lambda connection: connection.execute(
                """SELECT position, id, bus, accepted, more, body FROM archived
                WHERE archive = (SELECT id FROM archive WHERE name = ?)
                AND (accepted, position) > (?, ?) AND accepted < ? ORDER BY accepted, position LIMIT ?""",
                (archive, mark.accepted, mark.position, end, limit),
            ).fetchall()
        )
        return [Stored(position, entry(*rest)) for position, *rest in rows]

    async def expire(self, archive: str, before: float, limit: int) -> int:
        return await self._database.run(lambda connection: expire_archived(connection, archive, before, limit))

    async def infos(self) -> list[ArchiveInfo]:
        rows = await self._database.read(
            lambda connection: connection.execute(
                """SELECT name, events, bytes, (SELECT min(accepted) FROM archived WHERE archive = archive.id),
                (SELECT max(accepted) FROM archived WHERE archive = archive.id)
                FROM archive WHERE events > 0 ORDER BY name"""
            ).fetchall()
        )
        return [ArchiveInfo(*row) for row in rows]


def expire_archived(connection: Connection, archive: str, before: float, limit: int) -> int:
    """Forget the oldest events of an archive; how many went."""
    row = connection.execute("SELECT id FROM archive WHERE name = ?", (archive,)).fetchone()
    if row is None:
        return 0
    rows = connection.execute(
        """SELECT rowid, length(body) FROM archived WHERE archive = ? AND accepted < ?
        ORDER BY accepted, position LIMIT ?""",
        (row[0], before, limit),
    ).fetchall()
    going = array([number for number, _ in rows])
    connection.execute("DELETE FROM archived WHERE rowid IN (SELECT value FROM json_each(?))", (going,))
    connection.execute(
        "UPDATE archive SET events = events - ?, bytes = bytes - ? WHERE id = ?",
        (len(rows), sum(size for _, size in rows), row[0]),
    )
    return len(rows)


class SQLiteReplays:
    """See `protocol.Replays`."""

    def __init__(self, database: Database, log: SQLiteLog) -> None:
        self._database = database
        self._log = log

    async def create(self, replay: Replay) -> bool:
        return (
            await self._database.run(
                lambda connection: changed(
                    connection,
                    "INSERT OR IGNORE INTO replay (name, record) VALUES (?, ?)",
                    (replay.name, _text(replay)),
                ),
                durable=True,
            )
            > 0
        )

    async def get(self, name: str) -> Replay | None:
        return await self._database.ask(lambda connection: get_replay(connection, name))

    async def all(self) -> list[Replay]:
        rows = await self._database.read(
            lambda connection: connection.execute("SELECT record FROM replay ORDER BY number").fetchall()
        )
        return [_replay(text) for (text,) in rows]

    async def advance(self, name: str, entries: Sequence[Entry], mark: Mark) -> Replay | None:
        def advanced(connection: Connection) -> tuple[Replay | None, int]:
            position = 0

            def sent(replay: Replay) -> Replay:
                nonlocal position
                position = max((item.position for item in append(connection, entries)), default=0)
                return replace(replay, mark=mark, sent=replay.sent + len(entries))

            return change_replay(connection, name, ("RUNNING",), sent), position

        replay, position = await self._database.run(advanced, durable=True)
        self._log.reached(position)
        return replay

    async def change(
        self, name: str, state: ReplayState, *, among: Sequence[ReplayState], now: float, error: str = ""
    ) -> Replay | None:
        return await self._database.run(
            lambda connection: change_replay(
                connection, name, among, lambda replay: changed_replay(replay, state, now, error)
            ),
            durable=True,
        )

    async def delete(self, name: str) -> bool:
        return (
            await self._database.run(
                lambda connection: changed(connection, "DELETE FROM replay WHERE name = ?", (name,))
            )
            > 0
        )


def _text(replay: Replay) -> str:
    return orjson.dumps(asdict(replay)).decode()


def _replay(text: str) -> Replay:
    fields: dict[str, Any] = orjson.loads(text)
    if fields["rules"] is not None:
        fields["rules"] = tuple(fields["rules"])
    if fields["mark"] is not None:
        fields["mark"] = Mark(**fields["mark"])
    return Replay(**fields)


def get_replay(connection: Connection, name: str) -> Replay | None:
    row = connection.execute("SELECT record FROM replay WHERE name = ?", (name,)).fetchone()
    return _replay(row[0]) if row else None


def change_replay(
    connection: Connection, name: str, among: Sequence[ReplayState], change: Callable[[Replay], Replay]
) -> Replay | None:
    """Change a replay if its state is among those; the replay as it then is."""
    replay = get_replay(connection, name)
    if replay is not None and replay.state in among:
        replay = change(replay)
        connection.execute("UPDATE replay SET record = ? WHERE name = ?", (_text(replay), name))
    return replay


class SQLiteSeen:
    """See `protocol.Seen`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, keys: Sequence[str], now: float, until: float) -> list[Begun]:
        return await self._database.run(lambda connection: begin(connection, keys, now, until))

    async def complete(self, key: str, result: bytes, until: float) -> None:
        await self._database.run(
            lambda connection: connection.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (key, until, result)),
            durable=True,
        )

    async def forget(self, keys: Sequence[str]) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM seen WHERE key IN (SELECT value FROM json_each(?))", (array(keys),)
            )
        )

    async def expire(self, now: float, limit: int) -> int:
        return await self._database.run(
            lambda connection: changed(
                connection,
                "DELETE FROM seen WHERE key IN (SELECT key FROM seen WHERE until <= ? ORDER BY until LIMIT ?)",
                (now, limit),
            )
        )


def begin(connection: Connection, keys: Sequence[str], now: float, until: float) -> list[Begun]:
    """What is known of each key; those of which nothing is are in flight from now on."""
    rows = connection.execute(
        "SELECT key, until, result FROM seen WHERE key IN (SELECT value FROM json_each(?)) AND until > ?",
        (array(keys), now),
    ).fetchall()
    known: dict[str, Begun] = {key: InFlight(end) if result is None else Finished(result) for key, end, result in rows}
    found: list[Begun] = []
    fresh = []
    for key in keys:
        if key not in known:
            fresh.append((key, until, None))
            found.append(New())
            known[key] = InFlight(until)
        else:
            found.append(known[key])
    insert(connection, "INSERT OR REPLACE INTO seen", fresh)
    return found
