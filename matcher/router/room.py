"""Turn how much waits in a store into whether there is room for more."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from matcher.clock import Clock
from matcher.errors import RouterError
from matcher.store.protocol import Store

__all__ = ["DELIVERING", "Backlog", "Room"]

#: Whether a delivery is what runs: a handler that waited for room would wait for itself.
DELIVERING: ContextVar[bool] = ContextVar("delivering", default=False)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much may wait, and what becomes of a put beyond that.

    Puts of several processes do not know of each other between two looks, so the bound may be passed by what they
    put within `every` seconds.
    """

    #: Accepted events and deliveries that are not done.
    limit: int = 1_000_000
    #: "wait": put returns once there is room; what a handler puts meanwhile is taken. "refuse": its entries are answered with the error `ThrottlingException`.
    when_full: Literal["wait", "refuse"] = "wait"
    #: Seconds for which one look at the store holds.
    every: float = 0.1

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise RouterError(f"limit is {self.limit!r}; it must be 1 or more")
        if self.when_full not in ("wait", "refuse"):
            raise RouterError(f'when_full is "wait" or "refuse", not {self.when_full!r}')


class Room:
    """Looks at the store now and then, and counts by itself in between."""

    def __init__(self, backlog: Backlog, clock: Clock) -> None:
        self._backlog = backlog
        self._clock = clock
        self._looked = float("-inf")
        self._waiting = 0

    async def take(self, store: Store, count: int, *, patient: bool) -> bool:
        """Whether that many may come: True, or False where they are to be refused; waits where that is the setting.

        However many come in one put, they may where nothing waits. Who is not `patient` does not wait, but goes in.
        """
        limit = self._backlog.limit
        if self._clock.monotonic() - self._looked >= self._backlog.every:
            await self._look(store)
        while self._waiting + count > limit and self._waiting > 0:
            if self._backlog.when_full == "refuse":
                return False
            if not patient:
                break
            await self._clock.sleep(self._backlog.every)
            await self._look(store)
        self._waiting += count
        return True

    async def _look(self, store: Store) -> None:
        self._looked = self._clock.monotonic()
        unread = await store.log.last() - await store.log.cursor()
        self._waiting = unread + sum(depth.waiting for depth in await store.queue.depths())
