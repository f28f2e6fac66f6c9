"""Turn a rate into waits: a token bucket, kept as the one time at which it would be full again."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.errors import RouterError

__all__ = ["Bucket", "Rate"]

#: Seconds that additions of floating point may be off: no reason to wait once more.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` calls at once, and `per_second` in the long run."""

    per_second: float
    burst: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.per_second < float("inf"):
            raise RouterError(f"per_second is {self.per_second!r}; it must be a number above 0")
        if self.burst < 1:
            raise RouterError(f"burst is {self.burst!r}; it must be 1 or more")


class Bucket:
    """The tokens of one rate (the generic cell rate algorithm: O(1), nothing runs while nothing is taken)."""

    __slots__ = ("_full", "_interval", "_tolerance")

    def __init__(self, rate: Rate) -> None:
        self._interval = 1 / rate.per_second
        self._tolerance = (rate.burst - 1) * self._interval
        self._full = float("-inf")  # when every token will be back

    def take(self, now: float) -> float:
        """Take a token and return 0, or return the seconds until there is one, having taken none."""
        full = max(self._full, now)
        if (wait := full - now - self._tolerance) > ROUNDING:
            return wait
        self._full = full + self._interval
        return 0.0
