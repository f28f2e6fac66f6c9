"""Machines and data made to cost without end: each is refused or fails by a limit that its cause names."""

from __future__ import annotations

from time import process_time

import pytest

from matcher.errors import DefinitionError, WorkflowError
from matcher.workflow.definition import check, load
from matcher.workflow.drive import run
from matcher.workflow.program import compile_machine
from matcher.workflow.scene import Settings

LARGE = {"a": "x" * 200_000}


def passing(language, **fields):
    return {"QueryLanguage": language, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **fields}}}


def calling(call):
    return passing("JSONPath", Parameters={"x.$": call})


def ended(definition, given):
    return run(compile_machine(load(definition)), given).ended


def choosing(path):
    rule = {"Variable": path, "IsPresent": True, "Next": "S"}
    return {"StartAt": "C", "States": {"C": {"Type": "Choice", "Choices": [rule], "Default": "S"}, "S": {"Type": "Succeed"}}}


def nested(depth, leaf=1):
    value = leaf
    for _ in range(depth):
        value = {"a": value}
    return value


EXPRESSION = "{% ($f := function($n){$n < 2 ? $n : $f($n - 1) + $f($n - 2)}; $f(18)) %}"
FOREVER = "$match('" + "a" * 40 + "!', /(a+)+$/)"
MANY = ",".join(["$.a"] * 5_000)


@pytest.mark.parametrize(
    ("definition", "given", "error", "cause"),
    [
        (choosing("$..a..a..a..a..a..a"), nested(200), "States.Runtime", "places are searched"),
        (calling("States.ArrayRange(1, 1e300, 1)"), {}, "States.IntrinsicFailure", "1000 elements"),
        (calling("States.ArrayRange(1, 999999999999999999999999999, 1)"), {}, "States.IntrinsicFailure", "1000 elements"),
        (calling("States.MathAdd(9223372036854775807, 1)"), {}, "States.IntrinsicFailure", "64 bits"),
        (calling("States.MathAdd(1e300, 1)"), {}, "States.IntrinsicFailure", "64 bits"),
        (calling("States.ArrayGetItem($.a, 1e300)"), {"a": [1]}, "States.IntrinsicFailure", "64 bits"),
        (calling("States.ArrayPartition($.a, $.n)"), {"a": [1], "n": float("inf")}, "States.IntrinsicFailure", "number is wanted"),
        (calling(f"States.Array({MANY})"), LARGE, "States.IntrinsicFailure", "16,777,216 bytes"),
        (calling(f"States.Format('{'{}' * 5_000}', {MANY})"), LARGE, "States.IntrinsicFailure", "16,777,216 bytes"),
        (calling("States.Format('" + "{}" * 60 + "'," + ",".join(["$.b"] * 60) + ")"), {"b": "x" * 300_000}, "States.IntrinsicFailure", "bytes"),
        (calling("States.Format('{}', States.StringToJson($.a))"), {"a": "[" * 1000 + "]" * 1000}, "States.IntrinsicFailure", "recursion"),
        (calling("States.StringToJson($.a)"), {"a": "[" * 1000 + "]" * 1000}, "States.Runtime", "Recursion limit"),
        (passing("JSONPath", Parameters={f"k{n}.$": "$.a" for n in range(5_000)}), LARGE, "States.DataLimitExceeded", "size"),
        (passing("JSONata", Output=["{% $states.input.a %}"] * 5_000), LARGE, "States.DataLimitExceeded", "size"),
        (passing("JSONata", Output={"x": "{% " + FOREVER + " %}"}), {}, "States.QueryEvaluationError", "timeout after 1000"),
        (passing("JSONata", Output=[EXPRESSION] * 4_000), {}, "States.QueryEvaluationError", "."),
        (passing("JSONata", Output={"x": "{% $range(1, 1000000000, 1) %}"}), {}, "States.QueryEvaluationError", "1000 elements"),
        (passing("JSONata", Output={"x": "{% [1..1000000000] %}"}), {}, "States.QueryEvaluationError", "."),
    ],
)
def test_what_would_not_end_fails_by_a_limit(definition, given, error, cause):
    begun = process_time()
    found = ended(definition, given)
    assert (found.status, found.error) == ("FAILED", error)
    assert cause in found.cause
    assert process_time() - begun < 3


def test_what_would_not_end_is_not_taken_for_absent():
    """The Choice would else go on by its Default."""
    assert ended(choosing("$..a..a"), nested(20)).status == "SUCCEEDED"
    assert ended(choosing("$..a..a..a..a..a"), nested(200)).status == "FAILED"


@pytest.mark.parametrize("size", ["Arguments", "ItemSelector"])
def test_what_is_given_to_a_branch_or_an_iteration_has_the_limit_of_a_payload(size):
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Output": 1, "End": True}}}
    big = "{% $map([1..9000], function($n) {'" + "x" * 80 + "'}) %}"
    state = (
        {"Type": "Parallel", "Branches": [inner], "Arguments": big, "End": True}
        if size == "Arguments"
        else {"Type": "Map", "Items": [1], "ItemProcessor": inner, "ItemSelector": big, "End": True}
    )
    found = ended({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}, {})
    assert (found.status, found.error) == ("FAILED", "States.DataLimitExceeded")


@pytest.mark.parametrize(("settings", "status"), [(Settings(), "FAILED"), (Settings(variables_bytes=None), "SUCCEEDED"), (Settings(payload_bytes=None), "FAILED")])
def test_variables_have_a_limit_together(settings, status):
    steps = {f"A{n}": {"Type": "Pass", "Assign": {f"v{n}.$": "$"}, "Next": f"A{n + 1}"} for n in range(60)}
    machine = {"StartAt": "A0", "States": {**steps, "A60": {"Type": "Succeed"}}}
    found = run(compile_machine(load(machine)), "x" * 200_000, settings=settings).ended
    assert (found.status, found.error) == (status, "States.DataLimitExceeded" if status == "FAILED" else None)


def test_an_input_that_is_too_deep_is_refused():
    with pytest.raises(WorkflowError, match="Recursion limit"):
        ended(passing("JSONPath"), nested(5_000))


def test_a_number_that_no_double_holds_is_refused():
    with pytest.raises(DefinitionError, match="double can hold"):
        load(calling("States.MathAdd(1e999, 1)"))


def test_a_definition_is_measured_before_it_is_read():
    states = {f"S{n}": {"Type": "Pass", "End": True} for n in range(200_000)}
    begun = process_time()
    found = check({"StartAt": "S0", "States": states})
    assert [one.at for one in found] == [""]
    assert "limit definition_bytes" in str(found[0])
    assert process_time() - begun < 1


def test_errors_are_told_up_to_a_limit_and_the_last_says_so():
    states = {f"S{n}": {"Type": "Nothing"} for n in range(5_000)}
    found = check({"StartAt": "S0", "States": states})
    assert len(found) == 1_001
    assert "limit errors" in str(found[-1])
    with pytest.raises(DefinitionError, match="more than 1,000 errors"):
        load({"StartAt": "S0", "States": states})
