"""Turn a store into figures: events accepted, and carried from append to settled, with latencies and memory.

`python -m bench.store_work FOLDER EVENTS` prints one JSON object: rates of an SQLite file in that folder, and what opening
it costs while all of the events wait in it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.probe import peak, resident
from matcher.store.protocol import Store
from matcher.store.records import Done, Entry, Outgoing
from matcher.store.sqlite import SQLiteStore

__all__ = ["BATCH", "QUEUE", "Carried", "accept", "carry", "entries", "main"]

BATCH = 256
QUEUE = "default/rule/target"
BODY = b'{"version":"0","id":"%b","source":"orders","detail-type":"placed","detail":{"total":12.5,"note":"%b"}}'


def entries(count: int, size: int = 800) -> list[Entry]:
    """That many events of about that size."""
    found = []
    for number in range(count):
        name = f"00000000-0000-0000-0000-{number:012d}"
        body = BODY % (name.encode(), b"x" * (size - len(BODY) - 32))
        found.append(Entry(name, "default", body, 1000.0 + number / 1000))
    return found


async def accept(store: Store, given: Sequence[Entry], batch: int = BATCH) -> list[float]:
    """Append all, a durable batch after the other; the seconds of each, sorted."""
    taken = []
    for start in range(0, len(given), batch):
        begun = perf_counter()
        await store.log.append(given[start : start + batch])
        taken.append(perf_counter() - begun)
    return sorted(taken)


@dataclass(frozen=True, slots=True)
class Carried:
    """How many events came through, and how many in what order they should."""

    delivered: int
    in_order: int


async def carry(store: Store, group: Callable[[int], str | None] = lambda _: None, batch: int = BATCH) -> Carried:
    """Queue all that was appended, claim, settle and trim it, as the router would but for matching and sending."""
    cursor = await store.log.cursor()
    while rows := await store.log.read(cursor, batch):
        cursor = rows[-1].position
        outgoing = [Outgoing(QUEUE, row.position, group(row.position), row.entry.accepted) for row in rows]
        await store.queue.add(outgoing, cursor)
    delivered = in_order = 0
    last: dict[str | None, int] = {}
    while deliveries := await store.queue.claim(QUEUE, batch, 1e9, run=64):
        await store.queue.settle([Done(delivery) for delivery in deliveries])
        await store.log.trim(batch, 0.0)
        delivered += len(deliveries)
        for delivery in deliveries:
            in_order += delivery.position > last.get(delivery.group, 0)
            last[delivery.group] = delivery.position
    return Carried(delivered, in_order)


async def _fill(path: Path, count: int) -> dict[str, float]:
    async with SQLiteStore(path) as store:
        begun = perf_counter()
        for start in range(0, count, 10_000):
            given = entries(min(10_000, count - start), 500)
            await accept(store, given)
            cursor = await store.log.cursor()
            positions = range(cursor + 1, cursor + len(given) + 1)
            queues = [f"default/rule{position % 10}/target" for position in positions]
            outgoing = [Outgoing(queue, place, due=1.0) for queue, place in zip(queues, positions, strict=True)]
            await store.queue.add(outgoing, positions[-1])
        return {"filled_s": perf_counter() - begun, "bytes": await store.size()}


async def _use(path: Path, count: int) -> dict[str, float]:
    before, begun = resident(), perf_counter()
    async with SQLiteStore(path) as store, store.consumer():
        opened = perf_counter()
        depths = await store.queue.depths()
        deliveries = await store.queue.claim("default/rule0/target", BATCH, 1e9)
        claimed = perf_counter()
        if sum(depth.waiting for depth in depths) != count or len(deliveries) != min(BATCH, count // 10):
            raise AssertionError(f"found {depths} and {len(deliveries)} deliveries; want {count} waiting")
        return {
            "open_ms": (opened - begun) * 1e3,
            "first_claim_ms": (claimed - opened) * 1e3,
            "memory_mb": (peak() - before) / 1e6,
        }


def main(folder: str, count: str) -> None:
    """Fill a file with waiting events if it is not there, or else open it: two runs tell of a process that starts."""
    path = Path(folder) / f"store-{count}.db"
    work = _use if path.exists() else _fill
    print(json.dumps(asyncio.run(work(path, int(count)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
