"""Turn a rate and a breaker into a gate that senders pass one by one, each as soon as it may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from matcher.clock import Clock
from matcher.delivery.breaker import Breaker, Circuit, State
from matcher.delivery.rate import Bucket, Rate

__all__ = ["Gate"]


class Gate:
    """Who waits at the gate spends no attempt. Cancelling is safe at any time.

    `throttled` is called whenever somebody has to wait for the rate.
    """

    def __init__(
        self, clock: Clock, rate: Rate | None, breaker: Breaker | None, throttled: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._throttled = throttled
        self._bucket = None if rate is None else Bucket(rate)
        self._circuit = None if breaker is None else Circuit(breaker)
        self._turnstile = asyncio.Lock()  # one waits for time to pass, the others in order behind it
        self._left = asyncio.Event()  # a call has ended

    @property
    def state(self) -> State:
        return "closed" if self._circuit is None else self._circuit.state

    async def enter(self) -> int:
        """Return once a call may start; the number is for `leave`."""
        async with self._turnstile:
            await self._closed()
            while self._bucket is not None and (wait := self._bucket.take(self._clock.monotonic())) > 0:
                self._throttled()
                await self._clock.sleep(wait)
                await self._closed()
            return 0 if self._circuit is None else self._circuit.enter(self._clock.monotonic())

    async def _closed(self) -> None:
        """Return once the circuit lets a call through."""
        while self._circuit is not None and (wait := self._circuit.wait(self._clock.monotonic())) != 0:
            if wait is None:
                self._left.clear()
                await self._left.wait()
            else:
                await self._clock.sleep(wait)

    def leave(self, turn: int, *, failed: bool | None) -> None:
        """The call has ended; `failed` is None where that tells nothing about the target."""
        if self._circuit is not None:
            self._circuit.leave(turn, self._clock.monotonic(), failed=failed)
            self._left.set()
