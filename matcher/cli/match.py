"""Turn files of rules and events into what matched, as JSON lines, a table, or counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from matcher import events
from matcher.cli.formats import Answers, Counting, Lines, counts, table
from matcher.cli.terminal import FINDINGS, OK, REFUSED, Progress, compile_rules, output_is_full, progress_bar, say
from matcher.rulefile import RulesFormat, read_rules
from matcher.ruleset import RuleSet, Validate

__all__ = ["Request", "match_files"]

_LINES: Final = 8192  # answers written at once


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
    if request.rules == "-" and "-" in request.events:
        raise LookupError("standard input can't hold both the rules and the events")
    rules = compile_rules(request.rules, read_rules(request.rules, request.rules_format), request.validate)
    writer = _writer(request, rules)
    unread = False
    with progress_bar(request.events, quiet=request.output == "jsonl" and sys.stdout.isatty()) as more:
        for path in request.events:
            try:
                _match_file(rules, path, request, writer, more)
            except BrokenPipeError:
                raise
            except OSError as error:
                if output_is_full(error):
                    raise
                unread = True
                say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    writer.end()
    return REFUSED if unread else FINDINGS if writer.refused else OK


def _writer(request: Request, rules: RuleSet[str]) -> Lines | Counting:
    several = len(request.events) > 1
    if request.output == "jsonl":
        return Lines(several=several, matched_only=request.matched_only)
    show = table if request.output == "table" else counts
    return Counting(list(rules), show, several=several, matched_only=request.matched_only)


def _match_file(
    rules: RuleSet[str], path: str, request: Request, writer: Lines | Counting, more: Progress | None
) -> None:
    """Match one file, by the fastest way that tells what is asked for."""
    if path == "-" or more or not events.is_plain_lines(path):
        for answers in _in_batches(rules, path, request.threads, more):
            writer.add(path, answers)
    elif isinstance(writer, Counting) and request.output == "count":
        writer.add_counts(rules.count(path, request.threads))
    else:
        lines = rules.scan(path, request.threads)
        while answers := list(islice(lines, _LINES)):
            writer.add(path, answers)


def _in_batches(rules: RuleSet[str], path: str, threads: int, more: Progress | None) -> Iterator[Answers]:
    for batch in events.batches(path, progress=partial(more, events=0) if more else None):
        found = rules.match_many([event for _, event in batch], threads, errors="return")
        if more:
            more(0, events=len(batch))
        yield [(number, answer) for (number, _), answer in zip(batch, found, strict=True)]
