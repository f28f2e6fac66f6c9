"""Turn time into something that a test moves: nothing waits, and what is due runs in the order of its times."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

__all__ = ["FakeClock"]

#: Rounds of the event loop without rest after which tasks are said to spin; a busy router needs some hundreds.
ROUNDS = 1_000_000
#: Rounds given to a loop that doesn't tell whether it has work (uvloop).
BLIND_ROUNDS = 100


class FakeClock:
    """A Clock whose time passes only in `advance`.

    >>> clock = FakeClock()
    >>> task = asyncio.create_task(clock.sleep(3600))
    >>> await clock.advance(3600)       # returns at once; the task has run on

    Time starts at a fixed moment (2025-01-01T00:00:00Z), so that what a test prints is the same every day.
    """

    def __init__(self, start: float = 1_735_689_600.0) -> None:
        self.start = start
        self._passed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []  # a heap by the time to wake, then by age
        self._numbers = count()

    def now(self) -> float:
        return self.start + self._passed

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return await asyncio.sleep(0)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, next(self._numbers), future))
        await future

    @property
    def sleeping(self) -> int:
        """How many sleeps wait for time to pass."""
        return sum(not future.done() for _, _, future in self._sleepers)

    @property
    def wakes(self) -> float | None:
        """Seconds until the first of them ends; None where nothing sleeps."""
        while self._sleepers and self._sleepers[0][2].done():  # cancelled
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] - self._passed if self._sleepers else None

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, and all run that comes due in it, each at its own time.

        Before each step of time, and at the end, tasks run until every one of them waits.
        """
        end = self._passed + seconds
        await self.settle()
        while (wakes := self.wakes) is not None and self._passed + wakes <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self._passed = max(self._passed, due)
            future.set_result(None)
            await self.settle()
        self._passed = end

    async def settle(self) -> None:
        """Let tasks of this loop run until every one of them waits; other threads are not waited for."""
        ready = getattr(asyncio.get_running_loop(), "_ready", None)
        for _ in range(BLIND_ROUNDS if ready is None else ROUNDS):
            await asyncio.sleep(0)
            if ready is not None and not ready:
                return
        if ready is not None:
            raise AssertionError(f"tasks still run after {ROUNDS:,} rounds of the event loop: one of them never waits")
