"""Turn a store that fails into one that answers late: what it refused is asked again until it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from matcher.clock import Clock
from matcher.observe import Observer

__all__ = ["Patience"]

Answer = TypeVar("Answer")

#: Seconds between two attempts: at first, and at most.
FIRST, LONGEST = 0.05, 5.0


class Patience:
    """Asks a store again and again, and tells of its trouble. A full disk stops deliveries; it does not lose them."""

    def __init__(self, clock: Clock, observer: Observer) -> None:
        self._clock = clock
        self._observer = observer
        self._waiting: set[asyncio.Task[object]] = set()
        self._over = False
        #: Calls that failed, ever.
        self.failures = 0
        #: What fails now, and why, by the name of the call.
        self.troubles: dict[str, str] = {}

    async def insist(self, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the call answers, however often it has to be made; once patience is over, a failure cancels who asks."""
        wait = FIRST
        while True:
            try:
                answer = await call()
            except Exception as error:  # StoreError; anything else is no reason to lose deliveries either
                self._failed(name, error)
                if self._over:
                    raise asyncio.CancelledError from error
            else:
                if wait > FIRST and self.troubles.pop(name, None) is not None:
                    self._observer.log("info", "the store answers again", call=name)
                return answer
            await self._sleep(wait)
            wait = min(2 * wait, LONGEST)

    def _failed(self, name: str, error: Exception) -> None:
        self.failures += 1
        self.troubles[name] = f"{type(error).__name__}: {error}"
        self._observer.count("StoreFailures", call=name)
        self._observer.log("error", "the store fails", call=name, error=self.troubles[name])

    async def _sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            await self._clock.sleep(seconds)
        finally:
            self._waiting.discard(task)

    def begin(self) -> None:
        """Be patient again."""
        self._over = False

    def end(self) -> None:
        """Let whoever waits for a store that fails give up, and ask no more than once from now on."""
        self._over = True
        for task in self._waiting:
            task.cancel()
