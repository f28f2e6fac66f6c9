"""Events as AWS spells them: 62 types, names of details, payloads as text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from matcher.workflow.happenings import Event
from matcher.workflow.history import TYPES, spell, spelled


def test_there_are_62_types():
    assert len(TYPES) == 62


@pytest.mark.parametrize(
    ("kind", "details", "name", "told"),
    [
        ("PassStateEntered", {"name": "S", "input": {"a": 1}}, "stateEnteredEventDetails", {"name": "S", "input": '{"a":1}', "inputDetails": {"truncated": False}}),
        ("TaskStateExited", {"name": "S", "output": None}, "stateExitedEventDetails", {"name": "S", "output": "null", "outputDetails": {"truncated": False}}),
        ("ExecutionFailed", {"error": "E", "cause": "c"}, "executionFailedEventDetails", {"error": "E", "cause": "c"}),
        ("TaskScheduled", {"resource": "r", "parameters": [1]}, "taskScheduledEventDetails", {"resource": "r", "parameters": "[1]"}),
        ("MapStateStarted", {"length": 3}, "mapStateStartedEventDetails", {"length": 3}),
        ("EvaluationFailed", {"error": "E", "state": "S"}, "evaluationFailedEventDetails", {"error": "E", "state": "S"}),
    ],
)
def test_an_event(kind, details, name, told):
    assert spell(Event(0, 2, 1, 1.5, kind, details)) == {
        "timestamp": datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC),
        "type": kind,
        "id": 2,
        "previousEventId": 1,
        name: told,
    }


def test_assigned_variables_are_texts():
    told = spell(Event(0, 2, 1, 0.0, "PassStateExited", {"name": "S", "output": 1, "assignedVariables": {"x": "a"}}))
    assert told["stateExitedEventDetails"]["assignedVariables"] == {"x": '"a"'}


@pytest.mark.parametrize("kind", ["MapStateSucceeded", "LambdaFunctionStarted", "TaskStateAborted"])
def test_some_types_have_no_details(kind):
    assert spell(Event(0, 2, 1, 0.0, kind, {})).keys() == {"timestamp", "type", "id", "previousEventId"}


def test_one_history_of_many():
    events = [Event(0, 1, 0, 0.0, "ExecutionStarted", {}), Event(7, 1, 0, 0.0, "ExecutionStarted", {})]
    assert [event["id"] for event in spelled(events, 7)] == [1]
