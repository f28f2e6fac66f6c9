"""A Workflow from plain code, from another process, as a target of rules; calls end with the frames that made them."""

from __future__ import annotations

import asyncio
import pickle
import threading

import pytest

from matcher.errors import DefinitionError, ExecutionFailed, TargetError, WorkflowError
from matcher.target import Message
from matcher.workflow import TaskError, Workflow, WorkflowRefusal, Workflows
from tests.unit.workflow.host.making import CALLBACK, World, lone, machine, never, run, task

SEND = "arn:aws:states:::sqs:sendMessage"
PASS = {"Type": "Pass"}


def test_plain_code_runs_a_workflow(tmp_path):
    with Workflow.load(machine(task(), PASS), name="m", store=f"sqlite:///{tmp_path}/w.db") as flow:

        @flow.task("f")
        def double(given):
            assert threading.current_thread() is not threading.main_thread()
            return given * 2

        assert flow.run(4, "one").result() == 8
        started = flow.start(5, "two", correlation_id="c")
        assert flow.wait(started.name).result() == 10
        assert flow.describe("two").correlation == "c"
        assert [one.name for one in flow.list("SUCCEEDED")] == ["two", "one"]
        assert flow.history("one")[-1].type == "ExecutionSucceeded"
        assert flow.arn == "arn:aws:states:local:000000000000:stateMachine:m"
        assert "svg" in flow.graph("one").svg()
        assert flow.graph().trace is None
        with pytest.raises(WorkflowRefusal, match="ExecutionNotRedrivable"):
            flow.redrive("one")
    with Workflow.load(machine(PASS), name="m", store=f"sqlite:///{tmp_path}/w.db") as flow:
        assert flow.describe("two").output == 10


def test_tokens_are_answered_by_plain_code_of_another_workflow_on_the_same_file(tmp_path):
    tokens, store = [], f"sqlite:///{tmp_path}/w.db"
    come = threading.Event()

    def sends(given):
        tokens.append(given["token"])
        if len(tokens) == 3:
            come.set()

    with Workflow.load(machine(CALLBACK), name="m", store=store, tasks={SEND: sends}) as flow:
        other = Workflow.load(machine(CALLBACK), name="m", store=store)
        for name in ("good", "bad", "stopped"):
            other.start({}, name)
        assert come.wait(10)
        assert not other.workflows.running
        for token in tokens:
            other.send_task_heartbeat(token)
        other.send_task_success(tokens[0], 1)
        other.send_task_failure(tokens[1], "E", "c")
        other.stop("stopped", "Enough", "said so")
        ends = {name: other.wait(name) for name in ("good", "bad", "stopped")}
        assert ends["stopped"].status == "ABORTED"
        assert {ends["good"].output, ends["bad"].output} == {1, None}
        other.close()
        flow.close()


def test_a_faulty_definition_or_store_is_refused():
    with pytest.raises(DefinitionError):
        Workflow.load({"StartAt": "A", "States": {}})
    for store in ("redis://x", "sqlite://host/x", "sqlite:///"):
        with pytest.raises(WorkflowError, match="a store of workflows is"):
            Workflows(store)


def message(body, delivery="bus/rule/7"):
    return Message(body, body, "e", "default", "rule", "flow", delivery, correlation_id="c-7")


def test_a_delivery_starts_one_execution_however_often_it_comes():
    async def body(world: World):
        async with world.running(machine(PASS)) as workflows:
            flow = Workflow(workflows, "m")
            first = await flow.send(message(b'{"n": 1}'))
            await world.clock.settle()
            assert await flow.send(message(b'{"n": 1}')) == first == "arn:aws:states:local:000000000000:execution:m:bus-rule-7"
            (record,) = await workflows.list("m")
            assert (record.input, record.correlation, record.status) == ({"n": 1}, "c-7", "SUCCEEDED")
            await flow.send(message(b"no JSON", "other"))
            assert (await workflows.list("m"))[0].input == "no JSON"
            with pytest.raises(TargetError, match="StateMachineDoesNotExist") as caught:
                await Workflow(workflows, "gone").send(message(b"1"))
            assert not caught.value.retryable

    run(body)


def test_calls_end_with_the_frames_that_made_them():
    async def body(world: World):
        async def fails(_given):
            await world.clock.sleep(5)
            raise TaskError("Down")

        parallel = {"Type": "Parallel", "Branches": [lone("F", task("fails")), lone("N", task("never")), lone("C", CALLBACK)]}
        states = machine({**parallel, "Catch": [{"ErrorEquals": ["Down"], "Next": "B"}]}, {"Type": "Wait", "Seconds": 9})
        tasks = {"fails": fails, "never": never, SEND: world.counted({})}
        async with world.running(states, tasks=tasks) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(1)
            calls = workflows._hosts["STANDARD"]._calls
            assert len(calls.jobs) == 2
            await world.clock.advance(5)
            assert calls.jobs == []
            with pytest.raises(WorkflowRefusal, match="TaskTimedOut"):
                await workflows.send_task_success(world.calls[0]["token"], 1)
            await world.clock.advance(9)
            assert (await workflows.describe("m", "one")).status == "SUCCEEDED"

    run(body)


def test_errors_survive_pickling():
    for error in (ExecutionFailed("one", "FAILED", "E", "c"), WorkflowRefusal("Code", "why"), TaskError("E", "c"), TaskError("E")):
        again = pickle.loads(pickle.dumps(error))
        assert (str(again), vars(again)) == (str(error), vars(error))


def test_a_loop_of_its_own_is_not_waited_for_from_within():
    flow = Workflow.load(machine(task()), tasks={"f": lambda _given: None})

    async def within():
        with pytest.raises(RuntimeError, match="await its async form"):
            flow.run()

    flow.open()
    asyncio.run_coroutine_threadsafe(within(), flow._background.loop()).result()
    flow.close()


def test_workflows_run_on_one_loop_after_another():
    world, told = World(), []
    states = machine({"Type": "Wait", "Seconds": 5})

    async def status(records):
        told.extend(one.status for one in records)

    workflows = world.made(states, status=status)

    async def body(name):
        async with workflows:
            await world.clock.settle()
            await workflows.start("m", None, name)
            await world.clock.advance(6)
            assert (await workflows.describe("m", name)).status == "SUCCEEDED"

    for name in ("one", "two"):
        asyncio.run(body(name))
    assert told == ["RUNNING", "SUCCEEDED"] * 2


def test_executions_are_purged_by_their_age():
    async def body(world: World):
        async with world.running(machine({"Type": "Wait", "Seconds": 10})) as workflows:
            for number in range(250):
                await workflows.start("m", None, str(number))
            await world.clock.advance(11)
            await workflows.start("m", None, "young")
            assert await workflows.purge(world.clock.now()) == 250
            assert [one.name for one in await workflows.list("m")] == ["young"]

    run(body)
