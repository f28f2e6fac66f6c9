"""Rehearsals answer by mocks in virtual time, and coverage tells what they never reach."""

from __future__ import annotations

import pytest

from matcher import workflow as public
from matcher.errors import ExecutionFailed, WorkflowError
from matcher.workflow import NEVER, Coverage, Rehearsal, TaskCall, TaskError, Workflow
from matcher.workflow.asl.machine import Machine
from tests.unit.workflow.host.making import CALLBACK, lone, machine, task

RETRY = [{"ErrorEquals": ["Down"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 1}]


def flow(*states, **more):
    return Workflow.load(machine(*states), **more)


def test_every_public_name_is_there():
    assert [name for name in public.__all__ if not hasattr(public, name)] == []
    with pytest.raises(AttributeError, match="nothing"):
        public.nothing  # noqa: B018


def test_a_day_is_rehearsed_at_once():
    done = flow({"Type": "Wait", "Seconds": 86_400}, task()).run({"a": 1}, mocks={"f": lambda given: given["a"] + 1})
    assert isinstance(done, Rehearsal)
    assert (done.result(), done.seconds, done.name) == (2, 86_400, "rehearsal")
    assert [event.type for event in done.events][-1] == "ExecutionSucceeded"
    assert [(call.state, call.arguments) for call in done.calls] == [("B", {"a": 1})]


def test_answers_come_in_order_and_an_exception_fails():
    flowing = flow(task(Retry=RETRY), task("g"))
    done = flowing.rehearse(mocks={"A": [TaskError("Down", "1"), TaskError("Down", "2"), 7], "g": str})
    assert (done.result(), done.seconds) == ("7", 120)
    done = flowing.rehearse(mocks={"A": TaskError("Down", "always"), "g": str})
    with pytest.raises(ExecutionFailed, match="Down: always"):
        done.result()
    assert len(done.calls) == 3
    assert flowing.rehearse(mocks={"A": 1, "g": ValueError}).error == "ValueError"
    assert flowing.rehearse(mocks={"A": 1, "g": [[1, 2]]}).result() == [1, 2]


def test_too_few_answers_and_missing_mocks_are_said():
    with pytest.raises(WorkflowError, match="'A' has 1 answers, and is called once more"):
        flow(task(Retry=RETRY)).rehearse(mocks={"A": [TaskError("Down")]})
    with pytest.raises(WorkflowError, match="no mock for the state 'A' or its resource f; there are: g"):
        flow(task()).rehearse(mocks={"g": 1})
    with pytest.raises(WorkflowError, match="there are: none"):
        flow(task()).run(mocks={})


def test_what_never_answers_times_out():
    assert flow(task(TimeoutSeconds=30)).rehearse(mocks={"f": NEVER}).error == "States.Timeout"
    done = flow({**CALLBACK, "HeartbeatSeconds": 5}).rehearse(mocks={"A": NEVER})
    assert (done.error, done.seconds) == ("States.HeartbeatTimeout", 5)
    with pytest.raises(WorkflowError, match="nothing can happen any more"):
        flow(task()).rehearse(mocks={"f": NEVER})


def test_callables_are_given_what_tasks_are():
    async def slow(given, call: TaskCall):
        return [given, call.state, call.execution]

    done = flow(task(), name="m").rehearse(5, mocks={"f": slow})
    assert done.result() == [5, "A", "arn:aws:states:local:000000000000:execution:m:rehearsal"]


def test_functions_answer_wrapped_as_the_integration_gives_it_and_states_as_they_are_mocked():
    invoke = task("arn:aws:states:::lambda:invoke", Parameters={"FunctionName": "charge", "Payload.$": "$"})
    assert flow(invoke).rehearse(3, mocks={"charge": lambda given: given + 1}).result()["Payload"] == 4
    assert flow(invoke).rehearse(3, mocks={"A": {"Payload": 9}}).result() == {"Payload": 9}


def test_items_are_read_for_rehearsals(tmp_path):
    from matcher.workflow import Items

    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "k.json").write_text("[1, 2, 3]")
    processor = {**lone("P", task()), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "b", "Key": "k.json"}}
    flowing = flow({"Type": "Map", "ItemReader": reader, "ItemProcessor": processor}, items=Items(str(tmp_path)))
    assert flowing.rehearse(mocks={"P": lambda given: given * 2}).result() == [2, 4, 6]


BRANCHING = machine(
    {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 5, "Next": "B"}], "Default": "C"},
    task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "D"}], Next="D"),
    {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": lone("I", task("g")), "Next": "D"},
    {"Type": "Succeed"},
)


def test_coverage_tells_what_no_rehearsal_reached():
    flowing = Workflow.load(BRANCHING)
    coverage = flowing.coverage()
    flowing.rehearse({"n": 1}, mocks={"f": 1})
    assert coverage.missing_states == ["C", "I"]
    assert coverage.report().splitlines() == [
        "50% covered by 1 executions: 3 of 5 states, 4 of 9 ways",
        "  never entered: C",
        "  never entered: I",
        "  never gone: A → C (default: otherwise)",
        "  never gone: B → D (catch: States.ALL)",
        "  never gone: C → D",
        "  never gone: start → I",
        "  never gone: I → end",
    ]
    flowing.rehearse({"n": 1}, mocks={"f": ValueError})
    flowing.rehearse({"n": 9, "items": [1, 2]}, mocks={"g": 1})
    assert (coverage.share, coverage.missing_states, coverage.missing_ways) == (1.0, [], [])
    assert coverage.states["I"] == 2
    assert coverage.report() == "100% covered by 3 executions: 5 of 5 states, 9 of 9 ways"


def test_coverage_counts_real_executions_and_child_histories():
    processor = {**lone("P", {"Type": "Pass"}), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    flowing = flow({"Type": "Map", "ItemProcessor": processor})
    compiled: Machine = flowing.workflows.machine("workflow")[0].machine
    coverage = Coverage(compiled)
    coverage.add(flowing.rehearse([1, 2, 3]).events)
    assert (coverage.states, coverage.share) == ({"A": 1, "P": 3}, 1.0)
