"""Executions from outside: stopping, timing out, redriving, late answers, limits, and large Maps."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from matcher.errors import WorkflowError
from matcher.query.jsonata import Bounds
from matcher.workflow.definition import load
from matcher.workflow.drive import World, run
from matcher.workflow.execution import Execution, advance, redrive, start, stop, time_out
from matcher.workflow.happenings import (
    ItemsRead,
    Moment,
    Proceed,
    ResultsWritten,
    TaskFailed,
    TaskSucceeded,
    TimerFired,
    WriteFailed,
)
from matcher.workflow.program import compile_machine
from matcher.workflow.scene import Settings

MOMENT = Moment(0.0, Random(0), lambda frame: f"token-{frame.id}")
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def program(states, **more):
    return compile_machine(load({"StartAt": next(iter(states)), "States": states, **more}))


def begun(states, given=None):
    execution = Execution(program(states), {"Execution": {}, "StateMachine": {}})
    return execution, settle(execution, start(execution, given, MOMENT))


def settle(execution, changes):
    """Go on until nothing is ready; all calls and events of the way."""
    calls, events, ready = list(changes.calls), list(changes.events), list(changes.ready)
    while ready:
        changes = advance(execution, ready.pop(0), Proceed(), MOMENT)
        calls += changes.calls
        events += changes.events
        ready += changes.ready
    return calls, [event.type for event in events]


TASK = {"Type": "Task", "Resource": "f", "End": True}
PAIR = {"P": {"Type": "Parallel", "End": True, "Branches": [{"StartAt": name, "States": {name: TASK}} for name in ("A", "B")]}}


def test_a_stop_ends_it_with_error_and_cause():
    execution, _ = begun({"T": TASK})
    changes = stop(execution, "E", "c", MOMENT)
    assert (changes.ended.status, changes.ended.error, changes.ended.cause) == ("ABORTED", "E", "c")
    assert [(event.type, event.details) for event in changes.events] == [("ExecutionAborted", {"error": "E", "cause": "c"})]
    assert stop(execution, None, None, MOMENT).events == []


def test_nothing_happens_to_what_is_over():
    execution, _ = begun({"T": TASK})
    time_out(execution, MOMENT)
    assert execution.ended.status == "TIMED_OUT"
    assert advance(execution, 0, TaskSucceeded(1), MOMENT).events == []


def test_a_happening_that_nothing_waits_for_changes_nothing():
    execution, (calls, _) = begun({"T": TASK})
    assert advance(execution, 0, TimerFired(), MOMENT).frames.keys() <= {0}
    assert advance(execution, 99, TaskSucceeded(1), MOMENT).frames == {}
    assert advance(execution, 0, TaskSucceeded(1), MOMENT).ended.output == 1
    assert len(calls) == 1


def test_a_timer_that_fires_too_early_changes_nothing():
    execution, _ = begun({"W": {"Type": "Wait", "Seconds": 10, "End": True}}, 1)
    assert advance(execution, 0, TimerFired(), MOMENT).ended is None
    assert advance(execution, 0, TimerFired(), replace(MOMENT, now=10.0)).ended.output == 1


def test_only_a_proceed_enters_a_state():
    execution = Execution(program({"T": TASK}), {"Execution": {}, "StateMachine": {}})
    start(execution, None, MOMENT)
    assert advance(execution, 0, TaskSucceeded(1), MOMENT).events == []
    assert advance(execution, 0, Proceed(), MOMENT).events[0].type == "TaskStateEntered"


def test_a_redrive_begins_at_the_failed_branch_and_keeps_the_other():
    execution, (calls, _) = begun(PAIR)
    advance(execution, calls[0].frame, TaskSucceeded("a"), MOMENT)
    failed = advance(execution, calls[1].frame, TaskFailed("E", None), MOMENT)
    assert failed.ended.error == "E"
    again, types = settle(execution, redrive(execution, MOMENT))
    assert [call.state for call in again] == ["B"]
    assert types[0] == "ExecutionRedriven"
    assert execution.context["Execution"]["RedriveCount"] == 1
    assert advance(execution, again[0].frame, TaskSucceeded("b"), MOMENT).ended.output == ["a", "b"]


def test_a_redrive_of_what_was_stopped_runs_all_that_was_under_way():
    execution, _ = begun(PAIR)
    stop(execution, None, None, MOMENT)
    again, _ = settle(execution, redrive(execution, MOMENT))
    assert sorted(call.state for call in again) == ["A", "B"]


def test_a_redrive_goes_on_with_the_history():
    execution, (calls, _) = begun({"T": TASK})
    failed = advance(execution, calls[0].frame, TaskFailed("E", None), MOMENT)
    changes = redrive(execution, MOMENT)
    assert [(event.type, event.previous) for event in changes.events] == [("ExecutionRedriven", failed.events[-1].id)]
    entered = advance(execution, 0, Proceed(), MOMENT).events[0]
    assert (entered.type, entered.previous) == ("TaskStateEntered", changes.events[0].id)


def test_a_redrive_of_a_map_runs_only_the_iterations_that_failed():
    inner = {"ProcessorConfig": DISTRIBUTED, "StartAt": "T", "States": {"T": TASK}}
    execution, (calls, _) = begun({"M": {"Type": "Map", "ItemProcessor": inner, "End": True}}, [1, 2])
    advance(execution, calls[0].frame, TaskSucceeded("a"), MOMENT)
    assert advance(execution, calls[1].frame, TaskFailed("E", None), MOMENT).ended is not None
    again, types = settle(execution, redrive(execution, MOMENT))
    assert [call.arguments for call in again] == [2]
    assert types[:3] == ["ExecutionRedriven", "ExecutionRedriven", "MapRunRedriven"]
    assert advance(execution, again[0].frame, TaskSucceeded("b"), MOMENT).ended.output == ["a", "b"]


def test_a_redrive_of_what_failed_by_its_output_runs_it_whole():
    branches = [{"StartAt": "A", "States": {"A": TASK}}]
    execution, (calls, _) = begun({"P": {"Type": "Parallel", "OutputPath": "$.none", "End": True, "Branches": branches}})
    assert advance(execution, calls[0].frame, TaskSucceeded(1), MOMENT).ended.error == "States.Runtime"
    again, _ = settle(execution, redrive(execution, MOMENT))
    assert [call.state for call in again] == ["A"]


def test_a_redrive_of_results_that_were_not_written_writes_them():
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    states = mapping(ResultWriter=writer)
    del states["M"]["ItemReader"]
    execution, _ = begun(states, [1])
    assert advance(execution, 0, WriteFailed("full"), MOMENT).ended.error == "States.ResultWriterFailed"
    assert [len(write.results) for write in redrive(execution, MOMENT).writes] == [1]
    assert advance(execution, 0, ResultsWritten({"done": True}), MOMENT).ended.output == {"done": True}


def test_only_what_failed_can_be_redriven():
    execution, (calls, _) = begun({"T": TASK})
    with pytest.raises(WorkflowError, match="redriven"):
        redrive(execution, MOMENT)
    advance(execution, calls[0].frame, TaskSucceeded(1), MOMENT)
    with pytest.raises(WorkflowError, match="redriven"):
        redrive(execution, MOMENT)


def test_the_same_happenings_make_the_same_changes():
    states = {"S": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% [$random(), $uuid(), $now()] %}", "End": True}}
    first, second = (run(program(states), {}, random=Random(3)) for _ in range(2))
    assert (first.events, first.ended) == (second.events, second.ended)
    assert run(program(states), {}, random=Random(4)).ended != first.ended


def test_a_call_carries_a_token_where_the_resource_takes_one():
    resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    states = {"T": {**TASK, "Resource": resource, "HeartbeatSeconds": 5, "Parameters": {"token.$": "$$.Task.Token"}}}
    _, (calls, types) = begun(states)
    assert (calls[0].token, calls[0].arguments, calls[0].heartbeat) == ("token-0", {"token": "token-0"}, 5)
    assert types[-2:] == ["TaskScheduled", "TaskStarted"]
    assert begun({"T": TASK})[1][0][0].token == ""


def test_a_payload_too_large_is_an_error():
    states = {"S": {"Type": "Pass", "Result": "x" * 100, "End": True}}
    ended = run(program(states), {}, settings=Settings(payload_bytes=50)).ended
    assert ended.error == "States.DataLimitExceeded"
    assert run(program(states), {}, settings=Settings(payload_bytes=None)).ended.status == "SUCCEEDED"


def deep(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("output", [deep(250), deep(5_000), 2**70, object(), {1: 2}], ids=["250", "5000", "int", "object", "keys"])
def test_a_result_that_can_not_be_kept_is_an_error(output):
    ended = run(program({"T": TASK}), {}, World(lambda _call: [TaskSucceeded(output)])).ended
    assert (ended.error, "no JSON that can be kept" in ended.cause) == ("States.Runtime", True)


def test_a_deep_result_that_can_be_kept_is_kept():
    assert run(program({"T": TASK}), {}, World(lambda _call: [TaskSucceeded(deep(200))])).ended.output == deep(200)


def test_variables_too_large_are_an_error():
    states = {"S": {"Type": "Pass", "Assign": {"x": "x" * 100}, "End": True}}
    assert run(program(states), {}, settings=Settings(payload_bytes=50)).ended.error == "States.DataLimitExceeded"


def test_a_task_whose_result_is_too_large_has_failed():
    states = {"T": {**TASK, "Catch": [{"ErrorEquals": ["States.DataLimitExceeded"], "ResultPath": None, "Next": "E"}]}, "E": {"Type": "Succeed"}}
    done = run(program(states), {}, World(lambda _call: [TaskSucceeded("x" * 100)]), settings=Settings(payload_bytes=99))
    assert "LambdaFunctionFailed" in [event.type for event in done.events]
    assert done.ended.output == {}


def test_an_endless_machine_ends_by_its_history():
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "B"}], "Default": "A"}
    states = {"A": choice, "B": {"Type": "Succeed"}}
    done = run(program(states), {}, settings=Settings(history_events=100))
    assert (done.ended.error, len(done.events) <= 101) == ("States.Runtime", True)
    assert "maximum number of history events (100)" in done.ended.cause


def test_an_expression_is_bounded_by_the_settings():
    states = {"S": {"Type": "Pass", "Output": "{% $count([1..1000]) %}", "End": True}}
    machine = program(states, QueryLanguage="JSONata")
    assert run(machine, {}).ended.output == 1000
    ended = run(machine, {}, settings=Settings(expression=Bounds(elements=10))).ended
    assert ended.error == "States.QueryEvaluationError"


def mapping(**more):
    passing = {"ProcessorConfig": DISTRIBUTED, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    return {"M": {"Type": "Map", "MaxConcurrency": 5, "ItemReader": reader, "ItemProcessor": passing, "End": True, **more}}


def test_a_large_map_streams():
    """Frames and items at hand stay within the window, however many items the reader has."""
    most = {"frames": 0, "items": 0}
    asked = []

    def read(wanted):
        asked.append(wanted.start)
        return ItemsRead(list(range(wanted.start, wanted.start + 100)), exhausted=wanted.start == 9_900)

    def watch(execution):
        most["frames"] = max(most["frames"], len(execution.frames))
        for frame in execution.frames.values():
            most["items"] = max(most["items"], len(getattr(frame.work, "items", None) or ()))

    machine = program(mapping())
    execution = Execution(machine, {"Execution": {}, "StateMachine": {}})
    left = [start(execution, {}, MOMENT)]
    while execution.ended is None:
        changes = left.pop(0)
        watch(execution)
        left += [advance(execution, wanted.frame, read(wanted), MOMENT) for wanted in changes.reads]
        left += [advance(execution, frame, Proceed(), MOMENT) for frame in changes.ready]
    assert execution.ended.output == list(range(10_000))
    assert asked == list(range(0, 10_000, 100))
    assert most == {"frames": 6, "items": 100}


def test_results_that_are_dropped_may_be_of_any_size():
    world = World(read=lambda _read: ItemsRead(["x" * 100] * 30, exhausted=True))
    bounded = Settings(payload_bytes=1_000)
    assert run(program(mapping(ResultPath=None)), {}, world, settings=bounded).ended.output == {}
    assert run(program(mapping()), {}, world, settings=bounded).ended.error == "States.DataLimitExceeded"


def test_results_are_written_where_a_writer_is_asked_for():
    written = []

    def write(wanted):
        written.append(wanted)
        return ResultsWritten({"ResultWriterDetails": {}})

    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}
    world = World(read=lambda _read: ItemsRead([1, 2], exhausted=True), write=write)
    done = run(program(mapping(ResultWriter=writer)), {}, world)
    assert done.ended.output == {"ResultWriterDetails": {}}
    assert [(result.index, result.input, result.output) for result in written[0].results] == [(0, 1, 1), (1, 2, 2)]
    assert written[0].writer["Parameters"] == {"Bucket": "b", "Prefix": "p"}
