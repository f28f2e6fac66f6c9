"""Generated templates and events: what is filled in is what a plain rendering of the same template makes."""

from __future__ import annotations

import contextlib
import json
import string
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.errors import ShapeError, TargetError
from matcher.transform import define, preview

STRINGS = st.text() | st.text('"\\\n<>x')
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=12,
)
NAMES = ("x", "y", "a-b_1")
PATHS = {name: f"$.detail.{name}" for name in NAMES}
EVENTS = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON)).map(lambda detail: {"detail": detail})


class Name(str):
    """A variable, among the texts of a template."""

    __slots__ = ()


LITERALS = st.text(max_size=6).map(lambda text: text.replace("<", "< "))
WORDS = st.lists(LITERALS | st.sampled_from(NAMES).map(Name), max_size=4).map(tuple)
MEMBERS = st.recursive(
    st.sampled_from(NAMES).map(Name) | WORDS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LITERALS, inner, max_size=3),
    max_leaves=8,
)


class UndeliveredError(Exception):
    """The plain rendering has quotes where they would end a string."""


def written(template: Any, ascii_only: bool) -> str:
    """The text of a template: a tuple is a string of words, a Name a variable."""
    match template:
        case Name():
            return f"<{template}>"
        case tuple():
            words = (f"<{word}>" if isinstance(word, Name) else json.dumps(word, ensure_ascii=ascii_only)[1:-1] for word in template)
            return f'"{"".join(words)}"'
        case list():
            return f"[{', '.join(written(item, ascii_only) for item in template)}]"
        case dict():
            named = (f"{json.dumps(name)}: {written(item, ascii_only)}" for name, item in template.items())
            return f"{{{', '.join(named)}}}"
    return json.dumps(template)


def rendered(template: Any, detail: dict[str, Any], keeps_quotes: bool) -> Any:
    """What the filled template says, once it is parsed."""
    match template:
        case Name():
            return detail.get(template, "")
        case tuple():
            words = (spoken(detail.get(word, ""), keeps_quotes) if isinstance(word, Name) else word for word in template)
            return "".join(words)
        case list():
            return [rendered(item, detail, keeps_quotes) for item in template]
        case dict():
            return {name: rendered(item, detail, keeps_quotes) for name, item in template.items()}
    return template


def spoken(value: Any, keeps_quotes: bool) -> str:
    if isinstance(value, str):
        return value
    if keeps_quotes and '"' in json.dumps(value):
        raise UndeliveredError
    return unquoted(value)


def unquoted(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{unquoted(name)}:{unquoted(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(unquoted, value)) + "]"
        case str():
            return value.replace('"', "")
        case int():  # beyond 64 bits too
            return json.dumps(value)
    return orjson.dumps(value).decode()


@given(st.dictionaries(LITERALS, MEMBERS, max_size=4), EVENTS, st.booleans())
@example({"s": (Name("x"),)}, {"detail": {"x": {"": None}}}, False)
@example({"s": (Name("x"), Name("y"))}, {"detail": {"x": '"', "y": [1, {}]}}, False)
def test_an_object_is_filled_with_what_its_variables_are(
    template: dict[str, Any], event: dict[str, Any], ascii_only: bool
) -> None:
    shape = define(input_transformer={"paths": PATHS, "template": written(template, ascii_only)})
    assert shape is not None
    body = json.dumps(event).encode()
    try:
        expected = rendered(template, event["detail"], True)
    except UndeliveredError:
        with pytest.raises(TargetError, match="quotes of its own"):
            shape(body, 0.0)
        return
    assert json.loads(shape(body, 0.0)) == expected
    assert preview(shape, body, 0.0).body == shape(body, 0.0)


@given(st.lists(WORDS, min_size=1, max_size=3), EVENTS, st.booleans())
@example([(Name("x"),)], {"detail": {"x": ['a"b', '\\"', "\\"]}}, False)
def test_strings_are_filled_with_words(lines: list[tuple[str, ...]], event: dict[str, Any], ascii_only: bool) -> None:
    template = "\n".join(written(line, ascii_only) for line in lines)
    shape = define(input_transformer={"paths": PATHS, "template": template})
    assert shape is not None
    assert values(shape(json.dumps(event).encode(), 0.0)) == [rendered(line, event["detail"], False) for line in lines]


def values(body: bytes) -> list[Any]:
    """The JSON values that stand one after another."""
    text, found = body.decode().strip(" \t\n\r"), []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:].strip(" \t\n\r")
    return found


SCRAPS = st.sampled_from(
    ["<x>", "<y>", "<aws.events.event.json>", "<aws.events.event>", "<aws.events.rule-arn>", "<", ">", "<z>", '"', "\\"]
    + [*"{}[]:, \n1-", "true", '"a": ', "\\u12", "é", "\0"]
)
TEXTS = st.lists(SCRAPS, max_size=12).map("".join) | st.text(string.printable)


@given(TEXTS, EVENTS)
@example('{"a": <x>, "b": "\\"<y>\\""}', {"detail": {"x": [], "y": [""]}})
def test_any_text_is_refused_or_makes_json_of_every_event(template: str, event: dict[str, Any]) -> None:
    try:
        shape = define(input_transformer={"paths": PATHS, "template": template})
    except ShapeError as error:
        assert error.faults
        return
    assert shape is not None
    with contextlib.suppress(TargetError):
        made = shape(json.dumps(event).encode(), 0.0)
        assert len(values(made)) >= 1
        assert not template.lstrip().startswith("{") or isinstance(values(made)[0], dict)


@given(st.sampled_from(NAMES) | TEXTS, st.text("$.[]*'\"\\abx01- é", max_size=12) | st.sampled_from(["$", "$.detail", "$['detail'][*]"]), EVENTS)
def test_any_path_is_refused_or_leads_somewhere_or_nowhere(name: str, path: str, event: dict[str, Any]) -> None:
    for setting in ({"input_path": path}, {"input_transformer": {"paths": {name: path}, "template": f'{{"it": <{name}>}}'}}):
        try:
            shape = define(**setting)
        except ShapeError:
            continue
        if shape is not None:
            with contextlib.suppress(TargetError):
                json.loads(shape(json.dumps(event).encode(), 0.0))
