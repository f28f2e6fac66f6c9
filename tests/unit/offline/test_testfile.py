"""Files of rule tests are read with their lines, and every fault of one is told at once."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

import pytest

from matcher.errors import MissingExtra
from matcher.offline import RuleTests, RuleTestsError, load_tests
from matcher.offline.testdoc import NESTING, LineFault, Node, read_json, read_yaml
from matcher.offline.testfile import Because, EventFiles, InlineEvent

CASE = "  - {name: n, event: {a: 1}, match: true}\n"


@pytest.fixture(autouse=True, params=["compiled", "pure"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both readers of YAML: that of libyaml, and the one where it is lacking."""
    if request.param == "pure":
        import yaml

        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


def load(folder: Path, text: str | bytes, name: str = "test_x.rules.yaml") -> RuleTests:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return load_tests(folder / name)


def faults(folder: Path, text: str | bytes, name: str = "test_x.rules.yaml") -> list[str]:
    with pytest.raises(RuleTestsError) as raised:
        load(folder, text, name)
    return [str(one) for one in raised.value.faults]


def test_a_file_becomes_cases(tmp_path: Path) -> None:
    tests = load(
        tmp_path,
        """\
# a comment
description: all of it
rules: [one.json, sub/two.json]
validate: structural
rules-format: map
cases:
  - name: first
    description: why
    event: {a: 1}
    matches: [x, y]
    because: {z: a.b, w: [c, /d]}
  - name: second
    event:
      - logs/*.jsonl.gz
      - '{"a": 2}'
    match: false
    rule: x
    because: a
  - {name: third, event: log.jsonl, line: 7, match: true}
""",
    )
    assert (tests.rule_files, tests.patterns) == (("one.json", "sub/two.json"), ())
    assert (tests.validate, tests.rules_format, tests.description) == ("structural", "map", "all of it")
    first, second, third = tests.cases
    assert (first.name, first.line, first.description) == ("first", 7, "why")
    assert (first.events, first.matches, first.match) == ((InlineEvent('{"a": 1}', 9),), ("x", "y"), None)
    assert first.because == (Because("z", ("a.b",), False, 11), Because("w", ("c", "/d"), True, 11))
    assert second.events == (EventFiles("logs/*.jsonl.gz", 14), InlineEvent('{"a": 2}', 15))
    assert (second.match, second.rule, second.because) == (False, "x", (Because(None, ("a",), False, 18),))
    assert (third.number, third.match, third.rule) == (7, True, None)


def test_json_and_yaml_say_the_same(tmp_path: Path) -> None:
    plain = {"rules": {"a": {"x": [1]}}, "cases": [{"name": "n", "event": {"x": [1, {"é😀": None}]}, "matches": ["a"]}]}
    yaml = load(tmp_path, json.dumps(plain, indent=1))
    for text in (json.dumps(plain, indent=1), "\ufeff" + json.dumps(plain, indent=1, ensure_ascii=False)):
        tests = load(tmp_path, text, "test_x.rules.json")
        assert tests.patterns == yaml.patterns == (("a", '{"x": [1]}'),)
        assert tests.cases == yaml.cases
    assert tests.cases[0].line == 10


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("2026-03-02", '"2026-03-02"'), ("2026-03-02T08:02:06Z", '"2026-03-02T08:02:06Z"'), ("12:30", '"12:30"'),
        ("no", '"no"'), ("NO", '"NO"'), ("on", '"on"'), ("y", '"y"'), ("off", '"off"'), ("1.2.3", '"1.2.3"'),
        ("true", "true"), ("False", "false"), ("~", "null"), ("", "null"), ("null", "null"), ("NaN", '"NaN"'),
        ("1.50", "1.50"), ("-0", "-0"), ("1e3", "1e3"), ("12345678901234567890123", "12345678901234567890123"),
        ("'012'", '"012"'), ('"1"', '"1"'), ("!!str 12", '"12"'), ("! 12", '"12"'), ('"\\ud83d\\ude00"', '"\\ud83d\\ude00"'),
        ("203.0.113.9", '"203.0.113.9"'), ("=", '"="'), ("a: b", None), (".", '"."'), ("0x", '"0x"'), ("é", '"\\u00e9"'),
    ],
)  # fmt: skip
def test_values_of_yaml(tmp_path: Path, value: str, meant: str | None) -> None:
    text = f"rule: {{x: [1]}}\ncases:\n- name: n\n  match: true\n  event:\n    v: {value}\n"
    if meant is None:
        assert faults(tmp_path, text)[0].startswith("line 6: at line 6: found text that is not YAML: mapping values")
    else:
        (event,) = load(tmp_path, text).cases[0].events
        assert isinstance(event, InlineEvent)
        assert event.text == f'{{"v": {meant}}}'


@pytest.mark.parametrize(
    "value", [".nan", ".NaN", ".inf", "-.inf", "012", "0x1F", "0o17", "0b11", "1_000", ".5", "1.", "+1", "012345678901"]
)
def test_numbers_that_readers_disagree_on_are_refused(tmp_path: Path, value: str) -> None:
    text = f"rule: {{x: [1]}}\ncases:\n- name: n\n  match: true\n  event:\n    v: {value}\n"
    hint = f'("{value}" in quotes is a string)'
    assert faults(tmp_path, text) == [
        f"line 6: at /cases/0/event/v: found {value}; want a number as JSON writes it {hint}"
    ]


@pytest.mark.parametrize(
    ("member", "fault"),
    [
        ("7: x", "found the number 7 as a key; want a string as a key (put it in quotes)"),
        ("true: x", "found true as a key; want a string as a key (put it in quotes)"),
        ("~: x", "found null as a key; want a string as a key (put it in quotes)"),
        ("[a]: x", "found an array as a key; want a string as a key"),
        ("? {a: b}\n    : x", "found an object as a key; want a string as a key"),
        ("a: !!binary abc", "found the tag tag:yaml.org,2002:binary; want values that JSON has"),
        ("a: !!python/object/apply:os.getcwd []", "found the tag tag:yaml.org,2002:python/object/apply:os.getcwd; want"),
        ("a: !!set {b}", "found the tag tag:yaml.org,2002:set; want values that JSON has"),
        ("a: 1\n    a: 2", "found the key 'a' again; want each key once (it first stands in line 6)"),
        ("<<: 5", "found the number 5; want an object, or several, to merge"),
    ],
)
def test_what_json_can_not_say_is_refused(tmp_path: Path, member: str, fault: str) -> None:
    text = f"rule: {{x: [1]}}\ncases:\n- name: n\n  match: true\n  event:\n    {member}\n"
    (told,) = faults(tmp_path, text)
    assert fault in told
    assert told.startswith("line 7: at /cases/0/event" if "\n    a" in member else "line 6: at /cases/0/event")


def test_keys_that_other_readers_take_for_something_else_are_strings(tmp_path: Path) -> None:
    text = "rule: {x: [1]}\ncases: [{name: n, match: true, event: {no: 1, on: 2, 2026-01-01: 3, '7': 4}}]"
    (event,) = load(tmp_path, text).cases[0].events
    assert isinstance(event, InlineEvent)
    assert event.text == '{"no": 1, "on": 2, "2026-01-01": 3, "7": 4}'


def test_anchors_and_merges(tmp_path: Path) -> None:
    text = """\
rule: {x: [1]}
cases:
  - {name: a, match: true, event: &one {x: 1, y: {z: 2}}}
  - {name: b, match: true, event: {<<: *one, x: 3}}
  - {name: c, match: true, event: {x: 4, <<: [{w: 5}, *one]}}
  - {name: d, match: true, event: {"<<": *one}}
"""
    texts = [case.events[0].text for case in load(tmp_path, text).cases]  # type: ignore[union-attr]
    assert list(map(json.loads, texts)) == [
        {"x": 1, "y": {"z": 2}},
        {"x": 3, "y": {"z": 2}},
        {"x": 4, "w": 5, "y": {"z": 2}},
        {"<<": {"x": 1, "y": {"z": 2}}},
    ]


def test_aliases_that_swell_or_turn_in_circles_are_refused(tmp_path: Path) -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 9))
    told = faults(tmp_path, "l0: &l0 x\n" + levels)
    assert "line 7: at line 7: found aliases that make more than 1,000,000 values; want fewer repetitions" in told
    assert "an alias inside what it names: *a" in faults(tmp_path, "rules: &a [*a]")[0]
    assert "an alias of no anchor: *b" in faults(tmp_path, "rules: *b")[0] or "alias" in faults(tmp_path, "rules: *b")[0]


@pytest.mark.parametrize("name", ["test_x.rules.yaml", "test_x.rules.json"])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused(tmp_path: Path, name: str, opens: str, closes: str) -> None:
    for depth in (NESTING + 1, 20_000):
        (told,) = faults(tmp_path, opens * depth + "1" + closes * depth, name)
        assert f"more than {NESTING} objects and arrays inside one another" in told or "not YAML" in told


MANY_FAULTS = """\
rules: {a: {x: [{prefx: y}]}, b: 5, "c": '{"x": 1}'}
validte: strict
cases:
  - name: n
    evnt: {a: 1}
    matches: [a, a]
    match: yes
  - name: n
    event: 5
    match: on
  - event: '{"a": }'
    line: 0
    match: true
    because: a
  - text
  - {name: " ", event: [], matches: a, rule: a}
  - {name: m, event: x.jsonl, matches: [a], because: {a: x, b: []}}
"""


def test_every_fault_is_told_at_once_in_order(tmp_path: Path) -> None:
    keys = "name, description, event, line, matches, match, rule, because"
    want = "an event (an object), a path, a glob, JSON text, or a list of these"
    told = faults(tmp_path, MANY_FAULTS)
    assert [one.partition(";")[0] for one in told] == [
        'line 1: at /rules/a/x/0/prefx: found the operator "prefx"',
        "line 1: at /rules/b: found the number 5",
        "line 1: at /rules/c (/x): found 1",
        "line 2: at the root: found the key 'validte'",
        "line 4: at /cases/0: found both 'matches' and 'match'",
        "line 4: at /cases/0: found a case without an event",
        "line 5: at /cases/0: found the key 'evnt'",
        "line 6: at /cases/0/matches/1: found the name 'a' again",
        'line 7: at /cases/0/match: found the string "yes"',
        "line 8: at /cases/1/name: found the name 'n' again",
        "line 9: at /cases/1/event: found the number 5",
        'line 10: at /cases/1/match: found the string "on"',
        "line 11: at /cases/2/event: found JSON text that is refused at byte 6: want a JSON value",
        "line 11: at /cases/2: found a case without a name",
        "line 12: at /cases/2/line: found the number 0",
        "line 12: at /cases/2/line: found a line",
        "line 14: at /cases/2/because: found 'because' beside match: true",
        'line 15: at /cases/3: found the string "text"',
        "line 16: at /cases/4/rule: found 'rule' beside 'matches'",
        "line 16: at /cases/4/event: found no event",
        "line 16: at /cases/4/name: found an empty name",
        'line 16: at /cases/4/matches: found the string "a"',
        "line 17: at /cases/5/because/a: found a reason why 'a' misses",
        "line 17: at /cases/5/because/b: found an empty array",
    ]
    assert told[0].endswith('(did you mean "prefix"?)')
    assert told[3].endswith("(did you mean 'validate'?)")
    assert told[6] == f"line 5: at /cases/0: found the key 'evnt'; want one of {keys} (did you mean 'event'?)"
    assert told[10] == f"line 9: at /cases/1/event: found the number 5; want {want}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: at line 1: found nothing; want rules and cases"),
        ("# only words", "line 1: at line 1: found nothing; want rules and cases"),
        ("- a", "line 1: at the root: found an array; want an object with rules and cases"),
        ("rule: {x: [1]}\n--- \na: 1", "line 2: at line 2: found a second document; want one document"),
        ("rules: a\nrule: b\ncases:\n" + CASE, "line 2: at the root: found both 'rules' and 'rule'; want one of them"),
        ("cases:\n" + CASE, "line 1: at the root: found neither 'rules' nor 'rule'; want one of them"),
        ("rules: a", "line 1: at the root: found no cases; want a list of cases under the key 'cases'"),
        ("rules: a\ncases: []", "line 2: at /cases: found no case; want at least one"),
        ("rules: a\ncases: {}", "line 2: at /cases: found an empty object; want a list of cases"),
        ("rules: []\ncases:\n" + CASE, "line 1: at /rules: found an empty array; want the path of a file of rules"),
        ("rules: [1]\ncases:\n" + CASE, "line 1: at /rules/0: found the number 1; want the path of a file"),
        ("rule: [1]\ncases:\n" + CASE, "line 1: at /rule: found an array; want a pattern"),
        ("rules: a\nvalidate: strickt\ncases:\n" + CASE, "(did you mean 'strict'?)"),
        ("rules: a\nvalidate: true\ncases:\n" + CASE, "line 2: at /validate: found true; want one of strict, structural"),
        ("rules: a\n\tx: 1", "line 2: at line 2: found text that is not YAML"),
        ("rules: 'a\n", "found text that is not YAML"),
        (b"rules: a\n\xff", "line 2: at byte 9: found bytes that are not UTF-8; want UTF-8 text"),
        (b"rules: a\n\n\x00", "found a character that YAML does not allow"),
        ('rules: a\ncases: [{name: "a\\nb", event: {}, match: true}]', "found a name of several lines"),
        ("rules: a\ncases: [{name: a, event: {}, match: false, because: {}}]", "/because: found an empty object; want a path"),
        ("rules: a\ncases: [{name: a, event: {}, matches: [{}], because: {b: c}}]", "/matches/0: found an empty object; want the name"),
        ("rules: a\ncases: [{name: a, event: [[x]], match: false}]", "/event/0: found an array; want an event"),
        ("rules: a\ncases: [{name: a, event: [x, y], line: 2, match: false}]", "where the event is not one file"),
    ],
)  # fmt: skip
def test_faults(tmp_path: Path, text: str | bytes, fault: str) -> None:
    (told,) = faults(tmp_path, text)
    assert fault in told


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: at line 1: found the end; want a JSON value"),
        ('{\n"a": 1', "line 2: at line 2: found the end; want a comma or }"),
        ('{\n"a" 1}', "line 2: at line 2: found '1}'; want a colon"),
        ('{\n"a": tru}', "line 2: at line 2: found 'tru}'; want a JSON value"),
        ('{"a": [1,]}', "line 1: at line 1: found ']}'; want a JSON value"),
        ('{"a": 1,}', "line 1: at line 1: found '}'; want a key in double quotes"),
        ("{a: 1}", "line 1: at line 1: found 'a: 1}'; want a key in double quotes"),
        ('{"a": "\\x"}', "want JSON (Invalid \\\\escape"),
        ('{"a": 01}', "line 1: at line 1: found '1}'; want a comma or }"),
        ("{} {}", "line 1: at line 1: found '{}'; want nothing after the value"),
    ],
)
def test_faults_of_json(tmp_path: Path, text: str, fault: str) -> None:
    (told,) = faults(tmp_path, text, "test_x.rules.json")
    assert fault.replace("\\\\", "\\") in told


def test_duplicate_keys_of_json(tmp_path: Path) -> None:
    text = '{"rules": "a",\n "rules": "b", "cases": [{"name": "n", "event": {"x": 1, "x": 2}, "match": true}]}'
    assert faults(tmp_path, text, "test_x.rules.json") == [
        "line 2: at /rules: found the key 'rules' again; want each key once (it first stands in line 1)",
        "line 2: at /cases/0/event/x: found the key 'x' again; want each key once (it first stands in line 2)",
    ]


def test_readers_give_the_tree_and_its_lines() -> None:
    text = '{\n"a": [1,\n{"b/c": null}]}'
    for read in (read_json, read_yaml):
        found: list[LineFault] = []
        tree = read(text, found)
        assert isinstance(tree, Node)
        assert (tree.text(), found, tree.size) == ('{"a": [1, {"b/c": null}]}', [], 5)
        assert [tree.line_at(path) for path in ([], ["a"], ["a", "1"], ["a", "1", "b/c"], ["a", "9"])] == [1, 2, 3, 3, 2]


def test_an_error_survives_pickling_and_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(RuleTestsError) as raised:
        load(tmp_path, "rules: a\ncases: []")
    copy = pickle.loads(pickle.dumps(raised.value))
    assert (str(copy), copy.faults) == (str(raised.value), raised.value.faults)
    assert str(copy).startswith(f"{tmp_path / 'test_x.rules.yaml'}:2: at /cases: found no case")


def test_yaml_needs_the_extra_and_json_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtra, match=r"matcher\[cli\]"):
        load(tmp_path, "rules: a\ncases:\n" + CASE)
    text = '{"rules": "a", "cases": [{"name": "n", "event": {}, "match": true}]}'
    assert load(tmp_path, text, "test_x.rules.json").cases[0].name == "n"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_tests(tmp_path / "none.rules.yaml")
