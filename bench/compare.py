"""Turn one run into the tables of matcher and its rivals, with ratios, and a verdict for each bar.

python -m bench.compare [--quick] [--markdown] [--only SECTION …] [--seconds S] [--rounds K]
"""

from __future__ import annotations

import argparse
import math
import sys
import traceback
from time import perf_counter
from typing import TYPE_CHECKING

from bench import rivals, upkeep
from bench.report import Bar, Section, Table, machine, markdown, plain, preface, verdicts
from bench.rivals import Effort

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

SECTIONS: dict[str, Callable[[Effort], Section]] = {
    "parsers": rivals.parsers,
    "ruler": rivals.ruler,
    "peers": rivals.peers,
    "files": upkeep.files,
    "build": upkeep.building,
    "updates": upkeep.updates,
    "attacks": upkeep.attacks,
    "installed": upkeep.installed,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen sections, print their tables and the bars; the exit code is 1 where a bar is missed."""
    chosen = _arguments(arguments)
    effort = Effort(
        rounds=chosen.rounds or (2 if chosen.quick else 7),
        seconds=chosen.seconds or (0.1 if chosen.quick else 0.4),
        quick=chosen.quick,
    )
    show: Callable[[Table], str] = markdown if chosen.markdown else plain
    print(preface() if chosen.markdown else "\n".join(machine()), flush=True)
    bars = []
    for name in chosen.only or SECTIONS:
        start = perf_counter()
        section = _attempt(name, effort)
        for table in section.tables:
            print(show(table), flush=True)
        bars += section.bars
        print(f"{name}: {perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    print(show(verdicts(bars)))
    return int(any(bar.verdict == "MISS" for bar in bars))


def _attempt(name: str, effort: Effort) -> Section:
    """The section, or where it fails a missed bar that says so: one failure must not cost the other figures."""
    try:
        return SECTIONS[name](effort)
    except Exception as error:  # noqa: BLE001 - whatever it was is shown in full, and counts as a miss
        traceback.print_exception(error)
        return Section(
            bars=[Bar(f"section {name}: {type(error).__name__}: {error}"[:200], math.inf, 0, at_least=False)]
        )


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a taste in under a minute: fewer sizes, short rounds")
    parser.add_argument("--markdown", action="store_true", help="tables as bench/RESULTS.md has them")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, help="these sections alone")
    parser.add_argument("--seconds", type=float, help="seconds of one round of one runner")
    parser.add_argument("--rounds", type=int, help="rounds of each runner; the best one counts")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
