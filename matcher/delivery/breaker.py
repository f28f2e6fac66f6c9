"""Turn the outcomes of a target's last calls into whether to call it now, or to leave it alone for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from matcher.errors import RouterError

__all__ = ["Breaker", "Circuit", "State"]

State = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a target is left alone: deliveries wait meanwhile, and spend no attempts.

    The circuit opens once `failures` of the last `window` calls failed. After `cooldown` seconds it is half-open: at
    most `probes` calls are let through. As many successes close it, one failure opens it again.
    """

    failures: int = 10
    window: int = 20
    cooldown: float = 30.0
    probes: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.failures <= self.window:
            raise RouterError(f"failures is {self.failures!r}; it must be 1 to window ({self.window!r})")
        if not self.cooldown > 0:
            raise RouterError(f"cooldown is {self.cooldown!r}; it must be above 0")
        if self.probes < 1:
            raise RouterError(f"probes is {self.probes!r}; it must be 1 or more")


class Circuit:
    """The state of one target's breaker.

    Each call that `enter` let through is told of once, by `leave`. What a call tells that had begun before the circuit
    last opened or closed counts for nothing: it is older than what is known.
    """

    __slots__ = ("_breaker", "_failed", "_inside", "_opened", "_passed", "_turn", "state")

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self.state: State = "closed"
        self._failed = 0  # the last calls, one bit each, the newest lowest; 1: failed
        self._opened = 0.0  # when it last opened
        self._inside = 0  # probes under way
        self._passed = 0  # probes that succeeded
        self._turn = 0  # how often it has changed its state: calls of an older turn are stale

    def wait(self, now: float) -> float | None:
        """Seconds until a call may start, 0 if now; None if that depends on probes that are under way."""
        match self.state:
            case "closed":
                return 0.0
            case "open":
                return max(0.0, self._opened + self._breaker.cooldown - now)
        return 0.0 if self._inside + self._passed < self._breaker.probes else None

    def enter(self, now: float) -> int:
        """Begin a call, which `wait` allows now; the number is for `leave`."""
        if self.state == "open":
            self._change("half-open", now)
        if self.state == "half-open":
            self._inside += 1
        return self._turn

    def leave(self, turn: int, now: float, *, failed: bool | None) -> None:
        """End a call. `failed` is None where it told nothing about the target: it was cancelled."""
        if turn != self._turn:
            return
        if self.state == "half-open":
            self._probed(now, failed=failed)
        elif failed is not None:
            self._failed = (self._failed << 1 | failed) & ((1 << self._breaker.window) - 1)
            if failed and self._failed.bit_count() >= self._breaker.failures:
                self._change("open", now)

    def _probed(self, now: float, *, failed: bool | None) -> None:
        self._inside -= 1
        if failed:
            self._change("open", now)
        elif failed is not None:
            self._passed += 1
            if self._passed == self._breaker.probes:
                self._change("closed", now)

    def _change(self, state: State, now: float) -> None:
        self.state = state
        self._turn += 1
        self._failed = self._inside = self._passed = 0
        if state == "open":
            self._opened = now
