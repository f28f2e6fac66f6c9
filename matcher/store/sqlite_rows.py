"""Turn entries into columns and back, and many rows into few statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

import orjson

from matcher.store.connection import Connection
from matcher.store.records import Entry, Stored

__all__ = ["array", "changed", "columns", "entry", "insert", "stored"]

#: Seldom set fields of an entry, by their names in `more`, with what they are where `more` does not tell.
SELDOM: dict[str, Any] = {
    "group": None,
    "deduplication": None,
    "deduplication_window": 300.0,
    "correlation_id": "",
    "hops": (),
    "replay": "",
    "to_rules": None,
    "to_queue": None,
}
TUPLES = ("hops", "to_rules")
seldom = attrgetter(*SELDOM)
USUAL = tuple(SELDOM.values())


def columns(item: Entry) -> tuple[str, str, float, str | None, bytes]:
    """The columns id, bus, accepted, more and body."""
    values = seldom(item)
    if values == USUAL:
        return item.id, item.bus, item.accepted, None, item.body
    more = {name: value for (name, usual), value in zip(SELDOM.items(), values, strict=True) if value != usual}
    return item.id, item.bus, item.accepted, orjson.dumps(more).decode(), item.body


def entry(identifier: str, bus: str, accepted: float, more: str | None, body: bytes) -> Entry:
    """The entry of those columns."""
    if more is None:
        return Entry(identifier, bus, body, accepted)
    fields = orjson.loads(more)
    fields.update({name: tuple(fields[name]) for name in TUPLES if name in fields})
    return Entry(identifier, bus, body, accepted, **fields)


def changed(connection: Connection, sql: str, parameters: Sequence[Any]) -> int:
    """Execute an insertion, update or deletion; how many rows it changed."""
    connection.execute(sql, parameters).fetchall()
    count: int = connection.execute("SELECT changes()").fetchone()[0]
    return count


def stored(position: int, *rest: Any) -> Stored:
    """The entry of the columns after its position."""
    return Stored(position, entry(*rest))


def array(values: Sequence[int] | Sequence[str]) -> str:
    """Values as the JSON array that `json_each` takes: one statement, and one step, for any number of them."""
    return orjson.dumps(values).decode()


SIZES = (256, 64, 16, 4, 1)


def insert(connection: Connection, into: str, rows: Sequence[Sequence[Any]], after: str = "") -> None:
    """`INSERT … VALUES …` of all rows (`into` and `after` stand around the values), by few statements.

    Each step of a statement hands the interpreter's lock to whoever wants it, so a step a row (`executemany`) takes three
    times as long on an idle interpreter and far longer on a busy one. Few sizes keep the statements in SQLite's cache.
    """
    if rows:
        width = len(rows[0])
        for part in parts(rows):
            connection.execute(insertion(into, width, len(part), after), tuple(chain.from_iterable(part)))


def parts(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows in pieces of the sizes that statements are made for."""
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


@lru_cache(maxsize=256)
def insertion(into: str, width: int, length: int, after: str) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{into} VALUES {', '.join([row] * length)}{after}"
