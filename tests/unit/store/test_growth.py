"""What one event costs does not grow with what waits: SQLite's own instructions are counted, not time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from matcher.store.connection import standard
from matcher.store.records import Archived, Dead, Done, Outgoing, Retry
from matcher.store.sqlite import SQLiteStore
from tests.unit.store.making import entry, letter

FEW, MANY = 200, 6_400
BATCH = 20
GROUPS: dict[str, Callable[[int], str | None]] = {
    "no groups": lambda number: None,
    "one group": lambda number: "g",
    "a group each": lambda number: f"g{number}",
    "ten groups": lambda number: f"g{number % 10}",
}


class Counter:
    """Counts the instructions of every connection that it makes."""

    def __init__(self) -> None:
        self.instructions = 0

    def connect(self, path: str) -> sqlite3.Connection:
        connection = standard(path)
        connection.set_progress_handler(self._count, 1)
        return connection

    def _count(self) -> int:
        self.instructions += 1
        return 0

    async def of(self, work: Awaitable[object]) -> int:
        before = self.instructions
        await work
        return self.instructions - before


async def filled(store: SQLiteStore, waiting: int, group: Callable[[int], str | None]) -> int:
    """Two queues with that much in them; the last position."""
    for start in range(0, waiting, 200):
        found = await store.log.append([entry(str(start + number)) for number in range(min(200, waiting - start))])
        outgoing = [Outgoing(queue, item.position, group(item.position), 1.0) for item in found for queue in ("x", "y")]
        await store.queue.add(outgoing, found[-1].position, [Archived("all", item.position) for item in found])
    return waiting


async def counted(path: Path, waiting: int, group: Callable[[int], str | None]) -> dict[str, int]:
    """Instructions of each step of a batch of events, in a store where that much waits."""
    counter = Counter()
    async with SQLiteStore(path, connect=counter.connect) as store:
        last = await filled(store, waiting, group)
        counts = {
            "append": await counter.of(store.log.append([entry(str(n), deduplication=str(n)) for n in range(BATCH)]))
        }
        counts["read"] = await counter.of(store.log.read(last, BATCH))
        outgoing = [Outgoing("x", last + 1 + number, group(last + number), 1.0) for number in range(BATCH)]
        counts["add"] = await counter.of(store.queue.add(outgoing, last + BATCH, [Archived("all", last + 1)]))
        for run in (1, 64):
            claiming = asyncio.ensure_future(store.queue.claim("x", BATCH, 5.0, run=run))
            counts[f"claim runs of {run}"] = await counter.of(claiming)
            await store.queue.release(claiming.result())
        counts["next due"] = await counter.of(store.queue.next_due(["x", "y"]))
        counts["depths"] = await counter.of(store.queue.depths())
        first, second, *rest = await store.queue.claim("x", BATCH, 5.0, run=64)
        outcomes = [Dead(first, letter(first)), Retry(second, 9.0, 1, 5.0), *map(Done, rest)]
        counts["settle"] = await counter.of(store.queue.settle(outcomes))
        counts["expire"] = await counter.of(store.archive.expire("all", 1000.0, BATCH))
    return counts


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_no_step_grows_with_what_waits(group: Callable[[int], str | None], tmp_path: Path) -> None:
    few = asyncio.run(counted(tmp_path / "few.db", FEW, group))
    many = asyncio.run(counted(tmp_path / "many.db", MANY, group))
    # Finding a place in a tree of 32 times as many takes a step or two more, and no instruction of SQLite's.
    assert {step: count for step, count in many.items() if count > 1.2 * few[step] + 50} == {}
    assert min(few.values()) > 10
