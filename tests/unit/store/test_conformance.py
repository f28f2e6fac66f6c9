"""Every store does what `matcher.store.protocol` says.

The cases take any open store that is empty. A store of another make is held to them by one more line in STORES.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from matcher.store.memory import MemoryStore
from matcher.store.protocol import Store
from matcher.store.sqlite import SQLiteStore
from tests.unit.store import kit_log, kit_queue, kit_records

STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda folder: MemoryStore(),
    "sqlite": lambda folder: SQLiteStore(folder / "store.db"),
}
CASES = [*kit_log.CASES, *kit_queue.CASES, *kit_records.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("make", STORES.values(), ids=STORES)
def test_store(make: Callable[[Path], Store], case: Callable[[Store], Awaitable[None]], tmp_path: Path) -> None:
    async def run() -> None:
        async with make(tmp_path) as store:
            await case(store)
            assert await store.check() == []

    asyncio.run(run())


@pytest.mark.parametrize("kit", [kit_log, kit_queue, kit_records], ids=lambda kit: kit.__name__.rpartition(".")[2])
def test_every_case_of_the_kit_is_run(kit: object) -> None:
    written = {
        name
        for name, value in vars(kit).items()
        if inspect.iscoroutinefunction(value) and kit.__name__ == value.__module__
    }
    assert written == {case.__name__ for case in kit.CASES}
