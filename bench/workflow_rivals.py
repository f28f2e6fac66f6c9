"""How many executions of a three-step workflow a second do matcher and its peers complete, started all at once?

`MATCHER_BENCH_PEERS=FOLDER python -m bench.workflow_rivals` prints one table; `python -m bench.peers FOLDER` makes the
environments. LocalStack's and moto's interpreters run three Pass states without their API above them, which spares them
HTTP. DBOS (on SQLite) and Temporal (its development server, on SQLite) run three steps, as matcher does on its own. Each
engine checks its answers before it tells its time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bench.peers import AbsentError, interpreter
from bench.report import Table, plain, rate

__all__ = ["main", "table"]

WORKER = Path(__file__).with_name("workflow_worker.py")
#: Engine, what its row is called, three what, where executions are kept, and executions of one round.
ROWS = (
    ("matcher-passes", "matcher", "Pass states", "memory", 2_000),
    ("matcher-passes-durable", "matcher", "Pass states", "SQLite, synced", 2_000),
    ("moto", "moto", "Pass states", "memory", 200),
    ("localstack", "LocalStack", "Pass states", "memory", 200),
    ("matcher-tasks", "matcher", "tasks", "memory", 2_000),
    ("matcher-tasks-durable", "matcher", "tasks", "SQLite, synced", 2_000),
    ("dbos", "DBOS", "tasks", "SQLite", 100),
    ("temporal", "Temporal", "tasks", "SQLite", 100),
)


def measured(engine: str, executions: int, rounds: int) -> tuple[str, float]:
    """The engine's version, and executions a second: the best of some rounds, each in a process of its own."""
    python = sys.executable if engine.startswith("matcher") else str(interpreter(engine))
    best, version = 0.0, ""
    for _ in range(rounds):
        command = [python, "-I", str(WORKER), engine, str(executions)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise AbsentError((done.stderr.strip().splitlines() or ["it failed"])[-1])
        told = json.loads(done.stdout.splitlines()[-1])
        best, version = max(best, told["rate"]), told["version"]
    return version, best


def table(rounds: int) -> Table:
    rows = []
    for engine, name, steps, kept, executions in ROWS:
        try:
            version, found = measured(engine, executions, rounds)
        except AbsentError as error:
            rows.append((name, steps, kept, f"absent: {error}", ""))
        else:
            rows.append((f"{name} {version}".strip(), steps, kept, rate(found), rate(3 * found)))
    return Table("A workflow of three steps", ("engine", "three", "kept in", "executions/s", "steps/s"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    print(plain(table(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
