"""What a store in SQLite has beyond the protocol: other processes, size limits, and answers from its indexes."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import StoreError
from matcher.store.connection import Settings, standard
from matcher.store.records import Done, Outgoing, Retry
from matcher.store.sqlite import SQLiteStore
from matcher.store.sqlite_deliveries import READY
from tests.unit.store.making import QUEUE, claimed, entry, queued

ROOT = Path(__file__).parents[3]
PRODUCER = """
import asyncio, sys
from matcher.store.sqlite import SQLiteStore
from tests.unit.store.making import entry

async def produce(path, name, batches):
    async with SQLiteStore(path) as store:
        for batch in range(int(batches)):
            entries = [entry(f"{name}-{batch}-{number}") for number in range(20)]
            print(*(item.position for item in await store.log.append(entries)), flush=True)

asyncio.run(produce(*sys.argv[1:]))
"""


def producer(path: Path, name: str, batches: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PRODUCER, str(path), name, str(batches)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_four_processes_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    processes = [producer(path, name, 25) for name in "abcd"]
    told = {name: process.communicate(timeout=120)[0] for name, process in zip("abcd", processes, strict=True)}
    assert [process.returncode for process in processes] == [0] * 4

    async def stored() -> dict[int, str]:
        async with SQLiteStore(path) as store:
            return {item.position: item.entry.id for item in await store.log.read(0, 10_000)}

    found = asyncio.run(stored())
    assert sorted(found) == list(range(1, 2001))
    for name, text in told.items():
        wanted = [f"{name}-{batch}-{number}" for batch in range(25) for number in range(20)]
        assert [found[int(position)] for position in text.split()] == wanted


def test_an_append_of_another_process_wakes_who_waits(tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    async def run() -> None:
        async with SQLiteStore(path, poll=0.01) as store:
            waiting = asyncio.create_task(store.log.wait(0))
            process = await asyncio.to_thread(producer, path, "a", 1)
            await asyncio.wait_for(waiting, 60)
            await asyncio.to_thread(process.communicate)
            assert (await store.log.read(0, 1))[0].entry.id == "a-0-0"

    asyncio.run(run())


def test_a_consumer_that_dies_makes_room(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    code = f"""
import asyncio, os, signal
from matcher.store.sqlite import SQLiteStore
from tests.unit.store.making import queued, claimed

async def consume():
    async with SQLiteStore({str(path)!r}) as store, store.consumer():
        await queued(store, "abc")
        print(await claimed(store), flush=True)
        await asyncio.to_thread(input)

asyncio.run(consume())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "abc\n"

    async def run() -> None:
        async with SQLiteStore(path, poll=0.01) as store:
            with pytest.raises(StoreError, match="has a consumer already"):
                async with store.consumer(wait=False):
                    pass
            process.kill()
            async with store.consumer():
                assert await claimed(store) == "abc"

    asyncio.run(run())
    process.communicate()


def test_a_full_store_refuses_and_goes_on(tmp_path: Path) -> None:
    async def run() -> None:
        async with SQLiteStore(tmp_path / "store.db", Settings(max_bytes=1_000_000)) as store:
            big = entry("a" * 100_000)
            with pytest.raises(
                StoreError, match="no space is left: the disk is full, or the store has grown to its max"
            ):
                for _ in range(20):
                    await store.log.append([big])
            last = await store.log.last()
            assert last > 2
            # Room comes by delivering, and the store takes again.
            await store.queue.add([], last)
            assert await store.log.trim(100, 0.0) == last
            assert (await store.log.append([big]))[0].position == last + 1
            assert await store.check() == []

    asyncio.run(run())


class Planned:
    """A connection that notes how SQLite answers each statement."""

    def __init__(self, path: str, plans: dict[str, str]) -> None:
        self._connection = standard(path)
        self._plans = plans

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
        if sql.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            rows = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
            self._plans[sql] = "; ".join(row[-1] for row in rows)
        return self._connection.execute(sql, parameters)


def test_no_statement_of_an_events_way_scans_a_table(tmp_path: Path) -> None:
    plans: dict[str, str] = {}

    async def run() -> None:
        async with SQLiteStore(tmp_path / "store.db", connect=lambda path: Planned(path, plans)) as store:
            plans.clear()
            await store.log.append([entry("a", deduplication="a")])
            await queued(store, "abc", group="g")
            await queued(store, "xyz")
            await store.queue.next_due([QUEUE])
            first, second, *rest = await store.queue.claim(QUEUE, 9, 1000.0, run=2)
            await store.queue.settle([Done(first), Retry(second, 1.0, 1, 1.0), *map(Done, rest)])
            await store.log.trim(100, 0.0)
            await store.archive.expire("all", 0.0, 9)
            await store.seen.begin(["a"], 0.0, 1.0)
            await store.seen.expire(1.0, 9)

    asyncio.run(run())
    assert len(plans) > 20
    scans = {sql: text for sql, text in plans.items() if re.search(r"SCAN (?!cursor|chosen|head|json_each)[a-z]", text)}
    assert scans == {}


def test_a_held_group_costs_others_nothing(tmp_path: Path) -> None:
    """What waits behind a head is not among what a claim looks at, however much it is."""

    async def looked_at(waiting: int) -> int:
        async with SQLiteStore(tmp_path / f"{waiting}.db") as store:
            found = await store.log.append([entry(str(number)) for number in range(waiting)])
            await store.queue.add([Outgoing(QUEUE, item.position, "held") for item in found], found[-1].position)
            (head,) = await store.queue.claim(QUEUE, 9, 1000.0)
            await store.queue.settle([Retry(head, 9000.0, 1, 1000.0)])
            await queued(store, "a")
            assert await claimed(store) == "a"
            count = f"SELECT count(*) {READY}"
            return store.database.submit(lambda connection: connection.execute(count, (1,)).fetchone()[0]).result(30)

    assert [asyncio.run(looked_at(waiting)) for waiting in (10, 2000)] == [2, 2]
