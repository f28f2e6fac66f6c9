"""Turn a rule set and event logs into a report: what each rule matched and when, what never did and why, what overlaps."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from matcher.errors import EventError
from matcher.offline.hits import Counts, counted
from matcher.offline.job import Job
from matcher.offline.misses import Miss, Sample, Sampler, misses, shortened
from matcher.offline.overlap import Overlap, Overlaps
from matcher.offline.sources import expand
from matcher.offline.timeline import Histogram, Timeline, time_of
from matcher.pattern.ast import Exists
from matcher.pattern.complexity import terms_of
from matcher.ruleset import RuleSet

__all__ = ["AbsentField", "Report", "RuleReport", "report"]

Name = TypeVar("Name", bound=Hashable)
Key = TypeVar("Key")
Path = str | os.PathLike[str]

_MISSES: Final = 200  # rules that never matched and are explained
_PATHS: Final = 20_000  # fields whose presence is watched


@dataclass(frozen=True, slots=True)
class RuleReport(Generic[Key]):
    """One rule: events matched, their share of all (0 to 1), the first and last time (seconds since 1970; None: no
    event with a time), the first lines that matched, and counts over the bins of the report's histogram.
    """

    name: Key
    matches: int
    share: float
    first: float | None = None
    last: float | None = None
    samples: tuple[Sample, ...] = ()
    counts: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        plain = {name: getattr(self, name) for name in ("name", "matches", "share", "first", "last")}
        return {**plain, "samples": [sample.to_dict() for sample in self.samples], "counts": list(self.counts)}


@dataclass(frozen=True, slots=True)
class AbsentField(Generic[Key]):
    """A field that rules ask for and no event has; `rules` are some of those that ask, `total` how many do."""

    path: str
    rules: tuple[Key, ...]
    total: int

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        return {"path": self.path, "rules": list(self.rules), "total": self.total}


@dataclass(frozen=True, slots=True)
class Report(Generic[Key]):
    """What rules did to the events of all sources.

    `counts`: what was read, by source, with refused events and their places; its names are not of use. `matched` events
    met any rule. `rules`: each, in the order first added. `misses`: rules that never matched, those that came nearest
    first, at most 200; `never` counts them all. `absent`: fields asked for and never present. `overlaps`: the pairs of
    rules that share most of their matches; `overlaps_partial` where not all pairs could be held.
    """

    counts: Counts[Any]
    matched: int
    first: float | None
    last: float | None
    histogram: Histogram
    rules: tuple[RuleReport[Key], ...]
    never: int
    misses: tuple[Miss[Key], ...]
    absent: tuple[AbsentField[Key], ...]
    overlaps: tuple[Overlap[Key], ...]
    overlaps_partial: bool = False

    @property
    def events(self) -> int:
        """Events that were read and matched, the refused ones left out."""
        return self.counts.events

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON. Names of rules are as they are."""
        sources = [
            {
                "source": one.source,
                "events": one.events,
                "refused": one.refused,
                "bytes": one.bytes,
                "errors": [
                    {"line": line, "byte": None if byte is None else byte + error.at, "error": error.reason}
                    for line, byte, error in one.errors
                ],
                "fault": None if one.fault is None else one.fault.reason,
            }
            for one in self.counts.sources
        ]
        return {
            "events": self.events,
            "matched": self.matched,
            "refused": self.counts.refused,
            "bytes": self.counts.bytes,
            "first": self.first,
            "last": self.last,
            "histogram": self.histogram.to_dict(),
            "rules": [rule.to_dict() for rule in self.rules],
            "never_matched": self.never,
            "misses": [miss.to_dict() for miss in self.misses],
            "absent_fields": [one.to_dict() for one in self.absent],
            "overlaps": [one.to_dict() for one in self.overlaps],
            "overlaps_partial": self.overlaps_partial,
            "sources": sources,
        }


def report(
    rules: RuleSet[Name],
    sources: Path | Iterable[Path],
    *,
    samples: int = 3,
    top: int = 200,
    sampled: int = 1000,
    seed: int = 0,
    time: str | None = None,
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
    pulse: Callable[[], None] | None = None,
) -> Report[Name]:
    """Read all sources (see `expand`) once, in memory that does not grow with them, and report on the rules.

    `samples`: lines kept of each rule. `top`: overlapping pairs told. `sampled`: events, drawn at random from `seed`,
    on which rules that never matched are explained. `time`: JSON pointer to an event's time; else `time`, `eventTime`,
    `timestamp` or `@timestamp`. `threads`: 0 is one a core. `progress` is told of (bytes, events) as they are read;
    `pulse` is called often and may raise, which ends the work. Sources that can't be read (to their end) are told in
    `Report.counts`.
    """
    reading: _Reading[Name] = _Reading(rules.copy(), samples, sampled, seed, time)
    names = expand([sources] if isinstance(sources, str | os.PathLike) else sources)
    job = Job(reading.watched, names, keep="all", texts=True, threads=threads, pulse=pulse)
    job.progress = progress
    with closing(job.steps()) as steps:
        for source, answers in steps:
            for line, _, answer, text in answers:
                if not isinstance(answer, EventError):
                    reading.take(source, line, answer, text or b"")
    return reading.report(counted(names, job.state.tallies), top, pulse)


class _Present:
    """The name of a rule of our own, that a field is there."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


class _Seen:
    """What is known of one rule so far."""

    __slots__ = ("first", "last", "matches", "samples")

    def __init__(self) -> None:
        self.matches = 0
        self.first: float | None = None
        self.last: float | None = None
        self.samples: list[Sample] = []

    def at(self, time: float | None) -> None:
        if time is not None:
            self.first = time if self.first is None else min(self.first, time)
            self.last = time if self.last is None else max(self.last, time)


class _Reading(Generic[Key]):
    """The one pass over the events. The rules are watched together with one rule for the presence of each field."""

    def __init__(self, rules: RuleSet[Any], samples: int, sampled: int, seed: int, time: str | None) -> None:
        self._rules = rules
        self._samples = samples
        self._time = time
        self._seen: dict[Any, _Seen] = {}
        self._all = _Seen()
        self._timeline = Timeline()
        self._overlaps: Overlaps[Any] = Overlaps()
        self._sampler = Sampler(sampled, seed)
        self._users = _users(rules)
        self._missing = set(self._users)
        self.watched: RuleSet[Any] = rules.copy()
        self.watched.update((_Present(path), {path: [{"exists": True}]}) for path in self._users)

    def take(self, source: str, line: int, answer: list[Any], text: bytes) -> None:
        """Count one event; `answer` has the rules' names first, as they were added first."""
        end = len(answer)
        while end and type(answer[end - 1]) is _Present:
            end -= 1
            self._missing.discard(answer[end].path)
        names = tuple(answer[:end])
        time = time_of(text, self._time)
        self._all.at(time)
        self._all.matches += bool(names)
        self._timeline.add(time, names)
        self._overlaps.add(names)
        self._sampler.add(source, line, text)
        for name in names:
            seen = self._seen.get(name)
            if seen is None:
                seen = self._seen[name] = _Seen()
            seen.matches += 1
            seen.at(time)
            if len(seen.samples) < self._samples:
                seen.samples.append(Sample(source, line, shortened(text)))

    def report(self, counts: Counts[Any], top: int, pulse: Callable[[], None] | None) -> Report[Key]:
        """Sum up; rules that never matched are explained on the sample."""
        histogram, bins = self._timeline.histogram()
        none = (0,) * len(histogram.counts)
        rules = [self._rule(name, counts.events, bins.get(name, none)) for name in self._rules]
        never = [name for name in self._rules if name not in self._seen]
        found = misses(((name, self._rules[name]) for name in never[:_MISSES]), self._sampler.kept, pulse)
        found.sort(key=lambda miss: (len(miss.unmet) or 1 << 30))
        matches = {name: seen.matches for name, seen in self._seen.items()}
        absent = [
            AbsentField(path, tuple(users[:5]), len(users))
            for path, users in self._users.items()
            if path in self._missing and counts.events
        ]
        return Report(
            counts,
            self._all.matches,
            self._all.first,
            self._all.last,
            histogram,
            tuple(rules),
            len(never),
            tuple(found),
            tuple(absent),
            tuple(self._overlaps.pairs(matches, top)),
            self._overlaps.partial,
        )

    def _rule(self, name: Any, events: int, bins: tuple[int, ...]) -> RuleReport[Any]:
        seen = self._seen.get(name) or _Seen()
        share = seen.matches / events if events else 0.0
        return RuleReport(name, seen.matches, share, seen.first, seen.last, tuple(seen.samples), bins)


def _users(rules: RuleSet[Any]) -> dict[str, list[Any]]:
    """Give the fields that rules ask for, other than to be absent, with those rules."""
    users: dict[str, list[Any]] = {}
    for name in rules:
        for path in {term.path: None for term in terms_of(rules[name]) if term.alternatives != (Exists(False),)}:
            if len(users) < _PATHS or path in users:
                users.setdefault(path, []).append(name)
    return users
