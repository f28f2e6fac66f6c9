"""Turn what happens into JSON lines, and into numbers that can be read at any time: observers that ship."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any, TextIO, get_args

import orjson

from matcher.clock import SYSTEM, Clock
from matcher.observe import Level, Observer

__all__ = ["Counters", "JsonLines", "Spread", "Together"]

Labels = tuple[tuple[str, str], ...]
LEVELS: tuple[Level, ...] = get_args(Level)
#: Buckets of a histogram in each doubling of the duration: a quantile is off by 4.5 % at most.
FINENESS = 8


class JsonLines:
    """Writes a log record a line: time, level, message and the fields. Metrics are not its business.

    A stream that can't be written to stops no delivery: `lost` counts the records that it did not take.
    """

    def __init__(self, stream: TextIO, *, level: Level = "info", clock: Clock = SYSTEM) -> None:
        self._stream = stream
        self._least = LEVELS.index(level)
        self._clock = clock
        self._lock = Lock()
        self.lost = 0

    def log(self, level: Level, message: str, /, **fields: Any) -> None:
        if LEVELS.index(level) < self._least:
            return
        time = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"time": time, "level": level, "message": message, **fields}
        with self._lock:
            try:
                self._stream.write(orjson.dumps(record, default=repr).decode() + "\n")
                self._stream.flush()
            except (OSError, ValueError, TypeError):  # full, closed, or no JSON
                self.lost += 1

    def count(self, metric: str, value: float = 1, /, **labels: str) -> None:
        pass

    def time(self, metric: str, seconds: float, /, **labels: str) -> None:
        pass

    def gauge(self, metric: str, value: float, /, **labels: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Spread:
    """How durations are spread, in seconds; quantiles are right within 4.5 %."""

    count: int
    total: float
    longest: float
    p50: float
    p90: float
    p99: float


class Histogram:
    """Durations in buckets whose bounds grow by a constant factor. Memory does not grow with their number."""

    __slots__ = ("buckets", "count", "longest", "total")

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.count = 0
        self.total = self.longest = 0.0

    def add(self, seconds: float) -> None:
        seconds = max(seconds, 1e-9)  # a clock that was set back
        bucket = math.floor(math.log2(seconds) * FINENESS)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1
        self.count += 1
        self.total += seconds
        self.longest = max(self.longest, seconds)

    def join(self, other: Histogram) -> None:
        for bucket, number in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + number
        self.count += other.count
        self.total += other.total
        self.longest = max(self.longest, other.longest)

    def quantile(self, share: float) -> float:
        left = math.ceil(share * self.count)
        for bucket in sorted(self.buckets):
            left -= self.buckets[bucket]
            if left <= 0:
                return min(math.exp2((bucket + 0.5) / FINENESS), self.longest)
        return self.longest

    def spread(self) -> Spread:
        return Spread(self.count, self.total, self.longest, *map(self.quantile, (0.5, 0.9, 0.99)))


class Counters:
    """Adds up counts, keeps the last value of gauges and the spread of durations, by metric and labels.

    Memory grows with the number of different labels, not of events. Log records are counted by level.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, dict[Labels, float]] = {}
        self._gauges: dict[str, dict[Labels, float]] = {}
        self._times: dict[str, dict[Labels, Histogram]] = {}

    def count(self, metric: str, value: float = 1, /, **labels: str) -> None:
        key = tuple(labels.items())
        with self._lock:
            counts = self._counts.setdefault(metric, {})
            counts[key] = counts.get(key, 0) + value

    def time(self, metric: str, seconds: float, /, **labels: str) -> None:
        key = tuple(labels.items())
        with self._lock:
            times = self._times.setdefault(metric, {})
            if key not in times:
                times[key] = Histogram()
            times[key].add(seconds)

    def gauge(self, metric: str, value: float, /, **labels: str) -> None:
        with self._lock:
            self._gauges.setdefault(metric, {})[tuple(labels.items())] = value

    def log(self, level: Level, message: str, /, **fields: Any) -> None:
        del message, fields
        self.count("LogRecords", level=level)

    def total(self, metric: str, /, **labels: str) -> float:
        """The sum of a counter over all its labels, or over those that have these; 0 where nothing was counted."""
        with self._lock:
            return math.fsum(value for _, value in chosen(self._counts.get(metric, {}), labels))

    def level(self, metric: str, /, **labels: str) -> float | None:
        """The last value of a gauge with just these labels; None: it was never set."""
        with self._lock:
            return self._gauges.get(metric, {}).get(tuple(labels.items()))

    def spread(self, metric: str, /, **labels: str) -> Spread:
        """How durations are spread over all labels, or over those that have these."""
        joined = Histogram()
        with self._lock:
            for _, histogram in chosen(self._times.get(metric, {}), labels):
                joined.join(histogram)
        return joined.spread()

    def snapshot(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Everything as JSON values: {"counts": {metric: [{"labels": {…}, "value": n}, …]}, "gauges", "times"}."""
        with self._lock:
            return {
                "counts": {metric: rows(values) for metric, values in sorted(self._counts.items())},
                "gauges": {metric: rows(values) for metric, values in sorted(self._gauges.items())},
                "times": {
                    metric: rows({key: asdict(histogram.spread()) for key, histogram in values.items()})
                    for metric, values in sorted(self._times.items())
                },
            }


def chosen(values: dict[Labels, Any], labels: dict[str, str]) -> Iterator[tuple[Labels, Any]]:
    wanted = labels.items()
    return ((key, value) for key, value in values.items() if wanted <= dict(key).items())


def rows(values: dict[Labels, Any]) -> list[dict[str, Any]]:
    return [{"labels": dict(key), "value": value} for key, value in sorted(values.items())]


class Together:
    """Tells several observers."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def count(self, metric: str, value: float = 1, /, **labels: str) -> None:
        for observer in self._observers:
            observer.count(metric, value, **labels)

    def time(self, metric: str, seconds: float, /, **labels: str) -> None:
        for observer in self._observers:
            observer.time(metric, seconds, **labels)

    def gauge(self, metric: str, value: float, /, **labels: str) -> None:
        for observer in self._observers:
            observer.gauge(metric, value, **labels)

    def log(self, level: Level, message: str, /, **fields: Any) -> None:
        for observer in self._observers:
            observer.log(level, message, **fields)
