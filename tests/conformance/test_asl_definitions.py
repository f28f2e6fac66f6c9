"""Definitions recorded with AWS's service: those it runs load, those it refuses are refused where it refuses them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from matcher.workflow.check.diagnostic import Severity
from matcher.workflow.definition import check, load

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "corpora" / "asl"

#: Refused on purpose, by the end of their paths: where, and why.
REFUSED: Final = {
    "credentials/statemachines/empty_credentials": ("/States/State0/Credentials", "the field RoleArn"),
    "credentials/statemachines/invalid_credentials_field": ("/States/State0/Credentials", "the field RoleArn"),
    "escape_sequences_illegal_intrinsic_function": ("/States/IntrinsicEscape/Parameters/parsed.$", "escapes"),
    "escape_sequences_illegal_intrinsic_function_2": ("/States/IntrinsicEscape/Parameters/parsed.$", "escapes"),
    "map_state_label_empty_fail": ("/States/MapState/Label", "at least one character"),
    "map_state_label_invalid_char_fail": ("/States/MapState/Label", "brackets"),
    "map_state_label_too_long_fail": ("/States/MapState/Label", "at most 40"),
    "invalid_integration_dynamodb_query": ("/States/Query/Resource", "the resource is not recognized"),
    "base_invalid_state_definition": ("/States/ExistingButInvalidState/Type", "one of Task, Wait"),
    "invalid_base_no_startat": ("", "the field StartAt"),
    "invalid_downgrade_query_language": ("/States/Pass", "JSONata in every state"),
    "task_retry_reference_exception": ("/States/Task/Retry/0/IntervalSeconds", "an integer"),
}
#: Templates: a test put something in the place of what stands there before it sent them.
FILLED_LATER: Final = {
    "choiceoperators/statemachines/template": "%ComparisonOperatorType% becomes an operator",
    "context_object_input_path": "%CONTEXT_OBJECT_LITERAL_PLACEHOLDER% becomes a path",
    "context_object_items_path": "%CONTEXT_OBJECT_LITERAL_PLACEHOLDER% becomes a path",
    "context_object_output_path": "%CONTEXT_OBJECT_LITERAL_PLACEHOLDER% becomes a path",
    "context_object_result_selector": "%CONTEXT_OBJECT_LITERAL_PLACEHOLDER% becomes a path",
    "context_object_variable": "%CONTEXT_OBJECT_LITERAL_PLACEHOLDER% becomes a path",
    "task_lambda_invoke_catch_tbd": "ErrorEquals [] becomes the error of the test",
    "task_service_lambda_invoke_catch_tbd": "ErrorEquals [] becomes the error of the test",
    "map_item_reader_base_csv_headers_decl": "__TBD__ becomes the headers",
    "map_state_items_literal": "_tbd_ becomes an expression",
    "base_map_state_machine_choice_fail": "only its one state is tested: both StartAt name states it has not",
    "lambda_list_functions": "AWS's integration of Lambda has invoke alone; the test is one that its authors mark as broken",
}


def rows(name: str) -> Iterator[dict[str, Any]]:
    path = FOLDER / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is absent")
        pytest.skip(f"{path} is absent: the recorded definitions stand beside the project")
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def listed(path: str, among: dict[str, Any]) -> Any:
    plain = path.removesuffix(".json5")
    return next((value for end, value in among.items() if plain.endswith(f"/{end}")), None)


def errors(definition: dict[str, Any]) -> list[Any]:
    return [one for one in check(definition) if one.severity is Severity.ERROR]


def test_definitions() -> None:
    loaded = refused = filled = 0
    for row in rows("definitions.jsonl"):
        found = errors(row["definition"])
        if listed(row["path"], FILLED_LATER):
            filled += bool(found)
        elif wanted := listed(row["path"], REFUSED):
            at, why = wanted
            assert any(one.at == at and why in str(one) for one in found), (row["path"], found)
            refused += 1
        else:
            assert found == [], (row["path"], found)
            assert load(row["definition"]).states.keys() == row["definition"]["States"].keys()
            loaded += 1
    assert (refused, filled) == (len(REFUSED), len(FILLED_LATER))
    assert loaded > 300


@pytest.mark.parametrize("name", ["executions.jsonl", "executions_with_tasks.jsonl"])
def test_what_ran_loads(name: str) -> None:
    loaded = 0
    for row in rows(name):
        if listed(row["template"], FILLED_LATER):
            continue
        assert errors(row["definition"]) == [], row["id"]
        loaded += 1
    assert loaded > 100
