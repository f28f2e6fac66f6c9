"""Turn which rules match the same events into pairs of rules with the events they share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Generic, TypeVar

__all__ = ["Overlap", "Overlaps"]

Key = TypeVar("Key")

_SETS: Final = 20_000  # different sets of rules held before they become pairs
_NAMES: Final = 64  # rules of one event that are paired; more would be a square of them
_PAIRS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Overlap(Generic[Key]):
    """Two rules that match `events` events in common: `of_one` and `of_other` are the shares of each one's matches."""

    one: Key
    other: Key
    events: int
    of_one: float
    of_other: float

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        return {name: getattr(self, name) for name in ("one", "other", "events", "of_one", "of_other")}


class Overlaps(Generic[Key]):
    """Counts pairs in bounded memory; `partial` tells that some were left out, those seen least."""

    def __init__(self) -> None:
        self._sets: Counter[tuple[Key, ...]] = Counter()
        self._pairs: Counter[tuple[Key, Key]] = Counter()
        self.partial = False

    def add(self, names: tuple[Key, ...]) -> None:
        """Count an event that all these rules match."""
        if len(names) < 2:
            return
        self._sets[names] += 1
        if len(self._sets) > _SETS:
            self._settle()

    def _settle(self) -> None:
        for names, events in self._sets.items():
            self.partial = self.partial or len(names) > _NAMES
            for pair in combinations(names[:_NAMES], 2):
                self._pairs[pair] += events
        self._sets.clear()
        if len(self._pairs) > _PAIRS:
            self.partial = True
            self._pairs = Counter(dict(self._pairs.most_common(_PAIRS // 2)))

    def pairs(self, matches: dict[Key, int], top: int) -> list[Overlap[Key]]:
        """Give the `top` pairs that share most of their events, those that share all first."""
        self._settle()
        found = [
            Overlap(one, other, events, events / matches[one], events / matches[other])
            for (one, other), events in self._pairs.items()
        ]
        found.sort(key=lambda pair: (-(pair.events / (matches[pair.one] + matches[pair.other] - pair.events)), -pair.events))
        return found[:top]
