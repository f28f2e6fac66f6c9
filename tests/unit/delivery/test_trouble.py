"""A store that fails stops deliveries for a while, and loses none."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from matcher.delivery.retry import Retry
from matcher.delivery.subscription import Settings
from matcher.errors import StoreError, TargetError
from matcher.store.memory import MemoryStore
from matcher.testing import FlakyTarget, RecordedTarget


class Failing:
    """A part of a store whose calls of some names fail while they are in `broken`."""

    def __init__(self, part: Any, broken: set[str]) -> None:
        self._part = part
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            if name in self._broken:
                raise StoreError(f"{name}: no space left on device")
            return await getattr(self._part, name)(*arguments, **named)

        return call


class FailingStore:
    """A store in memory that fails by call."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self._store = MemoryStore()
        self.queue = Failing(self._store.queue, self.broken)
        self.log = Failing(self._store.log, self.broken)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def __aenter__(self) -> "FailingStore":
        await self._store.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._store.close()


@pytest.mark.parametrize("call", ["read", "wait", "add", "claim", "settle", "trim", "next_due", "release"])
def test_what_fails_is_asked_again(run: Callable[..., None], call: str) -> None:
    store = FailingStore()

    async def body(place) -> None:
        target = FlakyTarget([TargetError("down"), None, TargetError("down")])
        place.subscribe(target, settings=Settings(retry=Retry(base=1.0)))
        await place.put(*({"n": number, "group": str(number % 3)} for number in range(30)))
        store.broken.add(call)
        await place.put(*({"n": number, "group": str(number % 3)} for number in range(30, 60)))
        await place.clock.advance(60.0)
        store.broken.clear()
        await place.put({"n": 60, "group": "0"})
        await place.clock.advance(60.0)
        for group in range(3):
            assert [event["n"] for event in target.bodies if event["n"] % 3 == group] == list(range(group, 61, 3))
        assert await place.waiting() == {}
        assert place.engine.stats().store_troubles == {}

    run(body, store=store)


def test_a_store_that_cannot_settle_bounds_what_is_sent(run: Callable[..., None]) -> None:
    store = FailingStore()

    async def body(place) -> None:
        target = RecordedTarget()
        place.subscribe(target, settings=Settings(concurrency=3))
        store.broken.add("settle")
        await place.put(*({"n": number} for number in range(1_000)))
        await place.clock.advance(100.0)
        assert len(target.messages) <= 20 + 3
        stats = place.engine.stats()
        assert stats.unsettled == len(target.messages)
        assert stats.store_troubles == {"settle": "StoreError: settle: no space left on device"}
        assert stats.store_failures > 20
        store.broken.clear()
        await place.clock.advance(10.0)
        assert len(target.messages) == 1_000
        assert await place.waiting() == {}

    run(body, store=store, unsettled=20)


def test_stopping_does_not_wait_for_a_broken_store_for_ever(run: Callable[..., None]) -> None:
    store = FailingStore()

    async def body(place) -> None:
        target = RecordedTarget()
        queue = place.subscribe(target)
        store.broken.add("settle")
        await place.put({"n": 0}, {"n": 1})
        assert len(target.messages) == 2
        stopping = asyncio.create_task(place.engine.stop(20.0))
        await place.clock.advance(19.0)
        assert not stopping.done()
        await place.clock.advance(1.0)
        assert stopping.done()
        assert await place.waiting() == {queue: 2}
        store.broken.clear()
        await place.engine.start()
        await place.clock.settle()
        assert len(target.messages) == 4
        assert (await place.waiting(), place.engine.stats().unsettled) == ({}, 0)

    run(body, store=store)
