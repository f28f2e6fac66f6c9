"""Turn a request to scan logs into a file or a table of what matched, and a summary on standard error."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from matcher.cli import summary
from matcher.cli.terminal import BROKEN_PIPE, FINDINGS, OK, REFUSED, compile_rules, forget_output, progress_bar, say
from matcher.offline.output import Export, refuse_overwriting
from matcher.offline.sink import Sink
from matcher.rulefile import RulesFormat, read_rules
from matcher.ruleset import Validate

__all__ = ["Request", "scan_sources"]


@dataclass(frozen=True, slots=True)
class Request:
    """What `matcher scan` was asked; see its options."""

    rules: str
    rules_format: RulesFormat
    sources: tuple[str, ...]
    form: Literal["jsonl", "count", "table", "parquet"]
    output: str | None
    emit: str | None
    only: tuple[str, ...]
    every: bool
    limit: int | None
    max_refused: int | None
    checkpoint: str | None
    threads: int
    validate: Validate
    quiet: bool


class Interrupted(KeyboardInterrupt):
    """The process was asked to end by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.code = 128 + number


class Signals:
    """SIGINT and SIGTERM as something that ends a run between two steps of it, or while it waits for a pipe."""

    def __init__(self) -> None:
        self.waits: Callable[[], bool] = lambda: False
        self._seen: int | None = None

    def check(self) -> None:
        """Raise Interrupted if a signal came."""
        if self._seen is not None:
            raise Interrupted(self._seen)

    def _take(self, number: int, _: Any) -> None:
        if self._seen is not None or self.waits():
            raise Interrupted(number)
        self._seen = number

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take signals while the work goes on; only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def scan_sources(request: Request) -> int:
    """Scan; give 1 if events were refused, 2 if a source or the output failed, 130 or 143 after a signal."""
    _refuse_clashes(request)
    pairs = _chosen(read_rules(request.rules, request.rules_format), request)
    rules = compile_rules(request.rules, pairs, request.validate)
    rows = request.form in {"jsonl", "parquet"}
    signals = Signals()
    made: Export[str] = Export(
        rules,
        request.sources,
        (request.output or sys.stdout.buffer) if rows else None,
        form="parquet" if request.form == "parquet" else "jsonl",
        emit=request.emit,
        every=request.every,
        threads=request.threads,
        limit=request.limit,
        max_refused=request.max_refused,
        checkpoint=request.checkpoint,
        pulse=signals.check,
    )
    signals.waits = lambda: made.waits
    refuse_overwriting(request.output, made.sources)
    run = _Run(request, made, list(rules))
    with signals.taken():
        return run.go()


def _refuse_clashes(request: Request) -> None:
    if request.rules == "-" and "-" in request.sources:
        raise LookupError("standard input can't hold both the rules and the events")
    if request.output is not None and os.path.realpath(request.output) == os.path.realpath(request.rules):
        raise LookupError(f"{request.output} is to be written, and holds the rules")
    if request.form == "parquet" and request.output is None:
        raise LookupError("--format parquet needs --output FILE")
    if request.emit is not None and request.form in {"count", "table"}:
        raise LookupError(f"--emit says what to write of each match: --format {request.form} writes counts")
    if request.checkpoint is None:
        return
    if request.form == "parquet":
        raise LookupError("--checkpoint does not go with --format parquet, which can't be written on: use jsonl")
    if request.form == "jsonl" and request.output is None:
        raise LookupError("--checkpoint needs --output FILE: what went to standard output can't be taken back")


def _chosen(pairs: list[tuple[str, str]], request: Request) -> list[tuple[str, str]]:
    if not request.only:
        return pairs
    names = list(dict.fromkeys(name for name, _ in pairs))
    wanted: set[str] = set()
    for glob in request.only:
        found = [name for name in names if name == glob or fnmatchcase(name, glob)]
        if not found:
            close = get_close_matches(glob, names, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise LookupError(f"{request.rules} holds no rule {glob!r}{hint}")
        wanted.update(found)
    return [(name, pattern) for name, pattern in pairs if name in wanted]


class _Run:
    """One run, from the first event to the summary."""

    def __init__(self, request: Request, made: Export[str], names: list[str]) -> None:
        self.request = request
        self.made = made
        self.names = names
        self.target = request.output or "standard output"
        # Opened before the work, so that a file that can't be written is no surprise after it.
        self.sink = Sink(request.output or sys.stdout.buffer) if request.form in {"count", "table"} else None

    def go(self) -> int:
        """Do the work, write what was found or what is known of it, sum it up; give the exit code."""
        request, made = self.request, self.made
        before = made.counts()
        began = time.perf_counter()
        code, told = self._work()
        counts = made.counts()
        failed = self._write(counts, complete=told is None and made.stopped is None and not counts.faults)
        if told is None and failed == OK:
            code = REFUSED if counts.faults else FINDINGS if counts.refused else OK
            made.finish()
        if not request.quiet:
            summary.summarize(counts, before, time.perf_counter() - began, resumed=made.resumed)
        if made.stopped is not None:
            say(summary.stopped(made.stopped, request.max_refused))
        if told:
            say(told)
        return code or failed

    def _work(self) -> tuple[int, str | None]:
        """Read all sources; give an exit code and what to say where that is not 0."""
        quiet = self.request.quiet or (
            self.request.form == "jsonl" and self.request.output is None and sys.stdout.isatty()
        )
        try:
            with progress_bar(self.made.sources, quiet=quiet) as more:
                if more is not None:
                    self.made.show(lambda size, events: more(size, events=events))
                self.made.run()
        except KeyboardInterrupt as error:
            number = error.number if isinstance(error, Interrupted) else signal.SIGINT
            return 128 + number, f"ended by {signal.Signals(number).name}{self._kept()}"
        except BrokenPipeError:
            sys.stderr.flush()
            forget_output()
            return BROKEN_PIPE, f"{self.target}: its reader left"
        except OSError as error:
            where = error.filename or self.target
            return REFUSED, f"{where}: {error.strerror or error}{self._kept()}"
        return OK, None

    def _kept(self) -> str:
        if self.request.checkpoint is not None and Path(self.request.checkpoint).exists():
            return f"; the same command goes on from {self.request.checkpoint}"
        output = self.request.output
        if self.request.form == "parquet":
            return f"; {output} holds the first {self.made.rows:,} rows" if self.made.rows else "; no row was written"
        if output is not None and self.request.form == "jsonl" and Path(output).is_file():
            return f"; {output} holds what was found before"
        return ""

    def _write(self, counts: summary.AllCounts, *, complete: bool) -> int:
        """Write counts, if they are what was asked for; give the exit code of what went wrong in it."""
        if self.sink is None:
            return OK
        to_file = self.request.output is not None
        try:
            try:
                if self.request.form == "count":
                    self.sink.write(summary.count(counts, self.names, to_file=to_file, complete=complete))
                else:
                    self.sink.write(summary.table(counts, self.names, to_file=to_file))
            finally:
                self.sink.close()
        except BrokenPipeError:
            forget_output()
            return BROKEN_PIPE
        except OSError as error:
            say(f"{error.filename or self.target}: {error.strerror or error}")
            return REFUSED
        return OK
