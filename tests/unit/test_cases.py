"""Behaviour as data: every case of tests/cases on every engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matcher import RuleSet
from matcher.errors import PatternError
from matcher.explain import explain
from matcher.naive import matches
from matcher.pattern.parse import parse, to_pattern, to_text

FILES = sorted((Path(__file__).parents[1] / "cases").glob("*.json"))
CASES = [(f"{file.stem}: {case['name']}", case) for file in FILES for case in json.loads(file.read_text())]
MATCHED = [(name, case) for name, case in CASES if "match" in case]
FAULTY = [(name, case) for name, case in CASES if "faults" in case]


def naive(pattern: Any, event: Any) -> bool:
    return matches(parse(pattern), event)


def explained(pattern: Any, event: Any) -> bool:
    explanation = explain(pattern, event)
    assert str(explanation)
    assert json.dumps(explanation.to_dict())
    assert all(field.met for field in explanation.fields) == explanation.matched
    return explanation.matched


def written_again(pattern: Any, event: Any) -> bool:
    node = parse(pattern)
    assert parse(to_text(node)) == node
    return matches(parse(to_pattern(node)), event)


def compiled(pattern: Any, event: Any) -> bool:
    return RuleSet({"rule": pattern}).match(event) == ["rule"]


ENGINES: list[Callable[[Any, Any], bool]] = [naive, explained, written_again, compiled]


def test_there_are_many() -> None:
    assert len(CASES) >= 100
    assert len({name for name, _ in CASES}) == len(CASES)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
@pytest.mark.parametrize("case", [case for _, case in MATCHED], ids=[name for name, _ in MATCHED])
def test_match(case: dict[str, Any], engine: Callable[[Any, Any], bool]) -> None:
    for event in case["match"]:
        assert engine(case["pattern"], event), event
    for event in case["miss"]:
        assert not engine(case["pattern"], event), event


@pytest.mark.parametrize("case", [case for _, case in FAULTY], ids=[name for name, _ in FAULTY])
def test_faults(case: dict[str, Any]) -> None:
    with pytest.raises(PatternError) as raised:
        parse(case["pattern"])
    assert [fault.at for fault in raised.value.faults] == [fault["at"] for fault in case["faults"]]
    for fault, wanted in zip(raised.value.faults, case["faults"], strict=True):
        assert wanted.get("hint", "") in fault.hint
        assert fault.found
        assert fault.want
