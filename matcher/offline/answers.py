"""Turn one source and a rule set into answers, chunk by chunk, by the fastest road that gives what is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Literal, Protocol, TypeAlias, cast

from matcher import events
from matcher.errors import EventError
from matcher.offline.chunks import stream
from matcher.offline.segments import Segments, are_there
from matcher.offline.sources import SourceFault, check
from matcher.ruleset import RuleSet

__all__ = ["Answer", "Keep", "Place", "Road", "Tally", "road"]

#: Line (or element) from 1, byte where it begins (None: unknown), names or why it was refused, text if asked for.
Answer: TypeAlias = "tuple[int, int | None, list[Any] | EventError, bytes | None]"
#: Which answers are given: to every event, to those that match or are refused, or none (they are only counted).
Keep = Literal["all", "matched", "counts"]

_ERRORS_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Place:
    """How far a source was read: bytes of its text (unpacked), and lines or elements."""

    byte: int = 0
    line: int = 0


@dataclass(slots=True)
class Tally:
    """What was counted of one source so far. `errors`: line, byte and error of its first hundred refused events."""

    events: int = 0
    matched: int = 0
    refused: int = 0
    bytes: int = 0
    by_name: Counter[Any] = field(default_factory=Counter)
    errors: list[tuple[int, int | None, EventError]] = field(default_factory=list)
    fault: SourceFault | None = None

    def add(self, answers: Iterable[Answer], events: int | None = None) -> None:
        """Count answers; where they are not those of all events, `events` says how many were read, refused ones apart."""
        taken = 0
        found = []
        for line, byte, answer, _ in answers:
            taken += 1
            if isinstance(answer, EventError):
                self.refused += 1
                taken -= 1
                if len(self.errors) < _ERRORS_KEPT:
                    self.errors.append((line, byte, answer))
            elif answer:
                found.append(answer)
        self.events += taken if events is None else events
        self.matched += len(found)
        self.by_name.update(chain.from_iterable(found))


class Road(Protocol):
    """A source that is being read.

    `waits`: its next chunk may be long in coming, as that of a pipe is. `counts`: it counts, and gives no answers.
    """

    waits: bool
    counts: bool
    #: Events of the last chunk, the refused ones left out; None where the chunk has an answer for each.
    events: int | None

    def next(self) -> list[Answer] | None:
        """Give the next chunk; None at the end. Raises OSError where the source can't be read on."""

    def place(self) -> Place:
        """Tell how far the chunks given so far reach."""

    def tally(self) -> Tally | None:
        """Give what it counted, if it counts; else None: who takes the answers counts them."""

    def close(self) -> None:
        """Let go of the source; `place` and `tally` stand."""


def road(
    rules: RuleSet[Any],
    source: str,
    *,
    keep: Keep = "all",
    texts: bool = False,
    threads: int = 0,
    start: Place = Place(),
    progress: Callable[[int], None] | None = None,
) -> Road:
    """Open a source behind `start`. `progress` is told the bytes taken from the file each time. Raises OSError."""
    check(source)
    if source != "-" and events.is_plain_lines(source):
        return _Lines(rules, source, keep, texts, threads, start, progress)
    if source != "-" and are_there() and events.is_packed_lines(source):
        return _Packed(rules, source, keep, texts, threads, start, progress)
    return _Chunks(rules, source, threads, start, progress)


class _Lines:
    """A file of plain JSON lines: read and matched by threads of the core, from any byte on."""

    waits = False

    def __init__(
        self,
        rules: RuleSet[Any],
        source: str,
        keep: Keep,
        texts: bool,
        threads: int,
        start: Place,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.counts = keep == "counts"
        self._names = list(rules) if self.counts else []
        self._progress = progress
        self._seen = start.byte
        self._partial = keep == "matched"
        self.events: int | None = None
        self._events = 0
        self._lines = rules.lines(source, threads, keep=keep, start=start.byte, lines=start.line, texts=texts)
        if progress is not None:
            progress(start.byte)

    def next(self) -> list[Answer] | None:
        found: list[Answer] | None
        if self.counts:
            found = [] if self._lines.count() else None
        else:
            found = cast("list[Answer] | None", self._lines.answers())
            if self._partial:
                total = self._lines.totals[0]
                self.events, self._events = total - self._events, total
        if self._progress is not None:
            byte = self._lines.position[0]
            self._progress(byte - self._seen)
            self._seen = byte
        return found

    def place(self) -> Place:
        return Place(*self._lines.position)

    def tally(self) -> Tally | None:
        if not self.counts:
            return None
        total, matched, _, counts, refused, faults = self._lines.totals
        by_name = Counter({self._names[owner]: found for owner, found in enumerate(counts) if found})
        return Tally(total, matched, refused, self._lines.position[0], by_name, list(faults))

    def close(self) -> None:
        pass  # the file goes with the object


class _Packed:
    """A packed file of JSON lines: matched by threads of the core, segment by segment, while it is unpacked."""

    waits = False

    def __init__(
        self,
        rules: RuleSet[Any],
        source: str,
        keep: Keep,
        texts: bool,
        threads: int,
        start: Place,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.counts = keep == "counts"
        self.events: int | None = None
        self._rules = rules
        self._names = list(rules)
        self._keep = keep
        self._texts = texts
        self._threads = threads
        self._place = start
        self._sum = Tally()
        self._segments = Segments(source, rules.limits.line_bytes, start.byte, progress)
        self._place = Place(max(start.byte, self._segments.base), start.line)

    def next(self) -> list[Answer] | None:
        path = self._segments.next(self._place.line + 1)
        if path is None:
            return None
        base = self._segments.base
        lines = self._rules.lines(path, self._threads, keep=self._keep, lines=self._place.line, texts=self._texts)
        found: list[Answer] = []
        if self.counts:
            while lines.count():
                pass
            self._count(lines.totals, base)
        else:
            while (answers := lines.answers()) is not None:
                found += [(line, base + byte, answer, text) for line, byte, answer, text in answers]
            self.events = lines.totals[0] if self._keep == "matched" else None
        self._place = Place(self._segments.end, lines.position[1])
        return found

    def _count(self, totals: Any, base: int) -> None:
        total, matched, _, counts, refused, faults = totals
        summed = self._sum
        summed.events += total
        summed.matched += matched
        summed.refused += refused
        summed.by_name.update({self._names[owner]: found for owner, found in enumerate(counts) if found})
        room = _ERRORS_KEPT - len(summed.errors)
        summed.errors += [(line, base + byte, error) for line, byte, error in faults[:room]]

    def place(self) -> Place:
        return self._place

    def tally(self) -> Tally | None:
        return self._sum if self.counts else None

    def close(self) -> None:
        self._segments.close()


class _Chunks:
    """Any other source, read from its beginning; what is before `start` is passed over."""

    waits = True
    counts = False
    events: int | None = None

    def __init__(
        self,
        rules: RuleSet[Any],
        source: str,
        threads: int,
        start: Place,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._place = start
        self._fault: SourceFault | None = None
        self._chunks = stream(rules, [source], threads=threads, progress=progress)

    def next(self) -> list[Answer] | None:
        passed = self._place.line
        for chunk in self._chunks:
            if chunk.numbers[-1] <= passed:
                continue
            offsets: list[int] | list[None] = chunk.offsets or [None] * len(chunk.numbers)
            found: list[Answer] = list(zip(chunk.numbers, offsets, chunk.answers, chunk.events, strict=True))
            if chunk.numbers[0] <= passed:
                found = [answer for answer in found if answer[0] > passed]
            self._place = Place(self._place.byte if chunk.end is None else chunk.end, chunk.numbers[-1])
            return found
        return None

    def place(self) -> Place:
        return self._place

    def tally(self) -> Tally | None:
        return None

    def close(self) -> None:
        self._chunks.close()
