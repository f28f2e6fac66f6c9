"""Whatever the events, the suggested pattern compiles and matches all of them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matcher import RuleSet
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.offline.suggestion import NoSuggestion, suggest
from matcher.pattern.parse import parse
from tests.property import arrays, generate

NAMES = st.sampled_from(["a", "b", "id", "time", "a.b", "", ".", "a.", "$or", "prefix", "exists", "numeric", "é", "😀"])
TEXTS = st.one_of(
    st.sampled_from([*generate.STRINGS, "a*b\\c", "x/1.jpg", "x/2.jpg", "i-0123456789abcdef0", "2026-11-24T00:00:00Z"]),
    st.text(max_size=5),
)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False), st.integers(-3, 3)
)
VALUES = st.recursive(
    st.one_of(TEXTS, NUMBERS, st.booleans(), st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=4)


def check(events: list[Any], **options: Any) -> None:
    try:
        made = suggest(events, **options)
    except NoSuggestion:
        leaves = [path for event in events for path in read_event(event).by_path]
        assert not [path for path in leaves if any(read_event(event).visible(path) for event in events)]
        return
    node = parse(made.text)
    # The text spells a number as an event does (0.00001), the value as Python does (1e-05).
    rules = RuleSet({"text": made.text, "value": made.pattern})
    assert rules.match_many(events) == [["text", "value"]] * len(events)
    assert all(matches(node, event) for event in events)
    assert json.loads(made.text) == made.pattern


@settings(max_examples=300, deadline=None)
@given(EVENTS, st.booleans(), st.booleans(), st.integers(1, 4))
def test_it_matches_all_events(events: list[Any], keep: bool, optional: bool, most: int) -> None:
    check(events, keep_volatile=keep, optional=optional, max_values=most)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**48), st.integers(1, 4), st.booleans())
def test_it_matches_texts_with_names_that_come_twice(seed: int, count: int, optional: bool) -> None:
    chance = Random(seed)
    nodes = [parse(generate.pattern_text(chance)) for _ in range(2)]
    check([generate.event_text(chance, nodes) for _ in range(count)], optional=optional)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**48), st.integers(1, 4), st.booleans())
def test_it_matches_events_that_are_all_arrays(seed: int, count: int, optional: bool) -> None:
    chance = Random(seed)
    check([arrays.event_text(chance) for _ in range(count)], optional=optional)


@settings(max_examples=150, deadline=None)
@given(EVENTS, EVENTS)
def test_what_it_should_not_match_is_told_if_it_does(events: list[Any], against: list[Any]) -> None:
    try:
        made = suggest(events, against=against)
    except NoSuggestion:
        assume(False)
        return
    answers = RuleSet({"": made.pattern}).match_many([*events, *against])
    assert all(answers[: len(events)])
    assert made.unwanted == tuple(number for number, answer in enumerate(answers[len(events) :]) if answer)
