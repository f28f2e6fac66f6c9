"""A disk that fills up refuses what does not fit, keeps what it has acknowledged, and goes on once there is room."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from matcher.errors import StoreError
from matcher.store.connection import Settings
from matcher.store.records import Done, Outgoing
from matcher.store.sqlite import SQLiteStore
from tests.crash.disk import Told, after_power_cut, nothing_unsynced, recording
from tests.unit.store.making import QUEUE, entry


@pytest.mark.parametrize("room", [0, 5_000, 50_000, 60_000, 300_000, 800_000])
def test_a_disk_that_fills_up(room: int, tmp_path: Path) -> None:
    folder = tmp_path / "after"
    folder.mkdir()
    with recording() as disk:
        store = SQLiteStore(tmp_path / "store.db", Settings(checkpoint_bytes=512 << 10), connect=disk.connect)
        asyncio.run(fill(store, disk, room))
        after_power_cut(disk.events, nothing_unsynced, folder)
        told = [event.word for event in disk.events if isinstance(event, Told)]
        asyncio.run(store.close())
    refused = told.index("refused")
    assert "refused" not in told[refused + 1 :]
    assert asyncio.run(kept(folder / "store.db")) == [position for position in told if position != "refused"]


async def fill(store: SQLiteStore, disk: object, room: int) -> None:
    """Append until the disk refuses, make room, and append again."""
    await store.open()
    disk.room = room
    appended: list[int] = []

    async def append() -> None:
        (found,) = await store.log.append([entry("x" * 20_000)])
        appended.append(found.position)
        disk.tell(found.position)

    with pytest.raises(StoreError, match="no space is left: the disk is full"):
        while True:
            await append()
    disk.tell("refused")
    # What needs no room goes on meanwhile.
    assert [stored.position for stored in await store.log.read(0, 1000)] == appended
    disk.room = None
    for _ in range(3):
        await append()
    last = appended[-1]
    await store.queue.add([Outgoing(QUEUE, last)], last)
    (delivery,) = await store.queue.claim(QUEUE, 9, 1000.0)
    assert await store.queue.settle([Done(delivery)]) == [True]


async def kept(path: Path) -> list[int]:
    async with SQLiteStore(path) as store:
        assert await store.check() == []
        return [stored.position for stored in await store.log.read(0, 1000)]
