"""Turn files of rule tests into dots, failures with their reasons, a sum, and an exit code."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from matcher._version import __version__
from matcher.cli.terminal import FINDINGS, OK, REFUSED, printable, say, write
from matcher.errors import MatcherError
from matcher.offline.junit import junit
from matcher.offline.testfile import RuleTests, load_tests
from matcher.offline.testrun import Outcome, compile_tests, find_tests, run_case, select_tests
from matcher.offline.testselect import selects
from matcher.offline.testtext import STYLES, describe, plain

__all__ = ["Request", "run"]

_WIDTH: Final = 80
_MARKS: Final = {"passed": (".", "green"), "failed": ("F", "bold red"), "error": ("E", "bold red")}
_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Request:
    """What `matcher test` was asked; see its options."""

    paths: tuple[str, ...]
    only: str | None
    first: bool
    verbose: bool
    quiet: bool
    as_json: bool
    junit: str | None
    threads: int


@dataclass(slots=True)
class _Session:
    """What is known of a run."""

    outcomes: list[Outcome] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)  # why a test file can't be run, by its name
    deselected: int = 0
    interrupted: bool = False
    seconds: float = 0.0

    def sum(self) -> str:
        """Give the last line."""
        by = Counter(one.status for one in self.outcomes)
        errors = by["error"] + len(self.faults)
        parts = [f"{by['failed']} failed"] * bool(by["failed"])
        parts += [f"{by['passed']} passed"] * bool(by["passed"])
        parts += [f"{self.deselected} deselected"] * bool(self.deselected)
        parts += [f"{errors} error{'s' * (errors > 1)}"] * bool(errors)
        return f"{', '.join(parts) or 'no cases'} in {self.seconds:.2f}s"

    def code(self) -> int:
        if self.interrupted:
            return _INTERRUPTED
        if self.faults or not self.outcomes:
            return REFUSED
        return FINDINGS if any(one.status != "passed" for one in self.outcomes) else OK


def run(request: Request) -> int:
    """Run the tests and write what came of them; see the command's help for the exit codes."""
    if request.only is not None:
        try:
            selects(request.only)
        except ValueError as error:
            raise LookupError(f"-k {error}") from None
    files = find_tests(request.paths)
    if request.junit is not None:
        _refuse_overwriting(request.junit, files)
    shown = _Screen(request)
    session = _Session()
    began = time.perf_counter()
    try:
        _go(request, files, session, shown)
    except KeyboardInterrupt:
        session.interrupted = True
    session.seconds = time.perf_counter() - began
    if request.as_json:
        write(_json(session))
    else:
        shown.end(session)
    if not session.outcomes and not session.faults and not session.interrupted:
        where = ", ".join(request.paths)
        say(f"no case is selected by -k {request.only!r}" if session.deselected else f"no rule tests in {where}")
    if request.junit is not None:
        _write_report(request.junit, junit(session.outcomes, session.faults))
    return session.code()


def _go(request: Request, files: list[str], session: _Session, shown: _Screen) -> None:
    loaded: list[RuleTests] = []
    for file in files:
        try:
            tests = load_tests(file)
        except OSError as error:
            session.faults[file] = f"{file}: {error.strerror or error}"
        except MatcherError as error:
            session.faults[file] = str(error)
        else:
            chosen = select_tests(tests, request.only) if request.only else tests
            session.deselected += len(tests.cases) - len(chosen.cases)
            loaded.append(chosen)
    shown.begin(loaded)
    for tests in loaded:
        if not tests.cases:
            continue
        compiled = compile_tests(tests)
        shown.file(tests.file)
        for case in tests.cases:
            outcome = run_case(tests, case, compiled, request.threads)
            session.outcomes.append(outcome)
            shown.case(outcome)
            if request.first and outcome.status != "passed":
                shown.file_end()
                return
        shown.file_end()


def _refuse_overwriting(report: str, files: list[str]) -> None:
    if any(os.path.realpath(report) == os.path.realpath(file) for file in files):
        raise LookupError(f"{report} is to be written, and is among the tests")
    if not (Path(report).parent).is_dir():
        raise LookupError(f"{report}: its directory does not exist")


def _write_report(path: str, data: bytes) -> None:
    """Write a whole file or none, so that CI never reads half a report."""
    if Path(path).exists() and not Path(path).is_file():  # a pipe, or /dev/stdout
        Path(path).write_bytes(data)
        return
    target = Path(os.path.realpath(path))
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(target)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, path) from None


def _json(session: _Session) -> bytes:
    by = Counter(one.status for one in session.outcomes)
    made: dict[str, Any] = {
        "matcher": __version__,
        "passed": by["passed"],
        "failed": by["failed"],
        "errors": by["error"] + len(session.faults),
        "deselected": session.deselected,
        "interrupted": session.interrupted,
        "seconds": round(session.seconds, 6),
        "files": [{"file": file, "error": text} for file, text in session.faults.items()],
        "cases": [plain(one) for one in session.outcomes],
    }
    return json.dumps(made, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace") + b"\n"


class _Console(Console):
    """A console that leaves a reader who left to `guarded`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Screen:
    """Text on standard output, in colours if that is a terminal."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.silent = request.as_json
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        self.encoding = encoding
        self.console = _Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
        self.width = self.console.width if self.console.is_terminal else _WIDTH
        self.done = self.total = self.column = 0

    def put(self, text: str, style: str = "", end: str = "\n") -> None:
        """Write text that any stream takes."""
        if not self.silent:
            safe = printable(text).encode(self.encoding, "backslashreplace").decode(self.encoding)
            self.console.print(Text(safe, style=style, end=""), end=end)
            self.console.file.flush()

    def rule(self, title: str, sign: str, style: str = "") -> None:
        rest = max(self.width - len(title) - 2, 6)
        self.put(f"{sign * (rest // 2)} {title} {sign * (rest - rest // 2)}", style)

    def begin(self, loaded: list[RuleTests]) -> None:
        self.total = sum(len(tests.cases) for tests in loaded)
        if self.total and not self.request.quiet:
            files = sum(bool(tests.cases) for tests in loaded)
            plural = "s" * (files != 1), "s" * (self.total != 1)
            self.put(f"matcher {__version__}: {self.total} case{plural[1]} in {files} file{plural[0]}")
            self.put("")

    def file(self, file: str) -> None:
        if not (self.request.quiet or self.request.verbose):
            self.put(f"{file} ", end="")
            self.column = len(file) + 1

    def case(self, outcome: Outcome) -> None:
        self.done += 1
        mark, style = _MARKS[outcome.status]
        if self.request.quiet:
            return
        if self.request.verbose:
            self.put(f"{outcome.name} ", end="")
            events = f" ({outcome.events} events)" if outcome.events > 1 else ""
            self.put(f"{outcome.status.upper()}{events}", style)
            return
        if self.column >= self.width - 7:
            self.put("")
            self.column = 0
        self.put(mark, style, end="")
        self.column += 1

    def file_end(self) -> None:
        if not (self.request.quiet or self.request.verbose):
            share = f"[{100 * self.done // max(self.total, 1):3d}%]"
            self.put(" " * max(self.width - self.column - len(share), 1) + share, "cyan")

    def end(self, session: _Session) -> None:
        """Write what failed and why, and the sum."""
        bad = {status: [one for one in session.outcomes if one.status == status] for status in ("error", "failed")}
        if bad["error"] or session.faults:
            self.put("")
            self.rule("ERRORS", "=")
            for file, text in session.faults.items():
                self.rule(file, "_", "bold red")
                self.put(text, "bold red")
                self.put("")
            self._told(bad["error"])
        if bad["failed"]:
            self.put("")
            self.rule("FAILURES", "=")
            self._told(bad["failed"])
        if any(bad.values()) or session.faults:
            self.rule("short summary", "=")
            for file in session.faults:
                self.put(f"ERROR {file}")
            for one in [*bad["failed"], *bad["error"]]:
                self.put(f"{one.status.upper()} {one.name} - {one.summary}")
        if session.outcomes and self.request.first and session.outcomes[-1].status != "passed":
            self.rule("ended at the first that did not pass", "!", "bold red")
        if session.interrupted:
            self.rule("interrupted", "!", "bold red")
        if self.total and not (self.request.quiet or session.faults or any(bad.values())):
            self.put("")
        passed = session.code() == OK
        self.put(session.sum(), "bold green" if passed else "bold red")

    def _told(self, outcomes: list[Outcome]) -> None:
        """Write outcomes; cases with the very same error, as rules that don't compile give, are told once."""
        alike: dict[Any, list[Outcome]] = {}
        for one in outcomes:
            alike.setdefault(one.problems if one.status == "error" else id(one), []).append(one)
        for first, *others in alike.values():
            self.rule(f"{first.tests.file}:{first.case.line} {first.case.name}", "_", "bold red")
            if others:
                self.put(f"and {len(others)} more: {', '.join(one.case.name for one in others)}", "dim")
            for style, text in describe(first):
                self.put(text, STYLES[style])
            self.put("")
