"""Turn a seed into hypermatch's published workload: 118-byte events, rules of five conditions, ten matches each."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["events", "rules"]

SEED = 118
TEAM = 10  # rules that share the values which one event holds

Pattern = dict[str, Any]


def _values(group: int) -> dict[str, str]:
    """What the events of one group hold: the group's number told by five fields, none of them unique alone."""
    return {
        "city": f"town-{group % 997:04}",
        "kind": f"kind-{group % 89:03}",
        "level": f"level-{group % 7}",
        "owner": f"owner-{group % 9973:05}",
        "service": f"service-{group % 499:03}",
    }


def rules(count: int, seed: int = SEED) -> Iterator[tuple[str, Pattern]]:
    """`count` rules in groups of ten; each accepts its group's values and one to two of its own that nobody sends."""
    rng = random.Random(seed)
    for number in range(count):
        pattern: Pattern = {}
        for field, value in _values(number // TEAM).items():
            pattern[field] = [
                value,
                *(f"{field}-x{rng.randrange(100_000):05}" for _ in range(rng.choice((0, 0, 1, 2)))),
            ]
        yield f"rule-{number:07}", pattern


def events(count: int, groups: int, seed: int = SEED) -> Iterator[Pattern]:
    """Events of random groups."""
    rng = random.Random(seed)
    for _ in range(count):
        yield {**_values(rng.randrange(groups)), "n": f"{rng.randrange(10**9):09}"}
