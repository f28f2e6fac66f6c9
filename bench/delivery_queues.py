"""What does the engine itself cost a delivery, and does it matter over how many queues the deliveries go?

`python -m bench.delivery_queues [--events 20000]` prints one table: deliveries a second from the log to settled, without
matching, by a target that does nothing. Every delivery is counted, and those of a group are in order.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter, process_time

from bench.report import Table, plain, rate
from bench.store_work import entries
from matcher.delivery.engine import Engine
from matcher.delivery.intake import Routed
from matcher.delivery.subscription import Subscription
from matcher.store.memory import MemoryStore
from matcher.store.protocol import Store
from matcher.store.records import Outgoing, Stored
from matcher.store.sqlite import SQLiteStore
from matcher.target import Message


class Counter:
    """A target that counts, and notices what comes too late in its group."""

    def __init__(self) -> None:
        self.taken = self.late = 0
        self.last: dict[tuple[str, str], int] = {}

    async def send(self, message: Message) -> None:
        self.taken += 1
        if message.group is not None:
            key, position = (message.rule, message.group), int(message.delivery_id.split("/", 1)[0])
            self.late += position < self.last.get(key, 0)
            self.last[key] = position


async def delivered(store: Store, events: int, queues: int, groups: int) -> tuple[float, float]:
    """Deliveries a second, and microseconds of the processor for each."""
    target = Counter()

    def route(batch: Sequence[Stored]) -> Routed:
        return Routed([Outgoing(f"bus/r{at.position % queues}/t", at.position, group(at)) for at in batch])

    def group(at: Stored) -> str | None:
        return f"g{at.position % groups}" if groups else None

    async with store:
        given = entries(events)
        for start in range(0, events, 1_000):
            await store.log.append(given[start : start + 1_000])
        engine = Engine(store, route)
        for number in range(queues):
            engine.subscribe(Subscription(f"bus/r{number}/t", "bus", f"r{number}", "t", target))
        started, processor = perf_counter(), process_time()
        async with engine:
            while target.taken < events or engine.stats().unsettled:  # noqa: ASYNC110 - as a monitor would look
                await asyncio.sleep(0.01)
            elapsed, processor = perf_counter() - started, process_time() - processor
        assert (target.taken, target.late) == (events, 0)
        assert await store.queue.depths() == []
    return events / elapsed, processor / events * 1e6


def rows(folder: Path, events: int) -> Iterator[tuple[str, ...]]:
    for queues, groups in ((1, 0), (1, 100), (100, 0), (1_000, 0)):
        for name, store in (("memory", MemoryStore()), ("SQLite", SQLiteStore(folder / f"{queues}-{groups}.db"))):
            found, cost = asyncio.run(delivered(store, events, queues, groups))
            yield name, f"{queues:,}", str(groups or "none"), rate(found), f"{cost:.0f}"


def main(events: int) -> None:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        table = Table(
            "Deliveries a second, the engine alone",
            ("store", "queues", "groups", "deliveries/s", "processor µs each"),
            list(rows(Path(folder), events)),
            f"{events:,} events of 800 bytes; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        )
    sys.stdout.write(plain(table) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    main(parser.parse_args().events)
