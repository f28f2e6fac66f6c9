"""Turn workloads into rule sets that are checked against the naive matcher, built once a process and ready to be timed."""

from __future__ import annotations

from functools import cache
from typing import Literal

from bench import data
from bench.oracle import check
from matcher import RuleSet

__all__ = ["Validation", "checked", "events", "mean_size"]

Validation = Literal["strict", "structural"]


@cache
def checked(name: str, validate: Validation = "strict") -> RuleSet[str]:
    """The rule set of a workload; raises AnswerError where it differs from the naive matcher."""
    workload = data.workload(name)
    built = RuleSet(workload.rules(), validate=validate)
    # An answer costs the naive matcher microseconds a rule, so large sets are looked at with fewer events.
    check(built, workload.rules(), events(name), sample=40 if len(built) <= 10_000 else 5)
    return built


@cache
def events(name: str) -> tuple[bytes, ...]:
    """The events of a workload."""
    return tuple(data.workload(name).events())


def mean_size(name: str) -> float:
    """Bytes of a workload's event, on average."""
    return sum(map(len, events(name))) / len(events(name))
