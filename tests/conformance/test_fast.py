"""Every recorded answer of AWS's engine, asked of the compiled rule set: alone, and among all rules of its group."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher import EventError, PatternError, RuleSet

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "conformance"
SINGLES = ["single.jsonl", "aws_single.jsonl"]
SETS = ["rule_sets.jsonl", "aws_rule_sets.jsonl"]


def rows(name: str) -> Iterator[dict[str, Any]]:
    path = FOLDER / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is absent")
        pytest.skip(f"{path} is absent: the recorded answers stand beside the project")
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def answer(pattern: str, event: str) -> tuple[bool, bool | None]:
    """Say whether the pattern is legal, and whether it matches (None: the pattern or the event is refused)."""
    try:
        rules = RuleSet({"rule": pattern})
    except PatternError:
        return False, None
    try:
        return True, rules.match(event) == ["rule"]
    except EventError:
        return True, None


@pytest.mark.parametrize("name", SINGLES)
def test_alone(name: str) -> None:
    seen = 0
    for row in rows(name):
        seen += 1
        assert answer(row["pattern"], row["event"]) == (row["ok"], row["match"]), row
    assert seen > 3_000


@pytest.mark.parametrize("name", SINGLES)
def test_among_the_rules_of_its_group(name: str) -> None:
    groups = defaultdict(list)
    for row in rows(name):
        if row["ok"]:
            groups[row["group"]].append(row)
    assert groups
    for group in groups.values():
        rules = RuleSet((row["id"], row["pattern"]) for row in group)
        for row in group:
            if row["match"] is None:
                with pytest.raises(EventError):
                    rules.match(row["event"])
            else:
                assert (row["id"] in rules.match(row["event"])) is row["match"], row


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("bulk", [True, False], ids=["bulk", "one-by-one"])
def test_rule_sets(name: str, bulk: bool) -> None:
    seen = 0
    for row in rows(name):
        seen += 1
        rules: RuleSet[str] = RuleSet(row["rules"] if bulk else ())
        if not bulk:
            for rule, pattern in row["rules"].items():
                rules.add(rule, pattern)
        matched = rules.match(row["event"])
        assert matched == [rule for rule in row["rules"] if rule in set(matched)], row["id"]
        assert sorted(matched) == sorted(row["matched"]), row["id"]
    assert seen > 100
