"""A pattern that goes straight from text to program comes to what the parser makes of it; so do its faults."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import PatternError
from matcher.limits import DEFAULT, Limits
from matcher.lowering import Lowering, program_of
from matcher.pattern.parse import parse
from tests.property.generate import pattern_text

TIMES = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1
#: What turns one legal pattern into another, or into a faulty one.
SPLINTERS = [
    *["{", "}", "[", "]", '"', ",", ":", " ", "\t", "\\", "*", "**", "-", "0", "1", ".", "e5", "=", "<", ">="],
    *['"$or":', "null", "true", '"a"', '"x",', "1,", '{"a":[1]}', '{"exists":true}', '[">",1]', "\x00", "\x1f", "é"],
    *['"numeric":', '"prefix":', '"anything-but":', '"wildcard":', '"equals-ignore-case":', "\u2028", "\x7f", "::"],
]


@dataclass
class Record:
    a: list[str]


def parsed(pattern: Any, limits: Limits = DEFAULT) -> bytes | None:
    """Give the program that the parser leads to, or None for a fault."""
    try:
        return program_of(parse(pattern, limits))
    except PatternError:
        return None


def lowered(pattern: Any, limits: Limits = DEFAULT) -> bytes | None:
    try:
        return Lowering(limits).program(pattern)
    except PatternError:
        return None


@settings(max_examples=400 * TIMES)
@given(st.integers(0, 2**32))
def test_legal_patterns(seed: int) -> None:
    text = pattern_text(Random(seed))
    assert lowered(text) == lowered(text.encode()) == parsed(text)
    assert lowered(text) is not None


@settings(max_examples=200 * TIMES)
@given(st.integers(0, 2**32))
def test_patterns_that_are_dicts(seed: int) -> None:
    pattern = json.loads(pattern_text(Random(seed)))
    assert lowered(pattern) == parsed(pattern)


@settings(max_examples=600 * TIMES)
@given(st.integers(0, 2**32))
def test_patterns_with_splinters(seed: int) -> None:
    chance = Random(seed)
    text = pattern_text(chance, depth=1)
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(["", *SPLINTERS]) + text[at + chance.choice([0, 0, 1, 1, 2, 5]) :]
    assert lowered(text) == parsed(text), text


NUMBERS = ["0", "-0", "0.0", "1", "1.0", "1.5", "-1", "1e0", "01", "1.", "-", "123456789012345", "0.30000000000000004"]


@pytest.mark.parametrize("low", NUMBERS)
@pytest.mark.parametrize("high", NUMBERS)
def test_every_range(low: str, high: str) -> None:
    operators = ["=", "<", "<=", ">", ">="]
    ranges = [f'"{first}",{low},"{last}",{high}' for first in operators for last in operators]
    for inside in (*ranges, *(f'"{first}",{low}' for first in operators), low, f"{low},{high}"):
        text = f'{{"a":[{{"numeric":[{inside}]}}]}}'
        assert lowered(text) == parsed(text), text


NAMES = ["a", "a.b", "a.", ".a", ".", "..", "", "$or", "$or.x", "exists", "prefix"]


@pytest.mark.parametrize("outer", NAMES)
def test_every_two_names(outer: str) -> None:
    for inner in NAMES:
        for text in (
            f'{{"{outer}":[1],"{inner}":[2]}}',
            f'{{"{outer}":{{"{inner}":[1]}}}}',
            f'{{"{outer}":{{"{inner}":[1],"z":[2]}},"{inner}":[3]}}',
            f'{{"{outer}":{{"b":[1]}},"{inner}":{{"c":[2]}},"x":[1],"{outer}":{{"c":[3]}}}}',
        ):
            assert lowered(text) == parsed(text), text


@pytest.mark.parametrize(
    "pattern",
    [
        *[{"a": [dt.date(2020, 1, 1)]}, {"a": Record(["x"])}, Record(["x"]), {"a": [float("nan")]}, {1: ["x"]}],
        *[
            {"a": ("x",)},
            {"a": [2**70]},
            {"a": [-0.0]},
            {"a": [1e300, 1.0, 2**53 + 1]},
            {"a": {"x"}},
            {"a": ["\ud800"]},
        ],
        *[
            "\ufeff{}",
            '{"a":["x"]}\x00',
            '{"a":["x"]} \r\n',
            '{"a":["x"]}{}',
            b'{"a":["\xff"]}',
            b"",
            "",
            b"{",
            None,
            1,
        ],
    ],
    ids=repr,
)
def test_odd_forms(pattern: Any) -> None:
    assert lowered(pattern) == parsed(pattern)


LIMITS = [
    *[Limits(nesting=2), Limits(nesting=3), Limits(pattern_bytes=20), Limits(paths_per_rule=2)],
    *[Limits(number_digits=3), Limits(name_length=3), Limits(wildcard_complexity=2)],
]
LIMITED = [
    *[
        '{"a":{"b":[1]}}',
        '{"a":{"b":{"c":[1]}}}',
        '{"a":[{"prefix":{"equals-ignore-case":"x"}}]}',
        '{"a":[{"prefix":"x"}]}',
    ],
    *['{"a":[{"anything-but":[1]}]}', '{"a":[1],"b":[2],"c":[3]}', '{"a":[1],"b":[2]}', '{"a":["12345678901"]}'],
    *['{"a":["1234567890é"]}', '{"a":[1234]}', '{"a":[-1.23]}', '{"a":[{"numeric":["=",12.34]}]}', '{"abcd":[1]}'],
    *['{"ééé":[1]}', '{"😀😀":[1]}', '{"a":[{"wildcard":"x*y*"}]}', '{"a":[{"wildcard":"x"}]}'],
]


@pytest.mark.parametrize("limits", LIMITS, ids=range(len(LIMITS)))
@pytest.mark.parametrize("text", LIMITED)
def test_limits(text: str, limits: Limits) -> None:
    assert lowered(text, limits) == parsed(text, limits)
