"""Chunks of a file of lines: places, positions to go on from, what is kept, and the limit of a line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest

from matcher import EventError, Limits, RuleSet

PATTERNS = {"x": {"a": ["x"]}, "big": {"n": [{"numeric": [">", 500]}]}}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Lines of many lengths over several chunks of a megabyte, some blank, some refused, the last unended."""
    random = Random(7)
    lines = []
    for number in range(9_000):
        match random.randrange(40):
            case 0:
                lines.append(" \r")
            case 1:
                lines.append('{"a": x}')
            case 2:
                lines.append(json.dumps({"a": "x", "n": number, "long": "y" * random.randrange(30_000)}))
            case _:
                lines.append(json.dumps({"a": random.choice("xyz"), "n": random.randrange(600)}))
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines))
    return path


def wanted(rules: RuleSet[str], path: Path) -> list[tuple[int, int, object, bytes]]:
    found, at = [], 0
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            answer = rules.match_many([line], errors="return")[0]
            found.append((number, at, str(answer) if isinstance(answer, EventError) else answer, line))
        at += len(line) + 1
    return found


def plain(chunk: list[tuple[int, int, object, bytes | None]]) -> list[tuple[int, int, object, bytes | None]]:
    return [
        (line, byte, str(answer) if isinstance(answer, EventError) else answer, text)
        for line, byte, answer, text in chunk
    ]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_line_has_its_place_and_its_text(log: Path, threads: int) -> None:
    rules = RuleSet(PATTERNS)
    lines = rules.lines(log, threads, keep="all", texts=True)
    found = [line for chunk in iter(lines.answers, None) for line in plain(chunk)]
    assert found == wanted(rules, log)
    assert lines.position[0] == log.stat().st_size


def test_matched_keeps_what_matches_or_is_refused(log: Path) -> None:
    rules = RuleSet(PATTERNS)
    lines = rules.lines(log, 2)
    found = [line for chunk in iter(lines.answers, None) for line in plain(chunk)]
    assert found == [(*line[:3], None) for line in wanted(rules, log) if line[2] != []]


def test_reading_goes_on_from_every_position(log: Path) -> None:
    rules = RuleSet(PATTERNS)
    every = wanted(rules, log)
    lines = rules.lines(log, 2, keep="all", texts=True)
    done = 0
    while True:
        byte, line = lines.position
        rest = rules.lines(log, 2, keep="all", texts=True, start=byte, lines=line)
        assert [line for chunk in iter(rest.answers, None) for line in plain(chunk)] == every[done:]
        chunk = lines.answers()
        if chunk is None:
            break
        done += len(chunk)
    assert done == len(every)


def test_counts_grow_chunk_by_chunk_and_go_on(log: Path) -> None:
    rules = RuleSet(PATTERNS)
    whole = rules.lines(log, 2, keep="counts")
    while whole.count():
        pass
    first = rules.lines(log, 2, keep="counts")
    assert first.count()
    assert first.count()
    byte, line = first.position
    second = rules.lines(log, 2, keep="counts", start=byte, lines=line)
    while second.count():
        pass
    events, matched, size, by_owner, refused, errors = whole.totals
    for place in (0, 1, 2, 4):
        assert first.totals[place] + second.totals[place] == whole.totals[place]
    assert [a + b for a, b in zip(first.totals[3], second.totals[3], strict=True)] == by_owner
    every = wanted(rules, log)
    assert (events, refused) == (sum(type(e[2]) is list for e in every), sum(type(e[2]) is str for e in every))
    assert matched == sum(bool(e[2]) and type(e[2]) is list for e in every)
    assert [e[:2] for e in errors] == [e[:2] for e in every if type(e[2]) is str][:100]
    assert size == sum(len(e[3]) for e in every)


@pytest.mark.parametrize("keep", ["all", "matched", "counts"])
@pytest.mark.parametrize("length", [999, 1_000, 1_001, 1 << 20, (1 << 20) + 1, 5_000_000])
def test_a_line_over_the_limit_is_refused_and_the_next_one_read(tmp_path: Path, length: int, keep: str) -> None:
    rules = RuleSet(PATTERNS, limits=Limits(line_bytes=1_000))
    long = b'{"a":"x","b":"' + b"y" * (length - 16) + b'"}'
    path = tmp_path / "long.jsonl"
    path.write_bytes(b'{"a":"x"}\n' + long + b'\n{"a":"x"}')
    lines = rules.lines(path, 2, keep=keep)  # type: ignore[arg-type]
    if keep == "counts":
        while lines.count():
            pass
        events, _, _, _, refused, errors = lines.totals
        assert (events, refused, [error[:2] for error in errors]) == ((3, 0, []) if length <= 1_000 else (2, 1, [(2, 10)]))
        return
    found = [line for chunk in iter(lines.answers, None) for line in plain(chunk)]
    told = "at byte 1000: a line of more than the limit of 1000 bytes (Limits.line_bytes)"
    assert [line[2] for line in found] == [["x"], ["x"] if length <= 1_000 else told, ["x"]]
    assert [line[:2] for line in found] == [(1, 0), (2, 10), (3, 11 + length)]


def test_no_limit_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(b'{"b":"' + b"y" * 20_000_000 + b'","a":"x"}\n')
    assert RuleSet(PATTERNS, limits=Limits(line_bytes=None)).count(path).matched == 1
    assert RuleSet(PATTERNS).count(path).refused == 1


@pytest.mark.parametrize("text", [b"", b"\n", b'{"a":"x"}', b'{"a":"x"}\n\n'])
def test_small_files_and_ends(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "small.jsonl"
    path.write_bytes(text)
    lines = RuleSet(PATTERNS).lines(path, 3, keep="all")
    assert lines.position == (0, 0)
    assert [line[:2] for chunk in iter(lines.answers, None) for line in chunk] == ([(1, 0)] if text.strip() else [])
    assert lines.position[0] == len(text)
    assert lines.answers() is None
    beyond = RuleSet(PATTERNS).lines(path, 3, keep="all", start=len(text) + 5)
    assert beyond.answers() is None


def test_a_call_that_fails_closes_no_other_file(tmp_path: Path) -> None:
    read, write = os.pipe()
    try:
        for path, keep in ((tmp_path / "none", "all"), (tmp_path, "all"), (tmp_path, "some")):
            with pytest.raises((OSError, KeyError)):
                RuleSet({"a": {"a": [1]}}).lines(path, keep=keep)  # type: ignore[arg-type]
        os.fstat(0)
        os.fstat(read)
    finally:
        os.close(read)
        os.close(write)
