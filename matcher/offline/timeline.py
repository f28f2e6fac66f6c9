"""Turn the times of events into counts over time, in bins that widen as the span grows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

import orjson

__all__ = ["Histogram", "Timeline", "instant", "time_of"]

#: Members that hold an event's time where none is named: EventBridge's, CloudTrail's, and what logs call it.
FIELDS: Final = ("time", "eventTime", "timestamp", "@timestamp")

#: Widths of a bin in seconds; each divides the next, so that bins merge.
WIDTHS: Final = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200, 29_030_400)
_CELLS: Final = 500_000  # counts that are held at once, those of all rules together
_SHOWN: Final = 120  # bins of a histogram

_MEMBER: Final = rb'"(?!(?:time|eventTime|timestamp|@timestamp)")[^"\\]*+"\s*+:\s*+'
# A time that stands before any object or array of the event: found without reading the rest.
_EARLY: Final = re.compile(
    rb"\s*+\{\s*+(?:" + _MEMBER + rb'(?:"[^"\\]*+"|[^\s,{}\[\]"]++)\s*+,\s*+)*+'
    rb'"(?:time|eventTime|timestamp|@timestamp)"\s*+:\s*+(?:"([^"\\]*+)"|(-?[0-9.]++)\s*+[,}])'
)


def time_of(text: bytes, pointer: str | None = None) -> float | None:
    """Give the time of an event that is legal JSON, in seconds since 1970; None where it has none that can be read.

    `pointer`: a JSON pointer to it; else the first of the members `time`, `eventTime`, `timestamp`, `@timestamp`.
    """
    if pointer is None and (early := _EARLY.match(text)):
        return instant(early[1].decode("utf-8", "replace") if early[1] is not None else float(early[2] or 0))
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError:  # what the engine takes and orjson does not, as a number beyond a double
        return None
    if pointer is not None:
        return instant(_at(event, pointer))
    return next((found for name in FIELDS if (found := instant(event.get(name))) is not None), None)


def instant(value: Any) -> float | None:
    """Give the seconds since 1970 of an ISO 8601 text, or of a number of seconds, milliseconds, or micro- or nanoseconds.

    A text without an offset is UTC.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return None
    seconds = float(value)
    while abs(seconds) > 1e11:  # the year 5138: what is beyond is counted in a finer unit
        seconds /= 1000
    return seconds


def _at(value: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts over time: bins of `width` seconds from `start` (seconds since 1970), `counts` of all events.

    `before` and `after` count events far from all others, which no bin holds; `without`, those without a time.
    """

    start: int
    width: int
    counts: tuple[int, ...]
    before: int = 0
    after: int = 0
    without: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        return {
            "start": self.start,
            "width": self.width,
            "counts": list(self.counts),
            "before": self.before,
            "after": self.after,
            "without_time": self.without,
        }


class Timeline:
    """Counts by key and time; the key None is that of all events. Memory is bounded: bins widen as they become many."""

    def __init__(self) -> None:
        self._level = 0
        self._bins: dict[int, Counter[Any]] = {}
        self._cells = 0
        self.without = 0

    def add(self, time: float | None, keys: Iterable[Any]) -> None:
        """Count an event at `time` for itself and for each key."""
        if time is None:
            self.without += 1
            return
        number = int(time // WIDTHS[self._level])
        counts = self._bins.setdefault(number, Counter())
        before = len(counts)
        counts[None] += 1
        for key in keys:
            counts[key] += 1
        self._cells += len(counts) - before
        while self._cells > _CELLS and self._level + 1 < len(WIDTHS):
            self._bins = self._widened(self._level + 1)
            self._level += 1
            self._cells = sum(map(len, self._bins.values()))

    def _widened(self, level: int) -> dict[int, Counter[Any]]:
        times = WIDTHS[level] // WIDTHS[self._level]
        wide: dict[int, Counter[Any]] = {}
        for number, counts in self._bins.items():
            wide.setdefault(number // times, Counter()).update(counts)
        return wide

    def histogram(self) -> tuple[Histogram, dict[Any, tuple[int, ...]]]:
        """Give the counts of all events, and those of each key, over the same bins.

        The width is the smallest that shows the middle 99.8 percent of events in few enough bins.
        """
        if not self._bins:
            return Histogram(0, 1, (), without=self.without), {}
        low, high = self._middle()
        level = self._level
        while level + 1 < len(WIDTHS) and _bin(high, level, self._level) - _bin(low, level, self._level) >= _SHOWN:
            level += 1
        bins = self._widened(level)
        first, last = _bin(low, level, self._level), _bin(high, level, self._level)
        near = [number for number in bins if first - _SHOWN // 10 <= number <= last + _SHOWN // 10]
        first = min(near)
        size = min(max(near) - first + 1, 2 * _SHOWN)
        keys = {key for number in near for key in bins[number]}
        counts = {
            key: tuple(bins[number][key] if number in bins else 0 for number in range(first, first + size)) for key in keys
        }
        before = sum(one[None] for number, one in bins.items() if number < first)
        after = sum(one[None] for number, one in bins.items() if number >= first + size)
        width = WIDTHS[level]
        return Histogram(first * width, width, counts.pop(None), before, after, self.without), counts

    def _middle(self) -> tuple[int, int]:
        """Give the bins between which all but a thousandth of the events at either end lie."""
        total = sum(counts[None] for counts in self._bins.values())
        numbers = sorted(self._bins)
        return self._beyond(numbers, total // 1000), self._beyond(reversed(numbers), total // 1000)

    def _beyond(self, numbers: Iterable[int], left: int) -> int:
        number = 0
        for number in numbers:
            left -= self._bins[number][None]
            if left < 0:
                break
        return number


def _bin(number: int, level: int, from_level: int) -> int:
    return number // (WIDTHS[level] // WIDTHS[from_level])
