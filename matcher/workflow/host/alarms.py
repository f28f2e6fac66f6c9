"""Wake what waits for a time: any number of alarms, one sleeper."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from matcher.clock import Clock

__all__ = ["Alarm", "Alarms"]

#: Seconds of one sleep at most: the system's clock may be set, or the machine sleep, meanwhile.
LONGEST = 30.0
#: Dropped alarms that are not worth clearing away.
FEW = 64


class Alarm:
    """A callback that waits for its time."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback


class Alarms:
    """Callbacks by time, in seconds since the epoch. Setting, ringing and dropping one costs O(log n)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Alarm]] = []
        self._dropped = 0
        self._order = count()
        self._earlier: asyncio.Event | None = None

    def set(self, at: float, callback: Callable[[], None]) -> Alarm:
        alarm = Alarm(callback)
        heapq.heappush(self._heap, (at, next(self._order), alarm))
        if self._heap[0][2] is alarm and self._earlier is not None:
            self._earlier.set()
        return alarm

    def drop(self, alarm: Alarm) -> None:
        """It does not ring. Dropped ones are cleared away when they are most of all, so each costs O(log n)."""
        if alarm.callback is None:
            return
        alarm.callback = None
        self._dropped += 1
        if self._dropped > max(FEW, len(self._heap) // 2):
            self._heap = [entry for entry in self._heap if entry[2].callback is not None]
            heapq.heapify(self._heap)
            self._dropped = 0

    def clear(self) -> None:
        self._heap.clear()
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._heap) - self._dropped

    async def run(self) -> None:
        """Ring what is due, until cancelled."""
        self._earlier = asyncio.Event()  # of the loop that runs now
        while True:
            now = self._clock.now()
            while self._heap and self._heap[0][0] <= now:
                self._ring(heapq.heappop(self._heap)[2])
            self._earlier.clear()
            waiting: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._earlier.wait())]
            if self._heap:
                waiting.append(asyncio.ensure_future(self._clock.sleep(min(LONGEST, max(0.0, self._heap[0][0] - now)))))
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waiting:
                    one.cancel()

    def _ring(self, alarm: Alarm) -> None:
        callback, alarm.callback = alarm.callback, None
        if callback is None:
            self._dropped -= 1
        else:
            callback()
