"""Programs come back from a machine as they went in, however it keeps them."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import RuleSet
from matcher.limits import DEFAULT
from matcher.lowering import Lowering, program_of, tree_of
from tests.property.generate import pattern_text

TIMES = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1


def kept(patterns: list[str]) -> None:
    """Hold what a machine says of its rules to the programs that it was given."""
    programs = [Lowering(DEFAULT).program(pattern) for pattern in patterns]
    empty = RuleSet[int]()._state[0]
    machine = empty.with_rules(enumerate(programs))
    paths = machine.paths()
    assert [(owner, program_of(tree_of(program, paths))) for owner, program in machine.rules()] == list(enumerate(programs))
    for owner, program in enumerate(programs):
        assert machine.has(owner, program)
    assert empty.restored(*machine.dump()).dump() == machine.dump()
    halved = machine.without(list(range(0, len(patterns), 2)))
    assert halved.compacted().rules() == [rule for rule in machine.rules() if rule[0] % 2]


@settings(max_examples=100 * TIMES, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 70))
def test_programs_come_back(seed: int, count: int) -> None:
    chance = Random(seed)
    kept([pattern_text(chance) for _ in range(count)])


NUMBERS = ["0", "-0", "0.0", "1e3", "1E+3", "1.50", "123456789012345", "1234567890123456", "1e400", "5e-324", "0.1"]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_come_back_as_spelt(number: str) -> None:
    kept([f'{{"a":[{number},"{number}"],"b":[{number}]}}'])


@pytest.mark.parametrize("number", [number for number in NUMBERS if number not in ("1e400", "5e-324")])
def test_numbers_of_operators_come_back(number: str) -> None:
    kept([f'{{"a":[{{"anything-but":[{number}]}}]}}'])
    kept([f'{{"a":[{{"numeric":[">=",{number}]}},{{"numeric":["<",{number}]}},{{"numeric":["=",{number}]}}]}}'])


def test_strings_of_any_length_come_back() -> None:
    texts = ["x" * size for size in (0, 1, 7, 8, 9, 127, 128, 40_000)]
    kept([f'{{"a":["{text}","y{text}"],"b":["{text}"],"c":[{{"anything-but":["{text}"]}}]}}' for text in texts])


def test_a_set_of_many_strings_comes_back() -> None:
    kept([f'{{"a":["{number:0200}"],"b":["{number:0200}"]}}' for number in range(600)])
