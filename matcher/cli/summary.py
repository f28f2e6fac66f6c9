"""Turn the counts of a scan into JSON, a table, and a few lines that sum them up."""

from __future__ import annotations

import io
import json
import sys
from typing import Any, Final, TypeAlias

from matcher.cli.terminal import printable, say
from matcher.errors import EventError
from matcher.offline.hits import Counts
from matcher.offline.job import Stopped

__all__ = ["AllCounts", "count", "say_refused", "stopped", "summarize", "table"]

AllCounts: TypeAlias = "Counts[str]"

_PLACES: Final = 5  # refused events that are told one by one
_ERRORS: Final = 100
_NEVER: Final = 10
_WIDTH: Final = 120
_RATED: Final = 0.05  # seconds from which on a rate says something


def count(counts: AllCounts, names: list[str], *, to_file: bool, complete: bool) -> bytes:
    """Give counts as one JSON object: in all with every rule, by source with those that matched.

    `complete`: all sources were read to their ends.
    """
    errors = [
        {"source": printable(one.source), "line": line, "byte": byte, "error": str(error)}
        for one in counts.sources
        for line, byte, error in one.errors
    ]
    plain = {
        "complete": complete,
        "events": counts.events,
        "matched": counts.matched,
        "refused": counts.refused,
        "bytes": counts.bytes,
        "rules": {name: counts.by_name.get(name, 0) for name in names},
        "sources": [
            {
                "source": printable(one.source),
                "events": one.events,
                "matched": one.matched,
                "refused": one.refused,
                "bytes": one.bytes,
                "rules": one.by_name,
                **({"fault": one.fault.reason} if one.fault else {}),
            }
            for one in counts.sources
        ],
        "errors": errors[:_ERRORS],
    }
    indent = 2 if not to_file and sys.stdout.isatty() else None
    return json.dumps(plain, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace") + b"\n"


def table(counts: AllCounts, names: list[str], *, to_file: bool) -> bytes:
    """Give counts as a table to read: by rule, and by source where there are several."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    held = io.StringIO()
    terminal = not to_file and sys.stdout.isatty()
    width = Console(file=sys.stdout).width if terminal else _WIDTH
    console = Console(file=held, highlight=False, width=width, force_terminal=terminal)

    def made(first: str, *others: str) -> Table:
        one = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        one.add_column(first, overflow="fold")
        for name in others:
            one.add_column(name, justify="right")
        return one

    rules = made("Rule", "Matches", "Of events")
    for name in names:
        if number := counts.by_name.get(name):
            rules.add_row(Text(printable(name)), f"{number:,}", f"{number / counts.events:.1%}")
    if rules.row_count:
        console.print(rules)
        console.print()
    if len(counts.sources) > 1:
        sources = made("Source", "Events", "Matched", "Refused")
        for one in counts.sources:
            sources.add_row(Text(printable(one.source)), f"{one.events:,}", f"{one.matched:,}", f"{one.refused:,}")
        console.print(sources)
        console.print()
    never = [printable(name) for name in names if not counts.by_name.get(name)]
    if never:
        more = f" and {len(never) - _NEVER:,} more" if len(never) > _NEVER else ""
        console.print(Text(f"Met by no event: {', '.join(never[:_NEVER])}{more}", style="dim"))
    return held.getvalue().encode("utf-8", "backslashreplace")


def summarize(counts: AllCounts, before: AllCounts, seconds: float, *, resumed: bool) -> None:
    """Say what a run found, where it was refused, and how fast it was; `before`: what an earlier run had counted."""
    say_refused(counts)
    for fault in counts.faults:
        say(str(fault))
    size, events = counts.bytes - before.bytes, counts.events + counts.refused - before.events - before.refused
    rate = f": {events / seconds:,.0f} events/s, {size / seconds / 1e9:.2f} GB/s" if seconds > _RATED else ""
    on = f", {before.events + before.refused:,} of them in an earlier run" if resumed else ""
    sources = f" in {len(counts.sources):,} sources" if len(counts.sources) > 1 else ""
    say(
        f"{counts.events:,} event{'' if counts.events == 1 else 's'}, {counts.matched:,} matched, {counts.refused:,} refused{on}; "
        f"{_size(counts.bytes)}{sources}, {seconds:.2f} s{rate}"
    )


def say_refused(counts: Counts[Any]) -> None:
    """Say of the first refused events where they are and what is wrong, and how many more there are."""
    told = 0
    for one in counts.sources:
        for line, byte, error in one.errors[: _PLACES - told]:
            say(f"{one.source}: {_place(line, byte, error)}")
            told += 1
    if more := counts.refused - told:
        say(f"and {more:,} more event{'' if more == 1 else 's'} refused")


def _place(line: int, byte: int | None, error: EventError) -> str:
    if byte is None:
        return f"line {line}: {error}"
    return f"line {line}, byte {byte + error.at}: {error.reason}"


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def stopped(stop: Stopped, allowed: int | None) -> str:
    """Say where a run ended early, and why."""
    if stop.error is None:
        return f"ended at the limit of matches: {stop.source}: line {stop.line}"
    events = "event was" if allowed == 1 else "events were"
    more = "an event was refused" if not allowed else f"more than {allowed:,} {events} refused"
    return f"ended because {more}: {stop.source}: {_place(stop.line, stop.byte, stop.error)}"
