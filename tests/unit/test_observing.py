"""Observers that ship: JSON lines with correlation ids, counters, spreads."""

import io
import json

import pytest

from matcher.observe import Observer
from matcher.observing import Counters, JsonLines, Together
from matcher.testing import FakeClock


def test_they_are_observers() -> None:
    stream = io.StringIO()
    observers: list[Observer] = [JsonLines(stream), Counters(), Together(Counters())]
    for observer in observers:
        observer.count("Events")
        observer.gauge("Depth", 1.0)
        observer.time("Latency", 0.5)
        observer.log("info", "hello")
    assert stream.getvalue().count("\n") == 1


def test_a_record_is_a_line_of_json() -> None:
    stream = io.StringIO()
    lines = JsonLines(stream, clock=FakeClock(start=1_700_000_000.25))
    lines.log("warning", "the attempt failed\n", correlation_id="c1", attempt=3, error=KeyError("x"))
    lines.log("debug", "too fine")
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "warning",
        "message": "the attempt failed\n",
        "correlation_id": "c1",
        "attempt": 3,
        "error": "KeyError('x')",
    }


def test_the_least_level_is_a_setting() -> None:
    stream = io.StringIO()
    lines = JsonLines(stream, level="error")
    for level in ("debug", "info", "warning", "error"):
        lines.log(level, level)  # type: ignore[arg-type]
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == ["error"]


def test_records_that_can_not_be_written_are_counted() -> None:
    stream = io.StringIO()
    lines = JsonLines(stream)
    lines.log("info", "no JSON", text="\ud800")
    stream.close()
    lines.log("info", "closed")
    assert lines.lost == 2


def test_counts_add_up_by_label() -> None:
    counters = Counters()
    counters.count("Invocations", rule="a", target="x")
    counters.count("Invocations", 2, rule="a", target="y")
    counters.count("Invocations", rule="b", target="x")
    assert counters.total("Invocations") == 4
    assert counters.total("Invocations", rule="a") == 3
    assert counters.total("Invocations", rule="a", target="y") == 2
    assert counters.total("Invocations", rule="c") == counters.total("Nothing") == 0


def test_a_gauge_tells_its_last_value() -> None:
    counters = Counters()
    counters.gauge("Depth", 5, queue="q")
    counters.gauge("Depth", 3, queue="q")
    assert (counters.level("Depth", queue="q"), counters.level("Depth")) == (3, None)


def test_records_are_counted_by_level() -> None:
    counters = Counters()
    counters.log("error", "x", level_of_detail=3)
    assert counters.total("LogRecords", level="error") == 1


def test_quantiles_are_near() -> None:
    counters = Counters()
    for number in range(1, 1_001):
        counters.time("Latency", number / 1_000, rule="a" if number % 2 else "b")
    spread = counters.spread("Latency")
    assert (spread.count, spread.longest) == (1_000, 1.0)
    assert spread.total == pytest.approx(500.5)
    for found, right in ((spread.p50, 0.5), (spread.p90, 0.9), (spread.p99, 0.99)):
        assert found == pytest.approx(right, rel=0.046)
    assert counters.spread("Latency", rule="b").count == 500


def test_no_durations_and_a_clock_that_was_set_back_do_no_harm() -> None:
    counters = Counters()
    assert counters.spread("Latency").count == 0
    counters.time("Latency", -5.0)
    assert counters.spread("Latency").longest == pytest.approx(0, abs=1e-8)


def test_a_snapshot_is_json() -> None:
    counters = Counters()
    counters.count("Invocations", rule="a")
    counters.gauge("Depth", 2.0)
    counters.time("Latency", 0.25)
    found = json.loads(json.dumps(counters.snapshot()))
    assert found["counts"] == {"Invocations": [{"labels": {"rule": "a"}, "value": 1}]}
    assert found["gauges"] == {"Depth": [{"labels": {}, "value": 2.0}]}
    assert found["times"]["Latency"][0]["value"]["longest"] == 0.25


def test_several_are_told_together() -> None:
    first, second = Counters(), Counters()
    both = Together(first, second)
    both.count("Invocations", 3, rule="a")
    both.time("Latency", 1.0)
    both.gauge("Depth", 1.0)
    both.log("info", "x")
    assert first.snapshot() == second.snapshot()
    assert first.total("Invocations") == 3
