"""Turn answers into JSON lines, a table, or counts on standard output."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import orjson

from matcher.cli.terminal import printable, say, write
from matcher.errors import EventError
from matcher.scanning import Counts

__all__ = ["Answers", "Counting", "Lines", "counts", "table"]

#: The number of each event, and the names of the rules that match, or an EventError.
Answers = list[tuple[int, Any]]

_REMEMBERED = 4096  # lists of names whose JSON is kept
_SAMPLES = 3
_ERRORS_SHOWN = 5
_NEVER_SHOWN = 10
_PIPED_WIDTH = 120
_RATED = 0.5  # seconds from which on a rate says something


def _json(text: str) -> bytes:
    try:
        return orjson.dumps(text)
    except orjson.JSONEncodeError:  # a lone surrogate, as JSON may spell it
        return json.dumps(text).encode()


class Lines:
    """A line of JSON for each event."""

    def __init__(self, *, several: bool, matched_only: bool) -> None:
        self.refused = 0
        self._several = several
        self._matched_only = matched_only
        self._known: dict[tuple[str, ...], bytes] = {}

    def add(self, path: str, answers: Answers) -> None:
        head = b'{"file": %b, "line": ' % _json(printable(path)) if self._several else b'{"line": '
        lines = []
        for number, answer in answers:
            if isinstance(answer, EventError):
                self.refused += 1
                lines.append(b'%b%d, "error": %b}\n' % (head, number, _json(str(answer))))
            elif answer or not self._matched_only:
                lines.append(b'%b%d, "rules": [%b]}\n' % (head, number, self._names(tuple(answer))))
        if lines:
            write(b"".join(lines))

    def _names(self, names: tuple[str, ...]) -> bytes:
        known = self._known.get(names)
        if known is None:
            known = b", ".join(map(_json, names))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[names] = known
        return known

    def end(self) -> None:
        pass


class Counting:
    """Matches by rule, with the first events of each; `show` writes them at the end."""

    def __init__(
        self, names: list[str], show: Callable[[Counting], None], *, several: bool, matched_only: bool
    ) -> None:
        self.events = self.matched = self.refused = 0
        self.by_name = dict.fromkeys(names, 0)
        self.samples: dict[str, list[str]] = {}
        self.errors: list[str] = []
        self.matched_only = matched_only
        self.began = time.perf_counter()
        self._several = several
        self._show = show

    def add(self, path: str, answers: Answers) -> None:
        by_name = self.by_name
        self.events += len(answers)
        for number, answer in answers:
            if isinstance(answer, EventError):
                self.refused += 1
                if len(self.errors) < _ERRORS_SHOWN:
                    self.errors.append(f"{self._place(path, number)}: {answer}")
                continue
            self.matched += bool(answer)
            for name in answer:
                by_name[name] += 1
                if by_name[name] <= _SAMPLES:
                    self.samples.setdefault(name, []).append(self._place(path, number, short=True))

    def add_counts(self, counted: Counts[str]) -> None:
        """Add a whole file, of which only the counts are known."""
        self.events += counted.events + counted.refused
        self.matched += counted.matched
        self.refused += counted.refused
        for name, count in counted.by_name.items():
            self.by_name[name] += count

    def _place(self, path: str, number: int, *, short: bool = False) -> str:
        if self._several:
            return f"{printable(path)}:{number}"
        return str(number) if short else f"line {number}"

    def end(self) -> None:
        self._show(self)


def counts(counted: Counting) -> None:
    """Write counts as one JSON object, indented on a terminal."""
    plain = {
        "events": counted.events,
        "matched": counted.matched,
        "errors": counted.refused,
        "rules": {name: count for name, count in counted.by_name.items() if count or not counted.matched_only},
    }
    text = json.dumps(plain, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
    write(text.encode("utf-8", "backslashreplace") + b"\n")


def table(counted: Counting) -> None:
    """Write counts as a table to read; the first refused events go to standard error."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    made.add_column("Rule", overflow="fold")
    made.add_column("Matches", justify="right")
    made.add_column("Of events", justify="right")
    made.add_column("First at", style="dim", overflow="fold")
    for name, count in counted.by_name.items():
        if count:
            first = counted.samples[name]
            places = ", ".join(first) + (", …" if count > len(first) else "")
            made.add_row(Text(printable(name)), f"{count:,}", f"{count / counted.events:.1%}", places)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    if made.row_count:
        console.print(made)
        console.print()
    if not counted.matched_only:
        never = [printable(name) for name, count in counted.by_name.items() if not count]
        if never:
            more = f" and {len(never) - _NEVER_SHOWN:,} more" if len(never) > _NEVER_SHOWN else ""
            console.print(Text(f"Met by no event: {', '.join(never[:_NEVER_SHOWN])}{more}", style="dim"))
    console.print(_sum(counted))
    for error in counted.errors:
        say(error)
    if counted.refused > len(counted.errors):
        say(f"and {counted.refused - len(counted.errors):,} more events refused")


def _sum(counted: Counting) -> str:
    seconds = time.perf_counter() - counted.began
    refused = f", {counted.refused:,} refused" if counted.refused else ""
    rate = f", {counted.events / seconds:,.0f} events/s" if seconds > _RATED else ""
    return f"{counted.events:,} events, {counted.matched:,} matched{refused}; {seconds:.2f} s{rate}"
