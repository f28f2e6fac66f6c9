"""Say what a queue's deliveries go to, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matcher.delivery.breaker import Breaker
from matcher.delivery.rate import Rate
from matcher.delivery.retry import Retry
from matcher.errors import RouterError
from matcher.target import Target

__all__ = ["UNDELIVERED", "Settings", "Subscription"]

DEFAULT = Retry()
#: The dead-letter queue of what has no other: nothing is dropped.
UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Settings:
    """How deliveries reach one target."""

    retry: Retry = DEFAULT
    #: Seconds for one attempt, after which it is cancelled and has failed; None: any time.
    timeout: float | None = 60.0
    #: Sends at a time.
    concurrency: int = 10
    rate: Rate | None = None
    breaker: Breaker | None = None
    #: Deliveries that are held in memory, at least twice the concurrency; the others wait in the store.
    window: int = 256
    #: Bytes of events that are held in memory; a claim may pass them by what it brings.
    window_bytes: int = 16 * 1024 * 1024

    def __post_init__(self) -> None:
        if self.timeout is not None and not self.timeout > 0:
            raise RouterError(f"timeout is {self.timeout!r}; it must be above 0, or None")
        if self.concurrency < 1:
            raise RouterError(f"concurrency is {self.concurrency!r}; it must be 1 or more")
        for name, value in (("window", self.window), ("window_bytes", self.window_bytes)):
            if value < 1:
                raise RouterError(f"{name} is {value!r}; it must be 1 or more")

    @property
    def held(self) -> int:
        """Deliveries that may be held in memory: enough to keep every sender busy while more are claimed."""
        return max(self.window, 2 * self.concurrency)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One target of one rule, and the queue of its deliveries: `bus/rule/target`."""

    queue: str
    bus: str
    rule: str
    target: str
    to: Target
    settings: Settings = Settings()
    dead_letter: str = UNDELIVERED
    #: Makes what the target receives from the event and the time at which it was accepted; None: the event as it is.
    #: What it raises, the attempt fails by.
    shape: Callable[[bytes, float], bytes] | None = None
