"""Hits and counts of sources of every shape, with limits, faults and places."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from matcher import EventError, RuleSet
from matcher.offline import Hit, SourceFault, count, export, scan
from matcher.offline.sink import Sink

RULES = {"small": {"n": [{"numeric": ["<", 10]}]}, "é": {"n": [{"exists": True}]}, "never": {"m": [1]}}
EVENTS = b'{"n": 1}\n\n{"n": 50}\n{"n": tru}\n{"x": 1}\n'
TOLD = "at byte 9: a misspelt literal (true, false and null are allowed)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_bytes(EVENTS)
    Path("b.jsonl.gz").write_bytes(gzip.compress(EVENTS))
    Path("c.json").write_bytes(b'[{"n": 1}, {"n": 50}]')
    return tmp_path


@pytest.fixture
def rules() -> RuleSet[str]:
    return RuleSet(RULES)


def told(hits: list[Hit[str]]) -> list[tuple[str, int, tuple[str, ...], str]]:
    return [(hit.source, hit.line, hit.rules, str(hit.error or "")) for hit in hits]


def test_hits_of_every_source(folder: Path, rules: RuleSet[str]) -> None:
    each = [(1, ("small", "é"), ""), (3, ("é",), ""), (4, (), TOLD)]
    assert told(list(scan(rules, ["*.jsonl*", "c.json"]))) == [
        *(("a.jsonl", *hit) for hit in each),
        *(("b.jsonl.gz", *hit) for hit in each),
        ("c.json", 1, ("small", "é"), ""),
        ("c.json", 2, ("é",), ""),
    ]
    assert [hit.line for hit in scan(rules, "a.jsonl", errors=False)] == [1, 3]
    assert [hit.line for hit in scan(rules, folder, every=True)][:4] == [1, 3, 4, 5]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_hits_have_their_place_and_text(folder: Path, rules: RuleSet[str], threads: int) -> None:
    hits = list(scan(rules, "a.jsonl", threads=threads, every=True))
    lines = EVENTS.split(b"\n")
    for hit in hits:
        assert hit.event == lines[hit.line - 1]
        assert hit.byte is not None
        assert EVENTS[hit.byte :].startswith(hit.event)
    assert [hit.event for hit in scan(rules, "a.jsonl", texts=False)] == [None, None, None]


def test_a_hit_is_frozen(folder: Path, rules: RuleSet[str]) -> None:
    hit = next(iter(scan(rules, "a.jsonl")))
    with pytest.raises(AttributeError):
        hit.line = 3  # type: ignore[misc]
    assert hit == Hit("a.jsonl", 1, 0, b'{"n": 1}', ("small", "é"))


def test_counts_by_source_and_together(folder: Path, rules: RuleSet[str]) -> None:
    counts = count(rules, folder)
    assert (counts.events, counts.matched, counts.refused) == (8, 6, 2)
    assert counts.by_name == {"small": 3, "é": 6}
    assert [Path(one.source).name for one in counts.sources] == ["a.jsonl", "b.jsonl.gz", "c.json"]
    plain, packed, array = counts.sources
    assert (plain.events, plain.matched, plain.refused, plain.bytes) == (3, 2, 1, len(EVENTS))
    assert (packed.events, packed.matched, packed.refused, packed.by_name) == (3, 2, 1, plain.by_name)
    assert (array.events, array.by_name) == (2, {"small": 1, "é": 2})
    assert [(line, byte, str(error)) for line, byte, error in plain.errors] == [(4, 20, TOLD)]
    assert counts.faults == []


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_hits_and_of_single_events(folder: Path, seed: int) -> None:
    random = Random(seed)
    pool = ['{"n": 1}', '{"n": 11, "m": 1}', "", "  ", '{"m": 1}', "{", '{"n": "%s"}' % ("y" * 3_000), "[]"]
    lines = [pool[0], *(random.choice(pool) for _ in range(3_000))]  # the first tells the shape
    Path("log.jsonl").write_text("\n".join(lines))
    Path("log.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode(), 1))
    rules = RuleSet(RULES)
    names: Counter[str] = Counter()
    events = matched = refused = 0
    for line in lines:
        if line.strip():
            try:
                found = rules.match(line)
            except EventError:
                refused += 1
                continue
            events += 1
            matched += bool(found)
            names.update(found)
    for source in ("log.jsonl", "log.jsonl.gz"):
        counts = count(rules, source)
        assert (counts.events, counts.matched, counts.refused) == (events, matched, refused)
        assert counts.by_name == names
        hits = list(scan(rules, source, texts=False))
        assert Counter(name for hit in hits for name in hit.rules) == names
        assert sum(hit.error is not None for hit in hits) == refused
        written = export(rules, source, "out.jsonl")
        assert (written.events, written.matched, written.refused, written.by_name) == (events, matched, refused, names)


def test_it_ends_after_so_many_matches(folder: Path, rules: RuleSet[str]) -> None:
    assert [(hit.source, hit.line) for hit in scan(rules, ["a.jsonl", "b.jsonl.gz"], limit=3)] == [
        ("a.jsonl", 1), ("a.jsonl", 3), ("a.jsonl", 4), ("b.jsonl.gz", 1)]  # fmt: skip
    assert [hit.line for hit in scan(rules, "a.jsonl", limit=2)] == [1, 3]
    counts = export(rules, "a.jsonl", "out", limit=1)
    assert (counts.events, counts.matched, counts.bytes) == (1, 1, 10)


def test_it_ends_at_one_refused_too_many(folder: Path, rules: RuleSet[str]) -> None:
    hits = scan(rules, ["a.jsonl", "b.jsonl.gz"], max_refused=1)
    taken = []
    with pytest.raises(EventError, match="misspelt") as raised:
        taken += [next(hits) for _ in range(100)]
    assert raised.value.__notes__[0].startswith("b.jsonl.gz: line 4")
    assert len(list(scan(rules, ["a.jsonl", "b.jsonl.gz"], max_refused=2))) == 6
    with pytest.raises(EventError):
        count(rules, "a.jsonl", max_refused=0)
    with pytest.raises(EventError):
        export(rules, "a.jsonl", "out", max_refused=0)
    assert len(Path("out").read_text().splitlines()) == 3


def test_sources_that_cannot_be_read(folder: Path, rules: RuleSet[str]) -> None:
    Path("cut.jsonl.gz").write_bytes(gzip.compress(EVENTS)[:-12])
    faults: list[SourceFault] = []
    hits = list(scan(rules, ["none.jsonl", "cut.jsonl.gz", "a.jsonl"], faults=faults))
    assert [fault.source for fault in faults] == ["none.jsonl", "cut.jsonl.gz"]
    assert faults[0].reason == "No such file or directory"
    assert "cut off" in faults[1].reason
    assert [hit.line for hit in hits if hit.source == "a.jsonl"] == [1, 3, 4]
    counts = count(rules, ["none.jsonl", "cut.jsonl.gz", "a.jsonl"])
    assert [fault.source for fault in counts.faults] == ["none.jsonl", "cut.jsonl.gz"]
    assert counts.events >= 3
    with pytest.raises(OSError, match=r"none.jsonl: No such file"):
        list(scan(rules, ["none.jsonl", "a.jsonl"]))


def test_the_rules_are_those_of_the_call(folder: Path, rules: RuleSet[str]) -> None:
    hits = scan(rules, "a.jsonl")
    rules.remove("small")
    assert next(iter(hits)).rules == ("small", "é")


def test_nothing_to_read(folder: Path, rules: RuleSet[str]) -> None:
    Path("empty.jsonl").touch()
    Path("logs").mkdir()
    assert list(scan(rules, ["empty.jsonl", "logs"])) == []
    assert count(rules, []).events == 0


class TestSink:
    def test_readers_see_the_old_file_till_the_end(self, folder: Path) -> None:
        Path("out").write_text("old\n")
        Path("out").chmod(0o640)
        sink = Sink("out")
        sink.write(b"new\n")
        assert Path("out").read_text() == "old\n"
        sink.close()
        assert Path("out").read_text() == "new\n"
        assert Path("out").stat().st_mode & 0o777 == 0o640
        assert list(Path().glob("*.part")) == []

    def test_a_link_stays_one(self, folder: Path) -> None:
        Path("real").write_text("old\n")
        Path("out").symlink_to("real")
        sink = Sink("out")
        sink.write(b"new\n")
        sink.close()
        assert Path("out").is_symlink()
        assert Path("real").read_text() == "new\n"

    def test_a_broken_line_is_taken_back(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write, room = os.write, [13]

        def full(number: int, data: bytes) -> int:
            if not room[0]:
                raise OSError(28, "No space left on device")
            done = write(number, data[: room[0]])
            room[0] -= done
            return done

        sink = Sink("out")
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            sink.write(b"12345\n12345\n12345\n")
        assert sink.length == 12
        room[0] = 100
        sink.write(b"6\n")
        sink.close()
        assert Path("out").read_bytes() == b"12345\n12345\n6\n"

    def test_files_that_are_open(self, folder: Path, rules: RuleSet[str]) -> None:
        with Path("out").open("wb") as file:
            file.write(b"head\n")
            export(rules, "c.json", file, emit="line")
            file.write(b"tail\n")
        assert Path("out").read_text() == 'head\n{"line": 1}\n{"line": 2}\ntail\n'


def test_lines_are_json_with_names_of_any_text(folder: Path) -> None:
    rules = RuleSet({'q"\n\\ %s': {"n": [1]}})
    export(rules, "c.json", "out")
    assert json.loads(Path("out").read_text())["rules"] == ['q"\n\\ %s']
