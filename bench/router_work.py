"""Turn a seed into the one job that routers are compared by: events of about 930 bytes, of which each has one handler."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from bench.eventbridge import PROFILES, SEED, event

__all__ = ["Job", "Key", "job"]

#: What decides who handles an event: source and detail type.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """Handlers by key, and events that each have one."""

    keys: tuple[Key, ...]
    events: tuple[bytes, ...]

    def patterns(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """A rule for each key."""
        for number, (source, kind) in enumerate(self.keys):
            yield f"rule-{number:04}", {"source": [source], "detail-type": [kind]}


def key_of(made: dict[str, Any]) -> Key:
    return made["source"], made["detail-type"]


def job(rules: int = 1_000, events: int = 1_000) -> Job:
    """The same numbers always give the same job."""
    rng, profile = random.Random(SEED), PROFILES["spread"]
    keys: dict[Key, None] = {}
    while len(keys) < rules:
        keys[key_of(event(rng, profile))] = None
    chosen: list[bytes] = []
    ordered = list(keys)
    for number in range(events):
        source, kind = ordered[number % rules]
        chosen.append(orjson.dumps({**event(rng, profile), "source": source, "detail-type": kind}))
    rng.shuffle(chosen)
    return Job(tuple(ordered), tuple(chosen))
