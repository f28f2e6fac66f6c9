"""A redrive goes on where an execution failed: what had succeeded is not done again."""

from __future__ import annotations

from matcher.workflow.host.tasks import TaskError
from tests.unit.workflow.host.making import World, lone, machine, run, task, types


def counting(calls: list[str], name: str, *answers):
    """A task that notes its name, and gives or raises its answers in order, then what it is given."""
    left = list(answers)

    async def do(given):
        calls.append(name)
        answer = left.pop(0) if left else given
        if isinstance(answer, Exception):
            raise answer
        return answer

    return do


def test_a_redrive_runs_only_what_had_failed():
    async def body(world: World):
        good = lone("G", task("good"))
        bad = lone("H", task("bad"))
        items = {"Type": "Map", "ItemsPath": "$", "ItemProcessor": lone("I", task("item"))}
        states = machine(task("first"), {"Type": "Parallel", "Branches": [good, bad]}, items)
        calls: list[str] = []
        tasks = {
            "first": counting(calls, "first"),
            "good": counting(calls, "good"),
            "bad": counting(calls, "bad", TaskError("Down", "1")),
            "item": counting(calls, "item", 1, TaskError("Down", "2")),
        }
        async with world.running(states, tasks=tasks) as workflows:
            await workflows.start("m", "x", "one")
            assert (await workflows.wait("m", "one")).cause == "1"
            await workflows.redrive("m", "one")
            await world.clock.settle()
            record = await workflows.describe("m", "one")
            assert (record.status, record.cause, record.redrives) == ("FAILED", "2", 1)
        async with world.running(states, tasks=tasks) as workflows:
            await workflows.redrive("m", "one")
            record = await workflows.wait("m", "one")
            await world.clock.settle()
            record = await workflows.describe("m", "one")
            assert (record.result(), record.redrives) == ([1, "x"], 2)
            assert (await types(workflows, "one")).count("ExecutionRedriven") == 2
        assert calls == ["first", "good", "bad", "bad", "item", "item", "item"]

    run(body)


def test_a_redrive_of_a_machine_that_timed_out_has_its_time_again():
    async def body(world: World):
        async with world.running(machine({"Type": "Wait", "Seconds": 50}, TimeoutSeconds=40)) as workflows:
            await workflows.start("m", None, "one")
            await world.clock.advance(40)
            await workflows.redrive("m", "one")
            await world.clock.advance(39)
            assert (await workflows.describe("m", "one")).status == "RUNNING"
            await world.clock.advance(1)
            assert (await workflows.describe("m", "one")).status == "TIMED_OUT"

    run(body)
