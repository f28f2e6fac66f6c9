"""Turn measured figures into the project's bars: every threshold stands here and nowhere else."""

from __future__ import annotations

from bench.report import Bar

__all__ = [
    "against_ruler",
    "against_standard",
    "attack_growth",
    "attack_memory",
    "attack_time",
    "build_bytes",
    "build_time",
    "files",
    "growth",
    "import_time",
    "scaling",
    "update",
    "wheel",
]

STANDARD = {"1k": (2.0, 3.5), "100k": (1.3, 2.0), "1M": (0.7, 1.0)}
GROWTH = {"10k": (1.5, 1.2), "100k": (4.0, 2.0)}


def against_standard(size: str, ratio: float) -> Bar:
    """Speed against `orjson.loads` of the same event."""
    bar, stretch = STANDARD[size]
    return Bar(f"match(bytes), strict, {size} rules, against orjson.loads", ratio, bar, stretch)


def growth(size: str, ratio: float) -> Bar:
    """Time an event with so many rules over the time with one."""
    bar, stretch = GROWTH[size]
    return Bar(f"time at {size} rules / at 1 rule", ratio, bar, stretch, at_least=False)


def against_ruler(name: str, ratio: float | None, why_absent: str = "") -> Bar:
    """Speed against AWS's event-ruler, warmed up."""
    return Bar(f"against event-ruler, {name}", ratio, 5, 10, why_absent=why_absent)


def files(gigabytes_per_s: float) -> Bar:
    return Bar("files, 1k rules, two threads, structural", gigabytes_per_s, 2, 3, unit="GB/s")


def scaling(ratio: float) -> Bar:
    return Bar("files, two threads / one thread", ratio, 1.8)


def build_time(name: str, microseconds: float) -> Bar:
    return Bar(f"build with pattern parsing, {name}", microseconds, 15, 8, at_least=False, unit="µs/rule")


def build_bytes(name: str, held: float) -> Bar:
    return Bar(f"memory all in, {name}", held, 300, at_least=False, unit="bytes/rule")


def update(seconds: float) -> Bar:
    """The median; the table beside it has the slowest one too."""
    return Bar("add one rule to 100k and match", seconds * 1e3, 1, 0.05, at_least=False, unit="ms")


def attack_time(name: str, seconds: float) -> Bar:
    return Bar(f"one event, {name}", seconds * 1e3, 50, at_least=False, unit="ms")


def attack_growth(name: str, ratio: float) -> Bar:
    """Time at four times the size over the time at the size, per byte and match: 1 is linear; half is left to noise."""
    return Bar(f"growth over linear, {name}", ratio, 1.5, at_least=False)


def attack_memory(name: str, held: float) -> Bar:
    return Bar(f"peak memory, {name}", held / 1e6, 1_000, at_least=False, unit="MB")


def import_time(seconds: float) -> Bar:
    return Bar("import matcher, beyond Python and orjson", seconds * 1e3, 30, at_least=False, unit="ms")


def wheel(size: float | None) -> Bar:
    figure = None if size is None else size / 1e6
    return Bar("wheel", figure, 2, at_least=False, unit="MB", why_absent="no wheel in dist/: python -m build")
