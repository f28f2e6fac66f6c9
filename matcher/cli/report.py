"""Turn a request for a report into tables for a terminal, JSON, or a page."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from matcher.cli.summary import say_refused
from matcher.cli.terminal import FINDINGS, OK, REFUSED, compile_rules, printable, progress_bar, say, write
from matcher.offline.misses import Miss
from matcher.offline.output import refuse_overwriting
from matcher.offline.reporting import Report, report
from matcher.offline.sink import Sink
from matcher.offline.sources import expand
from matcher.offline.webpage import page
from matcher.rulefile import RulesFormat, read_rules
from matcher.ruleset import Validate

__all__ = ["Request", "report_rules"]

_WIDTH: Final = 120
_LINES: Final = 10  # rules explained, fields, and pairs in the tables; the other forms have more
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Request:
    """What `matcher report` was asked; see its options."""

    rules: str
    rules_format: RulesFormat
    sources: tuple[str, ...]
    form: Literal["table", "json", "html"]
    output: str | None
    samples: int
    sampled: int
    seed: int
    time: str | None
    threads: int
    validate: Validate
    quiet: bool


def report_rules(request: Request) -> int:
    """Write the report; give 1 if a rule never matched or an event was refused, 2 if a source could not be read."""
    if [request.rules, *request.sources].count("-") > 1:
        raise LookupError("standard input can be only one of RULES and SOURCE")
    if request.time is not None and not request.time.startswith("/"):
        raise LookupError(f"--time is a JSON pointer, which begins with /, not {request.time!r}")
    file = "standard input" if request.rules == "-" else request.rules
    rules = compile_rules(file, read_rules(request.rules, request.rules_format), request.validate)
    names = expand(request.sources)
    if request.output is not None:
        refuse_overwriting(request.output, [request.rules, *names])
    with progress_bar(names, quiet=request.quiet) as more:
        found = report(
            rules,
            names,
            samples=request.samples,
            sampled=request.sampled,
            seed=request.seed,
            time=request.time,
            threads=request.threads,
            progress=None if more is None else lambda size, events: more(size, events=events),
        )
    _put(request, found)
    if not request.quiet:
        say_refused(found.counts)
    for fault in found.counts.faults:
        say(str(fault))
    if found.counts.faults:
        return REFUSED
    return FINDINGS if found.never or found.counts.refused else OK


def _put(request: Request, found: Report[str]) -> None:
    if request.form == "table" and request.output is None:
        _show(found, Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH, highlight=False))
        return
    if request.form == "table":
        text = io.StringIO()
        _show(found, Console(width=_WIDTH, file=text, highlight=False))
        data = text.getvalue().encode("utf-8", "replace")
    elif request.form == "json":
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
        data = orjson.dumps(_writable(found.to_dict()), option=options)
    else:
        data = page(found).encode()
    if request.output is None:
        write(data)
        return
    sink = Sink(request.output)
    try:
        sink.write(data)
    except BaseException:
        sink.abandon()  # the report that was there before stands
        raise
    sink.close()


# ---- tables ----


def _show(found: Report[str], console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in (("Rule", "left"), ("Matches", "right"), ("Share", "right"), ("First", "left"), ("Last", "left")):
        table.add_column(title, justify=justify, overflow="fold")  # type: ignore[arg-type]
    if found.histogram.counts:
        table.add_column("Over time", no_wrap=True)
    for rule in sorted(found.rules, key=lambda rule: -rule.matches):
        cells = [printable(rule.name), f"{rule.matches:,}", _share(rule.share), _moment(rule.first), _moment(rule.last)]
        if found.histogram.counts:
            cells.append(_spark(rule.counts))
        table.add_row(*map(Text, cells), style=None if rule.matches else "yellow")
    console.print(table)
    for rule in found.rules:
        if rule.samples and len(found.rules) <= _LINES * 2:
            console.print(Text(f"\n{printable(rule.name)}", style="bold"))
            for sample in rule.samples:
                line = f"  {sample.source}:{sample.line}: {sample.event}"
                console.print(Text(printable(line), style="dim"), no_wrap=True, overflow="ellipsis")
    _show_misses(found, console)
    if found.absent:
        console.print(Text("\nFields that rules ask for and no event has", style="bold"))
        for one in found.absent[:_LINES]:
            more = f" and {one.total - len(one.rules)} more" if one.total > len(one.rules) else ""
            console.print(Text(printable(f"  {_named(one.path)}: asked for by {', '.join(one.rules)}{more}")))
    if found.overlaps:
        console.print(Text("\nRules that match the same events", style="bold"))
        for pair in found.overlaps[:_LINES]:
            shares = f"{_share(pair.of_one)} and {_share(pair.of_other)} of their matches"
            console.print(Text(printable(f"  {pair.one} and {pair.other}: {_events(pair.events)}, {shares}")))
    console.print(Text(f"\n{_sum(found)}"))


def _show_misses(found: Report[str], console: Console) -> None:
    if not found.never:
        return
    console.print(Text("\nRules that never matched", style="bold"))
    for miss in found.misses[:_LINES]:
        console.print(Text(printable(f"  {miss.rule}: {_why(miss)}")), soft_wrap=True)
        if miss.nearest is not None:
            near = f"    nearest: {miss.nearest.source}:{miss.nearest.line}: {'; '.join(miss.unmet) or miss.reason}"
            console.print(Text(printable(near), style="dim"), soft_wrap=True)
    if found.never > _LINES:
        console.print(Text(f"  and {found.never - min(_LINES, len(found.misses)):,} more"))


def _why(miss: Miss[str]) -> str:
    if not miss.fields:
        return miss.reason
    path, failed = miss.fields[0]
    return f"{_named(path)} failed in {failed:,} of {miss.sampled:,} sampled events"


def _named(path: str) -> str:
    return path or '""'


def _sum(found: Report[str]) -> str:
    refused = f", {found.counts.refused:,} refused" if found.counts.refused else ""
    span = "" if found.first is None else f"; {_moment(found.first)} to {_moment(found.last)} UTC"
    never = f", {found.never:,} never matched" if found.never else ""
    rules = f"{len(found.rules):,} rule{'' if len(found.rules) == 1 else 's'}{never}"
    return f"{_events(found.events)}: {found.matched:,} matched{refused}; {rules}{span}"


def _events(number: int) -> str:
    return f"{number:,} event{'' if number == 1 else 's'}"


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 or not share else f"{100 * share:.1f} %" if share >= 0.001 else "< 0.1 %"


def _moment(seconds: float | None) -> str:
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "?"


def _spark(counts: tuple[int, ...], width: int = 24) -> str:
    """Give the counts as blocks, joined to at most `width` of them."""
    if not any(counts):
        return ""
    step = -(-len(counts) // width)
    joined = [sum(counts[at : at + step]) for at in range(0, len(counts), step)]
    most = max(joined)
    return "".join(_BLOCKS[-(-8 * count // most)] for count in joined)


def _writable(value: object) -> object:
    """Give plain values without lone surrogates, which come from names of files that are no UTF-8."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_writable(name): _writable(inner) for name, inner in value.items()}
        case list():
            return [_writable(inner) for inner in value]
        case _:
            return value
