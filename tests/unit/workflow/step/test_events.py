"""The events of tasks by what their Resource is, of failing branches and iterations, and of retries with jitter."""

from __future__ import annotations

from random import Random

import pytest

from matcher.workflow.definition import load
from matcher.workflow.drive import World, run
from matcher.workflow.happenings import TaskFailed, TaskStarted, TaskSubmitted, TaskSucceeded
from matcher.workflow.program import compile_machine
from matcher.workflow.service import Service, service, takes_token

ACTIVITY = "arn:aws:states:eu-west-1:111111111111:activity:work"
LAMBDA = "arn:aws:lambda:eu-west-1:111111111111:function:work"
SYNC = "arn:aws:states:::states:startExecution.sync:2"


@pytest.mark.parametrize(
    ("resource", "found", "token"),
    [
        (ACTIVITY, Service("Activity"), True),
        (LAMBDA, Service("LambdaFunction"), False),
        ("charge", Service("LambdaFunction"), False),
        ("arn:aws:states:::lambda:invoke", Service("Task", "lambda", "invoke"), False),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", Service("Task", "sqs", "sendMessage.waitForTaskToken"), True),
        ("arn:aws:states:::aws-sdk:s3:getObject", Service("Task", "aws-sdk:s3", "getObject"), False),
    ],
)
def test_a_resource(resource, found, token):
    assert (service(resource), takes_token(resource)) == (found, token)


def history(states, answers):
    program = compile_machine(load({"StartAt": "T", "States": states}))
    return run(program, {}, World(lambda _call: answers)).events


def types(events):
    return [event.type for event in events if not event.type.startswith(("Execution", "TaskState"))]


def task(resource, **more):
    return {"T": {"Type": "Task", "Resource": resource, **more, "End": True}}


@pytest.mark.parametrize(
    ("resource", "answers", "found"),
    [
        (ACTIVITY, [TaskStarted("me"), TaskSucceeded(1)], ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]),
        (ACTIVITY, [TaskFailed("E", "c", "Schedule")], ["ActivityScheduled", "ActivityScheduleFailed"]),
        (LAMBDA, [TaskSucceeded(1)], ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"]),
        (LAMBDA, [TaskFailed("E", "c")], ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionFailed"]),
        (SYNC, [TaskSubmitted({"id": 1}), TaskSucceeded(1)], ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]),
        (SYNC, [TaskFailed("E", "c", "Submit")], ["TaskScheduled", "TaskStarted", "TaskSubmitFailed"]),
    ],
)
def test_events_of_a_task(resource, answers, found):
    assert types(history(task(resource), answers)) == found


def test_details_of_a_task():
    arguments = {"QueueUrl": "q", "MessageBody": "m"}
    states = task("arn:aws:states:::sqs:sendMessage", Parameters=arguments, TimeoutSeconds=9, HeartbeatSeconds=3)
    scheduled = next(event for event in history(states, [TaskSucceeded(1)]) if event.type == "TaskScheduled")
    assert scheduled.details == {
        "resourceType": "sqs",
        "resource": "sendMessage",
        "region": "",
        "parameters": arguments,
        "timeoutInSeconds": 9,
        "heartbeatInSeconds": 3,
    }


def test_a_failing_branch_ends_all_below_the_others():
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}}}
    inner = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.l", "ItemProcessor": wait, "End": True}}}
    failing = {"StartAt": "T", "States": task("f")}
    states = {"P": {"Type": "Parallel", "Branches": [inner, failing], "End": True}}
    program = compile_machine(load({"StartAt": "P", "States": states}))
    done = run(program, {"l": [1, 2]}, World(lambda _call: [TaskFailed("E", None)]))
    ends = [event.type for event in done.events if event.type.endswith(("Aborted", "StateFailed"))]
    assert ends == ["WaitStateAborted", "MapIterationAborted"] * 2 + ["MapStateAborted", "ParallelStateFailed"]


def test_full_jitter_waits_for_less_and_by_the_chance_given():
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 100, "MaxAttempts": 1, "JitterStrategy": "FULL"}]
    program = compile_machine(load({"StartAt": "T", "States": task("f", Retry=retry)}))

    def waited(seed):
        answers = iter([[TaskFailed("E", None)], [TaskSucceeded(1)]])
        return run(program, {}, World(lambda _call: next(answers)), random=Random(seed)).now

    waits = [waited(seed) for seed in range(20)]
    assert waits == [waited(seed) for seed in range(20)]
    assert len(set(waits)) == 20
    assert all(0 <= wait < 100 for wait in waits)
