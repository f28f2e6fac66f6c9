"""Turn files of rules and events into what matched, as JSON lines, a table, or counts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from matcher import events
from matcher.cli.formats import Answers, Counting, Lines, Writer, table
from matcher.cli.terminal import FINDINGS, OK, REFUSED, compile_rules, progress_bar, say
from matcher.rulefile import RulesFormat
from matcher.ruleset import RuleSet, Validate

__all__ = ["Request", "match_files"]


@dataclass(frozen=True, slots=True)
class Request:
    """What `matcher match` was asked. `output`: jsonl, table or count; `threads`: 0 is one a core."""

    rules: str
    rules_format: RulesFormat
    events: tuple[str, ...]
    output: str
    threads: int
    validate: Validate
    matched_only: bool


def match_files(request: Request) -> int:
    """Match every event of every file; give 1 if events were refused, 2 if a file could not be read to its end."""
    rules = compile_rules(request.rules, request.rules_format, request.validate)
    writer = _writer(request, rules)
    unread = False
    with progress_bar(request.events, quiet=request.output == "jsonl" and sys.stdout.isatty()) as more:
        for path in request.events:
            try:
                for answers in _answers(rules, path, request.threads, more):
                    writer.add(path, answers)
            except BrokenPipeError:
                raise
            except OSError as error:
                unread = True
                say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    writer.end()
    return REFUSED if unread else FINDINGS if writer.refused else OK


def _writer(request: Request, rules: RuleSet[str]) -> Writer:
    if request.output == "jsonl":
        return Lines(several=len(request.events) > 1, matched_only=request.matched_only)
    counting = Counting(list(rules), several=len(request.events) > 1, matched_only=request.matched_only)
    if request.output == "table":
        counting.show = table
    return counting


def _answers(
    rules: RuleSet[str], path: str, threads: int, more: Callable[[int, int], None] | None
) -> Iterator[Answers]:
    """Give, batch by batch, the numbers of events and what `match_many` says of them."""
    progress = partial(_bytes_only, more) if more else None
    for batch in events.batches(path, progress=progress):
        found: list[Any] = rules.match_many([event for _, event in batch], threads, errors="return")
        if more:
            more(0, len(batch))
        yield [number for number, _ in batch], found


def _bytes_only(more: Callable[[int, int], None], size: int) -> None:
    more(size, 0)
