"""Rules come from files of three formats, told by their shape, with the text of each pattern as written."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from matcher import PatternError, RuleSet
from matcher.rulefile import ENVELOPE, RuleFileError, parse_rules, read_rules

TOLD = {
    "map": ('{"a": {"x": [1]}, "b": {"y": {"z": ["q"]}}}', [("a", '{"x": [1]}'), ("b", '{"y": {"z": ["q"]}}')]),
    "map of text": (r'{"a": "{\"x\": [1.0]}"}', [("a", '{"x": [1.0]}')]),
    "map with a fault": ('{"a": {"x": [1]}, "b": {"y": 5}}', [("a", '{"x": [1]}'), ("b", '{"y": 5}')]),
    "map of nothing": (" {} ", []),
    "map, a name twice": ('{"a": {"x": [1]}, "a": {"y": [2]}}', [("a", '{"x": [1]}'), ("a", '{"y": [2]}')]),
    "map, a name escaped": (r'{"\u00e9\"\\": {"x": [1]}}', [('é"\\', '{"x": [1]}')]),
    "map, a name of the envelope": (
        '{"detail": {"x": [1]}, "other": {"y": [2]}}',
        [("detail", '{"x": [1]}'), ("other", '{"y": [2]}')],
    ),
    "pattern": ('{"source": ["x"]}', [("rule", '{"source": ["x"]}')]),
    "pattern with an array and an object": ('{"a": {"b": [1]}, "c": [2]}', [("rule", '{"a": {"b": [1]}, "c": [2]}')]),
    "pattern of detail alone": ('{"detail": {"x": {"y": [1]}}}', [("rule", '{"detail": {"x": {"y": [1]}}}')]),
    "pattern with a fault": ('{"source": "x"}', [("rule", '{"source": "x"}')]),
    "pattern of $or": ('{"$or": [{"a": [1]}, {"b": [2]}]}', [("rule", '{"$or": [{"a": [1]}, {"b": [2]}]}')]),
    "lines": (
        '{"name": "a", "pattern": {"x": [1]}, "more": 1}\n\n{"pattern": "{\\"y\\": [2e0]}", "name": "b"}\n',
        [("a", '{"x": [1]}'), ("b", '{"y": [2e0]}')],
    ),
    "one line": ('{"name": "a", "pattern": {"x": [1]}}', [("a", '{"x": [1]}')]),
    "lines as an array": ('[{"name": "a", "pattern": {"x": [1]}},\n {"name": "b", "pattern": {"y": [2]}}]',
                          [("a", '{"x": [1]}'), ("b", '{"y": [2]}')]),
    "no line": ("[]", []),
    "a field called name": ('{"name": ["a"], "pattern": {"x": [1]}}', [("rule", '{"name": ["a"], "pattern": {"x": [1]}}')]),
}  # fmt: skip


@pytest.mark.parametrize("told", TOLD)
def test_a_format_is_told_by_its_shape(told: str) -> None:
    text, expected = TOLD[told]
    assert parse_rules(text) == expected


def test_text_is_kept_as_written() -> None:
    pattern = '{"a" : [300.0, 3e2,\n  1E400, 9007199254740993], "a": ["\\u0041"], "b": {"c":[-0]} }'
    assert parse_rules(pattern, stem="x") == [("x", pattern)]
    assert parse_rules(f'{{"r": {pattern} }}', "map") == [("r", pattern)]
    assert parse_rules(f'{{"r" : {pattern}, "q":{pattern}}}', "map") == [("r", pattern), ("q", pattern)]
    line = pattern.replace("\n", "")
    assert parse_rules(f'{{"name": "r", "pattern": {line}}}\r\n' * 2) == [("r", line)] * 2
    rules = RuleSet(parse_rules(f'{{"r": {pattern}}}', "map"))
    assert rules.match(b'{"a": "A", "b": {"c": 0}}') == ["r"]


def test_a_format_may_be_said() -> None:
    text = '{"detail": {"state": {"x": [1]}}}'
    assert parse_rules(text, "map") == [("detail", '{"state": {"x": [1]}}')]
    assert parse_rules(text, "pattern") == parse_rules(text) == [("rule", text)]
    assert parse_rules('{"a": {"b": [1]}}', "pattern") == [("rule", '{"a": {"b": [1]}}')]
    assert all(parse_rules(f'{{"{name}": {{"x": [1]}}}}')[0][0] == "rule" for name in ENVELOPE)
    with pytest.raises(ValueError, match="one of auto, map, lines, pattern"):
        parse_rules("{}", "toml")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "rules_format", "said"),
    [
        ("", "auto", "line 1, column 1: found nothing; want rules"),
        (" \n ", "map", "found nothing; want rules"),
        ('{"a": {"x": [1]}', "auto", "line 1, column 17: found the end; want JSON"),
        ('{"a": {"x": [1]}}\n{"a": [}', "auto", "line 2, column 8: found '}'"),
        ("5", "auto", "found a number; want an object"),
        ("null", "auto", "found null; want an object"),
        ('{"name": "a", "pattern": {"x": [1]}}\n{"name": "b"}', "auto", "line 2, column 1: found an object without 'pattern'"),
        ('{"name": "a", "pattern": {"x": [1]}}\n{"name": 5, "pattern": {"x": [1]}}', "auto", "line 2, column 10: found a number"),
        ('{"name": "a", "pattern": [1]}', "auto", "found an array as the pattern of rule 'a'"),
        ('{"source": ["x"]}\n{"source": ["x"]}', "auto", "found an object without 'name'"),
        ('{"a": {"x": [1]}}\n{}', "map", "line 2, column 1: found a second value; want one object"),
        ('{"a": {"x": [1]}}\n{}', "pattern", "line 2, column 1: found a second value; want one object"),
        ('["x"]', "map", "found an array; want an object"),
        ('["x"]', "auto", "line 1, column 2: found a string"),
        ('{"a": {"x": [1]}, "b": true}', "auto", "found true as the pattern of rule 'b'"),
        ('{"a": ["x"]}', "map", "found an array as the pattern of rule 'a'"),
        ("[" * 100_000, "auto", "found nesting beyond what can be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text: str, rules_format, said: str) -> None:
    with pytest.raises(RuleFileError) as error:
        parse_rules(text, rules_format, file="some.json")
    assert said in str(error.value)
    assert str(error.value).startswith("some.json: at line ")
    assert isinstance(error.value, PatternError)
    again = pickle.loads(pickle.dumps(error.value))
    assert (str(again), again.file) == (str(error.value), "some.json")


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "big-orders.v2.json"
    path.write_bytes(b'\xef\xbb\xbf{"source": ["x"]}')
    assert read_rules(path) == [("big-orders", '{"source": ["x"]}')]
    path.write_bytes(b'{"source": ["\xff"]}')
    with pytest.raises(RuleFileError, match=r"big-orders\.v2\.json: at byte 13: found bytes that are not UTF-8"):
        read_rules(path)
    with pytest.raises(FileNotFoundError):
        read_rules(tmp_path / "none.json")


def test_a_large_map_takes_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"rule {number}" for number in range(5_000)]
    text = json.dumps({name: {"x": [name]} for name in names}, indent=1)
    decoded = 0

    class Counting(json.JSONDecoder):
        def __init__(self) -> None:
            super().__init__()
            inner = self.raw_decode

            def raw_decode(text: str, at: int) -> tuple[object, int]:
                nonlocal decoded
                value, end = inner(text, at)
                decoded += end - at
                return value, end

            self.raw_decode = raw_decode  # type: ignore[method-assign]

    monkeypatch.setattr(json, "JSONDecoder", Counting)
    assert [name for name, _ in parse_rules(text)] == names
    assert decoded < 3 * len(text)
