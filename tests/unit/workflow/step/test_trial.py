"""One state alone: its outcome, where it leads, and its data at each step."""

from __future__ import annotations

import pytest

from matcher.errors import DefinitionError, WorkflowError
from matcher.workflow.trial import MockError, Trial, test_state

TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "InputPath": "$.in",
    "Parameters": {"p.$": "$.x"},
    "ResultSelector": {"r.$": "$.Payload"},
    "ResultPath": "$.out",
    "OutputPath": "$.out",
    "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2, "IntervalSeconds": 3}],
    "Catch": [{"ErrorEquals": ["Other"], "Next": "No"}, {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}],
    "Next": "After",
}
GIVEN = {"in": {"x": 1}}


def test_a_task_that_succeeds_shows_its_data_at_each_step():
    assert test_state(TASK, GIVEN, mock={"Payload": "done"}) == Trial(
        "SUCCEEDED",
        {"r": "done"},
        next_state="After",
        inspection={
            "input": GIVEN,
            "afterInputPath": {"x": 1},
            "afterParameters": {"p": 1},
            "result": {"Payload": "done"},
            "afterResultSelector": {"r": "done"},
            "afterResultPath": {"in": {"x": 1}, "out": {"r": "done"}},
            "variables": {},
        },
    )


def test_an_error_is_retried_while_attempts_are_left():
    trial = test_state(TASK, GIVEN, mock=MockError("Busy", "c"), retries=1)
    assert (trial.status, trial.error, trial.cause, trial.next_state) == ("RETRIABLE", "Busy", "c", None)
    assert trial.inspection["errorDetails"] == {"retryIndex": 0, "retryBackoffIntervalSeconds": 6}
    caught = test_state(TASK, GIVEN, mock=MockError("Busy", "c"), retries=2)
    assert (caught.status, caught.next_state, caught.inspection["errorDetails"]) == ("CAUGHT_ERROR", "Caught", {"catchIndex": 1})
    assert caught.output == {**GIVEN, "error": {"Error": "Busy", "Cause": "c"}}


def test_a_state_that_fails_shows_how_far_it_came():
    trial = test_state({**TASK, "Parameters": {"p.$": "$.none"}}, GIVEN, mock=1)
    assert (trial.status, trial.error) == ("FAILED", "States.Runtime")
    assert trial.inspection == {"input": GIVEN, "afterInputPath": {"x": 1}}


@pytest.mark.parametrize(
    ("state", "given", "output", "after"),
    [
        ({"Type": "Pass", "Result": 1, "End": True}, {}, 1, None),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}], "Default": "Two"}, {"a": 1}, {"a": 1}, "One"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}], "Default": "Two"}, {"a": 2}, {"a": 2}, "Two"),
        ({"Type": "Wait", "Seconds": 99, "Next": "After"}, 5, 5, "After"),
        ({"Type": "Succeed"}, 5, 5, None),
        ({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $x + 1 %}", "End": True}, {}, 3, None),
    ],
)
def test_states_without_work_need_no_mock(state, given, output, after):
    trial = test_state(state, given, variables={"x": 2})
    assert (trial.status, trial.output, trial.next_state) == ("SUCCEEDED", output, after)


def test_a_fail_state_fails():
    trial = test_state({"Type": "Fail", "Error": "E", "Cause": "c"})
    assert (trial.status, trial.error, trial.cause) == ("FAILED", "E", "c")


def test_a_map_is_given_its_result_and_shows_its_items():
    inner = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "ItemsPath": "$.l", "ItemSelector": {"v.$": "$$.Map.Item.Value"}, "MaxConcurrency": 2, "ItemProcessor": inner, "End": True}
    trial = test_state(state, {"l": [1, 2]}, mock=["a", "b"])
    assert (trial.status, trial.output) == ("SUCCEEDED", ["a", "b"])
    found = {name: trial.inspection[name] for name in ("afterItemsPath", "afterItemSelector", "maxConcurrency")}
    assert found == {"afterItemsPath": [1, 2], "afterItemSelector": [{"v": 1}, {"v": 2}], "maxConcurrency": 2}
    failed = test_state({**state, "Catch": [{"ErrorEquals": ["E"], "Next": "Caught"}]}, {"l": [1]}, mock=MockError("E"))
    assert (failed.status, failed.next_state) == ("CAUGHT_ERROR", "Caught")


def test_a_parallel_is_given_its_result():
    branch = {"StartAt": "A", "States": {"A": {"Type": "Fail"}}}
    state = {"Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [branch], "Output": "{% $states.result[0] %}", "End": True}
    assert test_state(state, {}, mock=["a"]).output == "a"


def test_an_error_of_an_expression_may_be_caught_too():
    state = {"Type": "Task", "QueryLanguage": "JSONata", "Resource": "f", "Arguments": "{% $none %}", "Next": "After"}
    catch = {"Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}]}
    trial = test_state({**state, **catch}, {})
    assert (trial.status, trial.error, trial.next_state) == ("CAUGHT_ERROR", "States.QueryEvaluationError", "Caught")
    assert test_state(state, {}).status == "FAILED"
    assert test_state({**state, "Retry": [{"ErrorEquals": ["States.ALL"]}]}, {}).status == "RETRIABLE"


def test_a_state_of_a_machine_also_within_a_map():
    inner = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "inner", "Next": "B"}, "B": {"Type": "Succeed"}}}
    machine = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": inner, "End": True}}}
    trial = test_state(machine, [], state="A")
    assert (trial.output, trial.next_state) == ("inner", "B")
    with pytest.raises(WorkflowError, match="no state 'C'"):
        test_state(machine, [], state="C")


def test_what_needs_a_mock_says_so():
    with pytest.raises(WorkflowError, match="needs a mock"):
        test_state(TASK, GIVEN)
    with pytest.raises(DefinitionError):
        test_state({"Type": "Task", "End": True})
