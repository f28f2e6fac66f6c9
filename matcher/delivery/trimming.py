"""Turn done work into space: what nobody needs any more goes from the store, a bounded piece at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from matcher.clock import Clock
from matcher.delivery.patience import Patience
from matcher.delivery.tasks import begin
from matcher.store.protocol import Store

__all__ = ["Trimmer"]

#: Records that come to an end before the store is asked to forget some, and how many it forgets at once.
EVERY = 2_000


class Trimmer:
    """Trims the log and forgets old idempotency records, about as fast as there are new ones."""

    def __init__(self, store: Store, clock: Clock, patience: Patience) -> None:
        self._store = store
        self._clock = clock
        self._patience = patience
        self._ended = EVERY  # so that it begins with what was left behind
        self._task: asyncio.Task[None] | None = None

    def note(self, ended: int) -> None:
        """So many events or deliveries came to an end."""
        self._ended += ended
        if self._ended >= EVERY and self._task is None:
            self._ended = 0
            self._task = begin(self._trim())

    async def _trim(self) -> None:
        try:
            await self._all("trim", lambda: self._store.log.trim(EVERY, self._clock.now()))
            await self._all("expire", lambda: self._store.seen.expire(self._clock.now(), EVERY))
        finally:
            self._task = None

    async def _all(self, name: str, forget: Callable[[], Awaitable[int]]) -> None:
        forgotten = EVERY
        while forgotten >= EVERY:
            forgotten = await self._patience.insist(name, forget)
            await asyncio.sleep(0)  # a store in memory answers at once, and others want to run

    async def stop(self) -> None:
        """End; what is left goes another time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
