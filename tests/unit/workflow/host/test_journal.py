"""Both journals keep what they are told, give it back, and refuse the same things."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import pytest

from matcher.workflow.frames import Calling, Fanning, Frame, Pausing, Reading, Result, Writing
from matcher.workflow.happenings import Ended, Event
from matcher.workflow.host.memory import MemoryJournal
from matcher.workflow.host.records import ActivityTask, Begin, Save
from matcher.workflow.host.refusal import WorkflowRefusal
from matcher.workflow.host.sqlite import SQLiteJournal


@pytest.fixture(params=["memory", "sqlite"])
def using(request, tmp_path):
    """Run a coroutine function with an open journal of each kind."""

    def use(work):
        async def main():
            journal = MemoryJournal() if request.param == "memory" else SQLiteJournal(tmp_path / "w.db", poll=0.001)
            await journal.open()
            try:
                await work(journal)
            finally:
                await journal.close()

        asyncio.run(main())

    return use


def asks(name="one", given=None, machine="m", **more):
    return Begin(machine, "key", name, given, 10.0, **more)


async def begun(journal, name="one", **more):
    return (await journal.begin(asks(name, **more)))[0].id


def frame(number=0, work=None, **more):
    return Frame(number, None if number == 0 else 0, 0, "", 0, "State", {"a": 1}, {"v": [1]}, work, 2, 3.5, 4, **more)


def first(*frames):
    return {one.id: (one, None) for one in frames}


async def refused(work):
    with pytest.raises(WorkflowRefusal) as caught:
        await work
    return caught.value.code


def test_an_execution_begins_once_by_its_name(using):
    async def work(journal):
        record, new = await journal.begin(asks(given={"x": 1}, deadline=20.0, correlation="c"))
        again, second = await journal.begin(asks(given={"x": 1}))
        assert (new, second) == (True, False)
        assert again == record == await journal.find("m", "one")
        assert (record.status, record.input, record.deadline, record.correlation) == ("RUNNING", {"x": 1}, 20.0, "c")
        assert [(one.kind, one.execution) for one in await journal.letters(0, 9)] == [("start", record.id)]
        assert await refused(journal.begin(asks(given={"x": 2}))) == "ExecutionAlreadyExists"
        assert (await journal.begin(asks(machine="other")))[1]
        await journal.save(Save(record.id, ended=Ended("SUCCEEDED"), now=1.0))
        assert await refused(journal.begin(asks(given={"x": 1}))) == "ExecutionAlreadyExists"
        assert await journal.find("m", "nobody") is None

    using(work)


def test_frames_results_and_events_come_back_as_they_went(using):
    async def work(journal):
        number = await begun(journal)
        fan = Fanning(3, 1, 1, 2, [1, {"b": 2}], 10, 12, exhausted=False, settings={"ItemReader": {"Resource": "r"}})
        frames = [
            frame(0, fan),
            frame(1, Calling(5, {"q": "ü"}, "token", 99.0, 3.0), item={"Index": 0, "Value": None}, retries=(1, 0), attempt=1),
            frame(2, Pausing(7.25, retry=True)),
            frame(3, Reading(fan)),
            frame(4, Writing(fan)),
            frame(5),
        ]
        results = [Result(0, 1, {"out": 1}), Result(0, 0, None, True, "E", "c", [1]), Result(4, 0, 7)]
        events = [Event(0, 1, 0, 10.0, "ExecutionStarted", {"input": None}), Event(0, 2, 1, 11.5, "PassStateEntered", None)]
        save = Save(number, first(*frames), results=results, events=events, next_frame=6)
        await journal.save(save)
        loaded = await journal.load(number)
        assert loaded.frames == {one.id: one for one in frames}
        assert loaded.results == {0: {1: results[0], 0: results[1]}, 4: {0: results[2]}}
        assert (loaded.counters, loaded.next_frame) == ({0: 2}, 6)
        assert list(await journal.history(number, 0, 0, 9)) == events
        assert list(await journal.history(number, 0, 1, 9)) == events[1:]
        assert list(await journal.history(number, 0, 0, 1)) == events[:1]
        assert list(await journal.history(number, 7, 0, 9)) == []
        assert await journal.load(number + 1) is None

    using(work)


def test_a_save_changes_what_it_names_and_no_more(using):
    async def work(journal):
        number = await begun(journal)
        waiting, other = frame(0, Fanning(2, items=[1, 2], settings={})), frame(1)
        await journal.save(Save(number, first(waiting, other), results=[Result(0, 0, 1), Result(1, 0, 2)], next_frame=2))
        counted = replace(waiting, work=replace(waiting.work, succeeded=1))
        await journal.save(Save(number, {0: (counted, waiting)}, removed=[1], cleared=[1], results=[Result(0, 1, 3)]))
        loaded = await journal.load(number)
        assert loaded.frames == {0: counted}
        assert loaded.results == {0: {0: Result(0, 0, 1), 1: Result(0, 1, 3)}}
        plain = replace(waiting, work=None)
        await journal.save(Save(number, {0: (plain, counted)}, cleared=[0], results=[Result(0, 0, 9)]))
        loaded = await journal.load(number)
        assert (loaded.frames, loaded.results) == ({0: plain}, {0: {0: Result(0, 0, 9)}})

    using(work)


def test_ends_are_kept_and_a_redrive_opens_them_again(using):
    async def work(journal):
        number = await begun(journal, deadline=20.0)
        await journal.save(Save(number, first(frame()), next_frame=1, ended=Ended("FAILED", None, "E", "c"), now=12.0))
        record = await journal.find("m", "one")
        assert (record.status, record.stopped, record.error, record.cause) == ("FAILED", 12.0, "E", "c")
        assert await refused(journal.post(number, "stop", {})) == "ExecutionNotRunning"
        await journal.post(number, "redrive")
        await journal.save(Save(number, reopened=True, deadline=50.0))
        record = await journal.find("m", "one")
        assert (record.status, record.stopped, record.error, record.redrives, record.deadline) == ("RUNNING", None, None, 1, 50.0)
        assert (await journal.load(number)).frames == {0: frame()}
        assert await refused(journal.post(number, "redrive")) == "ExecutionNotRedrivable"
        await journal.save(Save(number, ended=Ended("SUCCEEDED", {"done": 1}), now=13.0))
        assert (await journal.find("m", "one")).output == {"done": 1}
        assert (await journal.load(number)).frames == {}
        assert await refused(journal.post(number, "redrive")) == "ExecutionNotRedrivable"

    using(work)


def test_what_runs_is_listed_with_when_it_wants_to_be_woken(using):
    async def work(journal):
        later, never, now, fresh = [await begun(journal, name, deadline=limit) for name, limit in
                                    (("later", None), ("never", None), ("now", 40.0), ("fresh", None))]  # fmt: skip
        await journal.save(Save(later, first(frame(0, Fanning(1)), frame(1, Pausing(30.0))), next_frame=2))
        called = replace(frame(0, Calling(2, None, "t", None, None)), last=4)
        await journal.save(Save(never, first(called), next_frame=1))
        await journal.save(Save(now, first(frame()), next_frame=1))
        found = {one.execution: one.wake for one in await journal.running()}
        assert found == {later: 30.0, never: math.inf, now: 0.0}
        await journal.save(Save(now, {0: (replace(called, id=0), frame())}))
        assert {one.execution: one.wake for one in await journal.running()}[now] == 40.0
        await journal.save(Save(now, ended=Ended("ABORTED"), now=1.0))
        assert now not in {one.execution for one in await journal.running()}
        assert fresh not in {one.execution for one in await journal.running()}

    using(work)


def test_letters_are_read_in_order_and_gone_with_what_they_led_to(using):
    async def work(journal):
        number = await begun(journal)
        await journal.post(number, "stop", {"error": "E", "cause": None})
        letters = await journal.letters(0, 9)
        assert [one.kind for one in letters] == ["start", "stop"]
        assert letters[1].content == {"error": "E", "cause": None}
        assert await journal.letters(letters[0].id, 9) == letters[1:]
        assert await journal.letters(0, 1) == letters[:1]
        await journal.save(Save(number, letters=[letters[0].id]))
        assert await journal.letters(0, 9) == letters[1:]

    using(work)


def test_a_wait_ends_when_a_letter_comes(using):
    async def work(journal):
        number = await begun(journal)
        last = (await journal.letters(0, 9))[-1].id
        waiting = asyncio.create_task(journal.wait(last))
        await asyncio.sleep(0)
        assert not waiting.done()
        await journal.post(number, "stop", {})
        await asyncio.wait_for(waiting, 5)
        await journal.wait(last)

    using(work)


def test_a_token_is_answered_once_and_names_its_call(using):
    async def work(journal):
        number = await begun(journal)
        await journal.save(Save(number, tokens=[("one", 4, 7, "", None), ("two", 5, 8, "", None)]))
        await journal.answer("one", "heartbeat")
        await journal.answer("one", "success", {"out": 1})
        await journal.answer("two", "failure", {"error": "E", "cause": "c"})
        told = [(one.kind, one.execution, one.frame, one.scheduled, one.content) for one in (await journal.letters(0, 9))[1:]]
        assert told == [
            ("heartbeat", number, 4, 7, None),
            ("success", number, 4, 7, {"out": 1}),
            ("failure", number, 5, 8, {"error": "E", "cause": "c"}),
        ]
        for token in ("one", "two", "three"):
            assert await refused(journal.answer(token, "success")) == "TaskTimedOut"
        await journal.save(Save(number, tokens=[("four", 1, 1, "", None)]))
        await journal.save(Save(number, void=["four"]))
        assert await refused(journal.answer("four", "heartbeat")) == "TaskTimedOut"

    using(work)


def test_activities_give_their_tasks_the_oldest_first_to_one_worker_each(using):
    async def work(journal):
        number = await begun(journal)
        coming = asyncio.create_task(journal.wait_for_task("a"))
        await asyncio.sleep(0)
        await journal.save(
            Save(number, tokens=[("1", 1, 5, "a", {"n": 1}), ("2", 2, 6, "a", None), ("3", 3, 7, "b", None), ("4", 4, 8, "a", 0)])
        )
        await asyncio.wait_for(coming, 5)
        await journal.save(Save(number, void=["2"]))
        assert await journal.take("a", "me") == ActivityTask("1", {"n": 1})
        assert await journal.take("a", "you") == ActivityTask("4", 0)
        assert await journal.take("a", "you") is None
        assert await journal.take("none", "you") is None
        told = [(one.kind, one.frame, one.scheduled, one.content) for one in (await journal.letters(0, 9))[1:]]
        assert told == [("taken", 1, 5, "me"), ("taken", 4, 8, "you")]
        await journal.answer("1", "success", 2)
        assert await refused(journal.answer("2", "success", 2)) == "TaskTimedOut"

    using(work)


def test_notices_tell_how_it_was_then(using):
    async def work(journal):
        number = await begun(journal)
        await journal.save(Save(number, notices=["RUNNING"]))
        ended = Ended("FAILED", None, "E", "c")
        await journal.save(Save(number, ended=ended, now=12.0, notices=["FAILED"]))
        await journal.save(Save(number, reopened=True, notices=["RUNNING"]))
        found = await journal.notices(9)
        assert [(one.record.status, one.record.error, one.record.stopped) for one in found] == [
            ("RUNNING", None, None),
            ("FAILED", "E", 12.0),
            ("RUNNING", None, None),
        ]
        assert await journal.notices(2) == found[:2]
        await journal.noticed([one.id for one in found[:2]])
        assert await journal.notices(9) == found[2:]

    using(work)


def test_executions_are_listed_newest_first_by_machine_and_status(using):
    async def work(journal):
        numbers = [await begun(journal, str(number)) for number in range(5)]
        await begun(journal, "other", machine="n")
        for number in numbers[1:3]:
            await journal.save(Save(number, ended=Ended("SUCCEEDED"), now=1.0))
        assert [one.name for one in await journal.list("m", None, None, 9)] == ["4", "3", "2", "1", "0"]
        assert [one.name for one in await journal.list("m", "SUCCEEDED", None, 9)] == ["2", "1"]
        assert [one.name for one in await journal.list("m", None, numbers[3], 2)] == ["2", "1"]
        assert [one.name for one in await journal.list("m", "RUNNING", numbers[3], 9)] == ["0"]

    using(work)


def test_what_ended_long_ago_is_forgotten(using):
    async def work(journal):
        numbers = [await begun(journal, name) for name in "abcd"]
        letters = [letter.id for letter in await journal.letters(0, 9)]
        for number, letter, stopped in zip(numbers, [*letters[:2], 0, 0], (5.0, 20.0, 6.0, None), strict=True):
            ended = None if stopped is None else Ended("FAILED")
            event = Event(0, 1, 0, 1.0, "ExecutionStarted", None)
            await journal.save(Save(number, first(frame()), events=[event], letters=[letter], ended=ended, now=stopped or 0.0))
        assert await journal.purge(5.0, 9) == 0
        assert await journal.purge(10.0, 9) == 1
        assert [one.name for one in await journal.list("m", None, None, 9)] == ["d", "c", "b"]
        assert await journal.load(numbers[0]) is None
        assert list(await journal.history(numbers[0], 0, 0, 9)) == []
        await journal.save(Save(numbers[2], letters=[letters[2]], notices=["FAILED"]))
        assert await journal.purge(10.0, 9) == 0
        await journal.noticed([one.id for one in await journal.notices(9)])
        assert await journal.purge(99.0, 1) == 1
        assert await journal.purge(99.0, 9) == 1
        assert (await journal.begin(asks("a")))[1]

    using(work)


def test_one_owns_it_at_a_time_and_definitions_stay(using):
    async def work(journal):
        assert await journal.own()
        await journal.disown()
        assert await journal.own()
        await journal.define("k", "{}")
        await journal.define("k", "{}")
        assert await journal.definition("k") == "{}"
        assert await journal.definition("l") is None

    using(work)


def test_memory_keeps_the_newest_that_have_ended():
    async def main():
        journal = MemoryJournal(keep=2)
        for name in "abcd":
            number = await begun(journal, name)
            if name != "a":
                await journal.save(Save(number, ended=Ended("SUCCEEDED"), now=1.0))
        assert [one.name for one in await journal.list("m", None, None, 9)] == ["d", "c", "a"]
        assert (await journal.begin(asks("b")))[1]

    asyncio.run(main())


def test_two_processes_share_a_file(tmp_path):
    async def main():
        one, two = SQLiteJournal(tmp_path / "w.db", poll=0.001), SQLiteJournal(tmp_path / "w.db", poll=0.001)
        await one.open()
        await two.open()
        assert await one.own()
        assert not await two.own()
        waiting = asyncio.create_task(one.wait(0))
        number = await begun(two)
        await asyncio.wait_for(waiting, 5)
        assert [letter.execution for letter in await one.letters(0, 9)] == [number]
        await one.close()
        assert await two.own()
        assert (await two.find("m", "one")).id == number
        await two.close()

    asyncio.run(main())
