"""Turn a router's rules and store into running deliveries, which follow the rules as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from matcher.clock import Clock
from matcher.delivery.engine import Engine
from matcher.delivery.intake import Route
from matcher.errors import StoreError
from matcher.observe import Observer
from matcher.router.archives import Archives
from matcher.router.plan import Plan
from matcher.router.replay import Replaying
from matcher.store.protocol import Store

__all__ = ["Running"]

Result = TypeVar("Result")
#: Events matched at once. Deliveries take turns with them in the store's transactions: larger batches catch up with a
#: long log no sooner, and leave less to deliveries meanwhile.
BATCH = 128
#: Seconds between looks at what archives hold longer than they should, and events forgotten at once.
EXPIRY, EXPIRED = 60.0, 1_000


class Running:
    """What runs between a router's start and its stop. But for `changed`, `replay_began` and `ask`, all of it belongs to one loop."""

    def __init__(
        self, store: Store, route: Route, archives: Archives, clock: Clock, observer: Observer, chance: Callable[[], float]
    ) -> None:
        self._store = store
        self._archives = archives
        self._clock = clock
        self._observer = observer
        self.loop = asyncio.get_running_loop()
        self.engine = Engine(store, route, clock=clock, observer=observer, chance=chance, batch=BATCH)
        self._replaying = Replaying(store, clock, observer)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, plans: Iterable[Plan], *, wait: bool) -> None:
        """Begin. Where another process runs the store's deliveries, waits for its end or raises StoreError."""
        for plan in plans:
            self.engine.subscribe(plan.subscription)
        await self.engine.start(wait=wait)
        self._tasks = [self.loop.create_task(self._replaying.run()), self.loop.create_task(self._expire())]

    async def stop(self, grace: float) -> None:
        """End: sends under way have `grace` seconds, and what is not done is handed back to the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.engine.stop(grace)

    def changed(self, gone: Iterable[Plan], come: Iterable[Plan]) -> None:
        """Targets were removed and added. From any thread."""
        gone, come = list(gone), list(come)
        try:
            self.loop.call_soon_threadsafe(self._follow, gone, come)
        except RuntimeError:  # the loop is closed, and with it the engine is gone
            return

    def replay_began(self) -> None:
        """There is a replay to be run. From any thread."""
        try:
            self.loop.call_soon_threadsafe(self._replaying.began)
        except RuntimeError:  # as above: whoever runs the store next will see it
            return

    def _follow(self, gone: list[Plan], come: list[Plan]) -> None:
        for plan in gone:
            self.engine.unsubscribe(plan.queue)
        for plan in come:
            self.engine.subscribe(plan.subscription)

    async def ask(self, question: Coroutine[Any, Any, Result]) -> Result:
        """Await a question on this loop, from any."""
        if asyncio.get_running_loop() is self.loop:
            return await question
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(question, self.loop))

    async def _expire(self) -> None:
        """Forget what archives hold longer than they should."""
        while True:
            for archive in list(self._archives.by_name.values()):
                if archive.retention is not None:
                    await self._expire_one(archive.name, self._clock.now() - archive.retention)
            await self._clock.sleep(EXPIRY)

    async def _expire_one(self, archive: str, before: float) -> None:
        try:
            forgotten = EXPIRED
            while forgotten == EXPIRED:
                forgotten = await self._store.archive.expire(archive, before, EXPIRED)
        except StoreError as error:
            self._observer.log("error", "an archive can't forget", archive=archive, error=str(error))
