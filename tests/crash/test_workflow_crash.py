"""Executions end as they should, however often the process that runs them is killed."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

import pytest

from matcher.workflow.happenings import Event
from tests.crash.workflow_harness import carry_out
from tests.crash.workflow_scene import faults

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")


@pytest.mark.timeout(90)
def test_executions_survive_kills(tmp_path: Path) -> None:
    verdict = asyncio.run(carry_out(tmp_path, 60, 4, seed=7))
    assert (verdict.faults, verdict.succeeded) == ([], 60)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_executions_survive_twenty_kills(tmp_path: Path) -> None:
    verdict = asyncio.run(carry_out(tmp_path, 1_000, 20, seed=1))
    assert (verdict.faults, verdict.succeeded) == ([], 1_000)


def test_what_is_doubled_missing_or_out_of_order_is_seen() -> None:
    def event(number: int, previous: int, kind: str) -> Event:
        return Event(0, number, previous, 0.0, kind, None)

    good = [event(1, 0, "ExecutionStarted"), event(2, 1, "TaskScheduled"), event(3, 2, "TaskSucceeded")]
    over = event(4, 3, "ExecutionSucceeded")
    calls = Counter({"7-0-2": 2})
    assert faults(7, [*good, over], calls) == []
    assert faults(8, [*good, over], calls) == ["the call 2 was never made"]
    assert faults(7, [*good, over, event(5, 4, "ExecutionSucceeded")], calls) == ["it succeeded 2 times"]
    assert faults(7, [*good[:2], event(3, 2, "TaskStarted"), over], calls) == ["the call 2 ended 0 times"]
    assert faults(7, [*good, event(4, 2, "TaskFailed"), event(5, 3, "ExecutionSucceeded")], calls) == ["the call 2 ended 2 times"]
    assert faults(7, [good[0], good[2], over], calls)[0] == "event 3 after 2 stands at 2"
