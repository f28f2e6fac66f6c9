"""What a change of rules does: by the rules alone, and by events."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from matcher import RuleSet, RuleSetError
from matcher.naive import matches
from matcher.offline import compare, diff
from matcher.pattern.parse import parse
from tests.property import generate

SHARED = Path(__file__).parents[4] / "shared" / "corpora"
OLD = {
    "orders": {"source": ["shop"], "total": [{"numeric": [">", 100]}]},
    "refunds": {"source": ["shop"], "kind": ["refund"]},
    "gone": {"source": ["x"]},
    "was": {"source": ["q"]},
    "same": {"source": ["s"]},
    "respelled": {"a": [1, 2], "b": ["x"]},
}
NEW = {
    "orders": {"source": ["shop"], "total": [{"numeric": [">", 200]}]},
    "refunds": {"kind": ["refund"], "source": ["shop", "web"]},
    "is": {"source": ["q"]},
    "same": {"source": ["s"]},
    "respelled": {"b": ["x"], "a": [2.0, {"numeric": ["=", 1]}]},
    "fresh": {"total": [150]},
}
EVENTS = [
    {"source": "shop", "total": 150},
    {"source": "shop", "total": 250},
    {"source": "web", "kind": "refund"},
    {"source": "x"},
    {"source": "q"},
    {"source": "s"},
    {"source": "none"},
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    return path


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ({"a": ["x"]}, {"a": ["x"]}, "equal"),
        ({"a": ["x"]}, {"a": ["x", "y"]}, "widened"),
        ({"a": ["x", "y"]}, {"a": ["x"]}, "narrowed"),
        ({"a": ["x"]}, {"a": ["y"]}, "changed"),
        ({"a": ["x"]}, {"b": ["x"]}, "changed"),
        ({"a": ["x"], "b": [1]}, {"a": ["x"]}, "widened"),
        ({"a": ["x", "y"]}, {"$or": [{"a": ["y"]}, {"a": ["x"]}]}, "equal"),
        ({"a": [1, 2], "b": [3, 4]}, {"$or": [{"a": [1], "b": [3, 4]}, {"a": [2], "b": [3, 4]}]}, "equal"),
        ({"a": [{"prefix": "ab"}]}, {"a": [{"prefix": "a"}]}, "widened"),
        ({"a": [{"wildcard": "a*b*c"}]}, {"a": [{"wildcard": "a*c"}]}, "widened"),
        ({"a": [{"wildcard": "ab*"}]}, {"a": [{"prefix": "ab"}]}, "equal"),
        ({"a": [{"numeric": [">", 0]}, 0]}, {"a": [{"numeric": [">=", 0]}]}, "equal"),
        ({"a": [{"numeric": [">", 0, "<", 9]}]}, {"a": [{"numeric": [">", 0, "<=", 5]}, {"numeric": [">=", 5, "<", 9]}]}, "equal"),
        ({"a": [{"numeric": [">", 0, "<", 9]}]}, {"a": [{"numeric": [">", 0, "<", 5]}, {"numeric": [">", 5, "<", 9]}]}, "narrowed"),
        ({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": [{"cidr": "10.0.0.0/9"}, {"cidr": "10.128.0.0/9"}]}, "equal"),
        ({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": [{"cidr": "10.0.0.0/9"}]}, "narrowed"),
        ({"a": [{"exists": True}]}, {"a": ["x", {"anything-but": "x"}]}, "equal"),
        ({"a": [{"anything-but": ["x", "y"]}]}, {"a": [{"anything-but": "x"}]}, "widened"),
        ({"a": ["x"]}, {"a": [{"equals-ignore-case": "X"}]}, "widened"),
        ({"a": ["x"], "b": [{"exists": False}]}, {"a": ["x"]}, "widened"),
        ({"a": ["::1"]}, {"a": ["0:0:0:0:0:0:0:1"]}, "equal"),
        ({"a": ["x"], "a.b": [1]}, {"a": ["x"]}, "widened"),
        ({"a": {"b": ["x"]}}, {"a.b": ["x"]}, "equal"),
        ({"d": {"a": [{"exists": False}], "b": [1]}}, {"d": {"b": [1]}}, "widened"),
    ],
)  # fmt: skip
def test_relations(old: Any, new: Any, relation: str) -> None:
    told = compare(old, new)
    assert told.relation == relation
    if told.gained is not None:
        assert matches(parse(new), told.gained) and not matches(parse(old), told.gained)
    if told.lost is not None:
        assert matches(parse(old), told.lost) and not matches(parse(new), told.lost)
    assert (told.gained is not None, told.lost is not None) == (
        relation in ("widened", "changed"),
        relation in ("narrowed", "changed"),
    )


@pytest.mark.parametrize("made", [lambda n: f"v{n}", lambda n: n, lambda n: {"prefix": f"p{n}-"}])
def test_one_of_many_alternatives_is_missed(made: Any) -> None:
    values = [made(number) for number in range(3_000)]
    told = compare({"b": ["x"], "a": values}, {"a": values[:1_500] + values[1_501:], "b": ["x"]})
    assert told.relation == "narrowed"
    assert b"1500" in (told.lost or b"")


def test_one_of_many_branches_is_missed() -> None:
    branches = [{"a": [f"x{number}"], "b": [number]} for number in range(200)]
    told = compare({"$or": branches[:100] + branches[101:]}, {"$or": branches})
    assert (told.relation, told.gained) == ("widened", b'{"a": "x100", "b": 100}')


def test_what_is_not_proved_is_unknown() -> None:
    halves = [{"a": [{"numeric": [">", 0, "<", 5]}]}, {"a": [{"numeric": [">=", 5, "<", 10]}]}]
    told = compare({"a": [{"numeric": [">", 0, "<", 10]}]}, {"$or": halves})
    assert (told.relation, told.keeps, told.adds_nothing) == ("unknown", False, True)
    plain = told.to_dict()
    assert (plain["relation"], plain["lost"]) == ("unknown", None)


def test_rules_alone() -> None:
    found = diff(OLD, NEW)
    assert [(one.name, one.relation) for one in found.changes] == [
        ("orders", "narrowed"), ("refunds", "widened"), ("is", "renamed"), ("respelled", "equal"), ("fresh", "added"),
        ("gone", "removed"),
    ]  # fmt: skip
    assert found.changes[2].was == "was"
    assert (found.unchanged, found.counts, found.events, found.differs, found.moved) == (1, None, 0, True, False)
    assert "events" not in found.to_dict()


def test_rules_and_events(log: Path) -> None:
    found = diff(OLD, NEW, log)
    numbers = {one.name: (one.before, one.after, one.gained, one.lost) for one in found.changes}
    assert numbers == {
        "orders": (2, 1, 0, 1), "refunds": (0, 1, 1, 0), "is": (0, 0, 0, 0), "respelled": (0, 0, 0, 0),
        "fresh": (0, 1, 1, 0), "gone": (1, 0, 0, 1),
    }  # fmt: skip
    assert (found.events, found.before, found.after) == (7, 5, 5)
    assert (found.silenced, found.awakened) == (1, 1)
    assert [one.line for one in (*found.silenced_samples, *found.awakened_samples)] == [4, 3]
    orders, refunds, *_ = found.changes
    (lost,) = orders.lost_samples
    assert (lost.source, lost.line, lost.byte, json.loads(lost.event)) == (str(log), 1, 0, EVENTS[0])
    assert lost.path == "total"
    assert lost.reason.startswith('total: found 150 at /total; want {"numeric": [">", 200]}')
    (gained,) = refunds.gained_samples
    assert (gained.path, gained.reason) == ("source", 'source: found "web" at /source; want "shop"')
    assert found.changes[4].gained_samples[0].reason == ""
    assert json.loads(json.dumps(found.to_dict()))["events"]["silenced"] == 1


def test_nothing_changed(log: Path) -> None:
    for rules in (OLD, list(OLD.items()), RuleSet(OLD)):
        found = diff(OLD, rules, [log])
        assert (found.changes, found.unchanged, found.differs, found.events) == ((), 6, False, 7)
    found = diff({"a": {"x": [1], "y": [2]}}, {"a": {"y": [2], "x": [1]}}, log)
    assert ([one.relation for one in found.changes], found.differs) == (["equal"], False)


def test_events_decide_where_no_proof_is_found(log: Path) -> None:
    halves = [{"total": [{"numeric": [">", 0, "<", 5]}]}, {"total": [{"numeric": [">=", 5, "<", 900]}]}]
    old, new = {"a": {"total": [{"numeric": [">", 0, "<", 900]}]}}, {"a": {"$or": halves}}
    assert diff(old, new).differs
    assert not diff(old, new, log).differs


def test_a_name_with_several_patterns() -> None:
    old = [("a", {"x": [1]}), ("a", {"x": [2]})]
    assert diff(old, {"a": {"x": [2, 1]}}).changes[0].relation == "equal"
    assert diff(old, {"a": {"x": [2]}}).changes[0].relation == "narrowed"
    assert diff(old, old[::-1]).changes == ()


def test_two_renamed_alike_are_two() -> None:
    found = diff({"a": {"x": [1, 2]}, "b": {"x": [2, 1]}, "c": {"x": [1, 2]}}, {"d": {"x": [2, 1]}, "e": {"x": [1, 2]}})
    assert [(one.name, one.kind, one.was) for one in found.changes] == [
        ("d", "renamed", "a"), ("e", "renamed", "b"), ("c", "removed", None)
    ]  # fmt: skip


def test_samples_are_as_many_as_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"x": 1, "long": "%s"}\n' % ("é" * 500) * 10)
    for samples in (0, 1, 5, 20):
        (change,) = diff({}, {"a": {"x": [1]}}, path, samples=samples).changes
        assert (change.gained, len(change.gained_samples)) == (10, min(samples, 10))
    assert len(change.gained_samples[0].event) == 200 and change.gained_samples[0].event.endswith("…")
    with pytest.raises(ValueError, match="samples is 0 or more"):
        diff({}, {}, path, samples=-1)


def test_refused_events_and_sources_that_fail(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"x": 1}\n{"x": tru}\n{"x": 1}\n'))
    found = diff({}, {"a": {"x": [1]}}, [path, tmp_path / "none.jsonl"])
    assert found.counts is not None
    assert (found.events, found.counts.refused, found.changes[0].gained) == (2, 1, 2)
    assert [fault.source for fault in found.counts.faults] == [str(tmp_path / "none.jsonl")]
    assert found.to_dict()["faults"] == [f"{tmp_path / 'none.jsonl'}: No such file or directory"]


def test_a_trusted_event_that_is_no_json_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"x": 1, "other": [tru]}\n')
    (change,) = diff({"a": {"x": [2]}}, {"a": {"x": [1]}}, path, validate="structural").changes
    assert change.gained == 1
    assert change.gained_samples[0].reason.startswith("at byte")


def test_rules_that_do_not_compile_are_all_told() -> None:
    with pytest.raises(RuleSetError) as caught:
        diff(OLD, {"a": {}, "b": {"x": "y"}, "c": {"x": [1]}})
    assert set(caught.value.errors) == {"a", "b"}
    assert caught.value.__notes__ == ["in the new rules"]


def test_progress_is_told(log: Path) -> None:
    told: list[tuple[int, int]] = []
    diff(OLD, NEW, log, progress=lambda size, events: told.append((size, events)))
    assert (sum(size for size, _ in told), sum(events for _, events in told)) == (log.stat().st_size, len(EVENTS))


@pytest.mark.parametrize("seed", range(4))
def test_numbers_are_those_of_the_sets_by_themselves(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    pool = [generate.pattern_text(chance) for _ in range(30)]
    old, new = ({f"r{chance.randrange(12)}": chance.choice(pool) for _ in range(10)} for _ in range(2))
    nodes = [parse(text) for text in pool]
    events = [generate.event_text(chance, nodes).replace(b"\n", b" ").replace(b"\r", b" ") for _ in range(300)]
    (tmp_path / "log.jsonl").write_bytes(b"\n".join(events))
    before, after = (RuleSet(rules).match_many(events) for rules in (old, new))
    for remembered in (65_536, 2):
        monkeypatch.setattr("matcher.offline.difference._REMEMBERED", remembered)
        found = diff(old, new, tmp_path / "log.jsonl", threads=2)
        assert found.silenced == sum(bool(a) and not b for a, b in zip(before, after, strict=True))
        assert found.awakened == sum(bool(b) and not a for a, b in zip(before, after, strict=True))
        assert (found.before, found.after) == (sum(map(bool, before)), sum(map(bool, after)))
        for one in found.changes:
            if one.kind != "renamed":
                assert one.lost == sum(one.name in a and one.name not in b for a, b in zip(before, after, strict=True))
                assert one.gained == sum(
                    one.name in b and one.name not in a for a, b in zip(before, after, strict=True)
                )
                assert (one.before, one.after) == (
                    sum(one.name in a for a in before),
                    sum(one.name in b for b in after),
                )


def test_real_patterns() -> None:
    path = SHARED / "patterns" / "serverless_patterns.jsonl"
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing")
        pytest.skip("the shared corpora are not here")
    for row in map(json.loads, path.read_text().splitlines()):
        pattern = row["pattern"]
        assert compare(pattern, pattern).relation == "equal"
        if len(pattern) > 1 and "$or" not in pattern:
            wider = dict(list(pattern.items())[1:])
            assert compare(pattern, wider).relation == "widened", row["name"]
            assert compare(wider, pattern).relation == "narrowed", row["name"]
