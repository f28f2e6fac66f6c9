"""Turn a store, a way to route and subscriptions into running deliveries, from start to an orderly stop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack

from matcher.clock import SYSTEM, Clock
from matcher.delivery.alarms import Alarms
from matcher.delivery.intake import Intake, Route
from matcher.delivery.lane import Lane, Means
from matcher.delivery.patience import Patience
from matcher.delivery.retry import Chance
from matcher.delivery.settling import Settler
from matcher.delivery.skipping import skip
from matcher.delivery.stats import EngineStats, lane_stats
from matcher.delivery.subscription import Subscription
from matcher.delivery.tasks import begin
from matcher.delivery.trimming import Trimmer
from matcher.observe import SILENT, Observer
from matcher.store.protocol import Store
from matcher.store.records import Delivery, Outcome, Outgoing

__all__ = ["Engine"]


class Engine:
    """Delivers what a store holds. All methods are called on the event loop that it was started on.

    `route` says where entries of the log go; `batch` bounds how many it is given at once. `unsettled` bounds outcomes
    that the store has not noted: at most so many deliveries, and those being sent, are repeated after a crash.
    """

    def __init__(
        self,
        store: Store,
        route: Route,
        *,
        clock: Clock = SYSTEM,
        observer: Observer = SILENT,
        chance: Chance = random.random,
        batch: int = 500,
        unsettled: int = 32,
    ) -> None:
        self._store = store
        self._clock = clock
        self._observer = observer
        self._alarms = Alarms(clock)
        self._patience = patience = Patience(clock, observer)
        self._settler = settler = Settler(store.queue, patience, observer, unsettled, self._settled)
        self._means = Means(store.queue, settler, self._alarms, patience, clock, observer, chance)
        self._trimmer = Trimmer(store, clock, patience)
        self._intake = Intake(store, route, clock, patience, observer, batch, self._added)
        self._lanes: dict[str, Lane] = {}
        self._task: asyncio.Task[None] | None = None
        self._consuming = AsyncExitStack()

    # -- subscriptions

    def subscribe(self, subscription: Subscription) -> None:
        """Deliver a queue so from now on, also if it had another subscription."""
        lane = self._lanes.get(subscription.queue)
        if lane is None:
            lane = self._lanes[subscription.queue] = Lane(subscription, self._means)
        else:
            lane.replace(subscription)
        if self.running:
            lane.wake()

    def unsubscribe(self, queue: str) -> None:
        """Send nothing more of that queue. What is being sent ends; what waits, waits on in the store."""
        lane = self._lanes.get(queue)
        if lane is not None:
            lane.close()
            self._forget(lane)

    def _forget(self, lane: Lane) -> None:
        if lane.idle:
            self._lanes.pop(lane.subscription.queue, None)

    # -- running

    @property
    def running(self) -> bool:
        return self._task is not None

    async def start(self, *, wait: bool = True) -> None:
        """Begin to deliver. Where another process does, waits for its end or, with `wait=False`, raises StoreError."""
        if self._task is not None:
            return
        await self._consuming.enter_async_context(self._store.consumer(wait=wait))
        self._patience.begin()
        self._task = begin(self._consume())
        self._trimmer.note(0)
        for lane in self._lanes.values():
            lane.wake()

    async def _consume(self) -> None:
        for depth in await self._patience.insist("depths", self._store.queue.depths):
            if depth.queue not in self._lanes:
                self._observer.log("warning", "deliveries wait for a rule", queue=depth.queue, waiting=depth.waiting)
        await self._intake.run()

    async def stop(self, grace: float = 30.0) -> None:
        """Claim nothing more, let sends end for `grace` seconds, then cancel them. What is not done is handed back."""
        if self._task is None:
            return
        self._task.cancel()
        lanes = list(self._lanes.values())
        kept = [lane.subscription for lane in lanes if not lane.closed]
        for lane in lanes:
            lane.close()
        self._alarms.at(self._clock.monotonic() + grace, self._cancel)
        await asyncio.gather(self._task, return_exceptions=True)
        for lane in lanes:
            await lane.ended()
        await self._settler.drained()
        await self._trimmer.stop()
        self._alarms.stop()
        await self._consuming.aclose()
        self._task = None
        self._lanes = {subscription.queue: Lane(subscription, self._means) for subscription in kept}

    def _cancel(self) -> None:
        for lane in self._lanes.values():
            lane.cancel()
        self._patience.end()

    async def __aenter__(self) -> Engine:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    # -- what parts tell

    def _added(self, outgoing: Sequence[Outgoing], consumed: int) -> None:
        for queue in {each.queue for each in outgoing}:
            lane = self._lanes.get(queue)
            if lane is not None:
                lane.wake()
        self._trimmer.note(consumed)

    def _settled(self, outcomes: Sequence[Outcome], returned: Sequence[Delivery]) -> None:
        touched: dict[str, Lane] = {}
        for outcome in outcomes:
            lane = touched[outcome.delivery.queue] = self._lanes[outcome.delivery.queue]
            lane.settled(outcome)
        for delivery in returned:
            lane = touched[delivery.queue] = self._lanes[delivery.queue]
            lane.returned(delivery)
        for lane in touched.values():
            lane.resume()
            self._forget(lane)
        self._trimmer.note(len(outcomes))

    # -- what people ask

    async def skip(self, queue: str, group: str) -> Delivery | None:
        """Give up the delivery that holds a group: it becomes a dead letter, and the next one's turn comes."""
        lane = self._lanes[queue]
        skipped = await skip(self._store.queue, lane.subscription, group, self._clock.now())
        lane.wake()
        return skipped

    def stats(self) -> EngineStats:
        return EngineStats(
            self.running,
            self._intake.cursor,
            self._settler.unsettled,
            self._patience.failures,
            dict(self._patience.troubles),
            {queue: lane_stats(lane) for queue, lane in sorted(self._lanes.items()) if not lane.idle},
        )
