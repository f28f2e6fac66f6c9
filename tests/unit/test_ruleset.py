"""The face of a rule set: names, events of every form, errors and limits."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import matcher
from matcher import EventError, Limits, Pattern, PatternError, RuleSet, RuleSetError
from matcher import test_event_pattern as event_matches

X: dict[str, Any] = {"a": ["x"]}
Y: dict[str, Any] = {"a": ["y"]}


def test_results_come_in_the_order_first_added() -> None:
    rules: RuleSet[str] = RuleSet({"z": X, "m": X, "a": X})
    rules.add("k", X)
    rules.add("z", Y)
    assert rules.match(b'{"a":"x"}') == ["z", "m", "a", "k"]
    assert rules.match(b'{"a":["y","x"]}') == ["z", "m", "a", "k"]
    assert list(rules) == ["z", "m", "a", "k"]


def test_one_name_of_two_patterns_is_an_or() -> None:
    rules = RuleSet([("r", X), ("s", X), ("r", Y)])
    assert len(rules) == 2
    assert [rules.match({"a": value}) for value in ("x", "y", "z")] == [["r", "s"], ["r"], []]


def test_the_same_rule_twice_is_once() -> None:
    rules: RuleSet[str] = RuleSet({"r": X})
    rules.add("r", '{"a": [ "x" ]}')
    rules.update([("r", X), ("r", {"a": ["x"]}), ("s", Y), ("s", Y)])
    assert [len(rules[name]) for name in rules] == [1, 1]
    assert len(RuleSet([("r", X), ("r", X)])["r"]) == 1


@pytest.mark.parametrize("names", [[1, "1", 1.5, None], [(1, 2), frozenset({3}), b"x", ...], [int, len, object()]])
def test_names_are_any_hashable_objects(names: list[Any]) -> None:
    rules = RuleSet((name, X) for name in names)
    assert rules.match(b'{"a":"x"}') == names
    assert all(found is name for found, name in zip(rules.match(b'{"a":"x"}'), names, strict=True))
    assert all(name in rules for name in names)


def test_a_name_that_is_no_name() -> None:
    rules: RuleSet[Any] = RuleSet({"r": X})
    with pytest.raises(TypeError):
        rules.add([], X)
    with pytest.raises(TypeError):
        RuleSet([([], X)])  # type: ignore[type-var]
    assert rules.match(b'{"a":"x"}') == ["r"]


@pytest.mark.parametrize("pattern", [X, '{"a":["x"]}', b'{"a":["x"]}'], ids=["dict", "str", "bytes"])
@pytest.mark.parametrize(
    "event",
    [{"a": "x"}, '{"a":"x"}', b'{"a":"x"}', bytearray(b'{"a":"x"}'), memoryview(b'{"a":"x"}')],
    ids=["dict", "str", "bytes", "bytearray", "memoryview"],
)
def test_patterns_and_events_of_every_form(pattern: Any, event: Any) -> None:
    rules = RuleSet({"r": pattern})
    assert rules.match(event) == ["r"]
    assert rules.match_many([event]) == [["r"]]
    assert Pattern(pattern).matches(event)
    assert event_matches(pattern, event)


@pytest.mark.parametrize("event", [None, 1, ["a"], 1.5])
def test_what_is_no_event_at_all(event: Any) -> None:
    with pytest.raises(TypeError):
        RuleSet({"r": X}).match(event)


@pytest.mark.parametrize(
    ("event", "at"),
    [
        (b"", 0),
        (b"  []", 2),
        (b'"x"', 0),
        (b'{"a":"x"', 8),
        (b'{"a":tru}', 8),
        (b'{"a":01}', 6),
        (b'{"a":"x"} y', 10),
        (b'{"a":"\xff"}', 6),
        (b'{"zz":"\\ud83d"}', 7),
        (b'{"a":"x",}', 9),
        ('{"é":}', 6),
    ],
)
def test_a_refused_event_says_where(event: Any, at: int) -> None:
    rules: RuleSet[str] = RuleSet({"r": X})
    with pytest.raises(EventError) as raised:
        rules.match(event)
    assert raised.value.at == at
    assert f"byte {at}" in str(raised.value)
    assert isinstance(raised.value, matcher.errors.MatcherError)
    assert rules.match(b'{"a":"x"}') == ["r"]


def test_a_str_with_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(EventError) as raised:
        RuleSet({"r": X}).match('{"é":"\ud83d"}')
    assert raised.value.at == 7


@pytest.mark.parametrize("event", [{"a": object()}, {1: object()}, {"a": {1, 2}}])
def test_a_dict_that_is_no_json(event: Any) -> None:
    with pytest.raises(EventError):
        RuleSet({"r": X}).match(event)


def test_a_bulk_of_rules_tells_of_every_faulty_one() -> None:
    bad: dict[str, Any] = {"good": X, "bad": {"a": "x"}, "worse": {"a": [{"what": 1}], "b": {}}}
    with pytest.raises(RuleSetError) as raised:
        RuleSet(bad)
    assert list(raised.value.errors) == ["bad", "worse"]
    assert [fault.at for fault in raised.value.errors["bad"].faults] == ["/a"]
    assert len(raised.value.errors["worse"].faults) == 2
    assert "'bad'" in str(raised.value)
    assert isinstance(raised.value, PatternError)


def test_a_set_without_rules() -> None:
    rules: RuleSet[str] = RuleSet()
    assert rules.match(b"{}") == []
    assert len(rules) == 0
    assert list(rules) == []
    assert rules.match_many([b"{}", b'{"a":1}']) == [[], []]
    assert rules.complexity() == 0
    with pytest.raises(EventError):
        rules.match(b"{")


def test_validate_is_strict_or_structural() -> None:
    with pytest.raises(ValueError, match="sloppy"):
        RuleSet(X, validate="sloppy")  # type: ignore[arg-type]


def test_limits_of_events() -> None:
    rules = RuleSet({"r": X}, limits=Limits(nesting=3, number_digits=4, name_length=5))
    assert rules.limits.nesting == 3
    assert rules.match(b'{"a":"x","b":[[1234]],"ccccc":-12.34e0}'[:-3] + b"}") == ["r"]
    for event, at in [(b'{"a":[[[1]]]}', 7), (b'{"a":12345}', 5), (b'{"aaaaaa":1}', 1)]:
        with pytest.raises(EventError, match="limit") as raised:
            rules.match(event)
        assert raised.value.at == at


def test_limits_of_patterns() -> None:
    with pytest.raises(PatternError, match="256"):
        RuleSet({"r": {f"k{number}": ["x"] for number in range(257)}})
    assert len(RuleSet({"r": {f"k{number}": ["x"] for number in range(256)}})) == 1


def test_the_limit_of_array_steps_is_an_error_of_the_event() -> None:
    names = "abcdefgh"
    pattern = {"r": {name: {"exists": ["x"]} for name in names}}
    rules = RuleSet({"r": pattern}, limits=Limits(array_steps=3))
    event = {"r": [{name: {"exists": "x"}} for name in names for _ in range(20)]}
    with pytest.raises(EventError, match="array_steps"):
        rules.match(event)
    assert rules.match({"r": {name: {"exists": "x"} for name in names}}) == ["r"]


def test_many_events_with_refused_ones_among_them() -> None:
    rules = RuleSet({"r": X})
    events: list[Any] = [b'{"a":"x"}', b"{", '{"a":"\ud83d"}', {"a": "x"}, b"[]", b'{"a":1}']
    for threads in (0, 1, 2, 64):
        answers = rules.match_many(events, threads, errors="return")
        assert [answers[at] for at in (0, 3, 5)] == [["r"], ["r"], []]
        assert [answers[at].at for at in (1, 2, 4)] == [1, 6, 0]
        with pytest.raises(EventError) as raised:
            rules.match_many([b"{}", b"{]", b"{"], threads)
        assert raised.value.at == 1
    assert rules.match_many([]) == []
    assert rules.match_many(iter([b'{"a":"x"}'])) == [["r"]]


class Text(bytes):
    """As numpy.bytes_ is: bytes, but not of that very type."""


def test_events_of_a_type_below_bytes() -> None:
    rules = RuleSet({"r": X})
    assert rules.match(Text(b'{"a":"x"}')) == ["r"]
    assert rules.match_many([Text(b'{"a":"x"}'), b"{}"]) == [["r"], []]
    answers = rules.match_many([Text(b'{"a":"x"}'), "\ud83d", b"{}"], errors="return")
    assert [type(answer) for answer in answers] == [list, EventError, list]
    assert rules.stats(Text(b'{"a":"x"}'))["matches"] == 1


def test_the_first_error_is_the_one_raised() -> None:
    with pytest.raises(EventError) as raised:
        RuleSet({"r": X}).match_many([b'{"a":"x"}', b'{"a":}', '{"a":"\ud83d"}', b"{"])
    assert raised.value.at == 5


def test_many_events_on_threads_keep_their_order() -> None:
    rules = RuleSet((number, {"a": [number]}) for number in range(50))
    events = [b'{"a":%d}' % (number % 60) for number in range(2_000)]
    wanted = [[number % 60] if number % 60 < 50 else [] for number in range(2_000)]
    assert rules.match_many(events, 2) == rules.match_many(events) == wanted


def test_patterns_of_one() -> None:
    pattern = Pattern({"a": [{"prefix": "x"}]})
    assert pattern.matches({"a": "xy"})
    assert not pattern.matches({"a": "y"})
    assert pattern.explain({"a": "xy"}).matched
    assert "y" in str(pattern.explain({"a": "y"}))
    with pytest.raises(PatternError):
        Pattern({"a": "x"})
    with pytest.raises(EventError):
        pattern.matches(b"{")


def test_event_pattern_of_aws() -> None:
    event = '{"id":"1","source":"aws.ec2","detail":{"state":"running"}}'
    assert event_matches('{"source":["aws.ec2"],"detail":{"state":[{"prefix":"run"}]}}', event) is True
    assert event_matches('{"source":["aws.s3"]}', event) is False
    with pytest.raises(PatternError):
        event_matches('{"source":"aws.ec2"}', event)
    with pytest.raises(EventError):
        event_matches('{"source":["aws.ec2"]}', "[]")


def test_explaining_by_name() -> None:
    rules = RuleSet([("r", X), ("r", Y), ("s", {"b": [1]})])
    assert rules.explain({"a": "y"}, "r").matched
    assert not rules.explain({"a": "y"}, "s").matched
    with pytest.raises(KeyError):
        rules.explain({"a": "y"}, "t")


def test_complexity_and_memory() -> None:
    rules: RuleSet[Any] = RuleSet({"r": {"a": [{"wildcard": "*a*b*c*"}]}})
    assert rules.complexity() == 5
    before = rules.memory()
    assert before["total"] == before["core"] + before["names"] > 0
    rules.update((number, {"a": [f"value {number}"]}) for number in range(1_000))
    assert rules.memory()["core"] > before["core"]
    assert "1001 rules" in repr(rules)


def test_errors_survive_a_process() -> None:
    code = "from matcher import RuleSet; print(RuleSet({'r': {'a': ['x']}}).match(b'{\"a\":\"x\"}'))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "['r']\n"
