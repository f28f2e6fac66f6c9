"""Large Maps stream, late chunks are dropped, and thousands that wait cost neither threads nor tasks."""

from __future__ import annotations

import asyncio
import threading

import pytest

from matcher.workflow.happenings import ItemsRead
from matcher.workflow.host.tasks import TaskError
from matcher.workflow.scene import Settings
from tests.unit.workflow.host.making import World, lone, machine, run, task, until

PASS = {"Type": "Pass"}


class Source:
    """Items of a distributed Map, read in chunks; it remembers what it was asked."""

    def __init__(self, total, chunk=100, gate=None):
        self.total, self.chunk, self.gate = total, chunk, gate
        self.asked, self.forgotten = [], []

    def read(self, read, owner):
        self.asked.append(read.start)
        if self.gate is not None:
            self.gate(read)
        end = min(self.total, read.start + self.chunk)
        return ItemsRead(list(range(read.start, end)), exhausted=end == self.total)

    def write(self, write):
        raise AssertionError(write)

    def forget(self, owner):
        self.forgotten.append(owner)


def distributed(concurrency, inner, **more):
    processor = {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    return machine({"Type": "Map", "MaxConcurrency": concurrency, "ItemReader": reader, "ItemProcessor": processor, **more})


class Measured:
    """A journal that knows how many frames an execution had at most."""

    def __init__(self, journal):
        self._journal, self.most, self._frames = journal, 0, set()

    def __getattr__(self, name):
        return getattr(self._journal, name)

    async def save(self, save):
        self._frames |= save.frames.keys()
        self._frames -= set(save.removed)
        self.most = max(self.most, len(self._frames))
        await self._journal.save(save)


@pytest.mark.parametrize("items", [3_000, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(300)])])
def test_a_large_map_streams(items):
    async def body(world: World):
        source = Source(items)
        measured = world.journal = Measured(world.journal)
        settings = Settings(payload_bytes=None, history_events=None)
        async with world.running(distributed(50, lone("P", PASS)), items=source, settings=settings) as workflows:
            record = await workflows.start("m", None, "one")
            assert (await workflows.wait("m", "one")).result() == list(range(items))
            assert source.forgotten == [str(record.id)]
            assert source.asked == list(range(0, items, 100))
            assert measured.most <= 51

    run(body)


def test_a_chunk_that_comes_after_its_map_began_again_is_dropped():
    async def body(world: World):
        gates = [threading.Event() for _ in range(3)]
        gates[0].set()
        source = Source(20, chunk=2, gate=lambda _read: gates[min(len(source.asked), 3) - 1].wait(5))
        retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]
        states = distributed(3, lone("F", task()), Retry=retry)
        tasks = {"f": world.counted(TaskError("Down"), "done")}
        async with world.running(states, items=source, tasks=tasks) as workflows:
            await workflows.start("m", None, "one")
            await until(lambda: len(source.asked) == 2 and world.calls)
            await world.clock.advance(1)
            await until(lambda: len(source.asked) == 3)
            assert source.asked == [0, 2, 0]
            gates[1].set()
            await until(lambda: len(workflows._hosts["STANDARD"]._calls.jobs) == 1)
            await world.clock.settle()
            gates[2].set()
            assert (await workflows.wait("m", "one")).result() == ["done"] * 20

    run(body)


def test_ten_thousand_that_wait_take_no_threads_and_no_tasks():
    async def body(world: World):
        async with world.running(machine({"Type": "Wait", "Seconds": 3600})) as workflows:
            threads = threading.active_count()
            for _ in range(10_000):
                await workflows.start("m")
            await world.clock.settle()
            assert threading.active_count() == threads
            assert len(asyncio.all_tasks()) < 10
            assert workflows._hosts["STANDARD"]._live == {}

    run(body)
