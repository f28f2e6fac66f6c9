"""Turn a path into an open SQLite connection with a migrated schema, and SQLite's errors into ones that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from matcher.errors import StoreError

__all__ = ["Connect", "Connection", "Schema", "Settings", "explained", "migrate", "opened", "standard"]

OLDEST_SQLITE = (3, 35, 0)  # RETURNING


class Cursor(Protocol):
    """What of a cursor is used."""

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """What of `sqlite3.Connection` is used: a fault-injecting layer of a test has no more."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor: ...
    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Cursor: ...
    def close(self) -> None: ...
    @property
    def in_transaction(self) -> bool: ...


Connect: TypeAlias = Callable[[str], Connection]
Step: TypeAlias = "tuple[str, ...] | Callable[[Connection], None]"


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one component, as the steps that lead to them from nothing.

    Steps are only ever added at the end: a file remembers how many it has gone, for each component on its own, so that
    several share a file.
    """

    component: str
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a database may cost."""

    #: Bytes that the file may grow to (its write-ahead log comes on top); None: what the disk holds.
    max_bytes: int | None = None
    #: Seconds to wait for other processes that write.
    busy_timeout: float = 30.0
    #: Bytes of pages kept in memory by each connection.
    cache_bytes: int = 32 << 20
    #: Bytes of the write-ahead log at which commits wait until it is copied into the file; it is copied all along.
    checkpoint_bytes: int = 64 << 20
    #: Operations that one transaction covers at most.
    gather: int = 512


PAGE_BYTES = 8192  # a row of an event of a few hundred bytes to a few kilobytes shares or fills a page


def opened(path: str, settings: Settings, connect: Connect) -> Connection:
    """A connection in write-ahead mode. O(1), but for what a crash left in the write-ahead log."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(f"found SQLite {sqlite3.sqlite_version}; want {'.'.join(map(str, OLDEST_SQLITE))} or later")
    try:
        connection = connect(path)
        try:
            _configure(connection, settings)
        except BaseException:
            connection.close()
            raise
    except Exception as error:
        raise explained(error, path) from error
    return connection


def _configure(connection: Connection, settings: Settings) -> None:
    connection.execute(f"PRAGMA busy_timeout = {round(settings.busy_timeout * 1000)}").fetchone()
    # Both only bear on a file that is empty yet.
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{settings.cache_bytes >> 10}")
    connection.execute("PRAGMA temp_store = MEMORY")
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    connection.execute(f"PRAGMA wal_autocheckpoint = {max(1, settings.checkpoint_bytes // page_bytes)}").fetchone()
    connection.execute(f"PRAGMA journal_size_limit = {settings.checkpoint_bytes}").fetchone()
    if settings.max_bytes is not None:
        connection.execute(f"PRAGMA max_page_count = {max(1, settings.max_bytes // page_bytes)}").fetchone()


def standard(path: str) -> Connection:
    """A connection of the standard library, without transactions of its own making, used by one thread at a time."""
    return sqlite3.connect(path, isolation_level=None, cached_statements=256, check_same_thread=False)


def migrate(connection: Connection, schemas: Sequence[Schema]) -> None:
    """Bring the tables of each component up to date, in one durable transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS schema (component TEXT PRIMARY KEY, version INTEGER NOT NULL)")
        for schema in schemas:
            _migrate(connection, schema)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: Connection, schema: Schema) -> None:
    row = connection.execute("SELECT version FROM schema WHERE component = ?", (schema.component,)).fetchone()
    version, newest = (row[0] if row else 0), len(schema.steps)
    if version > newest:
        raise StoreError(
            f"the tables of {schema.component!r} are of version {version}, made by a later matcher; want at most {newest}"
        )
    for step in schema.steps[version:]:
        if callable(step):
            step(connection)
        else:
            for statement in step:
                connection.execute(statement)
    if version < newest:
        connection.execute("INSERT OR REPLACE INTO schema VALUES (?, ?)", (schema.component, newest))


#: What each primary result code of SQLite means to whoever runs a store (https://sqlite.org/rescode.html).
MEANINGS = {
    5: "another process kept it locked for longer than the busy timeout",
    6: "a table of it is locked",
    8: "it can't be written to",
    10: "the disk failed",
    11: "it is damaged; what can be read of it can be recovered with `sqlite3 FILE .recover`",
    13: "no space is left: the disk is full, or the store has grown to its max_bytes",
    14: "it can't be opened",
    26: "it is not an SQLite database",
}


def explained(error: BaseException, path: str) -> BaseException:
    """A StoreError that names the file and says what SQLite's error means; any other error as it is."""
    code = getattr(error, "sqlite_errorcode", getattr(error, "result", None))
    if not isinstance(code, int):
        return StoreError(f"{path}: {error}") if isinstance(error, sqlite3.Error) else error
    meaning = MEANINGS.get(code & 0xFF)
    return StoreError(f"{path}: {meaning} ({error})" if meaning else f"{path}: {error}")
