"""Times are found in events, and counted in bins that merge."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from matcher.offline.timeline import WIDTHS, Timeline, instant, time_of


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01T01:01:00+01:00", 60.0),
        ("1970-01-01 00:01:00", 60.0),
        ("1970-01-02", 86400.0),
        ("1970-01-01T00:00:00.250Z", 0.25),
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000_123, 1_700_000_000.123),
        (1_700_000_000_123_456_789, 1_700_000_000.1234567),
        (float("inf"), None),
        (True, None),
        (None, None),
        ("soon", None),
        ("", None),
        ("0001-01-01T00:00:00+14:00", -62135647200.0),
        ({}, None),
    ],
)
def test_instants(value: Any, wanted: float | None) -> None:
    assert instant(value) == (None if wanted is None else pytest.approx(wanted))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"time": "1970-01-01T00:01:00Z"}', 60),
        (' { "id" : "x", "n": -1.5e3, "t": true, "time" : "1970-01-01T00:01:00Z", "z": [] }', 60),
        ('{"detail": {"time": "1970-01-01T00:09:00Z"}, "time": "1970-01-01T00:01:00Z"}', 60),
        ('{"a": "\\"", "time": "1970-01-01T00:01:00Z"}', 60),
        ('{"a": "\\",\\"time\\":\\"1980-01-01\\"", "time": 60}', 60),
        ('{"detail": {"time": "1970-01-01T00:09:00Z"}}', None),
        ('{"eventTime": "1970-01-01T00:01:00Z"}', 60),
        ('{"timestamp": 60}', 60),
        ('{"@timestamp": 60.5 }', 60.5),
        ('{"time": "1970-01-01T00:01:\\u00300Z"}', 60),
        ('{"time": {"a": 1}, "timestamp": 60}', 60),
        ("{}", None),
    ],
)
def test_the_time_of_an_event(text: str, wanted: float | None) -> None:
    assert time_of(text.encode()) == wanted


def test_the_early_way_agrees_with_the_parser() -> None:
    rng = random.Random(3)
    names = ["time", "id", "a", "timestamp", "detail", "eventTime"]
    values: list[Any] = ["1970-01-01T00:01:00Z", 60, "x", {"time": 5}, [1, {"time": 9}], None, True, 'q"', "\\"]
    for _ in range(3_000):
        event = {name: rng.choice(values) for name in rng.sample(names, rng.randrange(len(names)))}
        found = [instant(event.get(name)) for name in ("time", "eventTime", "timestamp", "@timestamp")]
        got = time_of(json.dumps(event).encode())
        assert got in (found if any(one is not None for one in found) else [None]), event


@pytest.mark.parametrize(
    ("pointer", "wanted"),
    [("/detail/at", 60), ("/list/1/t", 60), ("/a~1b", 60), ("/list/9", None), ("/list/x", None), ("/none/x", None)],
)
def test_a_pointer_to_the_time(pointer: str, wanted: float | None) -> None:
    event = {"time": 5, "detail": {"at": 60}, "list": [0, {"t": 60}], "a/b": 60}
    assert time_of(json.dumps(event).encode(), pointer) == wanted


def test_widths_divide_one_another() -> None:
    assert all(wide % narrow == 0 for narrow, wide in pairwise(WIDTHS))


@pytest.mark.parametrize("span", [0, 50, 5_000, 10**6, 10**9])
@pytest.mark.parametrize("cells", [20, 500_000])
def test_every_event_stands_in_one_bin(span: int, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.offline.timeline._CELLS", cells)
    rng = random.Random(span)
    line, counted = Timeline(), Counter[str]()
    for _ in range(2_000):
        key = rng.choice("ab")
        counted[key] += 1
        line.add(1.7e9 + rng.random() * span, [key])
    found, by_key = line.histogram()
    assert sum(found.counts) + found.before + found.after == 2_000
    assert found.before + found.after <= 4
    assert 1 <= len(found.counts) <= 240
    assert found.start % found.width == 0
    for key, counts in by_key.items():
        assert len(counts) == len(found.counts)
        assert abs(sum(counts) - counted[key]) <= 4


def test_an_event_far_from_all_others_does_not_hide_them() -> None:
    line = Timeline()
    for second in range(3_000):
        line.add(1.7e9 + second, [])
    line.add(0.0, [])
    line.add(9e9, [])
    line.add(None, [])
    found, _ = line.histogram()
    assert (found.before, found.after, found.without) == (1, 1, 1)
    assert found.width == 60
    assert sum(found.counts) == 3_000
