"""Turn a change that one thread makes into the waking of whoever waits for it on any event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Lock

__all__ = ["Bell"]


class Bell:
    """Rung after a change; who waits looks again whether what it waits for is there."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake all who wait now; from any thread."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for future in waiting:
            loop = future.get_loop()
            try:
                loop.call_soon_threadsafe(_wake, future)
            except RuntimeError:  # its loop is closed: nobody waits any more
                continue

    async def until(self, ready: Callable[[], bool]) -> None:
        """Return once `ready()` is true: asked now and after every ring."""
        while True:
            future = asyncio.get_running_loop().create_future()
            # Added before the look: a ring between the two is not missed.
            with self._lock:
                self._waiting.add(future)
            try:
                if ready():
                    return
                await future
            finally:
                with self._lock:
                    self._waiting.discard(future)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
