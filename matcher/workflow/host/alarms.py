"""Wake what waits for a time: any number of alarms, one sleeper."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from matcher.clock import Clock

__all__ = ["Alarms"]

#: Seconds of one sleep at most: the system's clock may be set, or the machine sleep, meanwhile.
LONGEST = 30.0


class Alarms:
    """Callbacks by time, in seconds since the epoch. Setting and ringing one costs O(log n); none is taken back.

    Whoever is called looks whether it still matters.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._earlier = asyncio.Event()

    def set(self, at: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at, next(self._order), callback))
        if self._heap[0][2] is callback:
            self._earlier.set()

    def __len__(self) -> int:
        return len(self._heap)

    async def run(self) -> None:
        """Ring what is due, until cancelled."""
        while True:
            now = self._clock.now()
            while self._heap and self._heap[0][0] <= now:
                heapq.heappop(self._heap)[2]()
            self._earlier.clear()
            waiting: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._earlier.wait())]
            if self._heap:
                waiting.append(asyncio.ensure_future(self._clock.sleep(min(LONGEST, max(0.0, self._heap[0][0] - now)))))
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waiting:
                    one.cancel()
