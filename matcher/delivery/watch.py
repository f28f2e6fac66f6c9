"""Turn the time that one send may take into its cancellation, with no timer of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

from matcher.clock import Clock
from matcher.delivery.alarms import Alarms

__all__ = ["Flight", "Watch"]

Answer = TypeVar("Answer")


class Flight:
    """The sends of one task, one after another."""

    __slots__ = ("deadline", "late", "task", "waiting")
    task: asyncio.Task[None]

    def __init__(self) -> None:
        self.deadline: float | None = None  # of the send under way, by the clock's `monotonic`
        self.late = False  # and cancelled for it
        self.waiting = False  # before a send

    async def waits(self, what: Awaitable[Answer]) -> Answer:
        """Wait for something before a send."""
        self.waiting = True
        try:
            return await what
        finally:
            self.waiting = False

    def expired(self) -> bool:
        """After a CancelledError: whether the deadline alone was its cause, which ends it."""
        if self.late:
            self.late = False
            return self.task.uncancel() == 0
        return False

    def land(self) -> None:
        """The send has ended, also if it was told to end and did not mind."""
        self.deadline = None
        self.expired()


class Watch:
    """Cancels sends whose deadline has passed.

    One alarm is set for the earliest deadline. Sends that end before cost nothing more: when the alarm comes, it is set
    to what is the earliest then. So a busy queue has one wake-up in the time that a send may take. O(flights) each.
    """

    def __init__(self, clock: Clock, alarms: Alarms) -> None:
        self._clock = clock
        self._alarms = alarms
        self._alarm: float | None = None
        self.flights: set[Flight] = set()

    def begin(self, flight: Flight, timeout: float) -> None:
        """A send of this flight begins now."""
        flight.deadline = deadline = self._clock.monotonic() + timeout
        if self._alarm is None or deadline < self._alarm:
            self._set(deadline)

    def _set(self, when: float) -> None:
        self._alarm = when
        self._alarms.at(when, partial(self._look, when))

    def _look(self, when: float) -> None:
        if when != self._alarm:  # an earlier one took its place
            return
        now, ahead = self._clock.monotonic(), []
        for flight in self.flights:
            if flight.deadline is None or flight.late:
                continue
            if flight.deadline > now:
                ahead.append(flight.deadline)
            else:
                flight.late = True
                flight.task.cancel()
        self._alarm = None
        if ahead:
            self._set(min(ahead))
