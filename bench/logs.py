"""Turn a large event log into figures of `matcher scan`, whole processes beside jq, grep and DuckDB on the same file.

`python -m bench.logs [--megabytes 2000] [--rounds 3]` prints Markdown. The files are in the page cache, each command
runs as often as asked for, its best time counts (start-up included), and its answer is compared before that.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from bench import data
from bench.measure import ROOT
from bench.report import Section, Table, markdown
from bench.subject import checked, events
from bench.upkeep import big_file

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

WORKLOAD = "eb-exact-1k"
#: One rule that each rival can be asked for: a string that stands in no other field.
RULE = {"detail-type": ["Refund Rejected"]}
LITERAL = '"detail-type":"Refund Rejected"'
#: Slow rivals read a part of the file; their speed is by its bytes.
PART = 200


@dataclass(frozen=True, slots=True)
class Run:
    """What a process printed, how long it took (seconds), and its peak memory (bytes)."""

    output: bytes
    seconds: float
    peak: int


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
    print("\n".join(markdown(table) for section in sections for table in section.tables))


def scans(folder: Path, megabytes: int, rounds: int) -> Section:
    """How fast is a log counted with 1,000 rules, how well do two threads share it, and in how much memory?"""
    path, rules = big_file(megabytes), _rules(folder)
    wanted = _counted(path)
    size = path.stat().st_size
    best: dict[tuple[str, int], Run] = {}
    for _ in range(rounds):
        for validate in ("strict", "structural"):
            for threads in (1, 2):
                run = _scan(rules, path, "--threads", str(threads), "--validate", validate)
                assert _found(run) == wanted, "scan counts otherwise than match"
                best[validate, threads] = _better(best.get((validate, threads)), run)
    rows = [
        (
            validate,
            str(threads),
            f"{size / run.seconds / 1e9:.2f}",
            f"{best[validate, 1].seconds / run.seconds:.2f} x",
            f"{run.peak / 1e6:.0f}",
        )
        for (validate, threads), run in best.items()
    ]
    heads = ("validation", "threads", "GB/s", "against one thread", "peak MB")
    return Section([Table(f"`matcher scan --format count`, {size / 1e6:,.0f} MB, {WORKLOAD}", heads, rows)], [])


def packed(folder: Path, megabytes: int, rounds: int) -> Section:
    """What does a packed log cost beside its decompressor alone?"""
    path, rules = big_file(megabytes), _rules(folder)
    small = folder / "log.jsonl.gz"
    with path.open("rb") as plain, gzip.open(small, "wb", compresslevel=6) as file:
        shutil.copyfileobj(plain, file, 1 << 20)
    code = "import gzip,sys\nwith gzip.open(sys.argv[1]) as f:\n while f.read(1 << 20): pass"
    commands = {
        "`gzip -dc`": ["gzip", "-dc", str(small)],
        "Python's `gzip`": [sys.executable, "-c", code, str(small)],
        "`matcher scan`": _command(rules, small),
    }
    wanted, size = _counted(path), path.stat().st_size
    rows = []
    alone = 0.0
    for name, command in commands.items():
        run = min((_timed(command, quiet="scan" not in name) for _ in range(rounds)), key=lambda run: run.seconds)
        if "scan" in name:
            assert _found(run) == wanted, "scan of the packed file counts otherwise"
        alone = alone or run.seconds
        rows.append((name, f"{run.seconds:.2f}", f"{size / run.seconds / 1e9:.2f}", f"{run.seconds / alone:.2f} x"))
    heads = ("command", "s", "GB/s unpacked", "time against gzip")
    return Section([Table(f"the same, {size / 1e6:,.0f} MB packed by gzip", heads, rows)], [])


def rivals(folder: Path, megabytes: int, rounds: int) -> Section:
    """What do the tools that people use now take for the predicate of one rule?"""
    whole, part = big_file(megabytes), big_file(min(PART, megabytes))
    rules = folder / "one.json"
    rules.write_text(json.dumps({"refund": RULE}))
    query = f"SELECT count(*) FROM read_json('{{}}', format='newline_delimited') WHERE \"detail-type\" = '{RULE['detail-type'][0]}'"
    code = "import duckdb,sys\nprint(duckdb.execute(sys.argv[1]).fetchone()[0])"
    commands: dict[str, tuple[Path, list[str]]] = {
        "`matcher scan`": (whole, _command(rules, whole)),
        "`matcher scan --validate structural`": (whole, [*_command(rules, whole), "--validate", "structural"]),
        "`grep -c`, the literal": (whole, ["grep", "-c", "-F", LITERAL, str(whole)]),
        "DuckDB `read_json`": (whole, [sys.executable, "-c", code, query.format(whole)]),
        "`jq`": (part, ["jq", "-c", 'select(."detail-type" == "Refund Rejected") | 1', str(part)]),
    }
    rows = []
    for name, (path, command) in commands.items():
        if shutil.which(command[0]) is None or ("DuckDB" in name and not _has_duckdb()):
            rows.append((name, "absent", "", "", ""))
            continue
        wanted = _literal(path)
        runs = [_timed(command) for _ in range(rounds if path is whole else 1)]
        assert all(_answer(name, run) == wanted for run in runs), f"{name} answers otherwise"
        best = min(runs, key=lambda run: run.seconds)
        size = path.stat().st_size
        rate = size / best.seconds
        rows.append((name, f"{size / 1e6:,.0f}", f"{rate / 1e9:.3f}", f"{best.peak / 1e6:.0f}", f"{wanted:,}"))
    heads = ("command", "MB read", "GB/s", "peak MB", "events found")
    note = "The literal is found by grep wherever it stands in a line; the others read JSON."
    return Section([Table("one rule beside other tools, all cores", heads, rows, note)], [])


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
    return int(times * sum(json.loads(event)["detail-type"] == RULE["detail-type"][0] for event in inputs))


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


def _has_duckdb() -> bool:
    from importlib.util import find_spec

    return find_spec("duckdb") is not None


def _better(one: Run | None, other: Run) -> Run:
    """Give the faster one, with the larger memory of both."""
    if one is None:
        return other
    best = min(one, other, key=lambda run: run.seconds)
    return Run(best.output, best.seconds, max(one.peak, other.peak))


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
    return Run(output, took, usage.ru_maxrss * 1024)


if __name__ == "__main__":
    main()
