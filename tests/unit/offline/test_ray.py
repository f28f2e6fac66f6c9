"""Datasets of Ray, on a cluster of this machine: the answers are those of `match_many` and `scan`, rules come once."""

from __future__ import annotations

import doctest
import gc
import gzip
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher import RuleSet
from matcher.errors import MissingExtra
from matcher.offline import ray as matching
from matcher.offline import scan

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    # Ray's own: it warns of its settings, and leaves sockets and processes to the collector.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PATTERNS: dict[str, Any] = {
    "x": {"a": ["x"]},
    "big": {"n": [{"numeric": [">", 500]}]},
    "there": {"a": [{"exists": True}]},
}
BROKEN = ['{"a": "x"}', None, '{"a": x}']


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    if os.environ.get("CI") == "true" and sys.platform == "linux" and sys.version_info < (3, 14):
        import ray as module
    else:
        module = pytest.importorskip("ray", reason="the extra `ray` is not installed")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    # More than the machine may have: a worker of a job that failed keeps its own until what it raised is collected.
    module.init(
        num_cpus=4, include_dashboard=False, object_store_memory=100 << 20, log_to_driver=False, logging_level="ERROR"
    )
    module.data.DataContext.get_current().enable_progress_bars = False
    yield module
    module.shutdown()


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


def texts(count: int, seed: int = 5) -> list[str | None]:
    rng = random.Random(seed)
    made = [json.dumps({"a": rng.choice("xyzü"), "n": rng.randrange(900)}, ensure_ascii=False) for _ in range(count)]
    return [None if rng.randrange(20) == 0 else text for text in made]


def test_a_column_answers_as_match_does(ray: Any) -> None:
    events, rules = texts(3_000), RuleSet(PATTERNS)
    dataset = ray.data.from_items(
        [{"event": event, "row": row} for row, event in enumerate(events)], override_num_blocks=7
    )
    found = matching.matched(dataset, rules, into="names", compute=ray.data.ActorPoolStrategy(size=2)).take_all()
    assert len(found) == len(events)
    for row in found:
        event = events[row["row"]]
        assert row["event"] == event
        assert row["names"] == (None if event is None else rules.match(event))
    tallied = Counter(name for row in found for name in row["names"] or ())
    counts = matching.counted(ray.data.from_items(found, override_num_blocks=3), "names").take_all()
    assert {row["rule"]: row["events"] for row in counts} == dict(tallied)


def test_each_worker_unpickles_the_rules_once(ray: Any, tmp_path: Path) -> None:
    log = tmp_path / "unpickled"

    class Name(str):  # defined here, so that it goes to the workers by value
        __slots__ = ()

        def __reduce__(self) -> tuple[Any, ...]:
            return noted, (str(self), str(log))

    def noted(name: str, file: str) -> str:
        with Path(file).open("a") as lines:
            lines.write(f"{os.getpid()}\n")
        return name

    rules = RuleSet({Name("x"): {"a": ["x"]}, **{f"rule-{n}": {"n": [n]} for n in range(1_000)}})
    blocks = 24
    dataset = ray.data.from_items([{"event": '{"a": "x", "n": 7}'}] * 2_400, override_num_blocks=blocks)
    found = matching.matched(dataset, rules, batch_size=10, compute=ray.data.ActorPoolStrategy(size=2))
    assert all(row["rules"] == ["x", "rule-7"] for row in found.take_all())
    workers = Counter(log.read_text().split())
    assert len(workers) == 2
    assert set(workers.values()) == {1}, f"over {blocks} blocks and 240 batches"
    assert str(os.getpid()) not in workers


def test_refused_events(ray: Any) -> None:
    dataset = ray.data.from_items(
        [{"event": event, "row": row} for row, event in enumerate(BROKEN)], override_num_blocks=1
    )
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        matching.matched(dataset, PATTERNS).take_all()
    assert "row 2 of the batch: at byte 6: expected a value, in b'{\"a\": x}'" in str(caught.value)
    assert [row["rules"] for row in matching.matched(dataset, PATTERNS, errors="null").sort("row").take_all()] == [
        ["x", "there"],
        None,
        None,
    ]
    told = matching.matched(dataset, PATTERNS, errors="column").sort("row").take_all()
    assert [row["rules"] for row in told] == [["x", "there"], None, None]
    assert [row["error"] for row in told] == [None, None, "at byte 6: expected a value"]


def test_structs_are_events(ray: Any) -> None:
    dataset = ray.data.from_items([{"event": {"a": "x", "deep": {"n": [600]}}}])
    rules = RuleSet({"deep": {"deep": {"n": [{"numeric": [">", 500]}]}}, "y": {"a": ["y"]}})
    assert [row["rules"] for row in matching.matched(dataset, rules).take_all()] == [["deep"]]


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        ({"text": "{}"}, {}, "no column 'event'; there are 'text'"),
        ({"event": "{}", "rules": 1}, {}, "the column 'rules' is there already: name another, or drop it"),
        ({"event": "{}", "error": 1}, {"errors": "column"}, "the column 'error' is there already"),
        ({"event": 7}, {}, "a column of events is text, binary or structs, not int64"),
    ],
)
def test_a_wrong_column_is_told(ray: Any, columns: dict[str, Any], options: dict[str, Any], said: str) -> None:
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        matching.matched(ray.data.from_items([columns]), PATTERNS, **options).take_all()
    assert said in str(caught.value)


def test_a_wrong_call_fails_at_once(ray: Any) -> None:
    dataset = ray.data.from_items([{"event": "{}"}])
    with pytest.raises(ValueError, match="threads is 1 or more"):
        matching.matched(dataset, PATTERNS, threads=0)
    with pytest.raises(ValueError, match="errors is one of 'raise', 'null', 'column'"):
        matching.matched(dataset, PATTERNS, errors="struct")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="named by strings"):
        matching.matched(dataset, RuleSet({7: {"a": ["x"]}}))  # type: ignore[dict-item]


# ---- files ----


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    lines = [text or "" for text in texts(3_000)]
    lines[1_000:1_000] = ['{"a": x}']
    (folder / "a.jsonl").write_text("\n".join(lines), "utf-8")
    with gzip.open(folder / "b.json.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines[:300]))
    (folder / "c.json").write_text(json.dumps({"Records": [{"a": "x"}, {"a": "y"}, {"n": 700}]}))
    (folder / "d.json.gz").write_bytes((folder / "b.json.gz").read_bytes()[:-200])
    return folder


def test_files_answer_as_scan_does(ray: Any, logs: Path) -> None:
    rules = RuleSet({name: PATTERNS[name] for name in ("x", "big")})
    faults: list[Any] = []
    wanted = [
        (hit.source, hit.line, hit.byte, hit.event, *((None, str(hit.error)) if hit.error else (list(hit.rules), None)))
        for hit in scan(rules, logs, faults=faults)
    ]
    rows = [tuple(row.values()) for row in matching.scan(rules, logs, texts=True).take_all()]
    found = sorted((row for row in rows if row[1] is not None), key=lambda row: row[:2])
    assert found == sorted(wanted, key=lambda row: row[:2])
    assert any(row[5] for row in found)
    (fault,) = (row for row in rows if row[1] is None)
    assert fault[0] == faults[0].source == str(logs / "d.json.gz")
    assert "cut off" in fault[5]


def test_counts_are_those_of_the_rules(ray: Any, logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = RuleSet(PATTERNS)
    monkeypatch.chdir(logs)
    found = matching.scan(rules, ["a.jsonl"], threads=2)
    counts = {row["rule"]: row["events"] for row in matching.counted(found).take_all()}
    assert counts == rules.count(logs / "a.jsonl").by_name


def test_no_files_are_no_rows(ray: Any, tmp_path: Path) -> None:
    found = matching.scan(PATTERNS, tmp_path)
    assert found.schema().names == ["source", "line", "byte", "rules", "error"]
    assert found.take_all() == []
    assert matching.counted(found).take_all() == []


def test_faults_end_the_job_where_that_is_asked_for(ray: Any, logs: Path) -> None:
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        matching.scan(PATTERNS, logs / "a.jsonl", errors="raise").take_all()
    assert "a.jsonl: line 1001: at byte 6: expected a value" in str(caught.value)
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        matching.scan(PATTERNS, logs / "absent.jsonl", errors="raise").take_all()
    assert "absent.jsonl: No such file or directory" in str(caught.value)


def test_the_example_does_what_it_says(ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['{"state": "paid", "total": 250}', '{"state": "new"}', '{"state": "paid", "total": 3}']
    (tmp_path / "orders.jsonl").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testmod(matching)
    assert (outcome.failed, outcome.attempted >= 7) == (0, True)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    for call in (
        lambda: matching.matched(None, PATTERNS),  # type: ignore[arg-type]
        lambda: matching.scan(PATTERNS, "log.jsonl"),
        lambda: matching.counted(None),  # type: ignore[arg-type]
    ):
        with pytest.raises(MissingExtra, match=r"matcher\[ray\]"):
            call()
