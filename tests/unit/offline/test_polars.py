"""Columns of Polars, in each of its engines: the answers are those of `match_many`; files answer as `scan` does."""

from __future__ import annotations

import doctest
import gzip
import json
import pickle
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from matcher import EventError, MatcherError, Pattern, PatternError, RuleSet
from matcher.errors import MissingExtra
from matcher.offline import polars as matching
from matcher.offline import scan
from matcher.offline.arrow import RowError

pl = pytest.importorskip("polars")

ENGINES = ("in-memory", "streaming")
PATTERNS: dict[str, Any] = {
    "x": {"a": ["x"]},
    "big": {"n": [{"numeric": [">", 500]}]},
    "there": {"a": [{"exists": True}]},
    "no b": {"b": [{"exists": False}]},
}


def texts(count: int, seed: int = 3) -> list[str | None]:
    """Events, some null, one in a hundred beyond ASCII."""
    rng = random.Random(seed)
    made: list[str | None] = []
    for number in range(count):
        event = {"a": rng.choice("xyzü"), "n": rng.randrange(900)} | ({"b": None} if number % 3 else {})
        made.append(None if rng.randrange(20) == 0 else json.dumps(event, ensure_ascii=bool(number % 2)))
    return made


def wanted(events: list[Any], rules: RuleSet[str]) -> list[Any]:
    return [None if event is None else rules.match(event) for event in events]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [pl.String, pl.Binary, pl.Categorical])
def test_a_column_of_text_answers_row_by_row(engine: Any, kind: Any) -> None:
    events, rules = texts(10_000), RuleSet(PATTERNS)
    frame = pl.LazyFrame({"event": events}).with_columns(pl.col("event").cast(kind), row=pl.int_range(pl.len()))
    found = frame.with_columns(rules=matching.matched(pl.col("event"), rules)).sort("row").collect(engine=engine)
    assert found.schema["rules"] == pl.List(pl.String)
    assert found["rules"].to_list() == wanted(events, rules)


def test_eager_frames_slices_and_chunks() -> None:
    events, rules = texts(500), RuleSet(PATTERNS)
    frame = pl.DataFrame({"event": events})
    expression = matching.matched("event", rules, threads=1)
    assert frame[100:300].select(expression)["event"].to_list() == wanted(events[100:300], rules)
    twice = pl.concat([frame, frame], rechunk=False)
    assert twice.select(expression)["event"].to_list() == wanted(events * 2, rules)
    assert frame.clear().select(expression).schema == {"event": pl.List(pl.String)}


def test_groups_are_no_other_than_rows() -> None:
    frame = pl.DataFrame({"k": [1, 2, 1], "event": ['{"a": "x"}', None, '{"a": "y"}']})
    found = frame.group_by("k", maintain_order=True).agg(matching.matched("event", {"x": {"a": ["x"]}}))
    assert found["event"].to_list() == [[["x"], []], [None]]


def test_the_streaming_engine_takes_it_in_batches() -> None:
    rules = RuleSet({"x": {"a": ["x"]}})
    frame = pl.LazyFrame({"event": ['{"a": "x"}'] * 300_000})
    seen: list[int] = []

    def spy(events: Any) -> Any:
        seen.append(len(events))
        return events

    spied = pl.col("event").map_batches(spy, pl.String, is_elementwise=True)
    counted = frame.select(matching.matched(spied, rules).list.len().sum()).collect(engine="streaming")
    assert counted.item() == 300_000
    assert len(seen) > 1
    assert max(seen) < 300_000


def test_structs_are_events() -> None:
    events = [{"a": "x", "deep": {"n": [1, 600]}}, None, {"a": None, "deep": {"n": []}}, {"a": "y", "deep": None}]
    rules = RuleSet({"x": {"a": ["x"]}, "big": {"deep": {"n": [{"numeric": [">", 500]}]}}, "null": {"a": [None]}})
    frame = pl.DataFrame({"event": events})
    assert isinstance(frame.schema["event"], pl.Struct)
    assert frame.select(matching.matched("event", rules)).to_series().to_list() == wanted(events, rules)


def test_all_columns_of_a_parsed_file_make_an_event(tmp_path: Path) -> None:
    lines = [text for text in texts(200) if text]
    (tmp_path / "log.jsonl").write_text("\n".join(lines), "utf-8")
    rules = RuleSet({name: PATTERNS[name] for name in ("x", "big", "there")})
    frame = pl.scan_ndjson(tmp_path / "log.jsonl", infer_schema_length=None)
    found = frame.select(rules=matching.matched(pl.struct(pl.all()), rules)).collect()
    assert found["rules"].to_list() == wanted(lines, rules)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pl.Series("event", [1, 2]), "Struct, not Int64"),
        (pl.Series("event", [{"deep": [{"at": b"x"}]}]), r"deep\[\]\.at of the events is Binary"),
        (
            pl.Series("event", [{"price": 1}], dtype=pl.Struct({"price": pl.Decimal(9, 2)})),
            "price of the events is Dec",
        ),
    ],
)
def test_a_column_of_another_type_is_refused(column: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        column.to_frame().select(matching.matched("event", PATTERNS))


BROKEN = ['{"a": "x"}', None, '{"a": x}', "[]"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_refused_event_raises_with_its_row_and_its_beginning(engine: Any) -> None:
    frame = pl.LazyFrame({"event": BROKEN})
    with pytest.raises(RowError) as caught:
        frame.select(matching.matched("event", PATTERNS)).collect(engine=engine)
    error = caught.value
    assert isinstance(error, EventError)
    row = 2 if engine == "in-memory" else 0  # where batches end is the engine's affair
    assert (error.place, error.at, error.reason) == (f"row {row} of the batch", 6, "expected a value")
    assert f"row {row} of the batch: at byte 6: expected a value, in b'{{\"a\": x}}'" in str(error)
    with pytest.raises(RowError, match="of the batch"):
        frame.filter(matching.matches("event", {"a": ["x"]})).collect(engine=engine)


def test_a_refused_event_is_null_or_tells_why() -> None:
    frame = pl.DataFrame({"event": BROKEN})
    assert frame.select(matching.matched("event", PATTERNS, errors="null")).to_series().to_list() == [
        ["x", "there", "no b"],
        None,
        None,
        None,
    ]
    assert frame.select(matching.matches("event", {"a": ["x"]}, errors="null")).to_series().to_list() == [
        True,
        None,
        None,
        None,
    ]
    found = frame.select(matching.matched("event", {"x": {"a": ["x"]}}, errors="struct")).to_series()
    assert found.is_null().to_list() == [False, True, False, False]
    assert found.struct.field("rules").to_list() == [["x"], None, None, None]
    reasons = [str(answer) for answer in RuleSet({}).match_many(BROKEN[2:], errors="return")]
    assert found.struct.field("error").to_list() == [None, None, *reasons]
    with pytest.raises(ValueError, match="errors is one of 'raise', 'null', 'struct', not 'drop'"):
        matching.matched("event", PATTERNS, errors="drop")  # type: ignore[arg-type]


def test_one_pattern_or_one_rule_filters() -> None:
    events = ['{"a": "x"}', '{"a": "y"}', None, '{"n": 501}']
    frame = pl.DataFrame({"event": events})
    rules = RuleSet(PATTERNS)
    named = [None if event is None else "big" in rules.match(event) for event in events]

    def answers(*rule: Any) -> list[Any]:
        found = frame.select(matching.matches("event", *rule)).to_series()
        assert found.dtype == pl.Boolean
        return found.to_list()

    for pattern in ({"a": ["x"]}, '{"a": ["x"]}', b'{"a": ["x"]}', Pattern({"a": ["x"]})):
        assert answers(pattern) == [True, False, None, False]
    assert answers(rules, "big") == named == [False, False, None, True]
    assert answers(RuleSet({"x": {"a": ["x"]}, "big": PATTERNS["big"]})) == [True, False, None, True]
    with pytest.raises(KeyError, match="huge"):
        matching.matches("event", rules, "huge")


def test_faulty_rules_and_names_fail_at_once() -> None:
    with pytest.raises(PatternError, match="prefx"):
        matching.matched("event", {"typo": {"a": [{"prefx": "x"}]}})
    with pytest.raises(TypeError, match="rules named by strings, not 7"):
        matching.matched("event", RuleSet({7: {"a": ["x"]}}))  # type: ignore[dict-item]


def test_the_rules_are_those_of_the_moment() -> None:
    rules = RuleSet({"x": {"a": ["x"]}})
    expression = matching.matched("event", rules)
    rules.remove("x")
    assert pl.DataFrame({"event": ['{"a": "x"}']}).select(expression).item().to_list() == ["x"]


def test_a_plan_takes_the_compiled_rules_along() -> None:
    pytest.importorskip("cloudpickle", reason="which Polars keeps functions with")
    rules = RuleSet({f"rule-{n}": {"n": [n]} for n in range(100)})
    plan = pl.LazyFrame({"event": ['{"n": 42}']}).select(matching.matched("event", rules))
    assert pickle.loads(pickle.dumps(plan)).collect().item().to_list() == ["rule-42"]


# ---- files ----


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Lines, a packed file, CloudTrail's records and a broken file, in a folder."""
    folder = tmp_path / "logs"
    folder.mkdir()
    lines = [text or "" for text in texts(9_000)]
    lines[4_000:4_000] = ['{"a": x}']
    (folder / "a.jsonl").write_text("\n".join(lines), "utf-8")
    with gzip.open(folder / "b.json.gz", "wt") as file:
        file.write("\n".join(lines[:300]))
    (folder / "c.json").write_text(json.dumps({"Records": [{"a": "x"}, {"a": "y"}, {"n": 700}]}))
    (folder / "d.json.gz").write_bytes((folder / "b.json.gz").read_bytes()[:-200])
    return folder


def rows(rules: RuleSet[str], logs: Path, every: bool) -> tuple[list[tuple[Any, ...]], list[str]]:
    faults: list[Any] = []
    found = [
        (
            hit.source,
            hit.line,
            hit.byte,
            hit.event,
            None if hit.error else list(hit.rules),
            hit.error and str(hit.error),
        )
        for hit in scan(rules, logs, every=every, faults=faults)
    ]
    return found, [fault.source for fault in faults]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("every", [False, True])
def test_files_answer_as_scan_does(logs: Path, engine: Any, every: bool) -> None:
    rules = RuleSet({name: PATTERNS[name] for name in ("x", "big")})
    found = matching.scan(rules, logs, every=every, texts=True).collect(engine=engine)
    wanted_rows, faulty = rows(rules, logs, every)
    assert found.filter(pl.col("line").is_not_null()).rows() == wanted_rows
    assert any(row[5] for row in wanted_rows)
    broken = found.filter(pl.col("line").is_null())
    assert broken["source"].to_list() == faulty == [str(logs / "d.json.gz")]
    assert "cut off" in broken["error"].item()


def test_only_what_is_asked_for_is_read(logs: Path) -> None:
    rules = RuleSet({"big": PATTERNS["big"]})
    frame = matching.scan(rules, [logs / "a.jsonl"], texts=True)
    assert frame.collect_schema() == frame.collect().schema
    first = frame.head(3).collect()
    assert first.rows() == frame.collect().head(3).rows()
    narrow = frame.filter(pl.col("event").cast(pl.String, strict=False).str.contains('"n": 700')).select("line")
    assert (
        narrow.collect().height == frame.collect()["event"].cast(pl.String, strict=False).str.contains('"n": 700').sum()
    )
    assert narrow.collect().columns == ["line"]
    by_rule = frame.explode("rules").group_by("rules").len().drop_nulls().collect()
    assert by_rule.rows() == [("big", rules.count(logs / "a.jsonl").by_name["big"])]


def test_faults_raise_where_that_is_asked_for(logs: Path) -> None:
    rules = RuleSet(PATTERNS)
    with pytest.raises(RowError, match=r"a\.jsonl: line 4001: at byte 6: expected a value"):
        matching.scan(rules, logs, errors="raise").collect()
    with pytest.raises(OSError, match="cut off"):
        matching.scan(rules, logs / "d.json.gz", errors="raise").collect()
    with pytest.raises(OSError, match="No such file"):
        matching.scan(rules, logs / "absent.jsonl", errors="raise").collect()
    absent = matching.scan(rules, logs / "absent.jsonl").collect()
    assert absent.select("line", "error").rows() == [(None, "No such file or directory")]


def test_the_example_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['{"state": "paid", "total": 250}', '{"state": "new"}', '{"state": "paid", "total": 3}']
    (tmp_path / "orders.jsonl").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testmod(matching)
    assert (outcome.failed, outcome.attempted >= 9) == (0, True)


@pytest.mark.parametrize("absent", ["polars", "pyarrow"])
def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    for call in (
        lambda: matching.matched("event", PATTERNS),
        lambda: matching.matches("event", {"a": ["x"]}),
        lambda: matching.scan(PATTERNS, "log.jsonl"),
    ):
        with pytest.raises(MissingExtra, match=r"matcher\[polars\]") as caught:
            call()
        assert isinstance(caught.value, MatcherError)
