"""Turn sources of events and a rule set into chunks of events, each with its place and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from matcher import events
from matcher.errors import EventError
from matcher.offline.sources import SourceFault
from matcher.ruleset import Name, RuleSet

__all__ = ["Chunk", "stream"]

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Chunk(Generic[Key]):
    """Some events of one source: parallel lists of line numbers (from 1), texts, and answers."""

    source: str
    numbers: list[int]
    events: list[bytes]
    #: The names of the rules that match, in the order first added; or why the event was refused.
    answers: list[list[Key] | EventError]


def stream(
    rules: RuleSet[Name],
    sources: Iterable[str],
    *,
    threads: int = 0,
    progress: Callable[[int], None] | None = None,
    fault: Callable[[SourceFault], None] | None = None,
) -> Iterator[Chunk[Name]]:
    """Match all events of all sources, in order, in memory that does not grow with them.

    `progress` is told the bytes taken from a source each time. `fault` is told of each source that can't be read (to
    its end), and the next one follows; without it that raises OSError.
    """
    for source in sources:
        try:
            for batch in events.batches(source, progress=progress):
                texts = [text for _, text in batch]
                answers = rules.match_many(texts, threads, errors="return")
                yield Chunk(source, [number for number, _ in batch], texts, answers)
        except OSError as error:
            if fault is None:
                raise
            fault(SourceFault(source, error.strerror or str(error)))
