"""The compiled set answers as the naive matcher does: whatever the rules, and however they came to be in the set."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import Pattern, RuleSet
from matcher._core.machine import simd_levels
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.ast import Node
from matcher.pattern.parse import parse, to_text
from tests.property.generate import event_text, pattern_text
from tests.property.strategies import Trial, large_trials, trial, trials

#: How many times the examples of an ordinary run.
TIMES = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1


def naive(nodes: list[Node], event: bytes) -> list[int]:
    known = read_event(event)
    return [number for number, node in enumerate(nodes) if matches(node, known)]


def one_by_one(patterns: tuple[str, ...]) -> RuleSet[int]:
    rules: RuleSet[int] = RuleSet()
    for number, pattern in enumerate(patterns):
        rules.add(number, pattern)
    return rules


def check(rules: RuleSet[int], tried: Trial) -> None:
    nodes = tried.nodes
    for event in tried.events:
        assert rules.match(event) == naive(nodes, event), event


@settings(max_examples=300 * TIMES)
@given(trials())
def test_few_rules(tried: Trial) -> None:
    check(RuleSet(enumerate(tried.patterns)), tried)


@settings(max_examples=60 * TIMES)
@given(large_trials())
def test_many_rules(tried: Trial) -> None:
    check(RuleSet(enumerate(tried.patterns)), tried)


@settings(max_examples=30 * TIMES)
@given(large_trials(rules=60))
def test_the_way_in_makes_no_difference(tried: Trial) -> None:
    bulk = RuleSet(enumerate(tried.patterns))
    single = one_by_one(tried.patterns)
    with tempfile.TemporaryDirectory() as folder:
        bulk.save(Path(folder, "rules"))
        loaded = RuleSet.load(Path(folder, "rules"))
    for rules in (single, bulk, loaded, pickle.loads(pickle.dumps(single)), single.copy()):
        check(rules, tried)
        assert list(rules.items()) == list(enumerate(tried.nodes))


@settings(max_examples=40 * TIMES)
@given(large_trials(rules=40), st.integers(0, 2**32))
def test_what_was_removed_leaves_no_trace(tried: Trial, seed: int) -> None:
    chance = Random(seed)
    rules = one_by_one(tried.patterns)
    gone = {number for number in range(len(tried.patterns)) if chance.randrange(2)}
    for number in gone:
        rules.remove(number)
    nodes = tried.nodes
    for event in tried.events:
        assert rules.match(event) == [number for number in naive(nodes, event) if number not in gone]


@settings(max_examples=30 * TIMES)
@given(large_trials(rules=60))
def test_a_name_matches_where_one_of_its_patterns_does(tried: Trial) -> None:
    rules = RuleSet((number % 7, pattern) for number, pattern in enumerate(tried.patterns))
    nodes = tried.nodes
    for event in tried.events:
        assert rules.match(event) == sorted({number % 7 for number in naive(nodes, event)})


@pytest.mark.parametrize("level", simd_levels())
@settings(max_examples=40 * TIMES)
@given(tried=large_trials(rules=20))
def test_every_vector_instruction_set(level: str, tried: Trial) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHER_SIMD", level)
        rules = RuleSet(enumerate(tried.patterns))
    check(rules, tried)


@settings(max_examples=60 * TIMES)
@given(large_trials(rules=20))
def test_structural_reading_answers_alike(tried: Trial) -> None:
    check(RuleSet(enumerate(tried.patterns), validate="structural"), tried)


@settings(max_examples=40 * TIMES)
@given(large_trials(rules=20), st.integers(0, 3))
def test_batches_answer_alike(tried: Trial, threads: int) -> None:
    rules = RuleSet(enumerate(tried.patterns))
    nodes = tried.nodes
    assert rules.match_many(tried.events, threads) == [naive(nodes, event) for event in tried.events]


@settings(max_examples=30 * TIMES)
@given(large_trials(rules=20))
def test_files_answer_alike(tried: Trial) -> None:
    rules = RuleSet(enumerate(tried.patterns))
    nodes = tried.nodes
    lines = [event.replace(b"\n", b" ").replace(b"\r", b" ") for event in tried.events]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.jsonl")
        path.write_bytes(b"\n".join(lines))
        found = list(rules.scan(path, threads=2))
    assert found == [(number, naive(nodes, line)) for number, line in enumerate(lines, 1)]


@settings(max_examples=60 * TIMES)
@given(trials(rules=1))
def test_a_pattern_written_again_is_the_same(tried: Trial) -> None:
    (node,) = tried.nodes
    assert parse(to_text(node)) == node
    again = Pattern(to_text(node))
    for event in tried.events:
        assert again.matches(event) == matches(node, event)
        assert again.explain(event).matched == matches(node, event)


def test_patterns_and_events_meet_often_enough_to_tell() -> None:
    chance = Random(7)
    found = [bool(naive(tried.nodes, tried.events[0])) for tried in (trial(chance, 1, 1) for _ in range(1_000))]
    assert 0.2 <= sum(found) / len(found) <= 0.7


def test_every_operator_is_generated() -> None:
    chance = Random(7)
    text = "".join(pattern_text(chance) for _ in range(1_000))
    operators = ["exactly", "prefix", "suffix", "equals-ignore-case", "wildcard", "numeric", "exists", "cidr"]
    for word in [*operators, "anything-but", "$or"]:
        assert f'"{word}"' in text
    events = b"".join(event_text(chance, [parse(pattern_text(chance))]) for _ in range(1_000))
    for mark in (b"[[", b"[{", b"\\u", b'"a.b"', b"\xf0\x9f"):
        assert mark in events
