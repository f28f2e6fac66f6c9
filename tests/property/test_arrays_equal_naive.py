"""Whether array elements agree: the compiled set and the naive matcher, on rules and events about nothing else."""

from __future__ import annotations

import os
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import RuleSet
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.parse import parse
from tests.property.arrays import event_text, pattern_text

TIMES = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1


def check(chance: Random, rules: int, events: int) -> int:
    """Compare the answers; give how many rules matched."""
    patterns = [pattern_text(chance) for _ in range(rules)]
    nodes = [parse(pattern) for pattern in patterns]
    compiled = RuleSet(enumerate(patterns))
    found = 0
    for _ in range(events):
        event = event_text(chance)
        known = read_event(event)
        wanted = [number for number, node in enumerate(nodes) if matches(node, known)]
        assert compiled.match(event) == wanted, (patterns, event)
        found += len(wanted)
    return found


@settings(max_examples=300 * TIMES)
@given(st.randoms(use_true_random=False))
def test_one_rule(chance: Random) -> None:
    check(chance, rules=1, events=2)


@settings(max_examples=100 * TIMES)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_many_rules(seed: int, rules: int) -> None:
    check(Random(seed), rules, events=8)


def test_rules_match_often_enough_to_tell() -> None:
    assert 100 < sum(check(Random(seed), rules=10, events=10) for seed in range(20)) < 1_000
