"""Turn two files of rules, and events, into a table of what changes, JSON, or a comment for a pull request."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from matcher.cli.summary import say_refused
from matcher.cli.terminal import FINDINGS, OK, REFUSED, compile_rules, printable, progress_bar, say, write
from matcher.offline.difference import Change, Difference, Sample, diff
from matcher.offline.sources import expand
from matcher.rulefile import RulesFormat, read_rules
from matcher.ruleset import RuleSet, Validate

__all__ = ["Request", "diff_rules"]

_WIDTH: Final = 120
_STYLES: Final = {
    "widened": "yellow",
    "narrowed": "yellow",
    "changed": "yellow",
    "unknown": "magenta",
    "added": "green",
    "removed": "red",
    "renamed": "cyan",
    "equal": "dim",
}
_SAID: Final = {
    "equal": "is written otherwise, and matches the same events",
    "widened": "matches all that it did, and more",
    "narrowed": "matches less than it did, and nothing else",
    "changed": "matches some events that it did not, and no longer others",
    "added": "is new",
    "removed": "is gone",
}
_WORDS: Final = {"+": "gained", "-": "lost"}
#: What a comment of a pull request may hold; GitHub takes 65,536 characters.
_COMMENT: Final = 60_000

AnyDifference: TypeAlias = "Difference[str]"
AnyChange: TypeAlias = "Change[str]"


@dataclass(frozen=True, slots=True)
class Request:
    """What `matcher diff` was asked; see its options."""

    old: str
    new: str
    rules_format: RulesFormat
    sources: tuple[str, ...]
    form: Literal["table", "json", "markdown"]
    samples: int
    traffic: bool
    threads: int
    validate: Validate
    quiet: bool


def diff_rules(request: Request) -> int:
    """Write what changes; give 1 if anything does, 2 if a source could not be read."""
    if [request.old, request.new, *request.sources].count("-") > 1:
        raise LookupError("standard input can be only one of OLD, NEW and SOURCE")
    if request.traffic and not request.sources:
        raise LookupError("--traffic asks what events tell: give a SOURCE")
    old, new = _compiled(request.old, request), _compiled(request.new, request)
    names = expand(request.sources)
    with progress_bar(names, quiet=request.quiet) as more:
        tell = None if more is None else lambda size, events: more(size, events=events)
        found = diff(
            old,
            new,
            names,
            samples=request.samples,
            threads=request.threads,
            validate=request.validate,
            progress=tell,
        )
    _SHOW[request.form](found)
    if found.counts is not None:
        if not request.quiet:
            say_refused(found.counts)
        for fault in found.counts.faults:
            say(str(fault))
        if found.counts.faults:
            return REFUSED
    return FINDINGS if (found.moved if request.traffic else found.differs) else OK


def _compiled(file: str, request: Request) -> RuleSet[str]:
    return compile_rules("standard input" if file == "-" else file, read_rules(file, request.rules_format))


# ---- what is said of a rule ----


def _about(change: AnyChange) -> str:
    """Say what became of a rule, in words that follow its name."""
    if change.kind == "renamed":
        return f'is "{printable(str(change.was))}" under another name'
    compared = change.compared
    if compared is None or compared.relation != "unknown":
        return _SAID[change.relation]
    if compared.keeps:
        return "matches all that it did; whether more is not proved"
    if compared.adds_nothing:
        return "matches nothing that it did not; whether less is not proved"
    known = "gains" if compared.gained is not None else "loses" if compared.lost is not None else ""
    return f"{known} events (see below); whether that is all is not proved" if known else "is not proved to be the same"


def _examples(change: AnyChange) -> Iterator[tuple[str, str]]:
    """Give events that show what a rule gains and loses."""
    compared = change.compared
    if compared is not None and compared.gained is not None:
        yield "+", f"for example {compared.gained.decode()}"
    if compared is not None and compared.lost is not None:
        yield "-", f"for example {compared.lost.decode()}"


def _sampled(change: AnyChange) -> Iterator[tuple[str, Sample]]:
    for sign, samples in (("+", change.gained_samples), ("-", change.lost_samples)):
        for sample in samples:
            yield sign, sample


def _place(sample: Sample) -> str:
    return f"{printable(sample.source)}:{sample.line}"


def _sum(found: AnyDifference) -> str:
    by: dict[str, int] = {}
    for change in found.changes:
        by[change.relation] = by.get(change.relation, 0) + 1
    parts = [f"{by[name]:,} {name}" for name in _STYLES if name in by]
    return ", ".join([*parts, f"{found.unchanged:,} unchanged"])


def _traffic(found: AnyDifference) -> list[str]:
    if found.counts is None:
        return []
    refused = f", {found.counts.refused:,} refused" if found.counts.refused else ""
    lines = [f"{found.events:,} events{refused}: {found.before:,} matched before, {found.after:,} match now"]
    if found.silenced:
        lines.append(f"{found.silenced:,} matched something before and match nothing now")
    if found.awakened:
        lines.append(f"{found.awakened:,} matched nothing before and match something now")
    return lines


# ---- the three forms ----


def _table(found: AnyDifference) -> None:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"

    def safe(text: str) -> str:
        return printable(text).encode(encoding, "backslashreplace").decode(encoding)

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    if found.changes:
        made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        made.add_column("Rule", overflow="fold")
        made.add_column("Is")
        for column in ("Before", "Now", "Gained", "Lost") if found.counts is not None else ():
            made.add_column(column, justify="right")
        for change in found.changes:
            row = [Text(safe(change.name)), Text(change.relation, style=_STYLES[change.relation])]
            if found.counts is not None and change.kind != "renamed":
                row += [Text(f"{one:,}") for one in (change.before, change.after)]
                row += [Text(f"+{change.gained:,}", style="green" if change.gained else "dim")]
                row += [Text(f"-{change.lost:,}", style="red" if change.lost else "dim")]
            made.add_row(*row)
        console.print(made)
        console.print()
    put = Console(highlight=False, soft_wrap=True, markup=False, emoji=False).print
    for change in found.changes:
        _details(change, lambda text, style="": put(Text(safe(text), style=style)))
    for title, samples in (
        ("match nothing now", found.silenced_samples),
        ("match for the first time", found.awakened_samples),
    ):
        if samples:
            put(Text(f"Events that {title}:", style="bold"))
            for sample in samples:
                put(Text(safe(f"  {_place(sample)}: {sample.event}")))
            put()
    for line in [*_traffic(found), _sum(found)]:
        put(line)


def _details(change: AnyChange, put: Callable[..., None]) -> None:
    """Write what is known of one rule beside its numbers."""
    colours = {"+": "green", "-": "red"}
    put(f"{change.name} {_about(change)}")
    sampled = list(_sampled(change))
    shown = {sign for sign, _ in sampled}
    for sign, said in _examples(change):
        if sign not in shown:
            put(f"  {sign} {said}", colours[sign])
    for sign, sample in sampled:
        put(f"  {sign} {_place(sample)}: {sample.event}", colours[sign])
        if sample.reason:
            put(f"      {'the old' if sign == '+' else 'the new'} rule: {sample.reason}", "dim")
    put("")


def _json(found: AnyDifference) -> None:
    text = json.dumps(found.to_dict(), ensure_ascii=False, indent=2)
    write(text.encode("utf-8", "backslashreplace") + b"\n")


def _markdown(found: AnyDifference) -> None:
    """Write a comment; where it would be too long, the last samples are left out."""
    lines = ["### Rules: " + _sum(found), ""]
    lines += [f"{line}.  " for line in _traffic(found)]
    if found.changes:
        events = found.counts is not None
        lines += ["", "| Rule | Is |" + (" Before | Now | Gained | Lost |" if events else " |")]
        lines.append("|---|---|" + ("--:|--:|--:|--:|" if events else "---|"))
        lines += [_row(change, events) for change in found.changes]
    blocks = [lines]
    blocks += [block for change in found.changes if (block := _folded(change))]
    for title, samples in (
        ("match nothing now", found.silenced_samples),
        ("match for the first time", found.awakened_samples),
    ):
        if samples:
            blocks.append(["", f"<details><summary>Events that {title}</summary>", ""])
            blocks[-1] += [
                *(f"- {_code(_place(sample))} {_code(sample.event)}" for sample in samples),
                "",
                "</details>",
            ]
    text = ""
    for block in blocks:
        more = "\n".join(block) + "\n"
        if text and len(text) + len(more) > _COMMENT:
            text += "\nMore samples do not fit here.\n"
            break
        text += more
    write(printable(text).encode("utf-8", "backslashreplace"))


def _row(change: AnyChange, events: bool) -> str:
    cells = [_code(change.name), change.relation]
    if not events:
        cells.append(_cell(_about(change)))
    elif change.kind == "renamed":
        cells += [_cell(_about(change)), "", "", ""]
    else:
        cells += [f"{change.before:,}", f"{change.after:,}", f"+{change.gained:,}", f"-{change.lost:,}"]
    return f"| {' | '.join(cells)} |"


def _folded(change: AnyChange) -> list[str]:
    """Give the samples of a rule, folded away."""
    sampled = list(_sampled(change))
    shown = {sign for sign, _ in sampled}
    lines = [
        f"- {_WORDS[sign]}, for example {_code(said[12:])}" for sign, said in _examples(change) if sign not in shown
    ]
    for sign, sample in sampled:
        which = "old" if sign == "+" else "new"
        why = f"<br>the {which} rule: {_code(sample.reason)}" if sample.reason else ""
        lines.append(f"- {_WORDS[sign]}: {_code(_place(sample))} {_code(sample.event)}{why}")
    if not lines:
        return []
    name = change.name.replace("&", "&amp;").replace("<", "&lt;")
    return [
        "",
        f"<details><summary><code>{_line(name)}</code> {_cell(_about(change))}</summary>",
        "",
        *lines,
        "",
        "</details>",
    ]


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Give text that no Markdown table, and no HTML, takes for its own."""
    return _line(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _code(text: str) -> str:
    """Give text as a span of code, of as many backticks as it takes."""
    plain = _line(printable(text)).replace("|", "\\|")
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in plain).split()), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return f"{ticks}{pad}{plain}{pad}{ticks}"


_SHOW: Final[dict[str, Callable[[Any], None]]] = {"table": _table, "json": _json, "markdown": _markdown}
