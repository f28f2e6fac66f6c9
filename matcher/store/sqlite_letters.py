"""Keep dead letters in SQLite, each with a copy of its event, so that it outlives the log's entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcher.store.connection import Connection
from matcher.store.database import Database
from matcher.store.records import DeadLetter, DeadLetterFilter
from matcher.store.shared import letter_key, redriven
from matcher.store.sqlite_log import SQLiteLog, append
from matcher.store.sqlite_rows import columns, entry, insert

__all__ = ["SQLiteDeadLetters", "add_letters"]

COLUMNS = """position, queue, dead_letter_queue, rule, target, error_code, error_message, attempts, exhausted,
    first_attempt, died, id, bus, accepted, more, body"""

#: What each field of a filter asks of a row.
CONDITIONS = {
    "dead_letter_queue": "dead_letter_queue = ?",
    "bus": "bus = ?",
    "rule": "rule = ?",
    "target": "target = ?",
    "error_code": "error_code = ?",
    "since": "died >= ?",
    "until": "died < ?",
}


class SQLiteDeadLetters:
    """See `protocol.DeadLetters`."""

    def __init__(self, database: Database, log: SQLiteLog) -> None:
        self._database = database
        self._log = log

    async def add(self, letters: Sequence[DeadLetter]) -> None:
        await self._database.run(lambda connection: add_letters(connection, letters), durable=True)

    async def find(self, chosen: DeadLetterFilter, after: str, limit: int) -> list[DeadLetter]:
        return await self._database.read(lambda connection: find_letters(connection, chosen, after, limit))

    async def get(self, identifiers: Sequence[str]) -> list[DeadLetter | None]:
        keys = [letter_key(identifier) for identifier in identifiers]
        return await self._database.read(lambda connection: [get_letter(connection, key) for key in keys])

    async def redrive(self, identifiers: Sequence[str], now: float) -> int:
        keys = [letter_key(identifier) for identifier in identifiers]

        def move(connection: Connection) -> list[int]:
            letters = take_letters(connection, keys)
            return [item.position for item in append(connection, [redriven(letter, now) for letter in letters])]

        positions = await self._database.run(move, durable=True)
        self._log.reached(max(positions, default=0))
        return len(positions)

    async def purge(self, identifiers: Sequence[str]) -> int:
        keys = [letter_key(identifier) for identifier in identifiers]
        return await self._database.run(lambda connection: len(take_letters(connection, keys)))

    async def counts(self) -> dict[str, int]:
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT dead_letter_queue, count(*) FROM dead_letter GROUP BY dead_letter_queue ORDER BY dead_letter_queue"
            ).fetchall()
        )
        return dict(rows)


def add_letters(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep letters, but for those that are there already."""
    rows = [
        (
            *(letter.position, letter.queue, letter.dead_letter_queue, letter.rule, letter.target),
            *(letter.error_code, letter.error_message, letter.attempts, letter.exhausted),
            *(letter.first_attempt, letter.died, *columns(letter.entry)),
        )
        for letter in letters
    ]
    insert(connection, f"INSERT OR IGNORE INTO dead_letter ({COLUMNS})", rows)


def letter_of(row: Sequence[Any]) -> DeadLetter:
    position, queue, dead_letter_queue, rule, target, code, message, attempts, exhausted, first, died, *rest = row
    return DeadLetter(
        *(position, queue, dead_letter_queue, rule, target, entry(*rest)),
        *(code, message, attempts, exhausted, first, died),
    )


def find_letters(connection: Connection, chosen: DeadLetterFilter, after: str, limit: int) -> list[DeadLetter]:
    """The first letters after that id that the filter takes, in the order of their positions."""
    wanted = {text: value for name, text in CONDITIONS.items() if (value := getattr(chosen, name)) is not None}
    where = " AND ".join(["(position, queue) > (?, ?)", *wanted])
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM dead_letter WHERE {where} ORDER BY position, queue LIMIT ?",  # noqa: S608 - constants
        (*(letter_key(after) if after else (0, "")), *wanted.values(), limit),
    ).fetchall()
    return [letter_of(row) for row in rows]


def get_letter(connection: Connection, key: tuple[int, str]) -> DeadLetter | None:
    row = connection.execute(
        f"SELECT {COLUMNS} FROM dead_letter WHERE position = ? AND queue = ?",  # noqa: S608 - constants
        key,
    ).fetchone()
    return letter_of(row) if row else None


def take_letters(connection: Connection, keys: Sequence[tuple[int, str]]) -> list[DeadLetter]:
    """Remove letters and give them."""
    found = []
    for key in keys:
        letter = get_letter(connection, key)
        if letter is not None:
            connection.execute("DELETE FROM dead_letter WHERE position = ? AND queue = ?", key)
            found.append(letter)
    return found
