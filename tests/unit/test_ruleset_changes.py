"""Adding, removing and replacing rules, one thread at a time."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from matcher import PatternError, RuleSet, RuleSetError
from matcher.pattern.parse import parse

X: dict[str, Any] = {"a": ["x"]}
Y: dict[str, Any] = {"a": ["y"]}
EVENT = b'{"a":"x"}'


def test_a_faulty_pattern_leaves_the_set_as_it_was() -> None:
    rules: RuleSet[str] = RuleSet({"r": X, "s": X})
    with pytest.raises(PatternError):
        rules.add("t", {"a": "x"})
    with pytest.raises(PatternError):
        rules["r"] = {"a": "x"}
    with pytest.raises(RuleSetError):
        rules.update({"u": X, "t": {"a": []}})
    assert rules.match(EVENT) == ["r", "s"] == list(rules)
    assert rules["r"] == [parse(X)]


def test_removing_takes_all_under_the_name() -> None:
    rules = RuleSet([("r", X), ("s", X), ("r", Y)])
    rules.remove("r")
    assert rules.match(EVENT) == ["s"]
    assert rules.match(b'{"a":"y"}') == []
    assert "r" not in rules
    for name in ("r", "never"):
        with pytest.raises(KeyError):
            rules.remove(name)
        with pytest.raises(KeyError):
            rules[name]
    del rules["s"]
    assert rules.match(EVENT) == []
    assert len(rules) == 0


def test_removed_and_added_again_stands_last() -> None:
    rules: RuleSet[str] = RuleSet({"r": X, "s": X})
    rules.remove("r")
    rules.add("r", X)
    assert rules.match(EVENT) == ["s", "r"] == list(rules)


def test_replacing_keeps_the_place() -> None:
    rules = RuleSet([("r", X), ("s", X), ("t", X), ("s", Y)])
    rules["s"] = {"b": [1]}
    assert rules.match(b'{"a":["x","y"],"b":1}') == ["r", "s", "t"]
    assert rules.match(EVENT) == ["r", "t"]
    assert rules["s"] == [parse({"b": [1]})]
    rules["u"] = X
    assert rules.match(EVENT) == ["r", "t", "u"]


def test_patterns_of_a_name_come_in_the_order_added() -> None:
    rules: RuleSet[int] = RuleSet()
    wanted = [parse({"a": [f"{number}"]}) for number in range(20)]
    for number in range(20):
        rules.add(0, {"a": [f"{number}"]})
        rules.update({1_000 * number + other: X for other in range(1, 8 * (number % 4))})
    assert rules[0] == wanted
    for name in list(rules)[1:]:
        rules.remove(name)
    assert rules[0] == wanted
    for name in range(1, 200):
        rules.add(name, X)
        rules.remove(name)
    assert rules[0] == wanted


def test_a_set_that_changes_for_ever_does_not_grow() -> None:
    rules: RuleSet[int] = RuleSet({-1: X})
    sizes = []
    for number in range(3_000):
        rules.add(number, {"a": ["x", "z"]})
        if number >= 10:
            rules.remove(number - 10)
        if number % 1_000 == 999:
            sizes.append(rules.memory()["total"])
            assert rules.match(EVENT) == [-1, *range(number - 9, number + 1)]
    assert max(sizes) < 3 * min(sizes)


@pytest.mark.parametrize("copied", [RuleSet.copy, copy.copy, lambda rules: pickle.loads(pickle.dumps(rules))])
def test_a_copy_goes_its_own_way(copied: Any) -> None:
    rules: RuleSet[str] = RuleSet({"r": X, "s": X})
    other = copied(rules)
    rules.remove("r")
    other.add("t", X)
    other["s"] = Y
    assert rules.match(EVENT) == ["s"]
    assert other.match(EVENT) == ["r", "t"]
    assert other.match(b'{"a":"y"}') == ["s"]
    assert list(other) == ["r", "s", "t"]


def test_walking_over_names_while_they_change() -> None:
    rules: RuleSet[int] = RuleSet((number, X) for number in range(100))
    for name in rules:
        rules.remove(name)
        rules.add(name + 1_000, X)
    assert list(rules) == list(range(1_000, 1_100))


def test_items_are_patterns_by_name() -> None:
    rules = RuleSet([("r", X), ("s", X), ("r", Y)])
    assert sorted((name, node) for name, node in rules.items() if name == "s") == [("s", parse(X))]
    assert [name for name, _ in rules.items()] == ["r", "r", "s"]


def test_rules_given_as_an_iterator_may_use_the_set_itself() -> None:
    rules: RuleSet[str] = RuleSet({"r": X})
    rules.update((name + "!", X) for name in rules)
    assert list(rules) == ["r", "r!"]


def test_a_faulty_iterator_changes_nothing() -> None:
    rules: RuleSet[str] = RuleSet({"r": X})

    def broken() -> Any:
        yield "s", X
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rules.update(broken())
    assert list(rules) == ["r"]
