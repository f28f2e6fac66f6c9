"""Turn the name of a workload ("eb-exact-10k", "lots-prefix", "hyper-100k") into its rules and events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench import eventbridge, eventbridge_rules, pairs, parcel_rules, parcels
from bench.workload import Workload, make, text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EVENTBRIDGE", "HYPER", "LOTS", "SIZES", "names", "size", "workload"]

SIZES = {"1": 1, "100": 100, "1k": 1_000, "10k": 10_000, "100k": 100_000, "1M": 1_000_000}
POOL = 1_000  # events in a file: about a megabyte, so that a second-level cache does not hold them and the rules
LINES = 2_000
TEAMS = 10_000

EVENTBRIDGE = tuple(
    [f"eb-{kind}-{size}" for kind in ("exact", "mixed") for size in SIZES]
    + [
        f"eb-{kind}-{profile}-{size}"
        for kind in ("exact", "mixed")
        for profile in ("coarse", "skewed")
        for size in SIZES
    ]
)
LOTS = tuple(f"lots-{kind}" for kind in (*parcel_rules.TYPES, "all"))
HYPER = ("hyper-100k",)


def names() -> tuple[str, ...]:
    """Every name that `workload` knows."""
    return (*EVENTBRIDGE, *LOTS, *HYPER)


def size(count: int) -> str:
    """The short form of a number of rules, as names of workloads have it."""
    return next(short for short, number in SIZES.items() if number == count)


def workload(name: str) -> Workload:
    """The workload of that name; raises KeyError where there is none. Files are generated on first use."""
    if name not in names():
        raise KeyError(f"no workload {name!r}; there are {', '.join(names())}")
    match name.split("-", 1):
        case ["eb", rest]:
            return _eventbridge(name, rest.split("-"))
        case ["lots", kind]:
            return make(name, partial(parcel_rules.rules, kind), partial(parcels.parcels, LINES))
        case _:
            return make(name, partial(pairs.rules, SIZES["100k"]), _pairs)


def _pairs() -> Iterator[bytes]:
    return map(text, pairs.events(POOL, TEAMS))


def _eventbridge(name: str, parts: list[str]) -> Workload:
    kind, count = parts[0], SIZES[parts[-1]]
    profile = eventbridge.PROFILES[parts[1] if len(parts) == 3 else "spread"]
    pool = list(eventbridge.events(profile, POOL))
    rules = eventbridge_rules.exact if kind == "exact" else eventbridge_rules.mixed
    return make(name, partial(rules, count, pool, profile), partial(map, text, pool))
