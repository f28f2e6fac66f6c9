"""What each state did is read off the history: how it ended, how often, how long, and by which ways."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from matcher.workflow.asl.build import build
from matcher.workflow.graph.model import END, START, Edge, Kind, graph
from matcher.workflow.graph.trace import Status, Trace, duration, moment, told, trace
from tests.unit.workflow.graph.histories import History, recorded

CORPORA = Path(__file__).parents[4] / ".." / "shared" / "corpora" / "asl"


def statuses(found: Trace) -> dict[str, str]:
    return {name: visits.status.value for name, visits in found.states.items()}


def test_a_straight_way() -> None:
    history = History()
    history.visit("Pass", "A")
    history.visit("Task", "B", "TaskScheduled", "TaskSucceeded", seconds=2.5)
    history.add("ExecutionSucceeded")
    found = trace(history.events)
    assert statuses(found) == {"A": "succeeded", "B": "succeeded"}
    assert found.ways == {(START, "A", False): 1, ("A", "B", False): 1}
    assert (found.states["B"].seconds, found.states["B"].retries) == (2.5, 0)
    assert found.count(Edge("B", END, Kind.END)) == 1
    assert found.count(Edge("A", "B", Kind.CATCH)) == 0


def test_retries_that_help_and_errors_that_are_caught() -> None:
    history = History()
    history.visit("Task", "A", "TaskScheduled", "TaskFailed", "TaskScheduled", "TaskSucceeded")
    history.visit("Task", "B", "LambdaFunctionScheduled", "LambdaFunctionFailed")
    history.visit("Pass", "C")
    history.add("ExecutionSucceeded")
    found = trace(history.events)
    assert statuses(found) == {"A": "succeeded", "B": "caught", "C": "succeeded"}
    assert (found.states["A"].retries, found.states["B"].error) == (1, "Broken")
    assert found.count(Edge("B", "C", Kind.CATCH)) == 1
    assert found.count(Edge("B", "C", Kind.NEXT)) == 0


@pytest.mark.parametrize(
    ("end", "status"), [("ExecutionFailed", "failed"), ("ExecutionTimedOut", "failed"), ("ExecutionAborted", "aborted")]
)
def test_how_an_execution_ends_is_how_its_open_state_ends(end: str, status: str) -> None:
    history = History()
    history.visit("Pass", "A")
    history.add("WaitStateEntered", name="B")
    assert statuses(trace(history.events))["B"] == "running"
    history.add(end, error="E")
    assert statuses(trace(history.events)) == {"A": "succeeded", "B": status}


def test_a_fail_state_fails() -> None:
    history = History()
    history.add("FailStateEntered", name="A")
    history.add("ExecutionFailed", error="OrderRejected", cause="no")
    found = trace(history.events).states["A"]
    assert (found.status, found.error, told(found)) == (Status.FAILED, "OrderRejected", ["OrderRejected"])


def a_map(*, caught: bool, open_item: bool) -> History:
    """Three items, the second of which fails."""
    history = History()
    history.add("MapStateEntered", name="M")
    started = history.add("MapStateStarted", length=3)
    for index in range(3):
        history.add("MapIterationStarted", after=started, name="M", index=index)
        if index == 2 and open_item:
            history.add("TaskStateEntered", name="T")
            break
        if index == 1:
            history.add("TaskStateEntered", name="T")
            history.add("TaskFailed", error="Broken")
            failed = history.add("MapIterationFailed", name="M", index=index)
            continue
        history.visit("Task", "T", "TaskScheduled", "TaskSucceeded")
        history.add("MapIterationSucceeded", name="M", index=index)
    if caught:
        history.add("MapStateFailed", after=failed, error="Broken")
        history.add("MapStateExited", name="M")
        history.visit("Pass", "C")
        history.add("ExecutionSucceeded")
    return history


def test_items_of_a_map_are_counted() -> None:
    found = trace(a_map(caught=True, open_item=False).events)
    assert statuses(found) == {"M": "caught", "T": "failed", "C": "succeeded"}
    assert told(found.states["M"]) == ["2 of 3 items, 1 failed", "Broken"]
    assert (found.states["T"].count, found.ways[START, "T", False]) == (3, 3)
    assert found.count(Edge("M", "C", Kind.CATCH)) == 1


def test_items_of_a_distributed_map_are_not_told_of_here() -> None:
    history = History()
    history.add("MapStateEntered", name="M")
    history.add("MapStateStarted", length=3)
    for kind in ("MapRunStarted", "MapRunSucceeded", "MapStateSucceeded"):
        history.add(kind)
    history.add("MapStateExited", name="M")
    found = trace(history.events).states["M"]
    assert (found.status, told(found)) == (Status.SUCCEEDED, ["3 items"])


def test_a_map_that_still_runs() -> None:
    found = trace(a_map(caught=False, open_item=True).events)
    assert found.states["M"].status is Status.RUNNING
    assert found.states["T"].counts == {Status.SUCCEEDED: 1, Status.FAILED: 1, Status.RUNNING: 1}
    assert told(found.states["T"]) == ["3 times"]


def test_an_error_goes_through_all_that_is_around_it() -> None:
    history = History()
    history.add("ParallelStateEntered", name="outer")
    outer = history.add("ParallelStateStarted")
    history.add("ParallelStateEntered", name="inner")
    history.add("ParallelStateStarted")
    history.add("TaskStateEntered", name="T")
    failing = history.add("TaskFailed", error="Broken")
    history.add("WaitStateEntered", name="other", after=outer)
    history.add("ParallelStateFailed", after=failing)
    history.add("ParallelStateFailed")
    history.add("ParallelStateExited", name="outer")
    history.visit("Pass", "C")
    history.add("ExecutionSucceeded")
    found = trace(history.events)
    assert statuses(found) == {"outer": "caught", "inner": "failed", "T": "failed", "other": "aborted", "C": "succeeded"}
    assert [found.states[name].error for name in ("outer", "inner", "T")] == ["Broken"] * 3


def test_aws_gives_an_evaluation_that_failed_the_event_before_its_state() -> None:
    history = History()
    history.add("PassStateEntered", name="A", after=0)
    history.add("EvaluationFailed", after=0, error="States.QueryEvaluationError", state="A", location="Output")
    history.add("ExecutionFailed", error="States.QueryEvaluationError")
    assert told(trace(history.events).states["A"]) == ["States.QueryEvaluationError"]


def test_what_was_redriven_is_a_retry() -> None:
    history = History()
    history.add("ParallelStateEntered", name="P")
    history.add("ParallelStateStarted")
    for end in ("ExecutionFailed", "ExecutionSucceeded"):
        history.add("TaskStateEntered", name="A")
        if end == "ExecutionFailed":
            for kind in ("TaskFailed", "ParallelStateFailed", end, "ExecutionRedriven"):
                history.add(kind, **({"error": "Broken"} if kind == "TaskFailed" else {}))
    history.add("TaskStateExited", name="A")
    history.add("ParallelStateSucceeded")
    history.add("ParallelStateExited", name="P")
    history.add("TaskStateEntered", name="T")
    for kind in ("TaskFailed", "ExecutionFailed", "ExecutionRedriven"):
        history.add(kind)
    assert statuses(trace(history.events))["T"] == "failed"
    history.visit("Task", "T", "TaskScheduled", "TaskSucceeded")
    history.add("ExecutionSucceeded")
    found = trace(history.events)
    assert statuses(found) == {"P": "succeeded", "A": "succeeded", "T": "succeeded"}
    assert [found.states[name].retries for name in ("P", "A", "T")] == [0, 1, 1]


def test_times_in_every_form_of_aws() -> None:
    assert moment({"timestamp": 5}) == 5.0
    assert moment({"timestamp": "2027-03-14T01:59:00Z"}) == moment({"timestamp": "2027-03-14T02:59:00+01:00"})
    assert moment({"timestamp": "timestamp"}) is moment({}) is None
    assert [duration(seconds) for seconds in (0.0124, 3.44, 125, 12_000)] == ["12 ms", "3.4 s", "2 min 5 s", "3 h 20 min"]


@pytest.mark.parametrize("name", ["executions.jsonl", "executions_with_tasks.jsonl"])
def test_recorded_executions_go_only_by_ways_that_there_are(name: str) -> None:
    path = CORPORA / name
    if not path.exists():
        assert os.environ.get("CI") != "true", f"{path} is absent"
        pytest.skip(f"{path} is absent: the recorded executions stand beside the project")
    for line in path.read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        found = trace(recorded(row["history"]))
        edges = [edge for part in graph(build(row["definition"])).walk() for edge in part.edges]
        assert set(found.ways) <= {(edge.source, edge.target, edge.kind is Kind.CATCH) for edge in edges}, row["id"]
        ended = {visits.status for visits in found.states.values()}
        assert Status.RUNNING not in ended, row["id"]
        assert row["status"] != "FAILED" or Status.FAILED in ended, row["id"]
