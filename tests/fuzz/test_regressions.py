"""What fuzzing once found stays found: each kept input is tried again.

`*.json` lists cases {"name", "pattern", "event", "match"} (both as texts); other files are inputs of fuzz_core.cpp, whose event is read
again here, and which `run.sh` gives to the fuzzer itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from matcher import RuleSet
from matcher._core.machine import Reader, simd_levels
from matcher.errors import EventError
from matcher.naive import matches
from matcher.pattern.parse import parse
from tests.fuzz import differential

FOLDER = Path(__file__).parent / "regressions"
INPUTS = sorted(path for path in FOLDER.iterdir() if path.suffix != ".json")
CASES: list[dict[str, Any]] = [case for path in sorted(FOLDER.glob("*.json")) for case in json.loads(path.read_bytes())]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
@pytest.mark.parametrize("level", simd_levels())
def test_cases(case: dict[str, Any], level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_SIMD", level)
    assert matches(parse(case["pattern"]), case["event"]) is case["match"]
    assert bool(RuleSet({"rule": case["pattern"]}).match(case["event"])) is case["match"]


@pytest.mark.parametrize("level", simd_levels())
def test_inputs(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_SIMD", level)
    reader = Reader(["a", "a.b", "b", ""])
    for path in INPUTS:
        event = path.read_bytes().partition(b"\xff")[0]
        try:
            legal = type(orjson.loads(event)) is dict
        except orjson.JSONDecodeError:
            legal = False
        try:
            fields = reader.read(event)
        except EventError:
            assert not legal, path.name
        else:
            assert legal, path.name
            assert reader.read(event, structural=True) == fields, path.name


def test_random_sets_answer_as_the_naive_matcher() -> None:
    tried, lines = differential.run(seconds=2, first=0)
    assert lines == []
    assert tried > 20
