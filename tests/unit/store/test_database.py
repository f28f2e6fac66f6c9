"""Operations on one file are gathered, fail alone, and are told only once they are committed."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import StoreError
from matcher.store.connection import Connection, Schema, Settings, standard
from matcher.store.database import Database

NUMBERS = Schema("numbers", [("CREATE TABLE number (value INTEGER PRIMARY KEY)",)])


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "numbers.db", [NUMBERS])
    found.open()
    yield found
    found.close()


def adding(value: int) -> Callable[[Connection], int]:
    def add(connection: Connection) -> int:
        connection.execute("INSERT INTO number VALUES (?)", (value,))
        return value

    return add


def numbers(connection: Connection) -> list[int]:
    return [value for (value,) in connection.execute("SELECT value FROM number ORDER BY value").fetchall()]


class Spy:
    """A connection that notes what it is told, and fails where it is asked to."""

    def __init__(self, path: str, seen: list[str], failing: dict[str, int]) -> None:
        self._connection = standard(path)
        self._seen = seen
        self._failing = failing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
        self._seen.append(sql)
        code = self._failing.pop(sql, None)
        if code is not None:
            error = sqlite3.OperationalError("made by the test")
            error.sqlite_errorcode = code
            raise error
        return self._connection.execute(sql, parameters)


def spied(tmp_path: Path) -> tuple[Database, list[str], dict[str, int]]:
    seen: list[str] = []
    failing: dict[str, int] = {}
    database = Database(tmp_path / "spied.db", [NUMBERS], connect=lambda path: Spy(path, seen, failing))
    database.open()
    seen.clear()
    return database, seen, failing


def held_up(database: Database) -> threading.Event:
    """Let the writer wait in a transaction of its own until the event is set: what comes meanwhile is gathered."""
    started, going = threading.Event(), threading.Event()

    def wait(connection: Connection) -> None:
        started.set()
        going.wait(30)

    database.submit(wait)
    assert started.wait(30)
    return going


def test_a_result_comes_from_any_thread(database: Database) -> None:
    assert database.submit(adding(1), durable=True).result(30) == 1
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(database.submit(adding(2)).result(30)))
    thread.start()
    thread.join()
    assert found == [2]
    assert database.submit(numbers).result(30) == [1, 2]


def test_a_result_comes_to_any_loop(database: Database) -> None:
    async def both() -> list[int]:
        await asyncio.gather(database.run(adding(1)), database.run(adding(2), durable=True))
        return await database.read(numbers)

    assert asyncio.run(both()) == [1, 2]
    assert asyncio.run(both_read(database)) == [1, 2]


async def both_read(database: Database) -> list[int]:
    return await database.read(numbers)


def test_what_waits_shares_a_transaction(tmp_path: Path) -> None:
    database, seen, _ = spied(tmp_path)
    going = held_up(database)
    futures = [database.submit(adding(value), durable=value == 3) for value in range(5)]
    going.set()
    assert [future.result(30) for future in futures] == list(range(5))
    database.close()
    assert [sql for sql in seen if "INSERT" not in sql] == [
        *("PRAGMA synchronous = NORMAL", "BEGIN IMMEDIATE", "COMMIT"),
        *("PRAGMA synchronous = FULL", "BEGIN IMMEDIATE", "COMMIT"),
    ]


def test_nothing_is_told_before_the_commit(tmp_path: Path) -> None:
    database, _, failing = spied(tmp_path)
    failing["COMMIT"] = sqlite3.SQLITE_IOERR
    with pytest.raises(StoreError, match=r"spied.db: the disk failed \(made by the test\)"):
        database.submit(adding(1)).result(30)
    assert database.submit(numbers).result(30) == []
    assert database.submit(adding(1)).result(30) == 1
    database.close()


def test_one_that_fails_takes_no_other_with_it(database: Database) -> None:
    going = held_up(database)
    futures = [database.submit(adding(value)) for value in (1, 2, 1, 3)]
    wrong = database.submit(lambda connection: numbers(connection)[99])
    going.set()
    assert [future.result(30) for future in (futures[0], futures[1], futures[3])] == [1, 2, 3]
    with pytest.raises(StoreError, match="UNIQUE constraint failed"):
        futures[2].result(30)
    with pytest.raises(IndexError):
        wrong.result(30)
    assert database.submit(numbers).result(30) == [1, 2, 3]


def test_a_half_done_operation_leaves_no_trace(database: Database) -> None:
    def half(connection: Connection) -> None:
        adding(7)(connection)
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        database.submit(half).result(30)
    assert database.submit(numbers).result(30) == []


def test_where_no_transaction_can_begin_all_are_told(tmp_path: Path) -> None:
    database, _, failing = spied(tmp_path)
    going = held_up(database)
    futures = [database.submit(adding(value)) for value in range(3)]
    failing["BEGIN IMMEDIATE"] = sqlite3.SQLITE_BUSY
    going.set()
    for future in futures:
        with pytest.raises(StoreError, match="another process kept it locked"):
            future.result(30)
    assert database.submit(numbers).result(30) == []
    database.close()


def test_writers_of_one_file_take_turns(tmp_path: Path) -> None:
    """Without waiting for SQLite's lock at all, nobody is refused."""
    one, two = (Database(tmp_path / "numbers.db", [NUMBERS], Settings(busy_timeout=0.0)) for _ in range(2))
    one.open()
    two.open()
    going = held_up(one)
    waiting = [two.submit(adding(value)) for value in range(3)]
    going.set()
    assert [future.result(30) for future in waiting] == [0, 1, 2]
    assert one.submit(numbers).result(30) == [0, 1, 2]
    one.close()
    two.close()


def test_what_only_reads_waits_for_no_writer(tmp_path: Path) -> None:
    one, two = (Database(tmp_path / "numbers.db", [NUMBERS]) for _ in range(2))
    one.open()
    two.open()
    one.submit(adding(1)).result(30)
    going = held_up(one)

    async def ask() -> list[list[int]]:
        return [await two.ask(numbers), await two.read(numbers)]

    assert asyncio.run(ask()) == [[1], [1]]
    going.set()
    one.close()
    two.close()


def test_who_gives_up_disturbs_nobody(database: Database) -> None:
    async def run() -> list[int]:
        going = held_up(database)
        first, second = database.run(adding(1)), database.run(adding(2))
        first.cancel()
        going.set()
        await second
        return await database.run(numbers)

    assert asyncio.run(run()) == [1, 2]


def test_closing_finishes_what_was_submitted(tmp_path: Path) -> None:
    database = Database(tmp_path / "numbers.db", [NUMBERS])
    database.open()
    database.open()
    going = held_up(database)
    futures = [database.submit(adding(value)) for value in range(10)]
    going.set()
    database.close()
    assert [future.result(0) for future in futures] == list(range(10))
    with pytest.raises(StoreError, match="not open"):
        database.submit(numbers)
    database.open()
    assert database.submit(numbers).result(30) == list(range(10))
    database.close()


def test_components_share_a_file_and_migrate_on_their_own(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    letters = Schema("letters", [("CREATE TABLE letter (value TEXT)",)])
    for schemas in ([NUMBERS], [NUMBERS, letters]):
        database = Database(path, schemas)
        database.open()
        database.close()

    def filled(connection: Connection) -> None:
        connection.execute("INSERT INTO number VALUES (42)")

    more = Schema("numbers", [*NUMBERS.steps, ("CREATE INDEX number_value ON number (value)",), filled])
    database = Database(path, [more])
    database.open()
    assert database.submit(numbers).result(30) == [42]
    database.close()
    with pytest.raises(
        StoreError, match="the tables of 'numbers' are of version 3, made by a later matcher; want at most 1"
    ):
        Database(path, [NUMBERS]).open()


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "numbers.db"
    broken = Schema("numbers", [*NUMBERS.steps, ("CREATE TABLE other (value)", "no statement")])
    with pytest.raises(StoreError, match="syntax error"):
        Database(path, [broken]).open()
    database = Database(path, [NUMBERS])
    database.open()
    assert database.submit(numbers).result(30) == []
    database.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"this is no database, only text that is long enough to be looked at" * 100, "it is not an SQLite database")],
)
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "text.db").write_bytes(content)
    with pytest.raises(StoreError, match=message):
        Database(tmp_path / "text.db", [NUMBERS]).open()
    with pytest.raises(StoreError, match="it can't be opened"):
        Database(tmp_path / "nowhere" / "text.db", [NUMBERS]).open()


def test_a_full_file_refuses_and_goes_on(tmp_path: Path) -> None:
    database = Database(
        tmp_path / "small.db", [Schema("text", [("CREATE TABLE text (value TEXT)",)])], Settings(200_000)
    )
    database.open()
    long = "x" * 50_000

    def add(connection: Connection) -> None:
        connection.execute("INSERT INTO text VALUES (?)", (long,))

    going = held_up(database)
    futures = [database.submit(add) for _ in range(6)]
    going.set()
    # Together they are too much; alone, those that fit are kept.
    refused = [isinstance(future.exception(30), StoreError) for future in futures]
    assert refused == [False, False, False, True, True, True]
    with pytest.raises(StoreError, match="no space is left"):
        futures[-1].result(0)
    database.submit(lambda connection: connection.execute("DELETE FROM text WHERE rowid = 1").fetchall()).result(30)
    assert database.submit(add).result(30) is None
    database.close()


def test_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "numbers.db"
    database = Database(path, [NUMBERS])
    database.open()
    for value in range(2000):
        database.submit(adding(value))
    database.close()
    content = bytearray(path.read_bytes())
    content[-8192:] = b"\xff" * 8192
    path.write_bytes(content)
    database.open()
    assert asyncio.run(database.check()) != []
    database.close()


def test_unused_space_is_given_back(database: Database) -> None:
    for value in range(20_000):
        database.submit(adding(value))
    database.submit(lambda connection: connection.execute("DELETE FROM number WHERE value > 10").fetchall()).result(30)
    before = database.size()
    gone = asyncio.run(database.compact())
    assert database.size() == before - gone
    assert database.size() < before / 2
    assert asyncio.run(database.check()) == []
