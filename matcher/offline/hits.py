"""Turn rules and sources into hits one by one, or into counts by source and rule."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from matcher.errors import EventError
from matcher.offline.answers import Tally
from matcher.offline.checkpoint import Checkpoint
from matcher.offline.job import Job, Stop
from matcher.offline.sources import SourceFault, expand
from matcher.ruleset import Name, RuleSet

__all__ = ["Counts", "Hit", "SourceCounts", "count", "counted", "scan"]

Key = TypeVar("Key")
Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Hit(Generic[Key]):
    """An event that rules match, or one that is refused.

    `source` as `expand` gives it; `line` is that of the line, or of the element of an array, from 1; `byte` is where
    the event begins in its source's text (unpacked), None where that is unknown; `event` its text, None if not asked
    for; `rules` in the order first added; `error`: why the event was refused, else None.
    """

    source: str
    line: int
    byte: int | None
    event: bytes | None
    rules: tuple[Key, ...]
    error: EventError | None = None


@dataclass(frozen=True, slots=True)
class SourceCounts(Generic[Key]):
    """What was counted of one source.

    `events` were read and matched; `matched` of them met a rule; `refused` are not among them. `bytes` of its text,
    unpacked. `by_name`: matches of each rule that matched at all. `errors`: line, byte and error of the first hundred
    refused events. `fault`: why it was not read, or not to its end.
    """

    source: str
    events: int
    matched: int
    refused: int
    bytes: int
    by_name: dict[Key, int]
    errors: list[tuple[int, int | None, EventError]]
    fault: SourceFault | None = None


@dataclass(frozen=True, slots=True)
class Counts(Generic[Key]):
    """What was counted of all sources, one by one (`sources`) and together."""

    sources: tuple[SourceCounts[Key], ...]
    events: int
    matched: int
    refused: int
    bytes: int
    by_name: dict[Key, int]

    @property
    def faults(self) -> list[SourceFault]:
        """The sources that could not be read, or not to their end."""
        return [source.fault for source in self.sources if source.fault is not None]


def scan(
    rules: RuleSet[Name],
    sources: Path | Iterable[Path],
    *,
    threads: int = 0,
    texts: bool = True,
    every: bool = False,
    errors: bool = True,
    limit: int | None = None,
    max_refused: int | None = None,
    checkpoint: Path | None = None,
    faults: list[SourceFault] | None = None,
) -> Iterator[Hit[Name]]:
    """Give the events of all sources (see `expand`) that rules match, and those that are refused (unless not `errors`).

    Memory does not grow with the sources. `threads`: 0 is one a core. `texts`: hits have their events. `every`: events
    that nothing matches come too, with no rules. It ends after `limit` events that match, and raises the EventError of
    the event that is one more than `max_refused`, with a note of its place. A source that can't be read (to its end)
    is added to `faults`, and the next one follows; without that list it raises OSError, after the last hit.

    `checkpoint` is a file that says every few seconds, and when the iterator is closed, how far the hits were taken;
    where it is there already, reading goes on behind that. Hits taken since it was last written come again if the
    process is killed. It is removed at the end. Raises StoreError for one of another run, and for sources that can't
    be read again.
    """
    names = expand([sources] if isinstance(sources, str | os.PathLike) else sources)
    saved = None if checkpoint is None else Checkpoint(checkpoint, rules, names, {"every": str(every)})
    job = Job(
        rules,
        names,
        keep="all" if every else "matched",
        texts=texts,
        threads=threads,
        stop=Stop(limit, max_refused),
        checkpoint=saved,
        state=None if saved is None else saved.load(),
    )
    return _hits(job, saved, errors, faults)


def _hits(
    job: Job[Name], saved: Checkpoint | None, errors: bool, faults: list[SourceFault] | None
) -> Iterator[Hit[Name]]:
    with closing(job.steps()) as steps:
        for source, answers in steps:
            for line, byte, answer, text in answers:
                if not isinstance(answer, EventError):
                    yield Hit(source, line, byte, text, tuple(answer))
                elif errors:
                    yield Hit(source, line, byte, text, (), answer)
    if job.stopped is not None and job.stopped.error is not None:
        job.stopped.error.add_note(f"{job.stopped.source}: line {job.stopped.line}, byte {job.stopped.byte}")
        raise job.stopped.error
    if saved is not None:
        saved.remove()
    found = [tally.fault for tally in job.state.tallies if tally.fault is not None]
    if faults is not None:
        faults.extend(found)
    elif found:
        raise OSError(str(found[0]))


def count(
    rules: RuleSet[Name],
    sources: Path | Iterable[Path],
    *,
    threads: int = 0,
    max_refused: int | None = None,
    checkpoint: Path | None = None,
) -> Counts[Name]:
    """Count the matches of each rule in each source and in all, of plain JSON lines without an object an event.

    Sources that can't be read (to their end) are told in `Counts.faults`. `threads`, `max_refused` and `checkpoint`
    are those of `scan`.
    """
    names = expand([sources] if isinstance(sources, str | os.PathLike) else sources)
    saved = None if checkpoint is None else Checkpoint(checkpoint, rules, names, {"format": "count"})
    state = None if saved is None else saved.load()
    stop = Stop(refused=max_refused)
    job = Job(rules, names, keep="counts", threads=threads, stop=stop, checkpoint=saved, state=state)
    for _ in job.steps():
        pass
    if job.stopped is not None and job.stopped.error is not None:
        job.stopped.error.add_note(f"{job.stopped.source}: line {job.stopped.line}, byte {job.stopped.byte}")
        raise job.stopped.error
    if saved is not None:
        saved.remove()
    return counted(names, job.state.tallies)


def counted(sources: Iterable[str], tallies: Iterable[Tally]) -> Counts[Name]:
    """Give the counts of sources, and their sum."""
    by_name: Counter[Name] = Counter()
    each = []
    for source, one in zip(sources, tallies, strict=False):  # the last ones may not have been begun
        by_name.update(one.by_name)
        plain = SourceCounts(
            source, one.events, one.matched, one.refused, one.bytes, dict(one.by_name), list(one.errors), one.fault
        )
        each.append(plain)
    events, matched, refused, size = (
        sum(getattr(one, name) for one in each) for name in ("events", "matched", "refused", "bytes")
    )
    return Counts(tuple(each), events, matched, refused, size, dict(by_name))
