"""A template is filled with what a match has, or refused with a reason."""

from __future__ import annotations

import json
import re

import pytest

from matcher import EventError, RuleSet
from matcher.offline import export
from matcher.offline.emit import EmitError, Row, Template, find, pointer, rows

EVENT = b'{"id": "e-1", "detail": {"items": [{"sku": "a"}, {"sku": "b"}], "a/b": {"~": 7}, "total": 1.50}}'


def row(text: bytes = EVENT, **more: object) -> Row:
    given = {"source": "log.jsonl", "line": 3, "byte": 70, "rule": "r", "rules": ["r", "s"], "error": None, **more}
    return Row(text=text, **given)  # type: ignore[arg-type]


def line(template: str, event: bytes = EVENT, **more: object) -> object:
    made = Template(template, checked=False).line(row(event, **more))
    assert made.endswith(b"\n")
    assert made.count(b"\n") == 1
    return json.loads(made)


def test_variables_and_pointers() -> None:
    template = '{"rule": "$rule", "rules": "$rules", "at": ["$source", "$line", "$byte"], "sku": "/detail/items/1/sku"}'
    assert line(template) == {"rule": "r", "rules": ["r", "s"], "at": ["log.jsonl", 3, 70], "sku": "b"}
    assert line('"/id"') == "e-1"
    assert line('["$event", "$error"]') == [json.loads(EVENT), None]
    assert line("{}") == {}
    assert line('["$rules"]', rules=[]) == [[]]


def test_what_is_no_variable_stands_for_itself() -> None:
    template = (
        '{"kind": "order 100%", "%b": 1, "n": 1.5, "none": null, "yes": true, "price": "$$5", "path": "$/var", "": ""}'
    )
    assert line(template) == {
        "kind": "order 100%", "%b": 1, "n": 1.5, "none": None, "yes": True, "price": "$5", "path": "/var", "": "",
    }  # fmt: skip


def test_a_list_of_names() -> None:
    assert line("rule, line,/detail/total,$byte") == {"rule": "r", "line": 3, "/detail/total": 1.5, "byte": 70}
    assert line("/id") == {"/id": "e-1"}


def test_what_is_not_there_is_null() -> None:
    for missing in ("/x", "/id/0", "/detail/items/2", "/detail/items/-", "/detail/items/01", "/detail/items/x", "/id/"):
        assert line(f'"{missing}"') is None, missing
    assert line('["$byte", "$rule"]', byte=None, rule=None) == [None, None]


def test_pointers_as_rfc_6901_has_them() -> None:
    document = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, " ": 7, "m~n": 8, "~1": 9}
    cases = {"/foo/0": "bar", "/": 0, "/a~1b": 1, "/c%d": 2, "/e^f": 3, "/ ": 7, "/m~0n": 8, "/~01": 9, "": document}
    for text, found in cases.items():
        assert find(document, pointer(text)) == found
    assert line('"/detail/a~1b/~0"') == 7


@pytest.mark.parametrize(
    "number", ["12345678901234567890", "0.1234567890123456789012", "1e400", "-1E-3", "100.0", "-0.0"]
)
def test_numbers_keep_their_value(number: str) -> None:
    made = Template("/n,/all").line(row(b'{"n":' + number.encode() + b',"all":{"n":[' + number.encode() + b"]}}"))
    texts = re.findall(r"-?[0-9][0-9.eE+-]*", made.decode())
    assert len(texts) == 2
    for text in texts:
        assert text == number or float(text) == float(number)
        if len(number) > 17 or "e400" in number:
            assert text == number


def test_an_event_stays_on_one_line() -> None:
    assert line('"$event"', b'{\n  "a": [1,\r\n 2],\n "n": 12345678901234567890\n}') == {
        "a": [1, 2],
        "n": 12345678901234567890,
    }
    assert line('"$event"', b'{\n  "a": "x\\n"}') == {"a": "x\n"}


def test_an_event_that_is_no_json_is_text() -> None:
    assert line('["$event", "/a"]', b'{"a": tru}\xff') == ['{"a": tru}\ufffd', None]
    error = EventError("expected a value", 6)
    assert line("event,error,rule", b'{"a": x}', error=error, rule=None) == {
        "event": '{"a": x}',
        "error": "at byte 6: expected a value",
        "rule": None,
    }


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("$rul", "found '$rul'; want one of $rule, $rules, $source, $line, $byte, $event, $error, or a JSON pointer (did you mean $rule?)"),
        ("rule,,line", "found an empty name in 'rule,,line'"),
        ("", "found an empty name in ''"),
        ("rule,rule", "found 'rule' twice in 'rule,rule'"),
        ('{"a": "$x"}', "found '$x'; want one of"),
        ('{"a": "/x/~2"}', "found the pointer '/x/~2' with a ~ at 3; want ~0 (for ~) or ~1 (for /)"),
        ('{"a": ', "the template is not JSON at character 7: Expecting value"),
        ("['rule']", "the template is not JSON at character 2"),
    ],
)  # fmt: skip
def test_templates_that_cannot_be_used(template: str, told: str) -> None:
    with pytest.raises(EmitError) as raised:
        Template(template)
    assert told in str(raised.value)


def test_rows_of_answers() -> None:
    error = EventError("expected a value", 6)
    answers = [(1, 0, ["a", "b"], b"{}"), (2, 3, [], b"{}"), (3, 6, error, b"{x}")]

    def told(**how: bool) -> list[tuple[int, object]]:
        return [(one.line, one.rule) for one in rows("s", answers, **how)]  # type: ignore[arg-type]

    assert told(by_rule=False, errors=False, every=False) == [(1, None)]
    assert told(by_rule=True, errors=True, every=False) == [(1, "a"), (1, "b"), (3, None)]
    assert told(by_rule=True, errors=False, every=True) == [(1, "a"), (1, "b"), (2, None)]


def test_structural_events_are_checked_before_they_are_written(tmp_path) -> None:
    (tmp_path / "e.jsonl").write_text('{"a": "x", "b": [tru]}\n{"a": "x", "b": [true]}\n')
    rules = RuleSet({"x": {"a": ["x"]}}, validate="structural")
    export(rules, tmp_path / "e.jsonl", tmp_path / "out", emit="event,/b/0")
    lines = [json.loads(text) for text in (tmp_path / "out").read_text().splitlines()]
    assert lines == [
        {"event": '{"a": "x", "b": [tru]}', "/b/0": None},
        {"event": {"a": "x", "b": [True]}, "/b/0": True},
    ]


def test_names_of_any_kind(tmp_path) -> None:
    (tmp_path / "e.jsonl").write_text('{"a": "x"}\n')
    rules = RuleSet({("t", 1): {"a": ["x"]}, 7: {"a": ["x"]}, "\ud83d": {"a": ["x"]}})
    export(rules, tmp_path / "e.jsonl", tmp_path / "out", emit="rule")
    assert [json.loads(text)["rule"] for text in (tmp_path / "out").read_text().splitlines()] == [["t", 1], 7, "\ud83d"]
