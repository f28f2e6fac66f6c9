"""What a definition says is what the machine says, field by field."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import DefinitionError
from matcher.workflow.asl.build import STATES
from matcher.workflow.asl.machine import (
    ABSENT,
    And,
    Choice,
    Comparison,
    ExecutionType,
    Fail,
    Map,
    Mode,
    Not,
    Or,
    Parallel,
    Pass,
    QueryLanguage,
    Task,
    Wait,
)
from matcher.workflow.asl.naming import field_name, pointer_to
from matcher.workflow.definition import load, load_state

CASES = Path(__file__).parents[3] / "cases" / "definitions"


def state(definition: dict[str, Any], **machine: Any) -> Any:
    return load({**machine, "StartAt": "S", "States": {"S": definition}}).states["S"]


def test_what_is_left_out_has_the_language_s_default() -> None:
    made = state({"Type": "Task", "Resource": "work", "End": True})
    assert isinstance(made, Task)
    assert (made.name, made.pointer, made.next) == ("S", "/States/S", None)
    assert (made.input_path, made.output_path, made.result_path) == ("$", "$", "$")
    assert made.parameters is made.output is made.credentials is ABSENT
    assert not ABSENT
    assert (made.retry, made.catch, made.assign) == ((), (), None)


def test_null_is_not_absence() -> None:
    made = state({"Type": "Pass", "InputPath": None, "OutputPath": None, "ResultPath": None, "Result": None, "End": True})
    assert isinstance(made, Pass)
    assert (made.input_path, made.output_path, made.result_path, made.result) == (None, None, None, None)


def test_handlers_keep_their_place() -> None:
    retry = [{"ErrorEquals": ["A"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"], "BackoffRate": 1}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "S", "ResultPath": None}]
    made = load(
        {
            "StartAt": "S",
            "States": {
                "S": {"Type": "Task", "Resource": "work", "Retry": retry, "Catch": catch, "Next": "E"},
                "E": {"Type": "Succeed"},
            },
        }
    ).states["S"]
    assert isinstance(made, Task)
    first, second = made.retry
    assert (first.error_equals, first.max_attempts, first.backoff_rate) == (("A",), 0, 2.0)
    assert (second.pointer, second.interval_seconds, second.backoff_rate) == ("/States/S/Retry/1", 1, 1)
    (catcher,) = made.catch
    assert (catcher.next, catcher.result_path, catcher.pointer) == ("S", None, "/States/S/Catch/0")


def test_conditions_are_trees() -> None:
    made = load(
        {
            "StartAt": "S",
            "States": {
                "S": {
                    "Type": "Choice",
                    "Choices": [
                        {
                            "And": [
                                {"Variable": "$.a", "NumericLessThanEqualsPath": "$.b"},
                                {"Or": [{"Not": {"Variable": "$.a", "IsPresent": True, "Comment": "c"}}]},
                            ],
                            "Next": "E",
                        },
                        {"Variable": "$.a", "IsPresent": False, "Next": "E"},
                    ],
                },
                "E": {"Type": "Succeed"},
            },
        }
    ).states["S"]
    assert isinstance(made, Choice)
    less = Comparison("$.a", "NumericLessThanEquals", "$.b", by_path=True)
    assert made.choices[0].condition == And((less, Or((Not(Comparison("$.a", "IsPresent", True)),))))
    assert made.choices[1].condition == Comparison("$.a", "IsPresent", False)
    assert (made.choices[1].pointer, made.default) == ("/States/S/Choices/1", None)


def test_languages_are_those_of_state_machine_and_whole() -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    made = state({"Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [inner], "End": True})
    assert isinstance(made, Parallel)
    assert made.language is QueryLanguage.JSONATA
    assert made.branches[0].states["I"].language is QueryLanguage.JSONPATH
    assert state({"Type": "Pass", "End": True}, QueryLanguage="JSONata").language is QueryLanguage.JSONATA


def test_a_whole_distributed_map() -> None:
    case = next(case for case in json.loads((CASES / "maps.json").read_text()) if case["name"] == "a whole distributed Map")
    made = load(case["definition"]).states["S"]
    assert isinstance(made, Map)
    assert (made.processor.mode, made.processor.execution_type) == (Mode.DISTRIBUTED, ExecutionType.STANDARD)
    assert made.processor.pointer == "/States/S/ItemProcessor"
    assert made.item_reader is not None
    assert made.item_batcher is not None
    assert made.result_writer is not None
    config = made.item_reader.reader_config
    assert (config.csv_header_location, config.csv_headers, config.csv_delimiter) == ("GIVEN", ("a",), "TAB")
    assert (config.max_items, made.item_batcher.max_items_per_batch, made.item_batcher.batch_input) == (5, 2, {"x.$": "$.y"})
    assert made.result_writer.writer_config.transformation == "FLATTEN"
    assert (made.label, made.tolerated_failure_percentage) == ("orders", 0.5)


def test_numbers_are_numbers() -> None:
    assert state({"Type": "Wait", "Seconds": 5, "End": True}).seconds == 5
    made = load('{"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": [1, 1.0, 1e2, -0, 1' + "0" * 30 + '], "End": true}}}').states["S"]
    assert isinstance(made, Pass)
    assert [(type(value), value) for value in made.result] == [(int, 1), (float, 1.0), (float, 100.0), (int, 0), (float, 1e30)]


def test_every_type_is_built() -> None:
    assert set(STATES) == {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"}
    assert STATES["Wait"] is Wait
    assert {field.name for field in fields(Fail)} >= {"error", "error_path", "cause", "cause_path"}


def test_machines_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        state({"Type": "Pass", "End": True}).next = "T"


def test_names_and_pointers() -> None:
    assert [field_name(name) for name in ("items_path", "csv_headers", "end")] == ["ItemsPath", "CSVHeaders", "End"]
    assert pointer_to("/a", "b/c", 0, "~") == "/a/b~1c/0/~0"


def test_a_state_by_itself_may_lead_to_what_is_not_there() -> None:
    made = load_state({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "X"}], "Default": "Y"})
    assert isinstance(made, Choice)
    assert (made.name, made.default, made.choices[0].next) == ("State", "Y", "X")
    assert load_state({"Type": "Pass", "Output": {}, "Next": "X"}, "a/b", language=QueryLanguage.JSONATA).next == "X"  # type: ignore[attr-defined]


def test_faults_of_a_state_by_itself_have_their_places_in_it() -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "X"}}}
    with pytest.raises(DefinitionError) as caught:
        load_state('{"Type": "Map", "ItemProcessor": ' + json.dumps(inner) + ', "Next": "X", "Labl": 1}', "a/b")
    assert [fault.at for fault in caught.value.faults] == ["/Labl", "/ItemProcessor/States/I/Next", "/ItemProcessor"]
