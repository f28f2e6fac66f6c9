"""Turn one question that needs a fresh process (memory, a build from nothing) into one JSON object on standard output.

python -m bench.probe build WORKLOAD          time and memory of a build from pattern text
python -m bench.probe attack NAME SCALE …     build time, then the time of one event of each size, and the peak of memory
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import data
from bench.adversarial import ATTACKS
from bench.oracle import check
from bench.workload import Rule, text
from matcher import RuleSet

SMALL = 0.002  # the naive matcher checks an attack's event of this scale: it is quadratic where the fast one is not
KEEP = 5  # best of so many calls for the time of one event
SPEND = 2.0  # seconds for one size, after which fewer calls must do


def resident() -> int:
    """Bytes of memory this process holds now; where there is no /proc, the most it ever held."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize()
    return peak()


def peak() -> int:
    """Bytes of memory this process held at most."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: on Linux that begins with what the parent held when it forked.
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def release() -> None:
    """Give freed memory back, so that what is measured is what is held."""
    gc.collect()
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # absent in musl
        if trim is not None:
            trim(0)


def build(name: str) -> dict[str, Any]:
    """Build a workload's rule set from text that is in memory already."""
    workload = data.workload(name)
    rules = list(workload.rules())
    RuleSet(rules[:100])  # what only the first build pays: tables, caches, imports
    release()
    before = resident()
    start = perf_counter()
    built = RuleSet(rules)
    seconds = perf_counter() - start
    release()
    held = resident() - before
    check(built, rules, workload.events(), sample=5)
    return {"rules": len(rules), "seconds": seconds, "bytes": held, "peak": peak(), "figures": built.memory()}


def attack(name: str, scales: list[float]) -> dict[str, Any]:
    """Build an attack's rules, check a small event against the naive matcher, and time one event of each scale."""
    chosen = ATTACKS[name]
    rules: list[Rule] = [(rule, text(pattern)) for rule, pattern in chosen.rules()]
    start = perf_counter()
    built = RuleSet(rules)
    seconds = perf_counter() - start
    check(built, rules, [chosen.event(SMALL)])
    sizes, times, matched = [], [], []
    for scale in scales:
        event = chosen.event(scale)
        sizes.append(len(event))
        times.append(_best(built, event))
        matched.append(len(built.match(event)))
    return {
        "rules": len(rules),
        "build_s": seconds,
        "bytes": sizes,
        "seconds": times,
        "matches": matched,
        "peak": peak(),
    }


def _best(built: RuleSet[str], event: bytes) -> float:
    """The shortest of a few calls, the first one excluded only where there is time for more."""
    best, spent = float("inf"), 0.0
    for _ in range(KEEP):
        start = perf_counter()
        built.match(event)
        took = perf_counter() - start
        best, spent = min(best, took), spent + took
        if spent > SPEND:
            break
    return best


def main(arguments: list[str]) -> None:
    match arguments:
        case ["build", name]:
            print(json.dumps(build(name)))
        case ["attack", name, *scales] if scales:
            print(json.dumps(attack(name, [float(scale) for scale in scales])))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
