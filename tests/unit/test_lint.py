"""Findings: the right ones, and none that an event could prove wrong."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import RuleSet
from matcher.checking import Finding, check
from matcher.naive import matches
from matcher.pattern.ast import AnyOf, Node, Term
from matcher.pattern.implied import combinations
from matcher.pattern.lint import lint
from matcher.pattern.parse import parse

ALTERNATIVE = st.sampled_from(
    [
        *("x", "xy", "y", 1, 2, None),
        *({"prefix": "x"}, {"suffix": "y"}, {"wildcard": "*"}, {"wildcard": "x*y"}, {"equals-ignore-case": "X"}),
        *({"numeric": [">", 0]}, {"numeric": [">=", 1, "<", 2]}, {"numeric": ["=", 1]}),
        *({"exists": True}, {"exists": False}, {"numeric": [">", 1, "<", 1.0000000000000002]}),
        *(
            {"anything-but": "x"},
            {"anything-but": ["x", "y"]},
            {"anything-but": [1]},
            {"anything-but": {"prefix": "x"}},
        ),
    ]
)
LEAF = st.lists(ALTERNATIVE, min_size=1, max_size=3)
EXCLUDING = st.sampled_from(
    [
        *({"anything-but": "x"}, {"anything-but": "y"}, {"anything-but": [1, 2]}, {"anything-but": {"prefix": "x"}}),
        *("x", "y", 1, 2, {"prefix": "x"}, {"exists": True}, {"exists": False}, {"equals-ignore-case": "X"}),
    ]
)
PATH = st.sampled_from(["a.b", "a.c", "a.d", "e"])
FIELDS = st.dictionaries(PATH, LEAF, min_size=1, max_size=3)
PATTERN = st.one_of(
    FIELDS,
    st.tuples(FIELDS, st.lists(FIELDS, min_size=2, max_size=2)).map(lambda parts: {**parts[0], "$or": parts[1]}),
)
SCALAR = st.sampled_from(["x", "xy", "y", "X", "z", 1, 1.5, 2, 0, None])
ELEMENT = st.dictionaries(st.sampled_from("bcd"), SCALAR | st.lists(SCALAR, max_size=2), max_size=3)
EVENT = st.fixed_dictionaries({}, optional={"a": ELEMENT | st.lists(ELEMENT | SCALAR, max_size=3), "e": SCALAR})


@settings(max_examples=300)
@given(st.lists(PATTERN, min_size=2, max_size=5), st.lists(EVENT, min_size=1, max_size=12))
def test_no_event_contradicts_a_finding(patterns: list[Any], events: list[Any]) -> None:
    nodes = [parse(pattern) for pattern in patterns]
    for finding in check(list(enumerate(patterns))):
        assert isinstance(finding.rule, int)
        for event in events:
            answers = [matches(node, event) for node in nodes]
            if finding.kind == "never" and not finding.at:
                assert not answers[finding.rule]
            elif finding.kind == "duplicate-rule":
                assert isinstance(finding.other, int)
                assert answers[finding.rule] == answers[finding.other]
            elif finding.kind == "implied":
                assert isinstance(finding.other, int)
                assert answers[finding.other] or not answers[finding.rule]
            elif finding.kind == "redundant" or (finding.kind == "never" and finding.at[-1].isdigit()):
                less = without(patterns[finding.rule], finding.at)
                assert less is None or matches(parse(less), event) == answers[finding.rule]


def without(pattern: Any, at: str) -> Any:
    """Leave out what a pointer points to; None if it points to no alternative, or to the last one."""
    copy = json.loads(json.dumps(pattern))
    *way, last = at.split("/")[1:]
    value = copy
    for step in way:
        value = value[int(step)] if isinstance(value, list) else value[step]
    if not isinstance(value, list) or len(value) == 1 or way[-1] == "$or":
        return None
    del value[int(last)]
    return copy


@settings(max_examples=300)
@given(st.lists(EXCLUDING, min_size=2, max_size=4), st.lists(EVENT, min_size=1, max_size=12))
def test_what_is_said_to_match_always_does(leaf: list[Any], events: list[Any]) -> None:
    node = parse({"e": leaf})
    found = [finding for finding in lint([("rule", node)]) if finding.kind == "always"]
    for event in events if found else ():
        if "e" in event or {"exists": False} in leaf:
            assert matches(node, event)


def found(patterns: Any) -> list[tuple[Any, str, str]]:
    return [(finding.rule, finding.kind, finding.at) for finding in check(patterns)]


@pytest.mark.parametrize(
    ("pattern", "findings"),
    [
        ('{"a":["x",1,null]}', []),
        ('{"a":[{"numeric":[">",1,"<",1.0000000000000002]}]}', [("never", ""), ("never", "/a/0")]),
        ('{"a":["x",{"numeric":[">",1.7976931348623157e308]}]}', [("never", "/a/1")]),
        (
            '{"b":[1],"$or":[{"c":[2]},{"a":[{"numeric":["<",-1.7976931348623157e308]}]}]}',
            [("never", "/$or/1"), ("never", "/$or/1/a/0")],
        ),
        ('{"a":["x",{"prefix":"x"}]}', [("redundant", "/a/0")]),
        ('{"a":[1,2,1.0]}', [("redundant", "/a/2")]),
        ('{"a":["x",{"exists":true},{"exists":false}]}', [("redundant", "/a/0"), ("always", "/a")]),
        ('{"a":[{"wildcard":"*"},"x",{"suffix":"y"},1]}', [("redundant", "/a/1"), ("redundant", "/a/2")]),
        ('{"a":[{"wildcard":"*"},{"prefix":""}]}', [("redundant", "/a/1")]),
        ('{"a":[{"numeric":[">",0]},{"numeric":[">",1,"<",2]},5,"5"]}', [("redundant", "/a/1"), ("redundant", "/a/2")]),
        (
            '{"a":[{"cidr":"10.1.0.0/16"},{"cidr":"10.0.0.0/8"},"10.2.3.4"]}',
            [("redundant", "/a/0"), ("redundant", "/a/2")],
        ),
        ('{"a":[{"anything-but":"x"},{"anything-but":"y"}]}', [("always", "/a")]),
        ('{"a":[{"anything-but":["x","y"]},"y","x"]}', [("always", "/a")]),
        ('{"a":[{"anything-but":["x","y"]},"y"]}', []),
        ('{"a":[{"anything-but":{"prefix":["x","xy"]}}]}', [("redundant", "/a/0")]),
        ('{"a":["x"],"b":[1],"a":["y"]}', [("duplicate-path", "/a")]),
        ('{"a":{"b":["x"]},"a.b":["y"]}', [("duplicate-path", "/a/b")]),
        ('{"a":[1],"$or":[{"a":[2]},{"b":[3]}]}', [("duplicate-path", "/$or/0/a")]),
        ('{"$or":[{"a":[2]},{"b":[3]}],"a":[1]}', [("duplicate-path", "/$or/0/a")]),
        ('{"$or":[{"a":[2]},{"a":[3]}]}', []),
        ('{"a":{"numeric":[">",5]}}', [("name", "/a/numeric")]),
        ('{"prefix":["x"]}', []),
        ('{"a":{"":["x"]}}', [("name", "/a/")]),
        ('{"a":["^x.*$"]}', [("regex", "/a/0")]),
        ('{"a":[{"wildcard":"*a*a*a*a*a*a*"}]}', [("complexity", "")]),
        ('{"a/b":[1,1]}', [("redundant", "/a~1b/1")]),
        ('{"a":"x","b":[]}', [("invalid", "/a"), ("invalid", "/b")]),
        ('{"$or":["x","x"]}', [("redundant", "/$or/1")]),
        ("{", [("invalid", "byte 1")]),
    ],
)
def test_one_pattern(pattern: str, findings: list[tuple[str, str]]) -> None:
    assert found(pattern) == [(None, kind, at) for kind, at in findings]


RULES: dict[str, Any] = {
    "two": {"a": ["x", "y"]},
    "same": {"a": ["y", "x"]},
    "narrow": {"a": ["x"], "b": [1]},
    "narrower": {"a": ["x"], "b": [{"numeric": [">", 0]}], "c": [None]},
    "branches": {"$or": [{"a": ["x"]}, {"a": ["y"], "q": [1]}]},
    "half": {"$or": [{"a": ["x"]}, {"z": [1]}]},
    "other": {"b": [{"prefix": "q"}]},
    "within other": {"b": [{"prefix": "qq"}, {"wildcard": "q*z"}], "d": [{"exists": False}]},
    "bad": {"a": 1},
}


def test_many_rules() -> None:
    findings = [(finding.rule, finding.kind, finding.other) for finding in check(RULES)]
    assert findings == [
        ("same", "duplicate-rule", "two"),
        ("narrow", "implied", "two"),
        ("narrower", "implied", "two"),
        ("branches", "implied", "two"),
        ("within other", "implied", "other"),
        ("bad", "invalid", None),
    ]
    assert check(list(RULES.items())) == check(RULES)


def test_absence_is_implied_only_by_the_same_fields_before_it() -> None:
    wide = {"d": {"c": [{"exists": False}]}}
    assert found({"wide": wide, "narrow": {"d": {"b": [1], "c": [{"exists": False}]}}}) == []
    assert found({"wide": wide, "narrow": {"d": {"c": [{"exists": False}], "e": [1]}}}) == [("narrow", "implied", "")]


def test_findings_of_a_rule_set() -> None:
    rules: RuleSet[str] = RuleSet(
        [("one", {"d": {"a": ["x", {"prefix": "x"}]}}), ("two", {"a": [1]}), ("three", {"a": [1]})]
    )
    assert [(finding.rule, finding.kind, finding.at) for finding in rules.lint()] == [
        ("one", "redundant", "/d.a/0"),
        ("three", "duplicate-rule", ""),
    ]


def test_pointers_into_branches_of_a_tree() -> None:
    (finding,) = lint([(1, parse({"a": [1], "d": {"$or": [{"b": [2]}, {"c": [1, 1]}]}}))])
    assert finding == Finding(1, "redundant", "/$or/1/d.c/1", "1 is matched by 1 already", "warning")


def test_combinations_are_counted() -> None:
    ten = parse({name: {"$or": [{"a": [1]}, {"b": [1]}]} for name in "abcdefghij"})
    assert combinations(ten, 1_000) is None
    listed = combinations(ten, 1_024)
    assert listed is not None
    assert len(listed) == 1_024
    assert {len(terms) for terms in listed} == {10}


@pytest.mark.parametrize("kind", ["exact", "wildcard", "shared"])
def test_ten_thousand_rules_do_not_take_their_square(kind: str) -> None:
    rules: list[tuple[int, Node]] = []
    for number in range(10_000):
        fields: dict[str, Any] = {
            "source": ["app"],
            "detail": {"id": [f"i-{number}"], "n": [{"numeric": [">", number]}]},
        }
        if kind == "wildcard":
            fields = {"source": [{"wildcard": f"*{number}*x"}]}
        elif kind == "shared":
            fields = {"source": ["app"], "detail": {"n": [{"numeric": [">", number]}], "p": [{"prefix": str(number)}]}}
        rules.append((number, parse(fields)))
    start = time.perf_counter()
    kinds = {finding.kind for finding in lint(rules)}
    assert time.perf_counter() - start < 30
    assert "duplicate-rule" not in kinds
    assert ("incomplete" in kinds) is (kind != "exact")


def test_long_lists_are_compared_within_bounds() -> None:
    values = [f"v{number}" for number in range(100_000)]
    start = time.perf_counter()
    findings = check({"a": [*values, {"prefix": "v9"}, {"anything-but": values}, "v5"]})
    assert time.perf_counter() - start < 30
    assert ("redundant", "/a/100002") in {(finding.kind, finding.at) for finding in findings}


def test_deep_trees() -> None:
    node: Node = parse({"a": [1, 1]})
    for _ in range(2_000):
        node = AnyOf((node, Term("b", node.alternatives if isinstance(node, Term) else ())))
    assert lint([("deep", node)])
