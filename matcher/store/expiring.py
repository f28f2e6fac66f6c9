"""Keep values by key until a time of their own, and find those that are over without looking at the rest."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

__all__ = ["Expiring"]

Value = TypeVar("Value")


class Expiring(Generic[Value]):
    """A value counts as absent from its time on. Each call is O(log n), amortised."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[float, Value]] = {}
        # Also of values that were replaced or forgotten since: what a heap item says holds only if the value has its time.
        self._ends: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str, now: float) -> Value | None:
        until, value = self._values.get(key, (now, None))
        return value if now < until else None

    def set(self, key: str, value: Value, until: float) -> None:
        self._values[key] = (until, value)
        heapq.heappush(self._ends, (until, key))

    def forget(self, key: str) -> None:
        self._values.pop(key, None)

    def expire(self, now: float, limit: int) -> int:
        """Drop up to `limit` values that are over; how many went."""
        gone = 0
        while gone < limit and self._ends and self._ends[0][0] <= now:
            until, key = heapq.heappop(self._ends)
            if self._values.get(key, (None,))[0] == until:
                del self._values[key]
                gone += 1
        return gone
