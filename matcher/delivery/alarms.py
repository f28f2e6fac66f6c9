"""Turn the sleep of a clock into calls at given times, with one task however many they are."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from matcher.clock import Clock
from matcher.delivery.tasks import begin

__all__ = ["Alarms"]


class Alarms:
    """Calls what it is given once the clock's `monotonic` has reached a time. O(log n) each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._task: asyncio.Task[None] | None = None
        self._asleep = False

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call it then, on this event loop. There is no way to take it back: it is to look whether it is still meant."""
        earliest = not self._heap or when < self._heap[0][0]
        heapq.heappush(self._heap, (when, next(self._numbers), call))
        if earliest and self._asleep:
            self._wake()
        if self._task is None:
            self._task = begin(self._run())

    async def _run(self) -> None:
        while self._heap:
            wait = self._heap[0][0] - self._clock.monotonic()
            if wait > 0:
                self._asleep = True
                await self._clock.sleep(wait)
                self._asleep = False
            else:
                _, _, call = heapq.heappop(self._heap)
                call()
        self._task = None

    def stop(self) -> None:
        """Forget what was to be called."""
        self._heap.clear()
        self._wake()

    def _wake(self) -> None:
        """End the sleep; whoever has something to call starts it anew."""
        if self._task is not None:
            self._task.cancel()
        self._task, self._asleep = None, False
