"""What do rules of every operator cost on EventBridge events, by validation, by the event's type, and on real events?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

import orjson
import pytest

from bench.data import SIZES
from bench.measure import ROOT
from bench.oracle import check
from bench.subject import checked, events
from bench.workload import text
from matcher import RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.conftest import Timed

CORPORA = ROOT.parent / "shared" / "corpora"


@pytest.mark.parametrize("size", ["100", "1k", "10k", "100k"])
@pytest.mark.parametrize("profile", ["eb-mixed", "eb-mixed-coarse", "eb-mixed-skewed"])
def test_mixed_rules(timed: Timed, profile: str, size: str) -> None:
    name = f"{profile}-{size}"
    timed(checked(name).match, events(name), SIZES[size])


@pytest.mark.parametrize("validate", ["strict", "structural"])
def test_validation(timed: Timed, validate: Literal["strict", "structural"]) -> None:
    timed(checked("eb-mixed-1k", validate).match, events("eb-mixed-1k"), SIZES["1k"])


@pytest.mark.parametrize("read", [bytes, bytes.decode, orjson.loads], ids=["bytes", "str", "dict"])
def test_type_of_the_event(timed: Timed, read: Callable[[bytes], bytes | str | dict[str, Any]]) -> None:
    inputs = events("eb-mixed-1k")
    given = [read(event) for event in inputs]
    rules = checked("eb-mixed-1k")
    assert [rules.match(event) for event in given] == [rules.match(event) for event in inputs]
    timed(rules.match, inputs, SIZES["1k"], given)


def test_real_patterns_on_real_events(timed: Timed) -> None:
    if not CORPORA.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no {CORPORA}")
        pytest.skip(f"the corpora of real patterns and events are not beside the project: no {CORPORA}")
    lines = (CORPORA / "patterns" / "serverless_patterns.jsonl").read_bytes().splitlines()
    patterns = [(f"pattern-{number}", text(orjson.loads(line)["pattern"])) for number, line in enumerate(lines)]
    real = (CORPORA / "events" / "github.jsonl").read_bytes().splitlines()
    rules = RuleSet(patterns)
    check(rules, patterns, real)
    timed(rules.match, real, len(rules))
