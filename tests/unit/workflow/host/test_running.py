"""Executions run to their ends: tasks, errors, retries, timers, timeouts, heartbeats, tokens, activities, stops."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from matcher.errors import ExecutionFailed
from matcher.workflow.host.refusal import WorkflowRefusal
from matcher.workflow.host.tasks import TaskCall, TaskError
from matcher.workflow.scene import Settings
from tests.unit.workflow.host.making import CALLBACK, World, lone, machine, never, run, task, types

PASS = {"Type": "Pass"}


def test_an_execution_gives_its_result_and_tells_what_it_did():
    async def body(world: World):
        async with world.running(machine(task(), PASS), tasks={"f": world.counted()}) as workflows:
            record = await workflows.start("m", {"x": 1}, "one", correlation_id="c-1")
            assert record.status == "RUNNING"
            record = await workflows.wait("m", "one")
            assert (record.status, record.result(), record.correlation) == ("SUCCEEDED", {"x": 1}, "c-1")
            assert await types(workflows, "one") == [
                "ExecutionStarted",
                "TaskStateEntered",
                "LambdaFunctionScheduled",
                "LambdaFunctionStarted",
                "LambdaFunctionSucceeded",
                "TaskStateExited",
                "PassStateEntered",
                "PassStateExited",
                "ExecutionSucceeded",
            ]

    run(body)


def test_an_execution_that_failed_says_by_what():
    async def body(world: World):
        async with world.running(machine(task()), tasks={"f": world.counted(KeyError("k"))}) as workflows:
            await workflows.start("m", 1, "one")
            with pytest.raises(ExecutionFailed) as caught:
                (await workflows.describe("m", "one")).result()
            assert caught.value.status == "RUNNING"
            with pytest.raises(ExecutionFailed) as caught:
                (await workflows.wait("m", "one")).result()
            assert (caught.value.status, caught.value.error) == ("FAILED", "KeyError")
            told = orjson.loads(caught.value.cause)
            assert (told["errorType"], told["errorMessage"]) == ("KeyError", "'k'")
            assert "making.py" in told["stackTrace"][-1]

    run(body)


def test_tasks_know_their_call_and_run_in_threads_where_they_are_plain_functions():
    async def body(world: World):
        seen: list[TaskCall] = []

        def plain(given, call: TaskCall):
            seen.append(call)
            return given["x"] + 1

        async with world.running(machine(task(Resource="f"), PASS), tasks={"f": plain}) as workflows:
            await workflows.start("m", {"x": 1}, "one", correlation_id="c-1")
            assert (await workflows.wait("m", "one")).result() == 2
        (call,) = seen
        assert (call.state, call.resource, call.correlation_id) == ("A", "f", "c-1")
        assert call.execution == "arn:aws:states:local:000000000000:execution:m:one"

    run(body)


def test_functions_are_found_by_their_names_and_services_by_their_arns():
    async def body(world: World):
        arn = "arn:aws:lambda:us-east-1:1:function:charge"
        invoke = task("arn:aws:states:::lambda:invoke", Parameters={"FunctionName": f"{arn}:prod", "Payload.$": "$"})
        states = machine(task(arn), invoke, task("arn:aws:states:::sns:publish", InputPath="$.Payload"), task("gone"))
        tasks = {"charge": world.counted(), "arn:aws:states:::sns:publish": world.counted()}
        async with world.running(states, tasks=tasks) as workflows:
            await workflows.start("m", 7, "one")
            record = await workflows.wait("m", "one")
            assert world.calls == [7, 7, 7]
            assert record.error == "States.Runtime"
            assert "gone" in record.cause

    run(body)


def test_a_retry_waits_as_its_retrier_says():
    async def body(world: World):
        times = []

        async def fails(_given):
            times.append(world.clock.monotonic())
            raise TaskError("Down", "no answer")

        retry = [{"ErrorEquals": ["Down"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 2}]
        async with world.running(machine(task(Retry=retry)), tasks={"f": fails}) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(1.9)
            assert times == [0]
            await world.clock.advance(100)
            assert times == [0, 2, 8]
            record = await workflows.describe("m", "one")
            assert (record.status, record.error, record.cause) == ("FAILED", "Down", "no answer")

    run(body)


def test_a_day_passes_for_a_wait():
    async def body(world: World):
        async with world.running(machine({"Type": "Wait", "Seconds": 86_400})) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(86_399)
            assert (await workflows.describe("m", "one")).status == "RUNNING"
            await world.clock.advance(1)
            record = await workflows.describe("m", "one")
            assert (record.status, record.stopped - record.started) == ("SUCCEEDED", 86_400)

    run(body)


def test_a_task_that_takes_too_long_is_cancelled_and_its_late_answer_counts_no_more():
    async def body(world: World):
        ends = []

        async def stubborn(_given):
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                ends.append(world.clock.monotonic())
                return "too late"

        catch = [{"ErrorEquals": ["States.Timeout"], "Next": "B"}]
        states = machine(task(TimeoutSeconds=5, Catch=catch), {"Type": "Wait", "Seconds": 9})
        async with world.running(states, tasks={"f": stubborn}) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(5)
            assert ends == [5]
            await world.clock.advance(9)
            assert (await workflows.describe("m", "one")).output == {"Error": "States.Timeout", "Cause": ""}
            assert (await types(workflows, "one")).count("LambdaFunctionTimedOut") == 1
            assert len(workflows._hosts["STANDARD"]._alarms) == 0

    run(body)


def test_calls_that_end_in_time_leave_no_alarm():
    async def body(world: World):
        async with world.running(machine(task(TimeoutSeconds=3600)), tasks={"f": world.counted()}) as workflows:
            for number in range(1_000):
                await workflows.start("m", number)
            await world.clock.settle()
            assert len(world.calls) == 1_000
            alarms = workflows._hosts["STANDARD"]._alarms
            assert (len(alarms), len(alarms._heap) < 200) == (0, True)

    run(body)


def test_a_token_is_answered_from_outside():
    async def body(world: World):
        tasks = {"arn:aws:states:::sqs:sendMessage": world.counted({"MessageId": "1"})}
        async with world.running(machine(CALLBACK), tasks=tasks) as workflows:
            for name in ("good", "bad"):
                await workflows.start("m", None, name)
            await world.clock.advance(3600)
            good, bad = (call["token"] for call in world.calls)
            await workflows.send_task_success(good, {"ok": 1})
            await workflows.send_task_failure(bad, "Refused", "by the manager")
            await world.clock.settle()
            assert (await workflows.describe("m", "good")).result() == {"ok": 1}
            record = await workflows.describe("m", "bad")
            assert (record.error, record.cause) == ("Refused", "by the manager")
            assert (await types(workflows, "good"))[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
            with pytest.raises(WorkflowRefusal, match="TaskTimedOut"):
                await workflows.send_task_success(good, {})

    run(body)


def test_an_answer_that_comes_before_the_request_returns_counts():
    async def body(world: World):
        async def answers(given):
            await workflows.send_task_success(given["token"], 5)
            await never(given)

        workflows = world.made(machine(CALLBACK), tasks={"arn:aws:states:::sqs:sendMessage": answers})
        async with workflows:
            await workflows.start("m", None, "one")
            assert (await workflows.wait("m", "one")).result() == 5
            await world.clock.settle()
            assert workflows._hosts["STANDARD"]._calls.jobs == []

    run(body)


def test_heartbeats_keep_a_call_alive():
    async def body(world: World):
        tasks = {"arn:aws:states:::sqs:sendMessage": world.counted({})}
        async with world.running(machine({**CALLBACK, "HeartbeatSeconds": 10}), tasks=tasks) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.settle()
            for _ in range(3):
                await world.clock.advance(9)
                await workflows.send_task_heartbeat(world.calls[0]["token"])
            await world.clock.advance(9.9)
            assert (await workflows.describe("m", "one")).status == "RUNNING"
            await world.clock.advance(0.1)
            record = await workflows.describe("m", "one")
            assert (record.error, record.stopped - record.started) == ("States.HeartbeatTimeout", 37)
            with pytest.raises(WorkflowRefusal, match="TaskTimedOut"):
                await workflows.send_task_heartbeat(world.calls[0]["token"])

    run(body)


ACTIVITY = "arn:aws:states:local:000000000000:activity:pack"


def test_a_worker_polls_for_an_activitys_task():
    async def body(world: World):
        async with world.running(machine(task(ACTIVITY, HeartbeatSeconds=10))) as workflows:
            polled = asyncio.create_task(workflows.get_activity_task(ACTIVITY, "ada", wait=60))
            await world.clock.advance(30)
            assert not polled.done()
            await workflows.start("m", {"n": 1}, "one")
            found = await polled
            assert found.input == {"n": 1}
            await world.clock.advance(9)
            await workflows.send_task_success(found.token, "packed")
            assert (await workflows.wait("m", "one")).result() == "packed"
            told = (await workflows.history("m", "one"))[2:5]
            assert [event.type for event in told] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
            assert told[1].details == {"workerName": "ada"}

    run(body)


def test_a_poll_ends_where_there_is_nothing():
    async def body(world: World):
        async with world.running(machine(PASS)) as workflows:
            polled = asyncio.create_task(workflows.get_activity_task(ACTIVITY, wait=60))
            await world.clock.advance(59)
            assert not polled.done()
            await world.clock.advance(1)
            assert await polled is None

    run(body)


def test_heartbeats_of_an_activity_are_expected_once_a_worker_has_it():
    async def body(world: World):
        async with world.running(machine(task(ACTIVITY, HeartbeatSeconds=10))) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(100)
            assert await workflows.get_activity_task(ACTIVITY, "ada") is not None
            await world.clock.advance(9)
            assert (await workflows.describe("m", "one")).status == "RUNNING"
            await world.clock.advance(1)
            assert (await workflows.describe("m", "one")).error == "States.HeartbeatTimeout"

    run(body)


def test_a_job_is_waited_for():
    async def body(world: World):
        done = asyncio.get_running_loop().create_future()
        states = machine(task("arn:aws:states:::batch:submitJob.sync"))
        async with world.running(states, tasks={"arn:aws:states:::batch:submitJob": lambda _given: done}) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(3600)
            assert (await workflows.describe("m", "one")).status == "RUNNING"
            done.set_result({"Status": "SUCCEEDED"})
            assert (await workflows.wait("m", "one")).result() == {"Status": "SUCCEEDED"}

    run(body)


def test_a_stop_aborts_and_cancels():
    async def body(world: World):
        branches = [lone("F", task()), lone("C", CALLBACK), lone("W", {"Type": "Wait", "Seconds": 9})]
        tasks = {"f": never, "arn:aws:states:::sqs:sendMessage": world.counted({})}
        async with world.running(machine({"Type": "Parallel", "Branches": branches}), tasks=tasks) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.settle()
            assert len(workflows._hosts["STANDARD"]._calls.jobs) == 1
            await workflows.stop("m", "one", "Enough", "said so")
            record = await workflows.wait("m", "one")
            assert (record.status, record.error, record.cause) == ("ABORTED", "Enough", "said so")
            await world.clock.settle()
            assert workflows._hosts["STANDARD"]._calls.jobs == []
            with pytest.raises(WorkflowRefusal, match="TaskTimedOut"):
                await workflows.send_task_success(world.calls[0]["token"], 1)
            with pytest.raises(WorkflowRefusal, match="ExecutionNotRunning"):
                await workflows.stop("m", "one")
            await world.clock.advance(100)
            assert (await types(workflows, "one"))[-1] == "ExecutionAborted"

    run(body)


def test_the_machines_own_timeout_ends_it():
    async def body(world: World):
        async with world.running(machine(task(), TimeoutSeconds=60), tasks={"f": never}) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(60)
            record = await workflows.describe("m", "one")
            assert (record.status, record.error, record.stopped - record.started) == ("TIMED_OUT", "States.Timeout", 60)

    run(body)


def test_an_express_execution_has_five_minutes_and_runs_in_memory():
    async def body(world: World):
        async with world.running(machine({"Type": "Wait", "Seconds": 301}), kind="EXPRESS") as workflows:
            record = await workflows.start("m", None, "one")
            await world.clock.advance(300)
            assert (await workflows.describe("m", "one")).status == "TIMED_OUT"
            assert await world.journal.load(record.id) is None

    run(body)


def test_starting_twice_by_name_gives_the_same():
    async def body(world: World):
        async with world.running(machine(task()), tasks={"f": never}) as workflows:
            first = await workflows.start("m", {"a": 1}, "one")
            assert await workflows.start("m", {"a": 1}, "one") == first
            with pytest.raises(WorkflowRefusal, match="ExecutionAlreadyExists"):
                await workflows.start("m", {"a": 2}, "one")
            with pytest.raises(WorkflowRefusal, match="StateMachineDoesNotExist"):
                await workflows.start("n")
            with pytest.raises(WorkflowRefusal, match="ExecutionDoesNotExist"):
                await workflows.describe("m", "two")
            assert [one.name for one in await workflows.list("m")] == ["one"]

    run(body)


def test_an_endless_machine_shares_the_host_and_ends_by_its_history():
    async def body(world: World):
        never_true = {"Variable": "$.x", "IsPresent": True, "Next": "C"}
        loop = machine(PASS, {"Type": "Choice", "Choices": [never_true], "Default": "A"}, {"Type": "Succeed"})
        async with world.running(loop, settings=Settings(history_events=2_000)) as workflows:
            workflows.add("n", machine(PASS))
            await workflows.start("m", None, "endless")
            await workflows.start("n", None, "short")
            await workflows.wait("n", "short")
            record = await workflows.wait("m", "endless")
            assert (record.status, record.error) == ("FAILED", "States.Runtime")

    run(body)


def test_what_waits_for_long_is_not_in_memory():
    async def body(world: World):
        async with world.running(machine({"Type": "Wait", "Seconds": 3600})) as workflows:
            for _ in range(100):
                await workflows.start("m")
            await world.clock.settle()
            host = workflows._hosts["STANDARD"]
            assert (len(host._live), len(host._alarms)) == (0, 100)
            await world.clock.advance(3600)
            assert {one.status for one in await workflows.list("m")} == {"SUCCEEDED"}

    run(body)


def test_observers_hear_of_executions():
    class Heard:
        def __init__(self):
            self.counts, self.logs = {}, []

        def count(self, metric, value=1, /, **labels):
            self.counts[metric] = self.counts.get(metric, 0) + value

        def log(self, level, message, /, **fields):
            self.logs.append((level, message, fields.get("correlation_id")))

        def time(self, *_given, **_labels):
            pass

        gauge = time

    async def body(world: World):
        heard = Heard()
        async with world.running(machine(PASS), observer=heard) as workflows:
            await workflows.start("m", None, "one", correlation_id="c-1")
            await workflows.wait("m", "one")
            await world.clock.settle()
        assert heard.counts == {"StateTransitions": 2, "ExecutionsStarted": 1, "ExecutionsSucceeded": 1}
        assert heard.logs == [("info", "execution RUNNING", "c-1"), ("info", "execution SUCCEEDED", "c-1")]

    run(body)
