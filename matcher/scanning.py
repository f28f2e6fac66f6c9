"""Turn a file of events and a machine into answers line by line, or into counts."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from matcher import events
from matcher._core.machine import LineFile, Machine
from matcher.errors import EventError

__all__ = ["Counts", "count", "scan"]

Name = TypeVar("Name", bound=Hashable)
Path = str | os.PathLike[str]
_ERRORS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Counts(Generic[Name]):
    """What `RuleSet.count` found over a file."""

    #: Events that were read and matched; refused lines are not among them.
    events: int
    #: Events that at least one rule matches.
    matched: int
    #: Bytes of the lines; None where the file was decompressed or is no JSON lines.
    bytes: int | None
    #: Matches of each rule that matched at all.
    by_name: dict[Name, int]
    #: Lines that were refused.
    refused: int
    #: Line number and error of the first hundred of them.
    errors: list[tuple[int, EventError]]


def scan(path: Path, machine: Machine, names: list[Any], threads: int) -> Iterator[tuple[int, Any]]:
    """Give (line number from 1, names or EventError), in order. See `RuleSet.scan`."""
    if events.is_plain_lines(path):
        return iter(LineFile(path, machine, names, threads, "all"))
    return _scan_batches(path, machine, names, threads)


def _scan_batches(path: Path, machine: Machine, names: list[Any], threads: int) -> Iterator[tuple[int, Any]]:
    for batch in events.batches(path):
        answers = machine.match_many([text for _, text in batch], names, threads, keep_errors=True)
        for (number, _), answer in zip(batch, answers, strict=True):
            yield number, answer


def count(path: Path, machine: Machine, names: list[Any], threads: int) -> Counts[Any]:
    """Count matches; of plain JSON lines without a Python object an event."""
    if not events.is_plain_lines(path):
        return _count_answers(_scan_batches(path, machine, names, threads))
    lines = LineFile(path, machine, names, threads, "counts")
    while lines.count():
        pass
    total, matched, size, counts, refused, faults = lines.totals
    errors = [(line, error) for line, _, error in faults]
    by_name = {names[owner]: found for owner, found in enumerate(counts) if found}
    return Counts(total, matched, size, by_name, refused, errors)


def _count_answers(answers: Iterator[tuple[int, Any]]) -> Counts[Any]:
    by_name: dict[Any, int] = {}
    errors: list[tuple[int, EventError]] = []
    total = matched = refused = 0
    for line, answer in answers:
        if isinstance(answer, EventError):
            refused += 1
            if refused <= _ERRORS_KEPT:
                errors.append((line, answer))
            continue
        total += 1
        matched += bool(answer)
        for name in answer:
            by_name[name] = by_name.get(name, 0) + 1
    return Counts(total, matched, None, by_name, refused, errors)
