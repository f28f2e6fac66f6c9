"""Turn figures into tables, for a terminal or as Markdown, and into a verdict against each bar."""

from __future__ import annotations

import math
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Bar", "Section", "Table", "machine", "markdown", "plain", "preface", "rate", "verdicts"]


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the heads of the columns, and rows of text."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the project's bars: a measured figure (None where it could not be measured) and its thresholds."""

    what: str
    figure: float | None
    bar: float
    stretch: float | None = None
    at_least: bool = True
    unit: str = "x"
    why_absent: str = ""

    def meets(self, threshold: float) -> bool:
        """Whether the figure is on the good side of a threshold."""
        assert self.figure is not None
        return self.figure >= threshold if self.at_least else self.figure <= threshold

    @property
    def verdict(self) -> str:
        """PASS, PASS with the stretch goal, MISS, or ABSENT."""
        if self.figure is None:
            return "ABSENT"
        if self.stretch is not None and self.meets(self.stretch):
            return "PASS (stretch)"
        return "PASS" if self.meets(self.bar) else "MISS"


@dataclass(frozen=True, slots=True)
class Section:
    """What one part of the comparison found."""

    tables: list[Table] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)


def rate(events_per_s: float) -> str:
    """Events per second in three digits: 1.47M, 236k, 16.9."""
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        if events_per_s >= factor:
            return f"{events_per_s / factor:.3g}{letter}"
    return f"{events_per_s:.3g}"


def verdicts(bars: Sequence[Bar]) -> Table:
    """Every bar with its figure and PASS or MISS."""
    rows = []
    for bar in bars:
        sign = "≥" if bar.at_least else "≤"
        figure = bar.why_absent or "not measured" if bar.figure is None else f"{bar.figure:.3g} {bar.unit}"
        if bar.figure == math.inf:
            figure = "failed"
        stretch = "" if bar.stretch is None else f"{sign} {bar.stretch:g}"
        rows.append((bar.what, f"{sign} {bar.bar:g} {bar.unit}", stretch, figure, bar.verdict))
    return Table("Bars", ("what", "bar", "stretch", "measured", "verdict"), rows)


def machine() -> list[str]:
    """What a reader needs in order to judge or repeat the figures."""
    versions = [f"{name} {_version(name)}" for name in ("orjson", "pysimdjson")]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}",
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, {platform.machine()}",
        f"CPython {platform.python_version()}, {', '.join(versions)}",
        f"load before the run {os.getloadavg()[0]:.2f}",
        f"command: {' '.join(['python -m bench.compare', *sys.argv[1:]])}",
    ]


def preface() -> str:
    """The head of bench/RESULTS.md: what was run, where, and how its figures came about."""
    return "\n".join(
        [
            "# Results",
            "",
            "Written by the command below; nothing here is typed by hand.",
            "",
            *(f"- {fact}" for fact in machine()),
            "",
            (
                "Rounds of all runners of a table interleave (A B A B …), and the best round of each counts; spread is how far the"
                " worst round lies under it. Every rule set's answers were compared with the naive matcher before it was timed."
            ),
            "",
        ]
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    except OSError:
        return platform.processor()
    return f"{facts.get('model name', platform.processor())} (family {facts.get('cpu family')}, model {facts.get('model')})"


def plain(table: Table) -> str:
    """The table in aligned columns; figures stand on the right."""
    lines = [table.heads, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.heads))]
    text = [
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([f"\n{table.title}", text[0], rule, *text[1:], *([table.note] if table.note else [])])


def markdown(table: Table) -> str:
    """The table as Markdown under a heading."""
    align = "|".join(["---", *["---:"] * (len(table.heads) - 1)])
    rows = [
        "| " + " | ".join(re.sub(r"([|*_])", r"\\\1", cell) for cell in row) + " |"
        for row in (table.heads, *table.rows)
    ]
    return "\n".join(
        [f"## {table.title}\n", rows[0], f"|{align}|", *rows[1:], *(["", table.note] if table.note else []), ""]
    )
