"""Files of events: every form, line numbers, refused lines, threads and counts."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from matcher import EventError, RuleSet

PATTERNS: dict[str, dict[str, Any]] = {"x": {"a": ["x"]}, "big": {"n": [{"numeric": [">", 500]}]}}
RULES = RuleSet(PATTERNS)
LINES = [b'{"a":"x"}', b"", b"  ", b"{]", b'{"a":"y","n":501}', b'{"a":["x"],"n":1e3}', b"[]", b'{"n":1}']
WANTED = [(1, ["x"]), (4, None), (5, ["big"]), (6, ["x", "big"]), (7, None), (8, [])]
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "jsonl": lambda text: text,
    "jsonl.gz": gzip.compress,
    "jsonl.zst": lambda text: zstandard.ZstdCompressor().compress(text),
}


def told(found: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    return [(line, None if isinstance(answer, EventError) else answer) for line, answer in found]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("threads", [0, 1, 3])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"], ids=["none", "lf", "crlf"])
def test_lines(kind: str, threads: int, end: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"events.{kind}"
    path.write_bytes(PACKERS[kind]((end or b"\n").join(LINES) + end))
    found = list(RULES.scan(path, threads))
    assert told(found) == WANTED
    assert [answer.at for _, answer in found if isinstance(answer, EventError)] == [1, 0]
    counted = RULES.count(path, threads)
    assert (counted.events, counted.matched) == (4, 3)
    assert counted.by_name == {"x": 2, "big": 2}
    assert [(line, error.at) for line, error in counted.errors] == [(4, 1), (7, 0)]


@pytest.mark.parametrize("text", [b"", b"\n", b" \n\n\r\n"])
def test_a_file_without_events(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(text)
    assert list(RULES.scan(path)) == []
    assert RULES.count(path).events == 0


def test_an_array_and_records(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    events = [{"a": "x"}, {"a": "y"}, {"n": 501}]
    for document in (events, {"Records": events}):
        path.write_text(json.dumps(document, indent=1))
        assert list(RULES.scan(path)) == [(1, ["x"]), (2, []), (3, ["big"])]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(RULES.scan(tmp_path / "absent.jsonl"))
    with pytest.raises(OSError, match="directory"):
        list(RULES.scan(tmp_path))


def test_a_long_file_comes_in_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(b'{"n":%d,"pad":"%s"}\n' % (number, b"p" * (number % 400)) for number in range(30_000)))
    wanted = [(number + 1, ["big"] if number > 500 else []) for number in range(30_000)]
    assert list(RULES.scan(path, threads=2)) == wanted
    assert RULES.count(path, threads=2).by_name == {"big": 29_499}


def test_one_line_that_is_longer_than_any_buffer(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"a":"x"}\n{"pad":"' + b"p" * (9 << 20) + b'","a":"x"}\n{"n":501}')
    assert list(RULES.scan(path, threads=2)) == [(1, ["x"]), (2, ["x"]), (3, ["big"])]


def test_rules_are_those_of_the_moment_of_the_call(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"a":"x"}\n' * 10)
    rules = RULES.copy()
    running = rules.scan(path)
    rules.remove("x")
    rules.add("z", {"a": ["x"]})
    assert [names for _, names in running] == [["x"]] * 10


def test_a_scan_left_halfway_stops(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"a":"x"}\n' * 200_000)
    for _ in range(5):
        running = RULES.scan(path, threads=2)
        assert next(running) == (1, ["x"])
        del running
