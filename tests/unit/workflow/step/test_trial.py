"""One state alone: its outcome, where it leads, and its data at each step."""

from __future__ import annotations

import pytest

from matcher.errors import DefinitionError, WorkflowError
from matcher.workflow.asl.machine import ABSENT
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


INNER = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
MAP = {"Type": "Map", "ItemProcessor": INNER, "End": True}
DISTRIBUTED = {**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}}
TWO = {"Type": "Parallel", "Branches": [INNER, {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}], "End": True}


@pytest.mark.parametrize(
    ("state", "given", "mock", "inspection"),
    [
        (
            {"Type": "Pass", "Result": 1, "InputPath": "$.a", "ResultPath": "$.r", "End": True},
            {"a": 2},
            ABSENT,
            {"input": {"a": 2}, "result": 1, "afterResultSelector": 1, "afterResultPath": {"a": 2, "r": 1}},
        ),
        (
            {"Type": "Pass", "Parameters": {"b.$": "$"}, "InputPath": "$.a", "End": True},
            {"a": 2},
            ABSENT,
            {"input": {"a": 2}, "afterInputPath": 2, "afterParameters": {"b": 2}, "afterResultSelector": {"b": 2}, "afterResultPath": {"b": 2}},
        ),
        ({"Type": "Succeed", "InputPath": "$.a"}, {"a": 2}, ABSENT, {"input": {"a": 2}, "afterInputPath": 2}),
        ({"Type": "Fail", "Error": "E"}, 1, ABSENT, {"input": 1, "afterInputPath": 1}),
        ({"Type": "Fail", "Error": "E", "QueryLanguage": "JSONata"}, 1, ABSENT, {"input": 1}),
        (TWO, 1, [3, 4], {"input": 1, "afterResultSelector": [3, 4], "afterResultPath": [3, 4]}),
        ({**TWO, "QueryLanguage": "JSONata", "Arguments": 1}, 1, [3, 4], {"input": 1}),
        (
            {**DISTRIBUTED, "ToleratedFailurePercentage": 5},
            [1, 2],
            [3, 4],
            {
                "input": [1, 2],
                "afterInputPath": [1, 2],
                "afterItemsPath": [1, 2],
                "maxConcurrency": 0,
                "toleratedFailurePercentage": 5,
                "afterResultSelector": [3, 4],
                "afterResultPath": [3, 4],
            },
        ),
        ({**MAP, "QueryLanguage": "JSONata", "MaxConcurrency": 3}, [1], [3], {"input": [1], "maxConcurrency": 3}),
        (
            {"Type": "Task", "Resource": "f", "QueryLanguage": "JSONata", "Arguments": {"a": 1}, "Assign": {"v": 2}, "End": True},
            0,
            9,
            {"input": 0, "afterArguments": {"a": 1}, "result": 9, "variables": {"v": 2}},
        ),
    ],
)
def test_what_each_type_of_state_shows(state, given, mock, inspection):
    assert test_state(state, given, mock=mock).inspection == inspection


def test_a_map_shows_its_batches():
    state = {**DISTRIBUTED, "ItemSelector": {"i.$": "$$.Map.Item.Value"}, "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"n": 7}}}
    shown = test_state(state, [1, 2, 3], mock=[]).inspection["afterItemBatcher"]
    assert shown == [{"Items": [{"i": 1}, {"i": 2}], "BatchInput": {"n": 7}}, {"Items": [{"i": 3}], "BatchInput": {"n": 7}}]


def test_retries_that_are_used_up_are_told():
    trial = test_state({**TASK, "Catch": []}, GIVEN, mock=MockError("Busy", "c"), retries=2)
    assert (trial.status, trial.error) == ("FAILED", "Busy")
    assert trial.inspection["errorDetails"] == {"retryIndex": 0}


@pytest.mark.parametrize(("bound", "most"), [({"ToleratedFailureCount": 1}, 1), ({"ToleratedFailurePercentage": 50}, 2)])
def test_a_map_fails_when_more_iterations_fail_than_it_tolerates(bound, most):
    state = {**DISTRIBUTED, **bound, "Catch": [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}]}
    mock = [1, 2, 3, 4]
    assert test_state(state, mock, mock=mock, failures=most).status == "SUCCEEDED"
    trial = test_state(state, mock, mock=mock, failures=most + 1)
    assert (trial.status, trial.next_state) == ("CAUGHT_ERROR", "Caught")
    assert test_state(DISTRIBUTED, mock, mock=mock, failures=4).status == "SUCCEEDED"


def test_a_context_object_takes_the_place_of_the_one_that_is_made():
    state = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "ResultSelector": {"c.$": "$$"}, "End": True}
    made = test_state(state, 5, mock={}).output["c"]
    assert made["Execution"]["Input"] == 5
    assert made["State"] == {"Name": "StateName", "EnteredTime": "1970-01-01T00:00:00.000Z", "RetryCount": 0}
    assert made["Task"] == {"Token": "token"}
    for context in ({}, {"Execution": {}}, {"Task": {"Token": "t"}, "State": {"RetryCount": 2}}):
        assert test_state(state, 5, mock={}, context=context).output == {"c": context}


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ({"Map": {}}, "no 'Map'"),
        ({"Other": {}}, "no 'Other'"),
        ({"Task": {"Token": "t"}}, "no 'Task'"),
        ({"Execution": 1}, "no 'Execution'"),
        ({"Execution": {"Id": 1}}, "Execution.Id"),
        ({"Execution": {"Other": 1}}, "Execution.Other"),
    ],
)
def test_what_is_no_context_object_is_refused(context, why):
    with pytest.raises(WorkflowError, match=why):
        test_state(TASK, GIVEN, mock={}, context=context)


WRITTEN = {
    **DISTRIBUTED,
    "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}},
}


@pytest.mark.parametrize(
    ("state", "options", "why"),
    [
        ({"Type": "Pass", "End": True}, {"mock": 1}, "takes no mock"),
        ({"Type": "Wait", "Seconds": 1, "End": True}, {"mock": 1}, "takes no mock"),
        ({"Type": "Fail"}, {"mock": MockError("E")}, "takes no mock"),
        (MAP, {}, "needs a mock"),
        (TWO, {}, "needs a mock"),
        (MAP, {"mock": {}}, "must be an array"),
        (WRITTEN, {"mock": []}, "must be an object"),
        (TWO, {"mock": {}}, "must be an array"),
        (TWO, {"mock": [1]}, "must have 2 results"),
        (MAP, {"failures": 1}, "failures are those of a Map"),
        (MAP, {"mock": [1], "failures": 2}, "can't have failed"),
        (TASK, {"mock": 1, "failures": 1}, "failures are those of a Map"),
    ],
)
def test_a_mock_that_is_none_for_the_state_is_refused(state, options, why):
    with pytest.raises(WorkflowError, match=why):
        test_state(state, [], **options)


@pytest.mark.parametrize(("given", "mock"), [("\ud800", {}), ({}, 2**70), ({}, {1, 2})])
def test_what_is_no_json_is_refused(given, mock):
    with pytest.raises(WorkflowError, match="no JSON"):
        test_state(TASK, given, mock=mock)


def test_what_needs_a_mock_says_so():
    with pytest.raises(WorkflowError, match="needs a mock"):
        test_state(TASK, GIVEN)
    with pytest.raises(DefinitionError):
        test_state({"Type": "Task", "End": True})
