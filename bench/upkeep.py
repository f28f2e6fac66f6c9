"""Turn rule sets into tables of what surrounds a match: files, building, updating, attacks, and what is installed."""

# ruff: noqa: ARG001 - every section takes the effort, so that one table of sections can call them.

from __future__ import annotations

import math
import subprocess
import sys
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING

from bench import bars, data
from bench.adversarial import ATTACKS
from bench.measure import ROOT, fresh, latencies
from bench.report import Section, Table
from bench.subject import Validation, checked, events
from bench.workload import CACHE, store

if TYPE_CHECKING:
    from pathlib import Path

    from bench.rivals import Effort

__all__ = ["attacks", "big_file", "building", "files", "installed", "updates"]

ADDED = 500
SCALES = ("0.25", "1")


def files(effort: Effort) -> Section:
    """How many gigabytes a second does a file of JSON lines go through, and what does a second thread bring?"""
    path = big_file(64 if effort.quick else 512)
    size = path.stat().st_size
    best: dict[tuple[Validation, int], float] = {}
    for _ in range(2 if effort.quick else 5):
        for validate in ("strict", "structural"):
            for threads in (1, 2):
                took = _scan(path, validate, threads)
                key: tuple[Validation, int] = (validate, threads)
                best[key] = min(best.get(key, took), took)
    rows = []
    for (validate, threads), took in best.items():
        scaling = best[validate, 1] / took
        rows.append((validate, str(threads), f"{size / took / 1e9:.2f}", f"{scaling:.2f} x"))
    heads = ("validation", "threads", "GB/s", "against one thread")
    table = Table(f"scan of a file of {size / 1e6:.0f} MB, 1k exact rules, in the page cache", heads, rows)
    structural = best["structural", 2]
    return Section([table], [bars.files(size / structural / 1e9), bars.scaling(best["structural", 1] / structural)])


def big_file(megabytes: int) -> Path:
    path = CACHE / f"file-{megabytes}.jsonl"
    if not path.exists():
        inputs = events("eb-exact-1k")
        times = megabytes * 1_000_000 // sum(len(event) + 1 for event in inputs)
        store(path, (event for _ in range(times) for event in inputs))
    return path


def _scan(path: Path, validate: Validation, threads: int) -> float:
    rules = checked("eb-exact-1k", validate)
    start = perf_counter()
    deque(rules.scan(path, threads=threads), maxlen=0)
    return perf_counter() - start


def building(effort: Effort) -> Section:
    """What does a rule cost to build, parsing included, and to keep?"""
    names = (
        ["eb-exact-100k"]
        if effort.quick
        else ["eb-exact-10k", "eb-exact-100k", "eb-exact-1M", "eb-mixed-10k", "eb-mixed-100k", "hyper-100k"]
    )
    rows, judged = [], []
    for name in names:
        found = fresh("bench.probe", "build", name)
        each, held = found["seconds"] * 1e6 / found["rules"], found["bytes"] / found["rules"]
        rows.append((name, f"{found['seconds']:.2f}", f"{each:.1f}", f"{held:.0f}", f"{found['peak'] / 1e6:.0f}"))
        judged += [bars.build_time(name, each), bars.build_bytes(name, held)]
    heads = ("workload", "build s", "µs a rule", "bytes a rule", "peak MB")
    note = "From pattern text in memory; bytes are the growth of resident memory, names and texts excluded; peak is of all."
    return Section([Table("Build", heads, rows, note)], judged)


def updates(effort: Effort) -> Section:
    """How long until a rule added to 100,000, or removed from them, counts in the next match?"""
    name = "eb-exact-100k"
    rules = checked(name).copy()
    event = events(name)[0]
    spare = [pattern for _, pattern in data.workload("eb-mixed-1k").rules()]

    def add(number: int) -> None:
        rules.add(f"new-{number}", spare[number % len(spare)])
        rules.match(event)

    def remove(number: int) -> None:
        rules.remove(f"new-{number}")
        rules.match(event)

    def replace(number: int) -> None:
        rules[f"rule-{number:07}"] = spare[number % len(spare)]
        rules.match(event)

    rows, medians = [], []
    for label, call in (("add", add), ("remove", remove), ("replace", replace)):
        found = latencies(call, ADDED)
        shares = [found[int(len(found) * share)] for share in (0.5, 0.9, 0.99)]
        rows.append((f"{label} one, then match", *(f"{value * 1e6:,.0f}" for value in (*shares, found[-1]))))
        medians.append(shares[0])
    heads = ("on 100k rules", "median µs", "90 % µs", "99 % µs", "slowest µs")
    return Section([Table("Updates", heads, rows, f"{ADDED} times each")], [bars.update(medians[0])])


def attacks(effort: Effort) -> Section:
    """Does any known weak spot of event matchers break the linear bound, 50 ms, or a gigabyte?"""
    names = ["wildcards", "objects", "prefixes"] if effort.quick else list(ATTACKS)
    rows, judged, failures = [], [], []
    for name in names:
        try:
            found = fresh("bench.probe", "attack", name, *SCALES)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            rows.append((name, ATTACKS[name].why, "failed", "", "", "", "", ""))
            failures.append(f"{name} failed: {str(error)[-300:]}")
            judged.append(bars.attack_time(name, math.inf))
            continue
        growth = _growth(found["bytes"], found["seconds"], found["matches"])
        rows.append(
            (
                name,
                ATTACKS[name].why,
                f"{found['build_s']:.2f}",
                f"{found['bytes'][-1]:,}",
                f"{found['matches'][-1]:,}",
                f"{found['seconds'][-1] * 1e3:.2f}",
                f"{growth:.2f}",
                f"{found['peak'] / 1e6:.0f}",
            )
        )
        judged.append(bars.attack_time(name, found["seconds"][-1]))
        judged.append(bars.attack_memory(name, found["peak"]))
        judged.append(bars.attack_growth(name, growth))
    heads = ("attack", "what", "build s", "event bytes", "matches", "ms", "growth over linear", "peak MB")
    return Section([Table("Adversarial sets, one event", heads, rows, "\n".join(failures))], judged)


def _growth(sizes: list[int], times: list[float], matches: list[int]) -> float:
    """How much faster than bytes x (1 + matches) the time grew from the first size to the last; at most 1 is linear."""
    work = [size * (1 + found) for size, found in zip(sizes, matches, strict=True)]
    return (times[-1] / times[0]) / max(1.0, work[-1] / work[0])


def installed(effort: Effort) -> Section:
    """What does importing matcher cost, and how large is what pip fetches?"""
    turns = 5 if effort.quick else 20
    bare, ours = _starts("import orjson", "import orjson, matcher", turns)
    wheels = sorted((ROOT / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    size = wheels[-1].stat().st_size if wheels else None
    rows = [
        ("python -c 'import orjson'", f"{bare * 1e3:.1f} ms"),
        ("python -c 'import orjson, matcher'", f"{ours * 1e3:.1f} ms"),
        (wheels[-1].name if wheels else "wheel", "absent" if size is None else f"{size / 1e6:.2f} MB"),
    ]
    return Section(
        [Table("Installed", ("what", "figure"), rows, f"best of {turns}")],
        [bars.import_time(ours - bare), bars.wheel(size)],
    )


def _starts(first: str, second: str, turns: int) -> tuple[float, float]:
    """The best of several starts of Python with each of two programs, in turn."""
    best = {first: float("inf"), second: float("inf")}
    for _ in range(turns + 1):  # the first turn fills the page cache
        for program in (first, second):
            start = perf_counter()
            subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
            best[program] = min(best[program], perf_counter() - start)
    return best[first], best[second]
