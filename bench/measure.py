"""Turn callables into rates that can be compared: short rounds in turn (A B A B …), and the best round of each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Local", "Rate", "Runner", "fresh", "interleave", "latencies"]

ROOT = Path(__file__).resolve().parent.parent


class Runner(Protocol):
    """Something that takes a workload's events again and again; `name` heads its column."""

    name: str

    def run(self, seconds: float) -> float:
        """Events per second over about that many seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """What the rounds of one runner gave, in events per second."""

    rounds: tuple[float, ...]

    @property
    def best(self) -> float:
        """The figure that is compared: noise of a shared machine only ever slows a round."""
        return max(self.rounds)

    @property
    def spread(self) -> float:
        """How far the worst round lies under the best, 0 to 1: how much to trust the figure."""
        return 1 - min(self.rounds) / self.best


class Local:
    """A callable of this process that takes one event."""

    def __init__(self, name: str, call: Callable[[bytes], object], events: Sequence[bytes]) -> None:
        self.name = name
        self._call = call
        self._events = events

    def run(self, seconds: float) -> float:
        done, start = 0, perf_counter()
        while True:
            deque(map(self._call, self._events), maxlen=0)
            done += len(self._events)
            elapsed = perf_counter() - start
            if elapsed >= seconds:
                return done / elapsed


def interleave(runners: Sequence[Runner], rounds: int, seconds: float) -> dict[str, Rate]:
    """Each runner in turn, `rounds` times over, after one unmeasured turn to warm up; by name."""
    figures: dict[str, list[float]] = {runner.name: [] for runner in runners}
    for runner in runners:
        runner.run(seconds / 4)
    for turn in range(rounds):
        # Every other turn goes backwards, so that nobody always runs in the wake of the same neighbour.
        for runner in runners if turn % 2 == 0 else reversed(runners):
            figures[runner.name].append(runner.run(seconds))
    return {name: Rate(tuple(values)) for name, values in figures.items()}


def latencies(call: Callable[[int], object], times: int) -> list[float]:
    """Seconds of each of `times` calls, sorted; the call gets its number."""
    found = []
    for number in range(times):
        start = perf_counter()
        call(number)
        found.append(perf_counter() - start)
    return sorted(found)


def fresh(module: str, *arguments: str, timeout: float = 600) -> dict[str, Any]:
    """What `python -m module arguments` prints as one JSON object, in a process of its own (memory, import time).

    Raises RuntimeError with the process's last words where it fails.
    """
    command = [sys.executable, "-m", module, *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed ({ran.returncode}): {ran.stderr.strip()[-500:]}")
    answer: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return answer
