"""Try random rules and events for some SECONDS: what the compiled set answers against what the naive matcher does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from random import Random

from matcher import RuleSet
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.parse import parse
from tests.property.generate import event_text, pattern_text

__all__ = ["differences", "run"]

SIZES = [1, 1, 1, 2, 3, 5, 20, 100]


def differences(seed: int) -> list[str]:
    """Give the differences that one seed's rules and events show, as lines that can be run again."""
    chance = Random(seed)
    patterns = [pattern_text(chance) for _ in range(chance.choice(SIZES))]
    nodes = [parse(pattern) for pattern in patterns]
    rules = RuleSet(enumerate(patterns))
    found = []
    for _ in range(4):
        event = event_text(chance, nodes)
        known = read_event(event)
        answer = set(rules.match(event))
        for number, node in enumerate(nodes):
            wanted = matches(node, known)
            if (number in answer) is not wanted:
                alone = bool(RuleSet({"rule": patterns[number]}).match(event))
                found.append(
                    f"seed {seed}: pattern {patterns[number]!r} event {event!r}: naive {wanted}, "
                    f"among {len(patterns)} rules {number in answer}, alone {alone}"
                )
    return found


def run(seconds: float, first: int, clock: Callable[[], float] = time.monotonic) -> tuple[int, list[str]]:
    """Try seeds from `first` on; give how many were tried, and the differences of the last one."""
    end = clock() + seconds
    seed = first
    while clock() < end:
        found = differences(seed)
        seed += 1
        if found:
            return seed - first, found
    return seed - first, []


if __name__ == "__main__":
    start = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 2**40
    tried, lines = run(float(sys.argv[1]), start)
    print(f"{tried} sets of random rules, from seed {start}: {len(lines)} differences")
    print("\n".join(lines))
    sys.exit(bool(lines))
