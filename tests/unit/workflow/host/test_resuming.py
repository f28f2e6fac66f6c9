"""Executions go on where they were: after their host ended, after the store failed, after a redrive, under another host."""

from __future__ import annotations

import asyncio

import pytest

from matcher.errors import StoreError
from matcher.workflow.host.alarms import FEW, Alarms
from tests.unit.workflow.host.making import CALLBACK, World, lone, machine, never, run, task, types

PASS = {"Type": "Pass"}
SEND = "arn:aws:states:::sqs:sendMessage"


def test_timers_and_the_machines_timeout_go_on_after_a_restart():
    async def body(world: World):
        wait, limited = machine({"Type": "Wait", "Seconds": 100}), machine({"Type": "Wait", "Seconds": 999}, TimeoutSeconds=150)
        async with world.running(wait) as workflows:
            workflows.add("n", limited)
            first = await workflows.start("m", None, "one")
            await workflows.start("n", None, "two")
            await world.clock.advance(40)
        await world.clock.advance(40)
        async with world.running(wait) as workflows:
            await world.clock.advance(19)
            assert (await workflows.describe("m", "one")).status == "RUNNING"
            await world.clock.advance(1)
            record = await workflows.describe("m", "one")
            assert (record.status, record.stopped - first.started) == ("SUCCEEDED", 100)
        await world.clock.advance(100)
        async with world.running(wait) as workflows:
            await world.clock.settle()
            record = await workflows.describe("n", "two")
            assert (record.status, record.stopped - record.started) == ("TIMED_OUT", 200)

    run(body)


def test_a_call_under_way_is_made_again_with_the_same_name():
    async def body(world: World):
        names = []

        async def interrupted(_given, call):
            names.append(call.call_id)
            await never(None)

        async def done(_given, call):
            names.append(call.call_id)
            return "done"

        async with world.running(machine(task()), tasks={"f": interrupted}) as workflows:
            await workflows.start("m", None, "one")
        async with world.running(machine(task()), tasks={"f": done}) as workflows:
            assert (await workflows.wait("m", "one")).result() == "done"
            assert (await types(workflows, "one")).count("LambdaFunctionScheduled") == 1
        assert len(names) == 2
        assert names[0] == names[1]

    run(body)


def test_what_was_submitted_is_not_sent_again():
    async def body(world: World):
        tasks = {SEND: world.counted({"MessageId": "1"})}
        async with world.running(machine(CALLBACK), tasks=tasks) as workflows:
            await workflows.start("m", None, "one")
        async with world.running(machine(CALLBACK), tasks=tasks) as workflows:
            await world.clock.advance(1000)
            assert len(world.calls) == 1
            await workflows.send_task_success(world.calls[0]["token"], 7)
            assert (await workflows.wait("m", "one")).result() == 7
        assert len(world.calls) == 1

    run(body)


def test_what_is_answered_meanwhile_is_not_sent_again():
    async def body(world: World):
        tokens = []

        async def sends(given):
            tokens.append(given["token"])
            await never(None)

        async with world.running(machine(CALLBACK), tasks={SEND: sends}) as workflows:
            await workflows.start("m", None, "one")
        idle = world.made()
        await idle.open()
        await idle.send_task_success(tokens[0], 7)
        async with world.running(machine(CALLBACK), tasks={SEND: sends}) as workflows:
            assert (await workflows.wait("m", "one")).result() == 7
        assert len(tokens) == 1

    run(body)


def test_timeouts_and_heartbeats_are_watched_after_a_restart():
    async def body(world: World):
        tasks = {SEND: world.counted({})}
        states = machine({**CALLBACK, "TimeoutSeconds": 50})
        beating = machine({**CALLBACK, "HeartbeatSeconds": 30})
        async with world.running(states, tasks=tasks) as workflows:
            workflows.add("n", beating)
            await workflows.start("m", None, "one")
            await workflows.start("n", None, "two")
            await world.clock.advance(20)
        async with world.running(states, tasks=tasks) as workflows:
            await world.clock.advance(30)
            assert (await workflows.describe("m", "one")).error == "States.Timeout"
            assert (await workflows.describe("n", "two")).error == "States.HeartbeatTimeout"

    run(body)


def test_an_execution_ends_by_the_definition_that_it_began_with():
    async def body(world: World):
        async with world.running(machine({"Type": "Wait", "Seconds": 5}, {"Type": "Pass", "Result": "old"})) as workflows:
            await workflows.start("m", None, "one")
        async with world.running(machine({"Type": "Pass", "Result": "new"})) as workflows:
            await workflows.start("m", None, "two")
            await world.clock.advance(5)
            assert (await workflows.describe("m", "one")).result() == "old"
            assert (await workflows.describe("m", "two")).result() == "new"

    run(body)


def test_a_second_host_stands_by_and_takes_over():
    async def body(world: World):
        states = machine({"Type": "Wait", "Seconds": 10}, task())
        first = world.made(states, tasks={"f": world.counted("first")})
        await first.__aenter__()
        async with world.running(states, tasks={"f": world.counted("second")}) as second:
            assert (first.running, second.running) == (True, False)
            await second.start("m", None, "one")
            waiting = asyncio.create_task(second.wait("m", "one"))
            await world.clock.advance(11)
            assert (await waiting).result() == "first"
            await second.start("m", None, "two")
            await world.clock.advance(5)
            await first.__aexit__(None, None, None)
            await world.clock.advance(6)
            assert second.running
            assert (await second.wait("m", "two")).result() == "second"

    run(body)


class Flawed:
    """A journal whose store refuses some calls."""

    def __init__(self, journal, refuses):
        self._journal, self._refuses = journal, refuses

    def __getattr__(self, name):
        method = getattr(self._journal, name)

        async def call(*given):
            if self._refuses(name):
                raise StoreError("no space is left")
            return await method(*given)

        return call


@pytest.mark.parametrize("refused", [("save",), ("load",), ("letters",), ("wait",), ("save", "load", "letters")])
def test_a_store_that_fails_for_a_while_loses_nothing_and_calls_nothing_twice(refused):
    async def body(world: World):
        full = [False]
        world.journal = Flawed(world.journal, lambda name: full[0] and name in refused)
        gate = asyncio.get_running_loop().create_future()

        async def gated(given):
            world.calls.append(given)
            return await gate

        branches = [lone("W", {"Type": "Wait", "Seconds": 20}), lone("S", CALLBACK), lone("F", task())]
        states = machine({"Type": "Parallel", "Branches": branches}, task("g"))
        tasks = {"f": gated, SEND: world.counted({}), "g": world.counted()}
        async with world.running(states, tasks=tasks) as workflows:
            await workflows.start("m", {"n": 1}, "one")
            await world.clock.settle()
            token = next(call["token"] for call in world.calls if "token" in call)
            full[0] = True
            gate.set_result("answer")
            await workflows.send_task_success(token, "sent")
            await world.clock.advance(30)
            full[0] = False
            await world.clock.advance(5)
            assert (await workflows.describe("m", "one")).result() == [{"n": 1}, "sent", "answer"]
            assert len(world.calls) == 3

    run(body)


def test_answers_that_a_full_disk_refused_count_once_there_is_room():
    async def body(world: World):
        full = [False]
        world.journal = Flawed(world.journal, lambda name: full[0] and name == "save")
        gate = asyncio.get_running_loop().create_future()

        async def gated(given):
            world.calls.append(given)
            return await gate

        async with world.running(machine(task(), task("g")), tasks={"f": gated, "g": world.counted()}) as workflows:
            await workflows.start("m", 5, "one")
            await world.clock.settle()
            full[0] = True
            gate.set_result("answer")
            await world.clock.advance(30)
            assert world.calls == [5]
            assert (await workflows.describe("m", "one")).status == "RUNNING"
            full[0] = False
            await world.clock.advance(2)
            assert (await workflows.describe("m", "one")).result() == "answer"
            assert world.calls == [5, "answer"]

    run(body)


def test_statuses_are_told_in_order_and_again_where_they_were_not_taken():
    async def body(world: World):
        told, trouble = [], [True]

        async def status(records):
            if trouble[0]:
                raise ConnectionError("nobody listens")
            told.extend((one.name, one.status) for one in records)

        async with world.running(machine(PASS), status=status) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(5)
            assert (await workflows.describe("m", "one")).status == "SUCCEEDED"
        assert told == []
        trouble[0] = False
        async with world.running(machine(PASS), status=status) as workflows:
            await world.clock.settle()
            assert told == [("one", "RUNNING"), ("one", "SUCCEEDED")]
            await workflows.start("m", None, "two")
            await world.clock.advance(5)
            assert told[2:] == [("two", "RUNNING"), ("two", "SUCCEEDED")]

    run(body)


def test_a_definition_that_is_gone_is_told_and_stops_nobody_else():
    class Logs:
        def __init__(self):
            self.errors = []

        def log(self, level, message, /, **fields):
            if level == "error":
                self.errors.append((fields["job"], fields["error"]))

        def count(self, *_given, **_labels):
            pass

        time = gauge = count

    async def body(world: World):
        async with world.running(machine({"Type": "Wait", "Seconds": 5})) as workflows:
            record = await workflows.start("m", None, "one")
        world.journal._definitions.clear()
        logs = Logs()
        async with world.running(machine(PASS), observer=logs) as workflows:
            await world.clock.advance(5)
            await workflows.start("m", None, "two")
            assert (await workflows.wait("m", "two")).status == "SUCCEEDED"
        ((job, error),) = logs.errors
        assert job == f"execution {record.id}"
        assert "has no definition" in error

    run(body)


def test_dropped_alarms_neither_ring_nor_stay():
    async def body(world: World):
        alarms = Alarms(world.clock)
        ringing = asyncio.create_task(alarms.run())
        rung = []
        kept = [alarms.set(world.clock.now() + 10 + number, lambda number=number: rung.append(number)) for number in range(1_000)]
        for number, alarm in enumerate(kept):
            if number % 100:
                alarms.drop(alarm)
                alarms.drop(alarm)
        assert len(alarms) == 10
        assert len(alarms._heap) <= 10 + FEW + 1
        await world.clock.advance(2_000)
        assert rung == list(range(0, 1_000, 100))
        assert len(alarms) == 0
        alarms.drop(kept[0])
        ringing.cancel()

    run(body)
