"""Hypothesis strategies: patterns, rule sets, and events made for them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

from matcher.pattern.ast import Node
from matcher.pattern.parse import parse
from tests.property.generate import event_text, pattern_text

__all__ = ["Trial", "large_trials", "trials"]


@dataclass(frozen=True)
class Trial:
    """Rules, and events that are likely to meet some of them."""

    patterns: tuple[str, ...]
    events: tuple[bytes, ...]

    @property
    def nodes(self) -> list[Node]:
        return [parse(pattern) for pattern in self.patterns]


def trial(chance: Random, rules: int, events: int) -> Trial:
    patterns = tuple(pattern_text(chance) for _ in range(rules))
    nodes = [parse(pattern) for pattern in patterns]
    return Trial(patterns, tuple(event_text(chance, nodes) for _ in range(events)))


def trials(rules: int = 3, events: int = 2) -> st.SearchStrategy[Trial]:
    """Give small trials, which shrink well: chance itself is drawn."""
    return st.builds(trial, st.randoms(use_true_random=False), st.integers(1, rules), st.just(events))


def large_trials(rules: int = 200, events: int = 12) -> st.SearchStrategy[Trial]:
    """Give trials of many rules, from a seed: drawing each choice would outgrow hypothesis's buffer."""
    return st.builds(
        lambda seed, count: trial(Random(seed), count, events), st.integers(0, 2**32), st.integers(1, rules)
    )
