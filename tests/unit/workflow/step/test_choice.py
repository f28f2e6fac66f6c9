"""Every comparison operator: inputs for which it holds, and for which it fails."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from matcher.workflow.choice import matches
from matcher.workflow.definition import load
from matcher.workflow.drive import run
from matcher.workflow.program import compile_machine

CASES = json.loads((Path(__file__).parents[3] / "cases" / "executions" / "choice.json").read_text())


def chooser(**rule):
    end = {"Type": "Pass", "End": True}
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "yes"}], "Default": "no"}
    states = {"choose": choice, "yes": {**end, "Result": True}, "no": {**end, "Result": False}}
    return compile_machine(load({"StartAt": "choose", "States": states}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_operator(case):
    program = chooser(**case["condition"])
    assert case["holds"] + case["fails"]
    for given in case["holds"]:
        assert run(program, given).ended.output is True, given
    for given in case["fails"]:
        assert run(program, given).ended.output is False, given


def test_a_variable_that_is_not_there_is_an_error():
    ended = run(chooser(Variable="$.a", StringEquals="x"), {}).ended
    assert (ended.error, "Invalid path '$.a'" in ended.cause) == ("States.Runtime", True)


def test_no_rule_and_no_default():
    states = {"choose": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "end"}]}, "end": {"Type": "Succeed"}}
    ended = run(compile_machine(load({"StartAt": "choose", "States": states})), {}).ended
    assert ended.error == "States.NoChoiceMatched"


def test_a_hostile_pattern_is_matched_in_linear_time():
    begun = time.perf_counter()
    assert not matches("a*" * 2_000 + "b", "a" * 100_000)
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(("condition", "error"), [("{% $states.input.a > 1 %}", None), ("{% 1 %}", "States.QueryEvaluationError")])
def test_a_jsonata_condition(condition, error):
    states = {
        "choose": {"Type": "Choice", "Choices": [{"Condition": condition, "Next": "end", "Output": "big"}], "Output": "small", "Default": "end"},
        "end": {"Type": "Succeed"},
    }
    program = compile_machine(load({"StartAt": "choose", "QueryLanguage": "JSONata", "States": states}))
    found = [run(program, {"a": a}).ended for a in (2, 1)]
    assert [ended.error for ended in found] == [error, error]
    assert [ended.output for ended in found] == (["big", "small"] if error is None else [None, None])
