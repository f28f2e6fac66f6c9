"""The suggested pattern is narrow, sensible, and matches every sample."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from matcher import EventError, RuleSet
from matcher.offline import NoSuggestion, suggest

SHARED = Path(__file__).parents[4] / "shared" / "corpora"
UUID = "6a7e8feb-b491-4cf7-a9f1-bf3703467718"
EC2 = {
    "version": "0",
    "id": UUID,
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2026-11-24T00:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0"],
    "detail": {"instance-id": "i-0123456789abcdef0", "state": "running"},
}


def of(*values: Any, **options: Any) -> Any:
    """Give what is suggested for a field of these values, one an event; None if it is left out."""
    return suggest([{"k": 1, "f": value} for value in values], **options).pattern.get("f")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["x"], ["x"]),
        (["x", "x"], ["x"]),
        (["running", "stopped"], ["running", "stopped"]),
        (["", "x"], ["", "x"]),
        (["uploads/a.jpg", "uploads/b.jpg"], [{"wildcard": "uploads/*.jpg"}]),
        (["order-1", "order-22", "order-3"], [{"prefix": "order-"}]),
        (["order12", "order15"], [{"prefix": "order"}]),
        (["order-1", "order-2"] * 3, ["order-1", "order-2"]),
        (["us-east-1", "eu-west-2"], ["us-east-1", "eu-west-2"]),
        (["1.log", "22.log", "3.log"], [{"suffix": ".log"}]),
        (["a*b/1", "a*b/2"], [{"prefix": "a*b/"}]),
        (["a*\\/1.x", "a*\\/2.x"], [{"wildcard": "a\\*\\\\/*.x"}]),
        ([f"Create{name}" for name in ("User", "Role", "Group", "Bucket", "Key", "Topic")], [{"prefix": "Create"}]),
        ([f"{name}Failed" for name in ("User", "Role", "Group", "Bucket", "Key", "Topic")], [{"suffix": "Failed"}]),
        (["abc", "ABC", "Abc", "aBc", "abC", "ABc"], [{"equals-ignore-case": "abc"}]),
        (["a", "b", "c", "d", "e", "f"], [{"exists": True}]),
        ([1], [1]),
        ([1.5, 1.5], [1.5]),
        ([5, 2, 7.5], [{"numeric": [">=", 2, "<=", 7.5]}]),
        ([200, 404] * 3, [200, 404]),
        ([-1, 1], [{"numeric": [">=", -1, "<=", 1]}]),
        ([1e308, -1e308], [{"numeric": [">=", -1e308, "<=", 1e308]}]),
        ([9007199254740993], [9007199254740993]),
        ([9007199254740993, 1], [{"exists": True}]),
        ([True], [True]),
        ([True, False], [True, False]),
        ([None], [None]),
        ([None, "x"], ["x", None]),
        ([None, 1, 2, "x"], ["x", {"numeric": [">=", 1, "<=", 2]}, None]),
        (["10.0.0.1", "10.0.0.9"], [{"cidr": "10.0.0.0/28"}]),
        (["10.0.0.1"], ["10.0.0.1"]),
        (["10.0.0.1", "010.0.0.1"], ["010.0.0.1"]),
        (["10.0.0.1", "203.0.113.5"], ["10.0.0.1", "203.0.113.5"]),
        ([f"{n}.0.0.1" for n in (1, 50, 99, 150, 200, 250)], [{"cidr": "0.0.0.0/0"}]),
        (["2001:db8::1", "2001:db8::ff"], [{"cidr": "2001:db8::/120"}]),
        (["10.0.0.0", "10.0.0.1", "::1", "::2"], [{"cidr": "10.0.0.0/31"}, {"cidr": "::/126"}]),
        (["10.0.0.1", "host"], ["10.0.0.1", "host"]),
        ([["a", "b"], ["b", "c"]], ["b"]),
        ([["a", "b"], ["c"], ["a"]], ["a", "c"]),
        ([["a"], "a"], ["a"]),
        ([[["a"]], ["a"]], ["a"]),
        ([[1, 2], [3, 4], [5, 6], [7], [8], [9]], [{"numeric": [">=", 1, "<=", 9]}]),
        ([[], ["x"]], None),
        ([{}, {}], None),
        ([{}, "x"], None),
        ([UUID], [{"exists": True}]),
        ([UUID, UUID.replace("6a", "7b")], [{"exists": True}]),
        ([UUID, UUID], [UUID]),
        (["2026-11-24T00:00:00Z"], [{"exists": True}]),
        (["2026-11-24T00:00:00Z", "2026-11-24T00:00:01Z"], [{"exists": True}]),
        (["2026-11-24T00:00:00Z"] * 2, [{"exists": True}]),
        (["arn:aws:s3:::bucket/key"], [{"prefix": "arn:aws:s3:::bucket/"}]),
        (["arn:aws:s3:::bucket/key", "arn:aws:s3:::bucket/other"], [{"prefix": "arn:aws:s3:::bucket/"}]),
        (["i-0123456789abcdef0", "i-01ffffffffffffff0"], [{"prefix": "i-"}]),
        (["i-0123456789abcdef0"], [{"prefix": "i-"}]),
        (["123456789012"], [{"exists": True}]),
        ([1764000000], [{"exists": True}]),
        ([1764000000, 1764000001], [{"exists": True}]),
        (["x" * 5000], [{"exists": True}]),
    ],
)
def test_values_of_one_field(values: list[Any], wanted: Any) -> None:
    assert of(*values) == wanted


def test_values_as_asked_for() -> None:
    assert of("a", "b", "c", max_values=2) == [{"exists": True}]
    assert of("a", "b", "c", "d", "e", "f", max_values=6) == ["a", "b", "c", "d", "e", "f"]
    assert of(UUID, keep_volatile=True) == [UUID]
    assert of("2026-11-24T00:00:00Z", keep_volatile=True) == ["2026-11-24T00:00:00Z"]
    with pytest.raises(ValueError, match="max_values and max_fields are 1 or more"):
        suggest({"a": 1}, max_values=0)


@pytest.mark.parametrize(
    "name", ["id", "userId", "user_id", "requestID", "created_at", "createdAt", "event-time", "etag", "nonce"]
)
def test_names_tell_what_is_one_of_its_kind(name: str) -> None:
    assert suggest({name: "some text"}).pattern == {name: [{"exists": True}]}
    assert suggest([{name: "some text"}], keep_volatile=True).pattern == {name: ["some text"]}


@pytest.mark.parametrize("name", ["valid", "format", "paid", "at", "state", "width", "sidebar", "timeout"])
def test_names_that_only_look_like_it(name: str) -> None:
    assert suggest({name: "some text"}).pattern == {name: ["some text"]}


def test_an_event_of_eventbridge() -> None:
    made = suggest(EC2)
    assert made.pattern == {
        "detail-type": ["EC2 Instance State-change Notification"],
        "source": ["aws.ec2"],
        "region": ["us-east-1"],
        "resources": [{"prefix": "arn:aws:ec2:us-east-1:123456789012:instance/"}],
        "detail": {"instance-id": [{"prefix": "i-"}], "state": ["running"]},
    }
    assert json.loads(made.text) == made.pattern
    assert (made.events, made.unwanted, made.warnings) == (1, (), ())
    notes = {note.path: note for note in made.notes}
    assert [path for path, note in notes.items() if note.kind == "left out"] == ["version", "id", "account", "time"]
    assert str(notes["detail.state"]) == 'detail.state: constant "running" (as in the event)'
    assert notes["id"].why == "every event of EventBridge has one; a UUID, which other events will not have"
    assert suggest(EC2, only=["account"]).pattern == {"account": [{"exists": True}]}


def test_fields_that_some_events_lack() -> None:
    events = [{"a": "x", "b": 1}, {"a": "x"}, {"a": "x", "b": 3}]
    made = suggest(events)
    assert made.pattern == {"a": ["x"]}
    assert [(note.path, note.why) for note in made.notes if note.kind == "left out"] == [("b", "2 of 3 events have it")]
    made = suggest(events, optional=True)
    assert made.pattern == {"a": ["x"], "b": [{"numeric": [">=", 1, "<=", 3]}, {"exists": False}]}
    assert [note.optional for note in made.notes] == [False, True]
    rules = RuleSet({"": made.pattern})
    assert not rules.match({"a": "x", "b": 4})


def test_events_that_share_nothing() -> None:
    made = suggest([{"a": 1}, {"b": "x"}, {}])
    assert made.pattern == {"a": [1, {"exists": False}], "b": ["x", {"exists": False}]}


def test_ignore_and_only() -> None:
    event = {"a": {"b": "x", "c": {"d": "y"}}, "ab": "z"}
    assert suggest(event, ignore=["a"]).pattern == {"ab": ["z"]}
    assert suggest(event, ignore=["a.c"]).pattern == {"a": {"b": ["x"]}, "ab": ["z"]}
    assert suggest(event, ignore=["*.d", "ab"]).pattern == {"a": {"b": ["x"]}}
    assert suggest(event, only=["a.c", "ab"]).pattern == {"a": {"c": {"d": ["y"]}}, "ab": ["z"]}
    assert suggest(event, only=["a"], ignore=["a.c.d"]).pattern == {"a": {"b": ["x"]}}
    with pytest.raises(NoSuggestion, match="no field that can be asked for is one of none"):
        suggest(event, only=["none"])


def test_elements_of_arrays_agree() -> None:
    events = [{"i": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}, {"i": [{"a": 3, "b": 2}, {"a": 1, "b": 4}]}]
    made = suggest(events)
    assert all(RuleSet({"": made.pattern}).match_many(events))
    assert made.pattern["i"]["a"] == [1]
    assert not RuleSet({"": made.pattern}).match({"i": [{"a": 1, "b": 9}]})
    made = suggest({"i": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}]})
    assert made.pattern == {"i": {"sku": ["x"], "n": [1]}}
    made = suggest({"i": [{"a": 1}, {"b": 2}]})  # no element has both
    assert made.pattern == {"i": {"a": [1]}}
    assert [note.why for note in made.notes if note.kind == "left out"] == [
        "not met in the same array elements as other fields"
    ]


def test_names_that_are_hard_to_write() -> None:
    event = {
        "$or": "x",
        "a.b": 1,
        "a": 2,
        "": {"x": 1},
        "p.": 3,
        "prefix": {"exists": "*\\", "numeric": 5},
        "d": {"$or": [1]},
    }
    made = suggest(event)
    assert made.pattern == {
        "$or": ["x"], "a.b": [1], "a": [2], ".x": [1], "p.": [3], "prefix": {"exists": ["*\\"], "numeric": [5]}, "d.$or": [1],
    }  # fmt: skip
    assert RuleSet({"": made.text}).match(event) == [""]
    assert suggest('{"a": "x", "a": "y"}').pattern == {"a": ["x"]}
    assert suggest([{"a": [1, {"b": 2}]}]).pattern == {"a": [1], "a.b": [2]}


def test_deep_and_many() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = {"a": deep}
    made = suggest(deep)
    assert made.pattern == {".".join(["a"] * 900): ["x"]}
    wide = {f"f{n}": n for n in range(400)} | {"deep": {"er": 1}}
    made = suggest(wide)
    assert len(made.pattern) == 256 and "deep" not in made.pattern
    assert sum(note.why == "over 256 fields" for note in made.notes) == 145
    assert len(suggest(wide, max_fields=3).pattern) == 3


def test_the_size_of_a_pattern_is_told() -> None:
    made = suggest({f"f{n}": "x" * 100 for n in range(50)})
    assert made.warnings == (
        f"the pattern has {len(made.text):,} bytes; EventBridge takes 4,096: ask for fewer fields",
    )
    assert suggest([{"n": 1}, {"n": 6e9}]).notes[0].why.endswith("EventBridge documents numbers up to 5e9 alone")


def test_numbers_that_python_cannot_hold() -> None:
    assert suggest(['{"a": 1e400, "b": 1}']).pattern == {"a": [{"exists": True}], "b": [1]}
    assert suggest(['{"a": 0.1000000000000000055511151231257827}']).pattern == {"a": [{"exists": True}]}
    assert suggest(['{"a": 300.0}', '{"a": 3e2}']).pattern == {"a": [300]}
    for text in ("-0", "1e23", "4.9e-324", "5e-324", "123456789012345678", "1E400"):
        event = f'{{"a": {text}}}'
        assert RuleSet({"": suggest([event, event]).pattern}).match(event) == [""], text


def test_events_that_should_not_match() -> None:
    samples = [{"s": "a", "k": 1}, {"s": "a", "k": 5}]
    made = suggest(samples, against=[{"s": "b", "k": 3}])
    assert made.pattern == {"s": ["a"], "k": [{"numeric": [">=", 1, "<=", 5]}]}
    made = suggest(samples, against=[{"s": "a", "k": 3}])  # values are listed then
    assert (made.pattern["k"], made.unwanted) == ([1, 5], ())
    made = suggest(samples, against=[{"s": "a", "k": 3}, {"s": "a", "k": 1, "debug": True}])
    assert made.pattern == {"s": ["a"], "k": [1, 5], "debug": [{"exists": False}]}
    assert (made.unwanted, made.notes[-1].kind) == ((), "absent")
    made = suggest([{"id": UUID}], against=[{"id": UUID.replace("6", "7")}])
    assert (made.pattern, made.unwanted) == ({"id": [UUID]}, ())
    made = suggest([{"a": 1}], against=[{"a": 2}, {"a": 1}, {"a": 1}])
    assert (made.pattern, made.unwanted) == ({"a": [1]}, (1, 2))


def test_what_cannot_be_suggested_is_told() -> None:
    with pytest.raises(NoSuggestion, match="no events to learn from"):
        suggest([])
    for empty in ({}, {"a": []}, {"a": {"b": [{}]}}):
        with pytest.raises(NoSuggestion, match="the events have no field that can be asked for"):
            suggest([empty, empty])
    for bad in ('{"a": "\\ud83d"}', {"a": "\ud83d"}, "[]", '{"a": tru}', {"a": float("nan")}):
        with pytest.raises(EventError) as caught:
            suggest([{"a": "x"}, bad])
        assert caught.value.__notes__ == ["event 2"]
    with pytest.raises(EventError) as caught:
        suggest({"a": 1}, against=["{"])
    assert caught.value.__notes__ == ["unwanted event 1"]


def test_real_events() -> None:
    folder = SHARED / "events"
    if not folder.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{folder} is missing")
        pytest.skip("the shared corpora are not here")
    for file in ("github.jsonl", "serverless_patterns.jsonl"):
        events = [line for line in (folder / file).read_bytes().splitlines() if line.startswith(b"{")]
        by_kind: dict[Any, list[bytes]] = {}
        for event in events:
            by_kind.setdefault(str(json.loads(event).get("detail-type")), []).append(event)
        for group in [*([event] for event in events[::5]), *list(by_kind.values())[:40]]:
            try:
                made = suggest(group)
            except NoSuggestion:
                assert not json.loads(group[0])
                continue
            assert all(RuleSet({"": made.pattern}).match_many(group))
            others = [event for event in events if event not in group]
            if len(group) == 1 and b'"detail-type"' in group[0]:
                assert sum(map(bool, RuleSet({"": made.pattern}).match_many(others))) <= 2
