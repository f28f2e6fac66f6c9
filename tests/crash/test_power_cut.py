"""What a store has acknowledged is there after a power cut at any moment, and all that is there fits together.

A disk that remembers its writes and syncs (`tests/crash/disk.py`) plays the cut back at many moments of one run, with all
that was not synced lost, kept, or kept by chance.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from matcher.errors import StoreError
from matcher.store.connection import Connection, Settings
from matcher.store.records import Archived, Dead, DeadLetterFilter, Delivery, Done, Mark, Outgoing, Retry
from matcher.store.sqlite import SQLiteStore
from tests.crash.disk import (
    Disk,
    Event,
    Survives,
    Told,
    after_power_cut,
    by_chance,
    everything,
    nothing_unsynced,
    recording,
)
from tests.unit.store.making import QUEUE, entry, letter, replay

ROUNDS = 30
CUTS = 60
#: Small, so that the write-ahead log is copied into the file many times in a run.
SETTINGS = Settings(checkpoint_bytes=64 << 10)

pytestmark = pytest.mark.slow


async def work(store: SQLiteStore, disk: Disk, chance: random.Random) -> None:
    """Put, queue, deliver, fail, replay and trim, and tell the disk what was acknowledged or asked."""
    cursor = 0
    await store.replays.create(replay())
    for turn in range(ROUNDS):
        entries = [
            entry(f"{turn}-{number}" + "x" * chance.randrange(2000)) for number in range(chance.randrange(1, 20))
        ]
        for item in await store.log.append(entries):
            disk.tell(("accepted", item.position))
        if chance.random() < 0.2:
            await store.replays.advance("again", [entry("replayed")], Mark(float(turn), 1))
            disk.tell(("accepted", await store.log.last()))
            disk.tell(("replayed", float(turn)))
        stored = await store.log.read(cursor, chance.randrange(1, 25))
        cursor = stored[-1].position
        outgoing = [Outgoing(QUEUE, item.position, chance.choice((None, "g")), 1.0) for item in stored]
        await store.queue.add(outgoing, cursor, [Archived("all", stored[0].position)])
        deliveries = await store.queue.claim(QUEUE, chance.randrange(1, 20), 1.0, run=3)
        for delivery in deliveries:
            disk.tell(("delivered", delivery.position))
        await store.queue.settle([outcome(chance, delivery) for delivery in deliveries])
        await store.log.trim(1000, 0.0)


def outcome(chance: random.Random, delivery: Delivery) -> Done | Retry | Dead:
    made = {
        "done": lambda: Done(delivery),
        "retry": lambda: Retry(delivery, 1.0, delivery.attempts + 1, 1.0, "no"),
        "dead": lambda: Dead(delivery, letter(delivery)),
    }
    return made[chance.choice(("done", "done", "done", "retry", "dead"))]()


def recorded(folder: Path, connect: Callable[[Disk], Callable[[str], Connection]]) -> list[Event]:
    """All that the disk saw until the power went."""
    with recording() as disk:
        store = SQLiteStore(folder / "store.db", SETTINGS, connect=connect(disk))

        async def run() -> None:
            await store.open()
            disk.tell(("opened", 0))
            await work(store, disk, random.Random(7))

        asyncio.run(run())
        events = list(disk.events)
        asyncio.run(store.close())
    return events


async def lost(path: Path, told: list[tuple[str, float]]) -> list[str]:
    """What is missing or does not fit in the store at the path, by what was told before the cut."""
    if not told:
        return []
    async with SQLiteStore(path) as store:
        problems = await store.check()
        cursor = await store.log.cursor()
        waiting = {item.position for item in await store.log.read(cursor, 100_000)}
        waiting |= {delivery.position for delivery in await store.queue.peek(QUEUE, 0, 100_000)}
        waiting |= {dead.position for dead in await store.dead_letters.find(DeadLetterFilter(), "", 100_000)}
        delivered = {position for word, position in told if word == "delivered"}
        accepted = {position for word, position in told if word == "accepted"}
        problems += [f"{position} was accepted and is lost" for position in sorted(accepted - delivered - waiting)]
        marks = [position for word, position in told if word == "replayed"]
        again = await store.replays.get("again")
        if marks and (again is None or again.mark is None or again.mark.accepted < marks[-1]):
            problems.append(f"the replay had come to {marks[-1]} and is at {again}")
        # What comes next has a position of its own.
        (next_one,) = await store.log.append([entry("next")])
        if next_one.position <= max(accepted, default=0):
            problems.append(f"position {next_one.position} came twice")
    return problems


def found_after(events: list[Event], survives: Survives, folder: Path) -> list[str]:
    folder.mkdir()
    after_power_cut(events, survives, folder)
    told = [event.word for event in events if isinstance(event, Told)]
    try:
        return asyncio.run(lost(folder / "store.db", told))
    except StoreError as error:
        return [str(error)]


def cuts(events: list[Event]) -> list[int]:
    """Moments at which the power goes: right after acknowledgements, where most is at stake, and anywhere."""
    chance = random.Random(11)
    told = [number + 1 for number, event in enumerate(events) if isinstance(event, Told)]
    opened = told[0]
    return sorted({*chance.sample(told, CUTS // 2), *chance.sample(range(opened, len(events)), CUTS // 2), len(events)})


@pytest.mark.parametrize(
    "survives", [nothing_unsynced, everything, by_chance(5)], ids=["nothing", "everything", "some"]
)
def test_what_was_accepted_survives_a_power_cut(survives: Survives, tmp_path: Path) -> None:
    events = recorded(tmp_path, lambda disk: disk.connect)
    for cut in cuts(events):
        assert found_after(events[:cut], survives, tmp_path / str(cut)) == [], f"power cut after event {cut}"


class Unsynced:
    """A connection that never syncs, whatever it is told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def execute(self, sql: str, parameters: tuple[object, ...] = ()) -> object:
        return self._connection.execute("PRAGMA synchronous = OFF" if "synchronous" in sql else sql, parameters)


def test_without_syncs_the_loss_is_seen(tmp_path: Path) -> None:
    events = recorded(tmp_path, lambda disk: lambda path: Unsynced(disk.connect(path)))
    found = [found_after(events[:cut], nothing_unsynced, tmp_path / str(cut)) for cut in cuts(events)]
    assert sum(map(bool, found)) > CUTS // 4
