"""Members are found by their names, however the names begin, whatever stands between them, and with what instructions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import EventError, RuleSet
from matcher._core.machine import simd_levels
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.parse import parse

#: Few letters, so that names begin alike, are parts of each other, and are walked several steps at once by their dots.
NAMES = st.text(alphabet='aab.c"\\é/', max_size=10)
STEPS = st.text(alphabet="aabcé/", min_size=1, max_size=10)
LEAVES = st.sampled_from(["x", "y", '"x"', "", 1, -0.5, True, None])


def members(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, values, max_size=5)


EVENTS = members(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | members(inner), max_leaves=12))
PATTERNS = st.lists(
    st.tuples(st.lists(STEPS, min_size=1, max_size=3), st.sampled_from([["x"], [1], [{"exists": True}]])),
    min_size=1,
    max_size=12,
)


def nested(steps: list[str], leaf: list[Any]) -> dict[str, Any]:
    pattern: Any = leaf
    for step in reversed(steps):
        pattern = {step: pattern}
    return pattern  # type: ignore[no-any-return]


def texts(event: dict[str, Any]) -> list[bytes]:
    return [
        json.dumps(event).encode(),
        json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(),
        json.dumps(event, indent=1).encode(),
    ]


@pytest.mark.parametrize("level", simd_levels())
@settings(max_examples=120)
@given(patterns=PATTERNS, event=EVENTS)
def test_members_are_found(level: str, patterns: list[tuple[list[str], list[Any]]], event: dict[str, Any]) -> None:
    rules = [json.dumps(nested(*pattern)) for pattern in patterns]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHER_SIMD", level)
        strict, trusting = RuleSet(enumerate(rules)), RuleSet(enumerate(rules), validate="structural")
    for text in texts(event):
        known = read_event(text)
        expected = [number for number, rule in enumerate(rules) if matches(parse(rule), known)]
        assert strict.match(text) == expected
        assert trusting.match(text) == expected


@pytest.mark.parametrize("level", simd_levels())
@settings(max_examples=120)
@given(
    names=st.lists(st.text(alphabet="ab", min_size=1, max_size=3), min_size=1, max_size=6),
    asked=st.sampled_from(["a", "b", "ab", "none"]),
    data=st.data(),
)
def test_a_colon_for_each_member(level: str, names: list[str], asked: str, data: st.DataObject) -> None:
    """Whether or not a rule asks for them: a member without a colon, or an element with one, is refused."""
    values = [data.draw(st.sampled_from(['"x"', "1", "[1]", '{"a":1}', "[]", "{}"])) for _ in names]
    parts = [f'"{name}":{value}' for name, value in zip(names, values, strict=True)]
    broken = data.draw(st.integers(0, len(parts) - 1))
    parts[broken] = data.draw(
        st.sampled_from(
            [f'"{names[broken]}"', values[broken], f'"{names[broken]}" {values[broken]}', f'"{names[broken]}"::1', '"a":']
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHER_SIMD", level)
        rules = RuleSet({"rule": {asked: ["x"]}})
    text = ("{" + ",".join(parts) + "}").encode()
    with pytest.raises(EventError):
        rules.match(text)
    with pytest.raises(EventError):
        rules.match(b'{"n":' + text + b"}")
    with pytest.raises(EventError):
        rules.match(b'{"a":[' + text + b"]}")
