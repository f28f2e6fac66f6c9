"""Turn one queue's deliveries into sends to its target: so many at a time, groups in order, each with an outcome."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from matcher.clock import Clock
from matcher.delivery.alarms import Alarms
from matcher.delivery.attempt import failed, message
from matcher.delivery.gate import Gate
from matcher.delivery.patience import Patience
from matcher.delivery.retry import Chance, retryable
from matcher.delivery.settling import Settler
from matcher.delivery.subscription import Subscription
from matcher.delivery.tally import Counts, Tally
from matcher.delivery.tasks import begin
from matcher.delivery.watch import Flight, Watch
from matcher.errors import TargetError
from matcher.observe import Observer
from matcher.store.protocol import Queue
from matcher.store.records import Delivery, Done, Outcome, Retry

__all__ = ["Lane", "Means"]

#: Consecutive deliveries of one group that are claimed together; more would only be given back when one of them fails.
RUN = 64
#: Seconds until the store is asked again about what it says is due now, and does not give.
SOON = 0.001


@dataclass(frozen=True, slots=True)
class Means:
    """What all lanes of an engine share."""

    queue: Queue
    settler: Settler
    alarms: Alarms
    patience: Patience
    clock: Clock
    observer: Observer
    chance: Chance


class Lane:
    """One queue. Tasks exist only while there is something to do: one that claims, and senders up to the concurrency.

    Nothing is asked of the store without a reason: deliveries were added, a group's head is settled, a retry is due.
    `held` counts deliveries that are claimed and not settled.
    """

    def __init__(self, subscription: Subscription, means: Means) -> None:
        self._means = means
        self._watch = Watch(means.clock, means.alarms)
        self._ready: deque[list[Delivery]] = deque()  # runs: deliveries of one group, or one of none
        self._claimer: asyncio.Task[None] | None = None
        self._more = False  # the store may have deliveries that are due
        self._later = True  # ... and some that will be
        self._alarm: float | None = None  # when one of them will be, as far as is known
        self.counts = Counts()
        self.held = self._bytes = 0
        self._run = 1  # how many of a group are claimed at once: there are queues without groups
        self._size = 1  # bytes of an event, on average of the last claim
        self.closed = False
        self.replace(subscription)

    def replace(self, subscription: Subscription) -> None:
        """From now on deliver so; sends under way end as they began, and nobody waits at the old gate."""
        self._turn_away()
        settings = subscription.settings
        self.subscription = subscription
        self.tally = Tally(subscription, self._means.observer, self.counts)
        gated = settings.rate is not None or settings.breaker is not None
        self.gate = Gate(self._means.clock, settings.rate, settings.breaker, self.tally.throttled) if gated else None
        self.closed = False

    @property
    def sending(self) -> int:
        return len(self._watch.flights)

    @property
    def idle(self) -> bool:
        """Whether it is closed, and nothing will come of it any more."""
        return self.closed and not self.held and self._claimer is None

    # -- claiming

    def wake(self) -> None:
        """Deliveries may be due."""
        self._more = True
        self._claim()

    def _claim(self) -> None:
        if self._more and self._claimer is None and self._room and not self.closed:
            self._claimer = begin(self._claiming())

    @property
    def _room(self) -> int:
        """How many may be claimed now; claims wait until they are worth it."""
        settings = self.subscription.settings
        if self.held * 2 > settings.held or self._bytes * 2 > settings.window_bytes:
            return 0
        return max(1, min(settings.held - self.held, (settings.window_bytes - self._bytes) // self._size))

    async def _claiming(self) -> None:
        try:
            while self._more and (room := self._room) and not self.closed:
                self._more = False
                claimed = await self._means.patience.insist("claim", partial(self._claim_some, room))
                self._accept(claimed)
                if len(claimed) >= room:
                    self._more = True
                elif self._later and self._alarm is None:
                    await self._look_ahead()
        finally:
            self._claimer = None

    async def _claim_some(self, limit: int) -> list[Delivery]:
        return await self._means.queue.claim(self.subscription.queue, limit, self._means.clock.now(), run=self._run)

    async def _look_ahead(self) -> None:
        """Set the alarm for the next delivery that will be due."""
        self._later = False
        queue = self.subscription.queue
        (due,) = await self._means.patience.insist("next_due", lambda: self._means.queue.next_due([queue]))
        if due is not None:
            self._ring_at(due)

    def _ring_at(self, due: float) -> None:
        self._later = True
        if self._alarm is None or due < self._alarm:
            self._alarm = due
            wait = max(due - self._means.clock.now(), SOON)
            self._means.alarms.at(self._means.clock.monotonic() + wait, partial(self._rung, due))

    def _rung(self, due: float) -> None:
        if due == self._alarm:
            self._alarm = None
            self.wake()

    def settled(self, outcome: Outcome) -> None:
        """The store has noted an outcome of this lane; `resume` comes when it has told of all."""
        self._let_go(outcome.delivery)
        if isinstance(outcome, Retry):
            self._ring_at(outcome.due)
        elif outcome.delivery.group is not None:
            self._more = True

    def returned(self, delivery: Delivery) -> None:
        """The store has taken a claim of this lane back."""
        self._let_go(delivery)
        self._more = True

    def _let_go(self, delivery: Delivery) -> None:
        self.held -= 1
        self._bytes -= len(delivery.entry.body)

    def resume(self) -> None:
        self._staff()
        self._claim()

    # -- sending

    def _accept(self, claimed: Sequence[Delivery]) -> None:
        taken = sum(len(delivery.entry.body) for delivery in claimed)
        self.held += len(claimed)
        self._bytes += taken
        self._size = max(1, taken // max(1, len(claimed)))
        if self.closed:
            self._means.settler.release(claimed)
            return
        run: list[Delivery] = []
        for delivery in claimed:
            if run and delivery.group is not None and delivery.group == run[0].group:
                run.append(delivery)
            else:
                run = [delivery]
                self._ready.append(run)
                if delivery.group is not None:
                    self._run = RUN
        self._staff()

    def _staff(self) -> None:
        """See that there are senders for what is ready."""
        for _ in range(min(len(self._ready), self.subscription.settings.concurrency - self.sending)):
            flight = Flight()
            flight.task = begin(self._send_all(flight))
            self._watch.flights.add(flight)

    async def _send_all(self, flight: Flight) -> None:
        try:
            while self._ready and self.sending <= self.subscription.settings.concurrency:
                await self._send_run(flight, self._ready.popleft())
        finally:
            self._watch.flights.discard(flight)

    async def _send_run(self, flight: Flight, run: list[Delivery]) -> None:
        """Send one after another. If one fails, or this is cancelled, what follows is given back to the store."""
        settler, done = self._means.settler, 0
        try:
            for delivery in run:
                if self.closed:
                    break
                if settler.full:
                    await flight.waits(settler.room())
                outcome = await self._attempt(flight, delivery)
                settler.put(outcome)
                done += 1
                if not isinstance(outcome, Done):
                    break
        finally:
            if done < len(run):
                settler.release(run[done:])

    async def _attempt(self, flight: Flight, delivery: Delivery) -> Outcome:
        gate, subscription, clock = self.gate, self.subscription, self._means.clock
        turn = 0 if gate is None else await flight.waits(gate.enter())
        started = clock.now()
        try:
            error = await self._send(flight, subscription, delivery, started)
        except BaseException:  # this task is cancelled
            if gate is not None:
                gate.leave(turn, failed=None)
            raise
        now = clock.now()
        if gate is not None:
            gate.leave(turn, failed=error is not None and retryable(subscription.settings.retry, error))
        outcome = Done(delivery) if error is None else failed(subscription, delivery, error, started, now, self._means.chance)
        self.tally.ended(outcome, started, now)
        return outcome

    async def _send(
        self, flight: Flight, subscription: Subscription, delivery: Delivery, now: float
    ) -> BaseException | None:
        """Send once; gives what it failed by. Raises CancelledError where the lane is to stop."""
        timeout = subscription.settings.timeout
        try:
            sent = message(subscription, delivery, now)
            if timeout is not None:
                self._watch.begin(flight, timeout)
            await subscription.to.send(sent)
        except asyncio.CancelledError:
            if flight.expired():
                return TimeoutError(f"the target did not answer within {timeout:g} seconds")
            if flight.task.cancelling():
                raise
            return TargetError("the target cancelled itself")
        except Exception as error:  # noqa: BLE001 - whatever a target raises is a failed attempt
            return error
        finally:
            flight.land()
        return None

    # -- stopping

    def close(self) -> None:
        """Claim nothing more, and give back what is not being sent; sends under way go on."""
        self.closed = True
        self._turn_away()
        for run in self._ready:
            self._means.settler.release(run)
        self._ready.clear()

    def _turn_away(self) -> None:
        """Give back what waits for its send, not for its end."""
        for flight in self._watch.flights:
            if flight.waiting:
                flight.task.cancel()

    def cancel(self) -> None:
        """Give back what is being sent, too."""
        for flight in self._watch.flights:
            flight.task.cancel()

    async def ended(self) -> None:
        """Return once no task of this lane runs."""
        tasks = [flight.task for flight in self._watch.flights]
        if self._claimer is not None:
            tasks.append(self._claimer)
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
