"""Names behave as keys of a dict do: equality, hashes that collide, many of them, and the odd ones."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from matcher import RuleSet

X: dict[str, Any] = {"a": ["x"]}
Y: dict[str, Any] = {"a": ["y"]}
EVENT = b'{"a":"x"}'


@dataclass(frozen=True)
class Colliding:
    """A name whose hash is that of many others."""

    number: int

    def __hash__(self) -> int:
        return self.number % 3 - 1


class Spiteful:
    """A name that can be hashed but not compared."""

    def __hash__(self) -> int:
        return 7

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError


def test_equal_names_are_one_name() -> None:
    rules: RuleSet[Any] = RuleSet([(1, X), (1.0, Y), (True, {"a": ["z"]})])
    assert len(rules) == 1
    assert [rules.match({"a": value}) for value in "xyz"] == [[1], [1], [1]]
    assert type(rules.match(EVENT)[0]) is int
    assert 1.0 in rules
    rules.remove(True)
    assert len(rules) == 0


def test_names_whose_hashes_collide() -> None:
    names = [Colliding(number) for number in range(400)]
    rules = RuleSet((name, X) for name in names)
    assert rules.match(EVENT) == names
    for name in names[::2]:
        rules.remove(Colliding(name.number))
    assert rules.match(EVENT) == list(rules) == names[1::2]
    for name in names[::2]:
        assert name not in rules
        rules.add(name, X)
    assert rules.match(EVENT) == list(rules) == names[1::2] + names[::2]


@pytest.mark.parametrize("seed", range(5))
def test_names_come_and_go_as_in_a_dict(seed: int) -> None:
    chance = Random(seed)
    rules: RuleSet[Any] = RuleSet()
    known: dict[Any, Any] = {}
    pool: list[Any] = [*range(40), *(f"name {number}" for number in range(40)), *map(Colliding, range(20)), None, ()]
    for _ in range(1_500):
        name = chance.choice(pool)
        if name in known and chance.randrange(2):
            rules.remove(name)
            del known[name]
        else:
            rules[name] = X
            known[name] = X
        assert len(rules) == len(known)
    assert list(rules) == list(known) == rules.match(EVENT)
    assert [name in rules for name in pool] == [name in known for name in pool]


def test_many_names() -> None:
    rules: RuleSet[int] = RuleSet((number * 2**32, {"a": [number]}) for number in range(20_000))
    assert rules.match(b'{"a":12345}') == [12345 * 2**32]
    assert all(number * 2**32 in rules for number in range(20_000))
    assert 1 not in rules


def test_a_name_that_cannot_be_compared_leaves_the_set_whole() -> None:
    rules: RuleSet[Any] = RuleSet({"r": X, 7: X})
    with pytest.raises(ZeroDivisionError):
        rules.update([("s", X), (Spiteful(), X), ("t", X)])
    assert list(rules) == ["r", 7] == rules.match(EVENT)
    rules.add("s", X)
    assert list(rules) == ["r", 7, "s"] == rules.match(EVENT)


def test_a_name_that_cannot_be_hashed_leaves_the_set_whole() -> None:
    rules: RuleSet[Any] = RuleSet({"r": X})
    with pytest.raises(TypeError, match="unhashable"):
        rules.update([("s", X), ([], X)])
    for use in (rules.remove, rules.__getitem__, rules.__contains__):
        with pytest.raises(TypeError, match="unhashable"):
            use([])
    rules.add("t", X)
    assert list(rules) == ["r", "t"] == rules.match(EVENT)


def test_names_are_let_go() -> None:
    class Name:
        pass

    rules: RuleSet[Any] = RuleSet()
    gone = []
    for _ in range(1_000):
        name = Name()
        gone.append(weakref.ref(name))
        rules.add(name, X)
        rules.remove(name)
    del name
    assert sum(reference() is not None for reference in gone) < 200
