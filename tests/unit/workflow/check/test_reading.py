"""Texts that are no definition are refused with the place and the limit, in bounded time whatever they hold."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from matcher.errors import DefinitionError
from matcher.workflow.asl.limits import DefinitionLimits
from matcher.workflow.definition import check, load

PASS: dict[str, Any] = {"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}}


def only(definition: Any, **settings: Any) -> tuple[str, str]:
    (one,) = check(definition, **settings)
    return one.at, one.code.value


@pytest.mark.parametrize(
    ("text", "at", "code"),
    [
        ("", "", "SCHEMA_VALIDATION_FAILED"),
        (b" \n", "", "SCHEMA_VALIDATION_FAILED"),
        ("not a definition", "byte 1", "INVALID_JSON_DESCRIPTION"),
        (b'{"a": "\xff"}', "byte 7", "INVALID_JSON_DESCRIPTION"),
        ('{"a": 1,}', "byte 8", "INVALID_JSON_DESCRIPTION"),
        ('{"TimeoutSeconds": 1e999}', "/TimeoutSeconds", "INVALID_JSON_DESCRIPTION"),
        ('{"StartAt": "S", "StartAt": "T"}', "/StartAt", "INVALID_JSON_DESCRIPTION"),
        ('{"States": {"S": {}, "S": {}}}', "/States/S", "DUPLICATE_STATE_NAME"),
        ("[" * 500_000, "byte 200", "TOO_DEEPLY_NESTED"),
        (b"[" + b"0" * 10_000_000, "", "SCHEMA_VALIDATION_FAILED"),
    ],
)
def test_a_text_that_is_no_definition(text: str | bytes, at: str, code: str) -> None:
    assert only(text) == (at, code)


def test_every_duplicate_is_told() -> None:
    text = '{"States": {"a": {"x": 1, "x": 2}, "a": {}}, "States": {}}'
    assert [one.at for one in check(text)] == ["/States/a/x", "/States/a", "/States"]


def test_values_that_json_cannot_hold() -> None:
    assert only({"States": {"a": {"Comment": {1, 2}}}}) == ("/States/a/Comment", "INVALID_JSON_DESCRIPTION")


def test_limits_are_settings() -> None:
    assert only(str(PASS).replace("'", '"'), limits=DefinitionLimits(definition_bytes=10))[1] == "SCHEMA_VALIDATION_FAILED"
    assert only(PASS, limits=DefinitionLimits(nesting=2))[1] == "TOO_DEEPLY_NESTED"
    assert check(PASS, limits=DefinitionLimits(nesting=3)) == ()


def nested(depth: int) -> dict[str, Any]:
    machine: dict[str, Any] = {"StartAt": "0", "States": {"0": {"Type": "Pass", "End": True}}}
    for level in range(1, depth):
        name = str(level)
        machine = {"StartAt": name, "States": {name: {"Type": "Map", "ItemProcessor": machine, "End": True}}}
    return machine


def test_machines_in_machines_are_built_as_deep_as_the_limit_lets_them() -> None:
    depth = 0
    machine = load(nested(66))
    while True:
        depth += 1
        (state,) = machine.states.values()
        if not hasattr(state, "processor"):
            break
        machine = state.processor
    assert depth == 66
    assert only(nested(70))[1] == "TOO_DEEPLY_NESTED"


def query(text: str) -> dict[str, Any]:
    return {"StartAt": "S", "States": {"S": {"Type": "Pass", "Parameters": {"a.$": text}, "End": True}}}


def expression(text: str) -> dict[str, Any]:
    state = {"Type": "Pass", "Output": f"{{% {text} %}}", "End": True}
    return {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}}


@pytest.mark.parametrize(
    "definition",
    [
        query("$[?(" + "(" * 100_000),
        query("$[?(@.a " + "&& @.a " * 50_000 + ")]"),
        query("States.Array(" * 50_000),
        query("States.Format('" + "\\\\" * 200_000),
        expression("(" * 200_000),
        expression("-" * 200_000 + "1"),
        expression("function(){" * 50_000),
    ],
    ids=["parentheses", "terms", "calls", "escapes", "brackets", "signs", "functions"],
)
def test_hostile_queries_are_refused(definition: dict[str, Any]) -> None:
    (one,) = check(definition)
    assert len(str(one)) < 3_000


def test_long_queries_are_read() -> None:
    assert check(query("$" + ".a" * 200_000)) == ()
    assert check(query("States.Array(" + "1," * 100_000 + "1)")) == ()


def test_the_error_says_all_and_travels() -> None:
    with pytest.raises(DefinitionError) as caught:
        load({"StartAt": "S", "States": {"S": {"Type": "Pass", "Nxt": "T"}}})
    assert str(caught.value).splitlines() == [
        "3 faults",
        '  at /States/S/Nxt: found the field "Nxt"; want a field that a Pass has (did you mean Next?)',
        "  at /States/S: found a Pass without Next and without End; want Next, or End: true",
        "  at the root: found no state that ends; want a Succeed or Fail, or a state with End: true",
    ]
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults
