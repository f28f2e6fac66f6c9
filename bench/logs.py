"""Turn a large event log into figures of `matcher scan`, whole processes beside jq, grep and DuckDB on the same file.

`python -m bench.logs [--megabytes 2000] [--rounds 3]` prints Markdown. The files are in the page cache, each command
runs as often as asked for, in turns, its best time counts, and its answer is compared before that.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from bench import bars, data
from bench.measure import ROOT
from bench.report import Bar, Section, Table, markdown, verdicts
from bench.subject import checked, events
from bench.upkeep import big_file

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

WORKLOAD = "eb-exact-1k"
#: One rule that each rival can be asked for: a string that stands in no other field.
VALUE = "Refund Rejected"
RULE = {"detail-type": [VALUE]}
LITERAL = f'"detail-type":"{VALUE}"'
#: What unpacks for `matcher scan`, and nothing else.
UNPACK = "import sys\nfrom matcher.unpack import Feed\nwith Feed(sys.argv[1], 1 << 20) as feed:\n while feed.next(): pass"
#: Slow rivals read a part of the file; their speed is by its bytes.
PART = 200


@dataclass(frozen=True, slots=True)
class Run:
    """What a process printed, how long it took (seconds), its peak memory (bytes), and the seconds of all processors."""

    output: bytes
    seconds: float
    peak: int
    work: float


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        sections = [
            scans(Path(folder), chosen.megabytes, chosen.rounds),
            packed(Path(folder), min(chosen.megabytes, 4 * PART), chosen.rounds),
            rivals(Path(folder), chosen.megabytes, chosen.rounds),
        ]
    tables = [table for section in sections for table in section.tables]
    judged = [bar for section in sections for bar in section.bars]
    print("\n".join(markdown(table) for table in [*tables, verdicts(judged)]))


def scans(folder: Path, megabytes: int, rounds: int) -> Section:
    """How fast is a log counted with 1,000 rules, how well do two threads share it, and in how much memory?"""
    path, rules, empty = big_file(megabytes), _rules(folder), folder / "empty.jsonl"
    empty.touch()
    wanted = _counted(path)
    size = path.stat().st_size
    best: dict[tuple[str, int], Run] = {}
    start = inf
    _scan(rules, path)  # into the page cache
    for _ in range(rounds):
        start = min(start, _scan(rules, empty).seconds)
        for validate in ("strict", "structural"):
            for threads in (1, 2):
                run = _scan(rules, path, "--threads", str(threads), "--validate", validate)
                assert _found(run) == wanted, "scan counts otherwise than match"
                best[validate, threads] = _better(best.get((validate, threads)), run)
    seconds = {key: run.seconds - start for key, run in best.items()}
    rows = [
        (
            validate,
            str(threads),
            f"{size / best[validate, threads].seconds / 1e9:.2f}",
            f"{size / took / 1e9:.2f}",
            f"{seconds[validate, 1] / took:.2f} x",
            f"{best[validate, threads].peak / 1e6:.0f}",
        )
        for (validate, threads), took in seconds.items()
    ]
    heads = ("validation", "threads", "GB/s, whole process", "GB/s of the scan", "against one thread", "peak MB")
    note = f"Of the scan: without the {start:.2f} s that the same command takes for an empty file (Python, imports, rules)."
    judged = [
        bars.files(size / seconds["structural", 2] / 1e9),
        Bar("files, 1k rules, two threads, strict", size / seconds["strict", 2] / 1e9, 1, unit="GB/s"),
        *(
            replace(bars.scaling(seconds[way, 1] / seconds[way, 2]), what=f"files, two threads / one thread, {way}")
            for way in ("structural", "strict")
        ),
        Bar("peak memory of a scan", max(run.peak for run in best.values()) / 1e6, 200, at_least=False, unit="MB"),
    ]
    return Section([Table(f"`matcher scan --format count`, {size / 1e6:,.0f} MB, {WORKLOAD}", heads, rows, note)], judged)


def packed(folder: Path, megabytes: int, rounds: int) -> Section:
    """What does a packed log cost beside its decompressor alone?"""
    path, rules = big_file(megabytes), _rules(folder)
    wanted, size = _counted(path), path.stat().st_size
    rows = []
    for tool, name in (("gzip", "log.jsonl.gz"), ("zstd", "log.jsonl.zst")):
        if shutil.which(tool) is None:
            rows.append((tool, "absent", "", "", ""))
            continue
        small = folder / name
        with small.open("wb") as file:
            subprocess.run([tool, "-6", "-c", str(path)], stdout=file, check=True)
        commands = {
            f"`{tool} -dc`": [tool, "-dc", str(small)],
            f"{tool}, the decompressor of `scan` alone": [sys.executable, "-c", UNPACK, str(small)],
            f"{tool}, `scan --format count`": _command(rules, small),
        }
        best = _interleaved(commands, rounds)
        scanned = best[f"{tool}, `scan --format count`"]
        assert _found(scanned) == wanted, "scan of the packed file counts otherwise"
        alone = best[f"{tool}, the decompressor of `scan` alone"].seconds
        rows += [
            (
                name,
                f"{run.seconds:.2f}",
                f"{run.work:.2f}",
                f"{size / run.seconds / 1e9:.2f}",
                f"{run.seconds / alone:.2f} x",
            )
            for name, run in best.items()
        ]
        small.unlink()
    heads = ("command", "s", "s of all cores", "GB/s unpacked", "time against its decompressor")
    return Section([Table(f"the same events, {size / 1e6:,.0f} MB of them packed", heads, rows)], [])


def rivals(folder: Path, megabytes: int, rounds: int) -> Section:
    """What do the tools that people use now take for the predicate of one rule?"""
    whole, part = big_file(megabytes), big_file(min(PART, megabytes))
    rules = folder / "one.json"
    rules.write_text(json.dumps({"refund": RULE}))
    query = f"SELECT count(*) FROM read_json('{whole}', format='newline_delimited') WHERE \"detail-type\" = '{VALUE}'"
    code = (
        "import duckdb,sys\nduckdb.execute('SET enable_progress_bar = false')\n"
        "print(duckdb.execute(sys.argv[1]).fetchone()[0])"
    )
    jq = f'select(."detail-type" == "{VALUE}") | 1'
    commands: dict[str, list[str]] = {
        "`matcher scan`": _command(rules, whole),
        "`matcher scan --validate structural`": [*_command(rules, whole), "--validate", "structural"],
        "`grep -c`, the literal": ["grep", "-c", "-F", LITERAL, str(whole)],
        "DuckDB `read_json`": [sys.executable, "-c", code, query],
        "`jq`": ["jq", "-c", jq, str(part)],
    }
    absent = {name for name, command in commands.items() if shutil.which(command[0]) is None}
    absent |= set() if find_spec("duckdb") else {"DuckDB `read_json`"}
    slow = {"`jq`"}
    best = _interleaved({name: command for name, command in commands.items() if name not in absent | slow}, rounds)
    best |= _interleaved({name: commands[name] for name in slow - absent}, 1)
    rows = []
    for name in commands:
        if name in absent:
            rows.append((name, "absent", "", "", ""))
            continue
        path, run = part if name in slow else whole, best[name]
        assert _answer(name, run) == _literal(path), f"{name} answers otherwise"
        size = path.stat().st_size
        speed = f"{size / run.seconds / 1e9:.3f}"
        rows.append((name, f"{size / 1e6:,.0f}", speed, f"{run.peak / 1e6:.0f}", f"{_literal(path):,}"))
    heads = ("command", "MB read", "GB/s", "peak MB", "events found")
    note = "grep finds the literal wherever it stands in a line, and checks no JSON; the others read it."
    return Section([Table("one rule beside other tools, all cores", heads, rows, note)], [])


def _interleaved(commands: dict[str, list[str]], rounds: int) -> dict[str, Run]:
    """Run each as often as asked, one after another in turns, and give the best of each; its output is that of each."""
    best: dict[str, Run] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            run = _timed(command, quiet=command[1] == "-dc")
            if name in best and best[name].output != run.output:
                raise RuntimeError(f"{name} answered {best[name].output!r}, and then {run.output!r}")
            best[name] = _better(best.get(name), run)
    return best


def _rules(folder: Path) -> Path:
    path = folder / "rules.jsonl"
    with path.open("w") as file:
        for name, pattern in data.workload(WORKLOAD).rules():
            text = pattern.decode() if isinstance(pattern, bytes) else pattern
            file.write(json.dumps({"name": name, "pattern": text}) + "\n")
    return path


def _counted(path: Path) -> tuple[int, int]:
    """Events and matched events of a file that repeats the workload's, by the checked rule set."""
    inputs = events(WORKLOAD)
    times = path.stat().st_size // sum(len(event) + 1 for event in inputs)
    rules = checked(WORKLOAD)
    return times * len(inputs), times * sum(bool(rules.match(event)) for event in inputs)


def _literal(path: Path) -> int:
    inputs = events(WORKLOAD)
    times = path.stat().st_size // sum(len(event) + 1 for event in inputs)
    return int(times * sum(json.loads(event)["detail-type"] == VALUE for event in inputs))


def _command(rules: Path, path: Path) -> list[str]:
    return [sys.executable, "-m", "matcher.cli", "scan", str(rules), str(path), "--format", "count", "--quiet"]


def _scan(rules: Path, path: Path, *options: str) -> Run:
    return _timed([*_command(rules, path), *options])


def _found(run: Run) -> tuple[int, int]:
    told = json.loads(run.output)
    return int(told["events"]), int(told["matched"])


def _answer(name: str, run: Run) -> int:
    if "matcher" in name:
        return _found(run)[1]
    return run.output.count(b"\n") if "jq" in name else int(run.output)


def _better(one: Run | None, other: Run) -> Run:
    """Give the faster one, with the larger memory of both."""
    if one is None:
        return other
    best = min(one, other, key=lambda run: run.seconds)
    return replace(best, peak=max(one.peak, other.peak))


def _timed(command: Sequence[str], *, quiet: bool = False) -> Run:
    """Run a process to its end; with `quiet` its output is thrown away."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL if quiet else subprocess.PIPE, env=environment
    ) as process:
        output = b"" if process.stdout is None else process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Run(output, took, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)


if __name__ == "__main__":
    main()
