"""Turn a store in memory, an engine and a fake clock into a place where deliveries are tried."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import pytest

from matcher.delivery.engine import Engine
from matcher.delivery.intake import Routed
from matcher.delivery.subscription import Settings, Subscription
from matcher.observe import SILENT, Observer
from matcher.store.memory import MemoryStore
from matcher.store.records import DeadLetter, DeadLetterFilter, Entry, Outgoing, Stored
from matcher.target import Target
from matcher.testing import FakeClock


class Place:
    """Every event goes to every target; an event's `group` is its group."""

    def __init__(self, store: Any = None, *, observer: Observer = SILENT, chance: float = 1.0, **options: Any) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore() if store is None else store
        self.queues: list[str] = []
        self.observer = observer
        self.chance = chance
        self.options = options
        self.engine = self.new_engine()

    def new_engine(self) -> Engine:
        options = {"clock": self.clock, "observer": self.observer, "chance": lambda: self.chance, **self.options}
        return Engine(self.store, self.route, **options)

    def route(self, entries: Sequence[Stored]) -> Routed:
        return Routed(
            [
                Outgoing(queue, each.position, orjson.loads(each.entry.body).get("group"), each.entry.accepted)
                for each in entries
                for queue in self.queues
            ]
        )

    def subscribe(self, target: Target, name: str = "target", *, settings: Settings | None = None, **more: Any) -> str:
        queue = f"bus/rule/{name}"
        if queue not in self.queues:
            self.queues.append(queue)
        chosen = Settings(timeout=None) if settings is None else settings
        self.engine.subscribe(Subscription(queue, "bus", "rule", name, target, chosen, **more))
        return queue

    async def put(self, *events: dict[str, Any]) -> None:
        last = await self.store.log.last()
        entries = [
            Entry(f"e{last + number}", "bus", orjson.dumps(event), self.clock.now(), correlation_id=f"c{last + number}")
            for number, event in enumerate(events, 1)
        ]
        await self.store.log.append(entries)
        await self.clock.settle()

    async def letters(self) -> list[DeadLetter]:
        return await self.store.dead_letters.find(DeadLetterFilter(), "", 1_000)

    async def waiting(self) -> dict[str, int]:
        return {depth.queue: depth.waiting for depth in await self.store.queue.depths()}


def run(body: Callable[[Place], Awaitable[None]], **options: Any) -> None:
    """Run a test in a place whose engine is running; what it does must not wait for real time."""

    async def main() -> None:
        place = Place(**options)
        async with place.store:
            await place.engine.start()
            await body(place)
            stopping = asyncio.create_task(place.engine.stop())
            await place.clock.advance(30.0)
            await stopping

    asyncio.run(main())


@pytest.fixture(name="run")
def running() -> Callable[..., None]:
    return run


@pytest.fixture
def place() -> type[Place]:
    return Place
