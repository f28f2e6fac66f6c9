"""Turn rules and sources into answers source by source, counted, and resumable by a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic

from matcher.errors import EventError, MatcherError
from matcher.offline import answers as roads
from matcher.offline.answers import Answer, Keep, Place, Tally
from matcher.offline.checkpoint import Checkpoint, State
from matcher.offline.sink import Sink
from matcher.offline.sources import SourceFault
from matcher.ruleset import Name, RuleSet

__all__ = ["Job", "Stop", "Stopped"]


@dataclass(frozen=True, slots=True)
class Stop:
    """When to stop early: after `matched` events that match, or when more than `refused` are refused; None: never."""

    matched: int | None = None
    refused: int | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where a job stopped early, and why: "matched" or "refused"; with the error of the event that was one too many."""

    why: str
    source: str
    line: int
    byte: int | None
    error: EventError | None = None


class Job(Generic[Name]):
    """One reading of all sources. `steps` gives their answers; what it gave is counted once the next is asked for.

    `keep`, `texts`, `threads`: see `road`. `pulse` is called before each and may raise to end the job: then, as at
    any error, the checkpoint is written, and says how far the steps were taken.
    """

    def __init__(
        self,
        rules: RuleSet[Name],
        sources: Sequence[str],
        *,
        keep: Keep = "matched",
        texts: bool = False,
        threads: int = 0,
        stop: Stop = Stop(),
        checkpoint: Checkpoint | None = None,
        state: State | None = None,
        pulse: Callable[[], None] | None = None,
    ) -> None:
        self.sources = list(sources)
        self.state = state or State()
        self.stopped: Stopped | None = None
        self.waits = False
        self.resumed = state is not None
        self.sink: Sink | None = None
        self._rules = rules.copy()
        # Where a run may stop at any event, events are counted one by one.
        stops = stop.matched is not None or stop.refused is not None
        self._keep: Keep = "all" if stops or keep == "all" else keep
        self._wanted = keep
        self._texts = texts
        self._threads = threads
        self._stop = stop
        self._checkpoint = checkpoint
        self._pulse = pulse
        #: Is told the bytes that were taken from files since the last time, and the lines or elements read.
        self.progress: Callable[[int, int], None] | None = None
        self._taken = self._told = 0
        self._before = Tally()  # of the source that is being read, when its reading began
        self._reading: roads.Road | None = None
        self._steady = True  # no change of `state` is half done

    def steps(self) -> Generator[tuple[str, list[Answer]]]:
        """Give (source, answers) for each chunk; the answers are those that `keep` asked for."""
        state = self.state
        whole = False
        if self._stop.matched is not None and self._matched() >= self._stop.matched:  # by then the run was killed
            self.stopped = Stopped("matched", self.sources[state.at], state.place.line, None)
        try:
            while state.at < len(self.sources) and self.stopped is None:
                yield from self._source(self.sources[state.at])
                if self.stopped is None:
                    self._steady = False
                    state.at, state.place = state.at + 1, Place()
                    self._steady = True
            whole = True
        finally:
            self._settle()
            if self._checkpoint is not None and self._steady:
                if whole and self.stopped is None:
                    self.save(done=True)
                else:
                    with suppress(OSError, MatcherError):  # the last one stands
                        self.save()

    def _source(self, source: str) -> Generator[tuple[str, list[Answer]]]:
        state = self.state
        if len(state.tallies) <= state.at:
            state.tallies.append(Tally())
        tally = state.tallies[state.at]
        self._before = replace(tally, by_name=tally.by_name.copy(), errors=list(tally.errors))
        try:
            self._told = state.place.line
            reading = self._reading = self._open(source)
            while (found := self._next(reading)) is not None:
                found, place = self._cut(source, found, reading.place())
                yield source, self._chosen(found)
                self._commit(reading, found, place)
                if self.stopped is not None:
                    break
                self._between()
        except OSError as error:
            if error is not self._failed:
                raise
            self._failed = None
            place = state.place
            tally.fault = SourceFault(source, error.strerror or str(error), place.line or None, place.byte or None)
        finally:
            if self._reading is not None:
                self._reading.close()
        self._settle()
        self._reading = None

    _failed: OSError | None = None  # that of a source; those of a sink or a checkpoint end the job

    def _take(self, size: int) -> None:
        self._taken += size

    def _open(self, source: str) -> roads.Road:
        try:
            return roads.road(
                self._rules,
                source,
                keep=self._keep,
                texts=self._texts,
                threads=self._threads,
                start=self.state.place,
                progress=None if self.progress is None else self._take,
            )
        except OSError as error:
            self._failed = error
            raise

    def _next(self, reading: roads.Road) -> list[Answer] | None:
        self.waits = reading.waits
        try:
            if self.progress is not None and self._taken:
                self.progress(self._taken, self.state.place.line - self._told)
                self._taken, self._told = 0, self.state.place.line
            if self._pulse is not None:  # after `waits` is set: a signal is seen here, or raises while it is waited
                self._pulse()
            return reading.next()
        except OSError as error:
            self._failed = error
            raise
        finally:
            self.waits = False

    def _matched(self) -> int:
        return sum(one.matched for one in self.state.tallies)

    def _cut(self, source: str, found: list[Answer], place: Place) -> tuple[list[Answer], Place]:
        """Leave out what comes after the event that stops the job; give the rest, and how far it reaches."""
        stop = self._stop
        if stop.matched is None and stop.refused is None:
            return found, place
        matched = self._matched()
        refused = sum(one.refused for one in self.state.tallies)
        for number, (line, byte, answer, _) in enumerate(found, 1):
            if isinstance(answer, EventError):
                refused += 1
                if stop.refused is not None and refused > stop.refused:
                    self.stopped = Stopped("refused", source, line, byte, answer)
            elif answer:
                matched += 1
                if stop.matched is not None and matched >= stop.matched:
                    self.stopped = Stopped("matched", source, line, byte)
            if self.stopped is not None:
                return found[:number], _behind(found, number, place)
        return found, place

    def _chosen(self, found: list[Answer]) -> list[Answer]:
        match self._wanted:
            case "all":
                return found
            case "matched":
                return [answer for answer in found if answer[2]]
            case _:
                return []

    def _commit(self, reading: roads.Road, found: list[Answer], place: Place) -> None:
        self._steady = False
        tally = self.state.tallies[self.state.at]
        if not reading.counts:
            tally.add(found, reading.events)
        tally.bytes = place.byte
        self.state.place = place
        if self.sink is not None:
            self.state.output = self.sink.length
        self._steady = True

    def _settle(self) -> None:
        """Take over what a source counted for itself."""
        if self._reading is None or (counted := self._reading.tally()) is None:
            return
        tally, before = self.state.tallies[self.state.at], self._before
        tally.events = before.events + counted.events
        tally.matched = before.matched + counted.matched
        tally.refused = before.refused + counted.refused
        tally.by_name = before.by_name + counted.by_name
        tally.errors = (before.errors + counted.errors)[:100]
        self.state.place = self._reading.place()
        tally.bytes = self.state.place.byte

    def _between(self) -> None:
        if self._checkpoint is not None and self._checkpoint.due():
            self._settle()
            self.save()

    def save(self, *, done: bool = False) -> None:
        """Write the checkpoint, and make sure before that what it counts on is on the disk. Raises OSError."""
        if self._checkpoint is not None:
            self.state.done = done
            if self.sink is not None:
                self.sink.sync()
            self._checkpoint.save(self.state)


def _behind(found: list[Answer], number: int, place: Place) -> Place:
    """Give the place behind the first `number` of these answers, which reach to `place` in all."""
    if number == len(found):
        return place
    line, byte, *_ = found[number]
    return Place(place.byte if byte is None else byte, line - 1)
