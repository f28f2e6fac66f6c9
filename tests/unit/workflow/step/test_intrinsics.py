"""The 18 intrinsic functions: what they give, where they fail, and what is no call."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from matcher.errors import QueryError
from matcher.workflow.definition import load
from matcher.workflow.drive import run
from matcher.workflow.functions import FUNCTIONS
from matcher.workflow.intrinsics import parse_call
from matcher.workflow.program import compile_machine

CASES = json.loads((Path(__file__).parents[3] / "cases" / "executions" / "intrinsics.json").read_text())
GIVEN = {"list": [1, 2, 2, 3], "text": "hey", "o": {"k": [1, 2]}, "items": [{"a": "x, (y)"}, {"a": "z"}]}


def ended(call, seed=0):
    states = {"only": {"Type": "Pass", "Parameters": {"value.$": call}, "End": True}}
    return run(compile_machine(load({"StartAt": "only", "States": states})), GIVEN, random=Random(seed)).ended


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["call"])
def test_a_call(case):
    found = ended(case["call"])
    if "fails" in case:
        assert found.error == "States.IntrinsicFailure"
        assert case["fails"] in found.cause
    else:
        assert found.output == {"value": case["gives"]}
        assert type(found.output["value"]) is type(case["gives"])


def test_every_function_has_a_case():
    calls = " ".join(case["call"] for case in CASES)
    assert {name for name in FUNCTIONS if name not in calls} == {"States.UUID"}
    assert len(FUNCTIONS) == 18


def test_chance_comes_from_outside():
    assert UUID(ended("States.UUID()").output["value"]).version == 4
    assert ended("States.UUID()", 1) == ended("States.UUID()", 1)
    assert ended("States.UUID()", 1) != ended("States.UUID()", 2)
    assert ended("States.MathRandom(0, 1000000, 7)", 1) == ended("States.MathRandom(0, 1000000, 7)", 2)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("States.Nothing()", 1),
        ("States.Array(", 14),
        ("States.Array('a' 'b')", 18),
        ("States.Array('a'", 17),
        ("States.Array(a)", 14),
        ("States.Array() x", 15),
        ("States.Array($.a[)", 14),
    ],
)
def test_what_is_no_call_says_where(text, at):
    with pytest.raises(QueryError) as caught:
        parse_call(text)
    assert caught.value.faults[0].at == f"character {at}"


def test_calls_inside_one_another_are_bounded():
    assert parse_call("States.Array(" * 10 + ")" * 10)
    with pytest.raises(QueryError, match="at most 10"):
        parse_call("States.Array(" * 11 + ")" * 11)
