"""Explanations: what was met where, what failed, and how near it came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import EventError, PatternError
from matcher.explain import Explanation, FieldExplanation, Found, explain
from matcher.flatten import read_event
from matcher.limits import Limits
from matcher.naive import holds, matches
from matcher.pattern.ast import EqualsIgnoreCase, Suffix, Wildcard
from matcher.pattern.leaf import wildcard_pieces
from matcher.pattern.parse import parse


def test_a_match_says_which_value_met_what() -> None:
    pattern = {"source": ["my.app"], "detail": {"total": [1, {"numeric": [">", 50]}], "gone": [{"exists": False}]}}
    explanation = explain(pattern, {"source": "my.app", "detail": {"total": [2, 60]}})
    assert explanation == Explanation(
        matched=True,
        reason="",
        fields=(
            FieldExplanation("detail.gone", True, ('{"exists": false}',), (), '{"exists": false}'),
            FieldExplanation(
                "detail.total",
                True,
                ("1", '{"numeric": [">", 50]}'),
                (Found("/detail/total/1", "60"),),
                '{"numeric": [">", 50]}',
            ),
            FieldExplanation("source", True, ('"my.app"',), (Found("/source", '"my.app"'),), '"my.app"'),
        ),
    )
    assert str(explanation).splitlines()[0] == "matches"
    assert json.loads(json.dumps(explanation.to_dict()))["fields"][1]["found"] == [
        {"at": "/detail/total/1", "value": "60"}
    ]


@pytest.mark.parametrize(
    ("pattern", "event", "path", "note"),
    [
        ({"a": ["running"]}, {"a": "Running"}, "a", "differs only in case"),
        ({"a": ["running", "x"]}, {"a": "runing"}, "a", 'nearest is "running"'),
        ({"a": ["x"]}, {"a": " x"}, "a", "white space"),
        ({"a": ["1"]}, {"a": 1}, "a", "is a number, not a string"),
        ({"a": [1]}, {"a": "1"}, "a", "is a string, not a number"),
        ({"a": [True]}, {"a": "true"}, "a", "is a string, not true"),
        ({"a": [5, 100]}, {"a": 7}, "a", "nearest is 5: 7 is 2 more"),
        ({"a": [{"numeric": [">", 50]}]}, {"a": 30}, "a", "30 is 20 too small"),
        ({"a": [{"numeric": [">", 50]}]}, {"a": 50}, "a", "is the bound, which is left out"),
        ({"a": [{"numeric": ["<", 5]}]}, {"a": 8.5}, "a", "8.5 is 3.5 too large"),
        ({"a": [{"numeric": ["<", 5]}]}, {"a": "4"}, "a", "is a string, not a number"),
        ({"a": [{"prefix": "eu-"}]}, {"a": "EU-west"}, "a", "differs only in case"),
        ({"a": [{"suffix": ".png"}]}, {"a": "x.PNG"}, "a", "differs only in case"),
        ({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": "11.0.0.1"}, "a", "is outside of 10.0.0.0/8"),
        ({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": "host"}, "a", "is no IP address"),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "x"}, "a", "is one of what it excludes"),
        ({"a": [9007199254740993]}, {"a": 9007199254740992}, "a", "more digits than a double"),
        ({"a": {"State": [1]}}, {"a": {"state": 1}}, "a.State", 'has "a.state": names differ in case'),
        ({"a": {"state": [1]}}, {"a": {"sate": 1}}, "a.state", 'has "a.sate"'),
        ({"a": {"state": [1]}}, {"b": {"state": 1}}, "a.state", 'has "b.state"'),
        ({"a": {"state": [1]}}, {"a": 1}, "a.state", '"a" is a value'),
        ({"a": [1]}, {"a": {"b": 1, "c": 2}}, "a", 'an object stands there, with "b", "c"'),
        ({"a": {"": [1]}}, {"a": {"": 1}}, "a.", 'a member named ""'),
        ({"a": [{"exists": False}]}, {"a": 1}, "a", "must be absent"),
    ],
)
def test_a_miss_says_what_was_near(pattern: Any, event: Any, path: str, note: str) -> None:
    explanation = explain(pattern, event)
    assert not explanation.matched
    assert explanation.fields[0].path == path
    assert not explanation.fields[0].met
    assert note in explanation.fields[0].note
    assert note in str(explanation)


def test_the_first_that_failed_comes_first_and_the_rest_is_there() -> None:
    explanation = explain({"a": [1], "b": [2], "c": [3]}, {"a": 1, "b": 0, "c": 0})
    assert [(field.path, field.met) for field in explanation.fields] == [("b", False), ("c", False), ("a", True)]
    assert explanation.reason == "b and 1 more"
    assert explanation.fields[0].found == (Found("/b", "0"),)


def test_arrays_say_which_element() -> None:
    pattern = {"d": {"b": ["x"], "c": ["y"]}}
    event = {"d": [{"b": "x"}, {"b": "z", "c": "y"}]}
    explanation = explain(pattern, event)
    assert not explanation.matched
    assert "array element" in explanation.reason
    assert explanation.fields[0].path == "d.c"
    assert "/d/1/c" in explanation.fields[0].note
    assert "d.b at /d/0/b" in explanation.fields[0].note
    assert explanation.fields[1] == FieldExplanation("d.b", True, ('"x"',), (Found("/d/0/b", '"x"'),), '"x"')


def test_absence_that_was_asked_too_early() -> None:
    explanation = explain({"d": {"a": [{"exists": False}], "b": [1]}}, {"d": [{"a": 1, "b": 2}, {"b": 1}]})
    assert explanation.reason == "d.a is present"
    assert [field.note for field in explanation.fields] == ["must be absent", "not reached"]


def test_the_branch_that_came_nearest() -> None:
    pattern = {"$or": [{"a": [1], "b": [2]}, {"a": [1], "c": [3]}, {"z": [1]}], "q": ["w"]}
    missed = explain(pattern, {"a": 1, "c": 4, "q": "w"})
    assert missed.branches == ((2, 3),)
    assert missed.fields[0].path == "c"
    assert "branch 2 of 3, which came nearest" in str(missed)
    matched = explain(pattern, {"z": 1, "q": "w"})
    assert matched.branches == ((3, 3),)
    assert [field.path for field in matched.fields] == ["q", "z"]


def test_pointers_are_escaped() -> None:
    assert explain({"a/b": {"c~d": [1]}}, {"a/b": [{"c~d": 1}]}).fields[0].found[0].at == "/a~1b/0/c~0d"


def test_long_lists_are_cut_in_the_text_only() -> None:
    explanation = explain({"a": [str(number) for number in range(100)]}, {"a": ["x"] * 50})
    assert "and 94 more" in str(explanation)
    assert len(explanation.fields[0].wanted) == 100
    assert len(explanation.fields[0].found) == 50


@pytest.mark.parametrize(
    ("event", "at"), [("[]", 0), ("  1", 2), ('{"a":}', 5), (b'{"a":"\xff"}', 6), ('{"a":1}x', 7), ("", 0)]
)
def test_events_that_are_refused(event: str | bytes, at: int) -> None:
    for ask in (lambda: explain({"a": [1]}, event), lambda: matches(parse({"a": [1]}), event)):
        with pytest.raises(EventError) as raised:
            ask()
        assert raised.value.at == at


def test_patterns_that_are_refused() -> None:
    with pytest.raises(PatternError):
        explain({"a": 1}, {})


def test_the_search_is_limited() -> None:
    pattern = {"a": {name: [{"exists": True}] for name in "bcde"}}
    event = {"a": [{name: 1} for name in "bcde" for _ in range(5)]}
    assert not matches(parse(pattern), event)
    with pytest.raises(EventError, match="limit array_steps"):
        matches(parse(pattern), event, Limits(array_steps=3))


def test_long_arrays_stay_near_linear() -> None:
    event = read_event({"a": [{"b": number, "c": number, "d": [{"e": number}]} for number in range(3_000)]})
    pattern: dict[str, Any] = {"a": {"b": [{"exists": True}], "c": [{"exists": True}], "d": {"e": [2_999]}}}
    assert matches(parse(pattern), event, Limits(array_steps=20_000))
    pattern["a"]["b"] = [0]
    assert not matches(parse(pattern), event, Limits(array_steps=20_000))


def test_independent_arrays_do_not_multiply() -> None:
    event: dict[str, Any] = {name: [{"x": 1} for _ in range(100)] for name in "abcdefgh"} | {"z": 1}
    pattern: dict[str, Any] = {name: {"x": [1]} for name in "abcdefgh"} | {"z": [2]}
    assert not matches(parse(pattern), event, Limits(array_steps=2_000))
    pattern["z"] = [1]
    assert matches(parse(pattern), event, Limits(array_steps=2_000))


def test_deep_trees_and_events() -> None:
    node = deep(300)
    assert matches(node, {"a": 1})
    assert explain(node, {"a": 1}).branches == ((1, 2),) * 300
    assert not explain(node, {"c": 1}).matched
    event = '{"a":' + '[{"a":' * 400 + "1" + "}]" * 400 + "}"
    assert explain({"a": ["x"]}, event).fields[0].note.startswith("an object stands there")
    assert matches(parse({".".join("a" * 401): [1]}), event)


def deep(levels: int) -> Any:
    return parse('{"$or":[' * levels + '{"a":[1]}' + ',{"b":[2]}]}' * levels)


TEXT = st.text(alphabet="ab*", max_size=6)


@given(TEXT, TEXT)
def test_wildcards_by_trying_every_split(source: str, text: str) -> None:
    pieces = wildcard_pieces(source)
    if not isinstance(pieces, int):
        assert holds(Wildcard(source, pieces), text) == fits(source, text)


def fits(source: str, text: str) -> bool:
    if not source:
        return not text
    if source[0] == "*":
        return any(fits(source[1:], text[n:]) for n in range(len(text) + 1))
    return text[:1] == source[0] and fits(source[1:], text[1:])


@given(st.text(alphabet="sSßẞiıİI", max_size=5), st.text(alphabet="sSßẞiıİI\u0307", max_size=5))
def test_case_by_trying_every_form(wanted: str, text: str) -> None:
    forms = [""]
    for character in wanted:
        forms = [form + case for form in forms for case in {character.lower(), character.upper()}]
    assert holds(EqualsIgnoreCase(wanted), text) == (text in forms)
    assert holds(Suffix(wanted, True), text) == any(text.endswith(form) for form in forms)
