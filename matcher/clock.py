"""Give time to what waits: the system's, or a test's own. What needs time takes a Clock and asks nothing else."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["SYSTEM", "Clock", "SystemClock"]


class Clock(Protocol):
    """Where time comes from. `matcher.testing.FakeClock` is one that a test moves by hand."""

    def now(self) -> float:
        """Seconds since the epoch, for what is stored, shown, or compared across processes."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for durations within one process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once that many seconds have passed."""
        ...


class SystemClock:
    """The system's own clocks."""

    __slots__ = ()

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        import asyncio  # only what waits needs a loop: `import matcher` loads none

        await asyncio.sleep(seconds)


SYSTEM = SystemClock()
