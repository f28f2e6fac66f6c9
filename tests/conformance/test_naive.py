"""Every recorded answer of AWS's engine, asked of `parse` and the naive matcher."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import EventError, PatternError
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.parse import parse, to_text

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "conformance"


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
        node = parse(pattern)
    except PatternError:
        return False, None
    assert parse(to_text(node)) == node
    try:
        return True, matches(node, event)
    except EventError:
        return True, None


@pytest.mark.parametrize("name", ["single.jsonl", "aws_single.jsonl"])
def test_single(name: str) -> None:
    seen = 0
    for row in rows(name):
        seen += 1
        assert answer(row["pattern"], row["event"]) == (row["ok"], row["match"]), row
    assert seen > 3_000


@pytest.mark.parametrize("name", ["rule_sets.jsonl", "aws_rule_sets.jsonl"])
def test_rule_sets(name: str) -> None:
    seen = 0
    for row in rows(name):
        seen += 1
        event = read_event(row["event"])
        matched = sorted(rule for rule, pattern in row["rules"].items() if matches(parse(pattern), event))
        assert matched == row["matched"], row["id"]
    assert seen > 100
