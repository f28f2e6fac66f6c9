"""What matching costs, counted and not timed, stays flat or grows in a line: whatever the rules, whatever the event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from matcher import RuleSet

Rules = Iterable[tuple[Any, Any]]


def effort(rules: RuleSet[Any], event: Any) -> int:
    """Count the steps of matching that are not a look at the text."""
    counts = rules.stats(json.dumps(event).encode())
    return counts["probes"] + counts["candidates"] + counts["tests"] + counts["array_steps"]


def exact(count: int) -> Rules:
    return ((n, {"source": ["app"], "detail": {"id": [f"id-{n}"], "state": ["on", "off"]}}) for n in range(count))


def prefixes(count: int) -> Rules:
    return ((n, {"detail": {"id": [{"prefix": f"id-{n}-"}]}}) for n in range(count))


def suffixes(count: int) -> Rules:
    return ((n, {"detail": {"id": [{"suffix": f"-{n}-id"}]}}) for n in range(count))


def wildcards(count: int) -> Rules:
    return ((n, {"detail": {"id": [{"wildcard": f"*i{n:05}d*x*"}]}}) for n in range(count))


def ignoring_case(count: int) -> Rules:
    return ((n, {"detail": {"id": [{"equals-ignore-case": f"Id-{n}"}]}}) for n in range(count))


def ranges(count: int) -> Rules:
    return ((n, {"detail": {"n": [{"numeric": [">=", n, "<", n + 1]}]}}) for n in range(count))


def blocks(count: int) -> Rules:
    return ((n, {"detail": {"ip": [{"cidr": f"{n >> 8 & 255}.{n & 255}.0.0/16"}]}}) for n in range(count))


def absences(count: int) -> Rules:
    return ((n, {"detail": {"id": [f"id-{n}"], "gone": [{"exists": False}]}}) for n in range(count))


def choices(count: int) -> Rules:
    return (
        (n, {"$or": [{"detail": {"id": [f"id-{n}"]}}, {"detail": {"other": [f"id-{n}"], "state": ["on"]}}]})
        for n in range(count)
    )


def exceptions(count: int) -> Rules:
    return ((n, {"detail": {"id": [f"id-{n}"], "state": [{"anything-but": ["x", "y"]}]}}) for n in range(count))


EVENT = {"source": "app", "detail": {"id": "id-7", "state": "on", "n": 7.5, "ip": "0.7.1.1", "other": "id-none"}}
NAMED = {
    exact: EVENT,
    prefixes: {"detail": {"id": "id-7-x"}},
    suffixes: {"detail": {"id": "x-7-id"}},
    wildcards: {"detail": {"id": "ai00007dbxc"}},
    ignoring_case: {"detail": {"id": "ID-7"}},
    ranges: EVENT,
    blocks: EVENT,
    absences: EVENT,
    choices: EVENT,
    exceptions: EVENT,
}


@pytest.mark.parametrize(("make", "event"), NAMED.items(), ids=[make.__name__ for make in NAMED])
def test_sixteen_times_the_rules_cost_no_more(make: Callable[[int], Rules], event: Any) -> None:
    few, many = RuleSet(make(1_000)), RuleSet(make(16_000))
    assert few.match(event) == many.match(event) == [7]
    assert effort(many, event) <= effort(few, event) + 8


@pytest.mark.parametrize(("make", "event"), NAMED.items(), ids=[make.__name__ for make in NAMED])
def test_memory_is_linear_in_the_rules(make: Callable[[int], Rules], event: Any) -> None:
    few, many = RuleSet(make(1_000)).memory()["total"], RuleSet(make(8_000)).memory()["total"]
    assert many <= 8 * few * 1.3
    assert many <= 8_000 * 600


def objects(count: int) -> dict[str, Any]:
    return {"a": [{"b": n % 7, "c": n % 5, "d": [{"e": n % 3, "f": n % 2}], "g": "x"} for n in range(count)]}


ARRAY_PATTERNS = {
    "two terms": {"a": {"b": [3], "c": [9]}},
    "three terms": {"a": {"b": [3], "c": [4], "g": ["y", {"prefix": "z"}]}},
    "agree nowhere": {"a": {"b": [1], "c": [2], "d": {"e": [9]}}},
    "inner array": {"a": {"d": {"e": [1], "f": [1]}, "b": [6], "c": [4]}},
    "anything but": {"a": {"b": [{"anything-but": [0]}], "c": [{"anything-but": [1, 2, 3, 4, 0]}], "g": ["x"]}},
    "presence": {"a": {"b": [{"exists": True}], "c": [{"exists": True}], "h": [{"exists": True}]}},
    "range": {"a": {"b": [{"numeric": [">", 5]}], "c": [{"numeric": [">", 4]}], "g": ["x"]}},
    "choice": {"a": {"$or": [{"b": [1], "c": [9]}, {"d": {"e": [2], "f": [7]}}, {"g": ["x"], "b": [8]}]}},
}


@pytest.mark.parametrize("pattern", ARRAY_PATTERNS.values(), ids=ARRAY_PATTERNS)
def test_arrays_are_linear(pattern: Any) -> None:
    rules = RuleSet({"rule": pattern})
    few = rules.stats(json.dumps(objects(500)).encode())
    many = rules.stats(json.dumps(objects(4_000)).encode())
    for count in ("fields", "tests", "array_steps"):
        assert many[count] <= 8.5 * max(few[count], 10), (count, few, many)


def test_arrays_are_linear_in_the_rules_that_hit() -> None:
    rules = RuleSet((n, {"a": {"b": [n % 7], "c": [9, n]}}) for n in range(100))
    few = effort(rules, objects(100))
    many = effort(rules, objects(800))
    assert many <= 8.5 * few


def test_choices_are_not_multiplied_out() -> None:
    def deep(width: int, depth: int) -> dict[str, Any]:
        level: dict[str, Any] = {}
        for number in range(depth):
            branches = [{f"f{number}_{branch}": [branch]} for branch in range(width)]
            level = {"x": {"$or": branches, **level}}
        return level

    flat = {f"g{group}": {"$or": [{f"f{n}": [n]} for n in range(5)]} for group in range(8)}
    small = RuleSet({"rule": {"g0": flat["g0"]}}).memory()["core"]
    assert RuleSet({"rule": flat}).memory()["core"] <= 9 * small
    assert RuleSet({"rule": deep(5, 12)}).memory()["core"] <= 13 * small
    event = {f"g{group}": {"f4": 4} for group in range(8)}
    rules = RuleSet({"rule": flat})
    assert rules.match(event) == ["rule"]
    assert effort(rules, event) <= 200


def test_lists_of_values_are_not_multiplied_out() -> None:
    def wide(fields: int) -> dict[str, Any]:
        return {f"f{field}": [f"v{value}" for value in range(10)] for field in range(fields)}

    one, six = (RuleSet({"rule": wide(fields)}).memory()["core"] for fields in (1, 6))
    assert six <= 7 * one
    many = RuleSet((n, {**wide(6), "id": [n]}) for n in range(1_000))
    assert many.memory()["core"] <= 1_000 * 3_000
    assert many.match({**{f"f{field}": "v9" for field in range(6)}, "id": 3}) == [3]


def test_a_long_list_of_exceptions_is_one_look() -> None:
    values = [f"value {n}" for n in range(100_000)]
    rules = RuleSet({"rule": {"a": [{"anything-but": values}], "b": [1]}})
    assert rules.match({"a": "other", "b": 1}) == ["rule"]
    assert rules.match({"a": "value 77777", "b": 1}) == []
    assert effort(rules, {"a": "other", "b": 1}) <= 10
    assert rules.memory()["core"] <= 100_000 * 120


def test_adding_costs_no_more_in_a_large_set() -> None:
    rules = RuleSet(exact(20_000))
    before = rules.memory()["core"]
    for number in range(200):
        rules.add(f"new {number}", {"detail": {"id": [f"id-{number}"]}})
        rules.remove(f"new {number}")
    assert rules.match(EVENT) == [7]
    assert rules.memory()["core"] <= before * 1.1
    assert effort(rules, EVENT) <= 60


@pytest.mark.parametrize("text", ["ab" * 20_000, "a" * 40_000, "ab" * 19_999 + "cd"])
def test_wildcards_are_linear_in_a_long_text(text: str) -> None:
    rules = RuleSet((n, {"a": [{"wildcard": f"*ab*{'ab' * (n % 5)}cd*{n}*"}]}) for n in range(300))
    few = effort(rules, {"a": text[: len(text) // 8]})
    assert effort(rules, {"a": text}) <= 8.5 * max(few, 100)
