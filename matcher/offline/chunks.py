"""Turn sources of events and a rule set into chunks of events, each with its place and its answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from matcher import events
from matcher.errors import EventError
from matcher.offline.sources import SourceFault, check
from matcher.ruleset import Name, RuleSet

__all__ = ["Chunk", "stream"]

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Chunk(Generic[Key]):
    """Some events of one source: parallel lists of line (or element) numbers from 1, texts, answers, and places."""

    source: str
    numbers: list[int]
    #: That of an event over `Limits.line_bytes` is empty.
    events: list[bytes]
    #: The names of the rules that match, in the order first added; or why the event was refused.
    answers: list[list[Key] | EventError]
    #: The byte where each event begins in its source's text (unpacked). The message of a log event of CloudWatch
    #: begins behind its quote, or its timestamp.
    offsets: list[int] | None = None
    #: The byte up to which the source's text is read with these events.
    end: int | None = None


def stream(
    rules: RuleSet[Name],
    sources: Iterable[str],
    *,
    threads: int = 0,
    progress: Callable[[int], None] | None = None,
    fault: Callable[[SourceFault], None] | None = None,
) -> Generator[Chunk[Name]]:
    """Match all events of all sources, in order, in memory that does not grow with them.

    `progress` is told the bytes taken from a source each time. `fault` is told of each source that can't be read (to
    its end), and the next one follows; without it that raises OSError.
    """
    for source in sources:
        try:
            check(source)
            for found in events.read(source, progress=progress, line_bytes=rules.limits.line_bytes):
                answers = found.judge(rules.match_many(found.texts, threads, errors="return"))
                yield Chunk(source, found.numbers, found.texts, answers, found.offsets, found.end)
        except OSError as error:
            if fault is None:
                raise
            line, byte = getattr(error, "line", None), getattr(error, "byte", None)
            fault(SourceFault(source, error.strerror or str(error), line, byte))
