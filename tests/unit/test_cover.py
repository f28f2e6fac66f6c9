"""What is said to be certain of alternatives holds for every value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from matcher.jsontext import read
from matcher.pattern.ast import Alternative, Exists, Term
from matcher.pattern.cover import covers, disjoint, is_empty, key
from matcher.pattern.holds import holds
from matcher.pattern.parse import parse

TEXT = st.text(alphabet="aAbß1.*", max_size=3) | st.sampled_from(
    ["10.0.0.1", "010.0.0.1", "::ffff:a00:1", "10.1.2.3", "::1"]
)
STARRED = (
    st.lists(st.text(alphabet="aAb1", max_size=2), min_size=1, max_size=4).map("*".join).filter(lambda t: "**" not in t)
)
NUMBER = st.sampled_from([0, 1, 1.5, 2, -1, 5e15, 2**53 + 1, 1e23])
COMPARED = st.sampled_from([-1, 0, 1, 1.5, 2, 1e15])
RANGE = st.one_of(
    st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), COMPARED).map(list),
    st.tuples(st.sampled_from([">", ">="]), COMPARED, st.sampled_from(["<", "<="]), COMPARED)
    .filter(lambda bounds: bounds[1] < bounds[3])
    .map(list),
)
BLOCK = st.sampled_from(["10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "0.0.0.0/0", "::/0", "::/64", "11.0.0.0/8"])
FILLED = TEXT.filter(bool)
WRITTEN = st.one_of(
    TEXT,
    NUMBER,
    st.sampled_from([None, True, False]),
    st.dictionaries(
        st.sampled_from(["exactly", "prefix", "suffix", "equals-ignore-case"]), TEXT, min_size=1, max_size=1
    ),
    st.dictionaries(
        st.sampled_from(["prefix", "suffix"]),
        TEXT.map(lambda text: {"equals-ignore-case": text}),
        min_size=1,
        max_size=1,
    ),
    STARRED.map(lambda text: {"wildcard": text}),
    RANGE.map(lambda bounds: {"numeric": bounds}),
    BLOCK.map(lambda block: {"cidr": block}),
    st.booleans().map(lambda present: {"exists": present}),
    (FILLED | st.lists(FILLED, min_size=1, max_size=3) | st.lists(COMPARED, min_size=1, max_size=3)).map(
        lambda barred: {"anything-but": barred}
    ),
    st.dictionaries(
        st.sampled_from(["prefix", "suffix", "equals-ignore-case"]),
        st.lists(FILLED, min_size=1, max_size=2),
        min_size=1,
        max_size=1,
    ).map(lambda barred: {"anything-but": barred}),
    st.lists(STARRED, min_size=1, max_size=2).map(lambda texts: {"anything-but": {"wildcard": texts}}),
)
VALUES = [
    *("", "a", "A", "b", "ab", "Ab", "aa", "aab", "ba", "ß", "SS", "ss", "1", "1.", ".", "*", "a*b", "true", "null"),
    *("10.0.0.1", "010.0.0.1", "::ffff:a00:1", "10.1.2.3", "11.0.0.1", "::1", "0:0::1", "1::"),
    *(0, 1, 1.5, 2, -1, 1e15, 2**53 + 1, 1e23, -5, 1.2, True, False, None),
]


def made(written: Any) -> Alternative:
    node = parse({"a": [written]})
    assert isinstance(node, Term)
    return node.alternatives[0]


def met(alternative: Alternative, value: Any) -> bool:
    return holds(alternative, read(json.dumps(value)))  # type: ignore[arg-type]


@settings(max_examples=1_000)
@example({"equals-ignore-case": ""}, {"prefix": {"equals-ignore-case": ""}}, "")
@given(WRITTEN, WRITTEN, TEXT | NUMBER | COMPARED)
def test_certainties(one: Any, other: Any, more: Any) -> None:
    wide, narrow = made(one), made(other)
    covered, apart, same = covers(wide, narrow), disjoint(wide, narrow), key(wide) == key(narrow)
    event(f"{covered=} {apart=}")
    for value in [*VALUES, more]:
        taken = met(wide, value), met(narrow, value)
        assert not covered or not taken[1] or taken[0], value
        assert not apart or not (taken[0] and taken[1]), value
        assert not same or taken[0] == taken[1], value
        assert not (is_empty(wide) and taken[0])
    if same:
        assert covers(wide, narrow)
    if isinstance(narrow, Exists) and not narrow.present:
        assert covered == (wide == narrow)


@given(WRITTEN)
def test_everything_covers_itself_and_presence_covers_all_but_absence(written: Any) -> None:
    alternative = made(written)
    assert covers(alternative, alternative)
    assume(alternative != Exists(False))
    assert covers(Exists(True), alternative)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"prefix": "x"}, "xy"),
        ({"prefix": "x"}, {"prefix": "xy"}),
        ({"prefix": "x"}, {"wildcard": "xa*b"}),
        ({"wildcard": "*"}, {"suffix": "q"}),
        ({"wildcard": "*"}, "10.0.0.1"),
        ({"wildcard": "*"}, {"cidr": "10.0.0.0/8"}),
        ({"wildcard": "*a*"}, {"wildcard": "b*a"}),
        ({"wildcard": "a*b"}, {"wildcard": "ax*yb"}),
        ({"equals-ignore-case": "ab"}, "aB"),
        ({"prefix": {"equals-ignore-case": "ab"}}, {"equals-ignore-case": "ABc"}),
        ({"suffix": {"equals-ignore-case": "ab"}}, {"suffix": "xAb"}),
        ({"numeric": [">", 0]}, 5),
        ({"numeric": [">", 0]}, {"numeric": [">", 1, "<", 2]}),
        ({"cidr": "10.0.0.0/8"}, {"cidr": "10.1.0.0/16"}),
        ({"cidr": "10.0.0.0/8"}, "10.1.2.3"),
        ({"anything-but": "x"}, "y"),
        ({"anything-but": "x"}, 1),
        ({"anything-but": "x"}, {"prefix": "y"}),
        ({"anything-but": ["x"]}, {"anything-but": ["x", "y"]}),
        ({"anything-but": "xy"}, {"anything-but": {"prefix": "x"}}),
        ({"anything-but": [5]}, {"numeric": ["<", 5]}),
        ({"exists": True}, None),
        (1.0, {"numeric": ["=", 1]}),
    ],
)
def test_proofs_that_must_be_found(wide: Any, narrow: Any) -> None:
    assert covers(made(wide), made(narrow))
    assert not covers(made(narrow), made(wide)) or key(made(wide)) == key(made(narrow))


@pytest.mark.parametrize(
    ("bounds", "empty"),
    [
        ([">", 1, "<", 1.0000000000000002], True),
        ([">", 1, "<=", 1.0000000000000002], False),
        ([">", 1.7976931348623157e308], True),
        (["<", -1.7976931348623157e308], True),
        ([">=", 1.7976931348623157e308], False),
        ([">", 0], False),
    ],
)
def test_ranges_without_a_double(bounds: Any, empty: bool) -> None:
    assert is_empty(made({"numeric": bounds})) is empty
