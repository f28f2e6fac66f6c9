"""How many events a second does a store accept durably, and carry from there until they are settled?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.measure import fresh
from bench.store_work import BATCH, Carried, accept, carry, entries
from matcher.store.memory import MemoryStore
from matcher.store.protocol import Store
from matcher.store.sqlite import SQLiteStore

COUNT = BATCH * 100
STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": SQLiteStore,
}
GROUPS: dict[str, Callable[[int], str | None]] = {
    "no groups": lambda _: None,
    "100 groups": lambda position: f"g{position % 100}",
}


@pytest.fixture(params=STORES)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """A new empty store at each call."""
    made = iter(range(1_000_000))
    return lambda: STORES[request.param](tmp_path / f"{next(made)}.db")


@pytest.mark.parametrize("batch", [1, 10, BATCH])
def test_accept(benchmark: Any, make: Callable[[], Store], batch: int) -> None:
    given = entries(COUNT if batch > 1 else 2000)

    async def run(store: Store) -> list[float]:
        async with store:
            taken = await accept(store, given, batch)
            assert await store.log.last() == len(given)
            return taken

    taken: list[list[float]] = []
    benchmark.pedantic(
        lambda store: taken.append(asyncio.run(run(store))), setup=lambda: ((make(),), {}), rounds=3, warmup_rounds=1
    )
    benchmark.extra_info["events_per_s"] = len(given) / benchmark.stats.stats.min
    benchmark.extra_info["p99_ms"] = min(each[int(len(each) * 0.99)] for each in taken) * 1e3


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_accept_and_carry(benchmark: Any, make: Callable[[], Store], group: Callable[[int], str | None]) -> None:
    given = entries(COUNT)

    async def run(store: Store) -> None:
        async with store, store.consumer():
            await accept(store, given)
            assert await carry(store, group) == Carried(COUNT, COUNT)
            assert await store.queue.depths() == []

    benchmark.pedantic(lambda store: asyncio.run(run(store)), setup=lambda: ((make(),), {}), rounds=3, warmup_rounds=1)
    benchmark.extra_info["events_per_s"] = COUNT / benchmark.stats.stats.min


def test_a_million_waiting(benchmark: Any, tmp_path: Path) -> None:
    """A process that starts: how long until it can work, and how much memory that takes."""
    arguments = (str(tmp_path), "1000000")
    benchmark.extra_info.update(fresh("bench.store_work", *arguments))
    benchmark.extra_info.update(benchmark.pedantic(fresh, args=("bench.store_work", *arguments), rounds=1))
    assert benchmark.extra_info["open_ms"] < 2000
    assert benchmark.extra_info["memory_mb"] < 200
    for path in tmp_path.iterdir():
        path.unlink()  # more than half a gigabyte
