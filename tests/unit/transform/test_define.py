"""Input settings of a target: constants, parts, functions, limits, and what is refused when it is defined."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from matcher.errors import ShapeError, TargetError
from matcher.quotas import AWS
from matcher.transform import Origin, define, preview
from matcher.transform.text import write

#: Levels that are too many for every version of Python.
DEPTH = 1_000_000
EVENT = b'{"id": "1", "detail": {"total": 1.50, "words": ["a"]}}'


def body(**settings: Any) -> bytes:
    shape = define(**settings)
    assert shape is not None
    return shape(EVENT, 0.0)


def faults(**settings: Any) -> str:
    with pytest.raises(ShapeError) as caught:
        define(**settings)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.faults == caught.value.faults
    assert str(copy) == str(caught.value)
    return str(caught.value)


def test_without_settings_there_is_no_shape_and_the_event_is_sent() -> None:
    assert define() is None
    assert define(input_path="$") is None
    assert preview(None, EVENT, 0.0).body is EVENT


def test_a_constant_is_json_text_or_a_value() -> None:
    assert body(input='{"a": 1}') == b'{"a": 1}'
    assert body(input=b'"hello"') == b'"hello"'
    assert body(input={"a": [1, None]}) == b'{"a":[1,null]}'
    assert body(input=None) == b"null"
    assert "a string has quotes of its own" in faults(input="hello")
    assert "/input" in faults(input={"a": {1}})
    assert "a JSON value" in faults(input=float)


def test_a_part_that_is_not_there_is_no_input() -> None:
    shape = define(input_path="$.detail.more")
    assert shape is not None
    with pytest.raises(TargetError, match=r"\$\.detail\.more leads nowhere") as caught:
        shape(EVENT, 0.0)
    assert (caught.value.retryable, caught.value.code) == (False, "INVALID_PARAMETER")


def test_a_function_gets_the_parsed_event_and_gives_bytes_or_a_value() -> None:
    assert body(transform=lambda event: event["detail"]["words"]) == b'["a"]'
    assert body(transform=lambda event: b"words: " + event["detail"]["words"][0].encode()) == b"words: a"
    assert body(transform=lambda _: "text") == b'"text"'


@pytest.mark.parametrize("function", [lambda event: event["none"], lambda _: {1, 2}, lambda _: 1 / 0])
def test_a_function_that_fails_is_told_of_and_not_tried_again(function: Any) -> None:
    with pytest.raises(TargetError, match="makes no input of this event") as caught:
        body(transform=function)
    assert caught.value.retryable is False


@pytest.mark.parametrize("event", [b'{"a": 01}', b'["a"]', b"5", b"", b"\xff"])
def test_what_is_no_event_is_not_tried_again(event: bytes) -> None:
    whole = {"template": '{"event": <aws.events.event>}'}
    for shape in (define(input_path="$.a"), define(transform=lambda _: 1), define(input_transformer=whole)):
        assert shape is not None
        with pytest.raises(TargetError, match="the event can't be read") as caught:
            shape(event, 0.0)
        assert caught.value.retryable is False


def test_an_event_that_is_too_deep_for_python_is_not_tried_again() -> None:
    shape = define(input_path="$.deep")
    assert shape is not None
    with pytest.raises(TargetError, match="can't be read: more objects and arrays") as caught:
        shape(b'{"deep": ' + b"[" * DEPTH + b"]" * DEPTH + b"}", 0.0)
    assert caught.value.retryable is False


def test_a_value_that_is_too_deep_for_python_is_not_written() -> None:
    value: list[Any] = []
    for _ in range(DEPTH):
        value = [value]
    with pytest.raises(ValueError, match="more objects and arrays"):
        write(value)


def test_a_number_that_no_double_holds_is_no_null() -> None:
    event = b'{"huge": -1e999, "small": 5}'
    for shape in (define(input_path="$.huge"), define(input_transformer={"paths": {"x": "$.huge"}, "template": '"<x>"'})):
        assert shape is not None
        with pytest.raises(TargetError, match="can't be written") as caught:
            shape(event, 0.0)
        assert caught.value.retryable is False
    small = define(input_path="$.small")
    assert small is not None
    assert small(event, 0.0) == b"5"


def test_only_one_setting_is_taken() -> None:
    assert "input and input_path" in faults(input=1, input_path="$.a")
    assert "only one of" in faults(input_path="$.a", transform=str)


@pytest.mark.parametrize(
    "transformer",
    [{}, {"paths": {}}, {"template": 5}, {"template": "1", "InputPathsMap": {}}, {"paths": [], "template": "1", "x": 1}],
)
def test_a_transformer_has_a_template_and_paths(transformer: dict[str, Any]) -> None:
    assert "/input_transformer" in faults(input_transformer=transformer)


def test_names_of_variables_are_checked_and_every_fault_is_told() -> None:
    told = faults(input_transformer={"paths": {"a.b": "$.a", "AWS.x": "$.a", "ok": 5, "no": "x"}, "template": "<y>"})
    for part in ("'a.b'", "'AWS.x'", "paths/ok: found 5", "paths/no", "placeholder y"):
        assert part in told


def test_limits_of_aws() -> None:
    many = {f"v{at}": "$.a" for at in range(101)}
    assert "101 variables; want at most 100" in faults(input_transformer={"paths": many, "template": "1"}, quotas=AWS)
    assert "8193 bytes" in faults(input_transformer={"template": '"' + "x" * 8191 + '"'}, quotas=AWS)
    assert "8194 bytes" in faults(input='"' + "x" * 8192 + '"', quotas=AWS)
    assert "257 characters" in faults(input_path="$." + "a" * 255, quotas=AWS)
    assert "257 characters of a name" in faults(input_transformer={"paths": {"n" * 257: "$.a"}, "template": "1"}, quotas=AWS)
    assert body(input_transformer={"paths": many, "template": "<v100>"}) == b'""'


def test_a_template_of_constants_alone_does_no_work() -> None:
    shape = define(input_transformer={"template": '"<aws.events.rule-name>"'}, origin=Origin("big"))
    assert shape is not None
    assert shape(b"never read", 0.0) == b'"big"'


def test_the_whole_event_is_put_in_as_it_came() -> None:
    template = '{"event": <aws.events.event.json>}'
    assert body(input_transformer={"template": template}) == b'{"event": ' + EVENT + b"}"
