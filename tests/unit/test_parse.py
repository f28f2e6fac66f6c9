"""Patterns in, trees out: the shapes of trees, the limits, and no fault without a reason."""

from __future__ import annotations

import json
import time
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import PatternError
from matcher.flatten import read_event
from matcher.jsontext import read
from matcher.limits import Limits
from matcher.naive import matches
from matcher.pattern.ast import (
    Address,
    All,
    AnyOf,
    AnythingBut,
    Cidr,
    Exact,
    Exists,
    Literal,
    Node,
    Number,
    Numeric,
    Prefix,
    Suffix,
    Term,
    Wildcard,
)
from matcher.pattern.complexity import complexity
from matcher.pattern.faults import faults_of
from matcher.pattern.leaf import OPERATORS
from matcher.pattern.number import comparable, spelled
from matcher.pattern.parse import parse, to_pattern, to_text


def one(alternative: Any) -> Any:
    """Parse a pattern of one alternative and give it."""
    node = parse({"a": [alternative]})
    assert isinstance(node, Term)
    assert node.path == "a"
    (made,) = node.alternatives
    return made


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("x", Exact("x")),
        ("10.0.0.1", Address("10.0.0.1", b"\x0a\0\0\1")),
        ({"exactly": "10.0.0.1"}, Exact("10.0.0.1")),
        (3, Number("3", 3.0)),
        (2**53 + 1, Number("9007199254740993", None)),
        (None, Literal("null")),
        (True, Literal("true")),
        ({"prefix": "x"}, Prefix("x")),
        ({"suffix": {"equals-ignore-case": "x"}}, Suffix("x", True)),
        ({"wildcard": "a*\\*b"}, Wildcard("a*\\*b", ("a", "*b"))),
        ({"wildcard": "*"}, Wildcard("*", ("", ""))),
        ({"wildcard": ""}, Wildcard("", ("",))),
        ({"numeric": ["=", 5]}, Numeric(5.0, False, 5.0, False)),
        ({"numeric": [">", 5]}, Numeric(5.0, True, None, False)),
        ({"numeric": [">=", -1, "<", 1e3]}, Numeric(-1.0, False, 1000.0, True)),
        ({"cidr": "10.1.2.3/8"}, Cidr("10.1.2.3/8", b"\x0a\0\0\0", 8)),
        ({"exists": False}, Exists(False)),
        ({"anything-but": "10.0.0.1"}, AnythingBut((Exact("10.0.0.1"),))),
        ({"anything-but": [1, 2]}, AnythingBut((Number("1", 1.0), Number("2", 2.0)))),
        ({"anything-but": {"prefix": ["x", "y"]}}, AnythingBut((Prefix("x"), Prefix("y")))),
    ],
)
def test_alternatives(written: Any, made: Any) -> None:
    assert one(written) == made


def test_objects_become_dotted_paths() -> None:
    node = parse({"a": {"b": ["x"], "c": {"d": [1]}}, "e": [None]})
    assert isinstance(node, All)
    assert [term.path for term in node.nodes if isinstance(term, Term)] == ["a.b", "a.c.d", "e"]


def test_text_bytes_and_mappings_are_the_same() -> None:
    pattern = {"a": ["é", 1.5, {"anything-but": [1, 2]}], "$or": [{"b": [None]}, {"c": {"d": [True]}}]}
    text = json.dumps(pattern)
    assert parse(pattern) == parse(text) == parse(text.encode()) == parse(json.dumps(pattern, ensure_ascii=False))


def test_an_or_on_other_paths_stays_a_tree() -> None:
    branches = [{"a": [number]} for number in range(5)]
    node = parse({name: {"$or": branches} for name in "wxyz"})
    assert isinstance(node, All)
    assert [len(inner.nodes) for inner in node.nodes if isinstance(inner, AnyOf)] == [5, 5, 5, 5]


def test_a_field_moves_only_into_the_or_that_shares_its_path() -> None:
    node = parse('{"a":[1],"b":[2],"$or":[{"a":[3]},{"c":[4]}]}')
    assert node == All((AnyOf((term("a", 3), All((term("a", 1), term("c", 4))))), term("b", 2)))


def term(path: str, number: int) -> Term:
    return Term(path, (Number(str(number), float(number)),))


FIELD = st.tuples(st.sampled_from("abcd"), st.integers(0, 2))
OBJECT: Any = st.deferred(
    lambda: st.lists(FIELD.map(lambda field: (field[0], [field[1]])) | OR, min_size=1, max_size=4)
)
OR: Any = st.lists(OBJECT, min_size=2, max_size=3).map(lambda branches: ("$or", branches))


def text_of(members: Any) -> str:
    """Write (name, value) pairs as JSON, names as often as they come."""
    parts = []
    for name, value in members:
        inner = ", ".join(map(text_of, value)) if name == "$or" else str(value[0])
        parts.append(f'"{name}": [{inner}]')
    return "{" + ", ".join(parts) + "}"


def ways(members: Any) -> list[dict[str, int]]:
    """Expand as AWS's engine does: every field is put into every combination so far, the later over the earlier."""
    rules: list[dict[str, int]] = [{}]
    for name, value in members:
        if name == "$or":
            rules = [{**rule, **way} for branch in value for rule in rules for way in ways(branch)]
        else:
            rules = [{**rule, name: value[0]} for rule in rules]
    return rules


EVENTS = [
    (event, read_event(event))
    for values in product((0, 1, 2, None), repeat=4)
    for event in [{name: value for name, value in zip("abcd", values, strict=True) if value is not None}]
]


@given(OBJECT)
def test_the_tree_means_what_the_expansion_means(members: Any) -> None:
    node = parse(text_of(members))
    assert parse(to_text(node)) == node
    expanded = ways(members)
    for event, known in EVENTS:
        wanted = any(all(event.get(name) == value for name, value in rule.items()) for rule in expanded)
        assert matches(node, known) is wanted
    check_paths_apart(node, set())


def check_paths_apart(node: Node, taken: set[str]) -> set[str]:
    """No two terms that can hold together share a path; give the paths of a node."""
    if isinstance(node, Term):
        return {node.path}
    paths: set[str] = set()
    for inner in node.nodes:
        more = check_paths_apart(inner, taken)
        assert isinstance(node, AnyOf) or not paths & more
        paths |= more
    return paths


VALUE: Any = st.recursive(
    st.sampled_from(["", "x", "a**", "1.2.3.4", "10.0.0.0/8", None, True, 0, 1.5, 2**53 + 1, ">", "<", "="]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*OPERATORS, "a", "b", "$or", "="]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(VALUE)
def test_no_refusal_without_a_fault(value: Any) -> None:
    text = json.dumps(value)
    try:
        node = parse(text)
    except PatternError as error:
        assert error.faults
        for fault in error.faults:
            stands_there(value, fault.at)
        return
    assert parse(to_text(node)) == node
    assert parse(json.dumps(to_pattern(node)))
    if "$or" not in text:
        assert faults_of(read(text)) == []


def stands_there(value: Any, pointer: str) -> None:
    for step in pointer.split("/")[1:]:
        value = value[int(step)] if isinstance(value, list) else value[step]


@pytest.mark.parametrize("make", [lambda n: '{"a":' * n + "[1]" + "}" * n, lambda n: nested_or(n // 2)])
def test_nesting_to_the_limit(make: Any) -> None:
    node = parse(make(999))
    assert to_text(parse(to_text(node))) == to_text(node)
    assert isinstance(to_pattern(node), dict)
    with pytest.raises(PatternError, match="limit nesting"):
        parse(make(1_001))


def nested_or(levels: int) -> str:
    return '{"$or":[' * levels + '{"a":[1]}' + ',{"b":[2]}]}' * levels


def test_deep_branches_on_one_path() -> None:
    text = '{"a":[0],"$or":[' * 400 + '{"b":[1]}' + ',{"a":[2]}]}' * 400
    assert matches(parse(text), {"a": 2})
    assert not matches(parse(text), {"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("pattern", "limits", "limit"),
    [
        ({f"f{number}": [1] for number in range(257)}, Limits(), "paths_per_rule"),
        ({"$or": [{f"f{number}": [1] for number in range(257)}, {"a": [1]}]}, Limits(), "paths_per_rule"),
        ('{"$or":[{"a":[1]},{"b":[1]}]' + ',"$or":[{"a":[1]},{"b":[1]}]' * 13 + "}", Limits(), "or_branches"),
        ({"a": ["x" * 100]}, Limits(pattern_bytes=100), "nothing"),
        (json.dumps({"a": ["x" * 100]}), Limits(pattern_bytes=100), "pattern_bytes"),
        ("é" * 60, Limits(pattern_bytes=100), "pattern_bytes"),
        ({"n" * 1000: {str(number): [1] for number in range(99)}}, Limits(pattern_bytes=10_000), "pattern_bytes"),
        ({"a": [{"wildcard": "*a*b*"}]}, Limits(wildcard_complexity=3), "wildcard_complexity"),
    ],
)
def test_limits(pattern: Any, limits: Limits, limit: str) -> None:
    if limit == "nothing":
        parse(pattern, limits)
        return
    with pytest.raises(PatternError, match=f"limit {limit}") as raised:
        parse(pattern, limits)
    (fault,) = raised.value.faults
    assert str(getattr(limits, limit)) in fault.want
    assert fault.found.split()[0].isdigit()


def test_branches_do_not_add_up_their_paths() -> None:
    halves = [{f"{name}{number}": [1] for number in range(200)} for name in "ab"]
    parse({"$or": halves})
    parse({"$or": halves, **{f"c{number}": [1] for number in range(56)}})
    parse({f"f{number}": [1] for number in range(1_000)}, Limits(paths_per_rule=None))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"a": [{"anything-but": [str(number) for number in range(100_000)]}]}),
        json.dumps({"$or": [{f"a{number}": [number]} for number in range(50_000)]}),
        json.dumps({"a": [1], "$or": [{"a": [number], f"b{number}": [1]} for number in range(9_000)]}),
        '{"a":[1e999999999,1e-999999999,' + "9" * 1_000 + ",0." + "0" * 900 + "1]}",
        '{"a":[{"wildcard":"' + "*ab" * 20_000 + '"}]}',
    ],
    ids=["anything-but", "or", "shared or", "numbers", "wildcard"],
)
def test_large_patterns_stay_quick(text: str) -> None:
    start = time.perf_counter()
    parse(text)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("300", 300.0),
        ("3e2", 300.0),
        ("30000e-2", 300.0),
        ("-0", 0.0),
        ("1e23", 1e23),
        ("4.9e-324", 5e-324),
        ("5e-324", None),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("0." + "0" * 1000 + "1e1001", 1.0),
        ("0e99999999999999999999", 0.0),
        ("300.00000000000001", None),
        ("9007199254740993", None),
        ("0.1000000000000000055511151231257827", None),
        ("33.333333333333333", None),
        ("1.7976931348623158e308", None),
        ("1e400", None),
        ("-1e999999999999999999999", None),
        ("1e-400", None),
        ("1e-999999999999999999999", None),
    ],
)
def test_which_numbers_compare(text: str, value: float | None) -> None:
    assert comparable(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_compares(value: float) -> None:
    assert comparable(spelled(value)) == value
    assert float(spelled(value)) == value
    if value and abs(value) > 1e-300:
        assert comparable(repr(value)) == value


@pytest.mark.parametrize(
    ("wildcards", "figure"),
    [
        ([], 0),
        (["*"], 1),
        (["abc"], 1),
        (["foo*"], 2),
        (["*ab"], 2),
        (["*aa"], 3),
        (["a*bcb"], 3),
        (["*ab*ad"], 4),
        (["a*b*bb"], 5),
        (["*ab*b*b*"], 7),
        (["*a*b*c*"], 5),
        (["*a*b*c*", "*a*b*"], 9),
        (["*", "ab*c"], 3),
        (["ab*c", "x*xx"], 3),
        (["*abc", "*abcde"], 4),
        (["a*aaa", "aa*aa"], 7),
        (["ab*cd", "ab*wx", "ab*yz"], 6),
        (["ab*c", "ab*c"], 2),
        (["F*eatureFeature", "Fe*atureFeature", "Fea*tureFeature"], 10),
        (["*a*a*a*a*a*a*a*a*"], 17),
    ],
)
def test_complexity_is_what_aws_measures(wildcards: list[str], figure: int) -> None:
    assert complexity([parse({"a": [0, *({"wildcard": text} for text in wildcards)]})]) == figure


def test_complexity_is_of_the_worst_field() -> None:
    pattern = {"a": [{"wildcard": "a*"}], "b": [{"anything-but": {"wildcard": ["a*b*", "*"]}}], "c": ["*"]}
    assert complexity([parse(pattern)]) == 4
    many = [parse({"a": [{"wildcard": f"*{chr(97 + n)}*{chr(98 + n)}*"}]}) for n in range(20)]
    assert complexity(many) <= 80
