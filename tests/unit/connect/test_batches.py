"""Batches: who shares a call, what comes of failures, cancellation and closing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from matcher.connect.aws.batches import Batches


class Calls:
    """Keeps what each call was given, and answers once it may."""

    def __init__(self) -> None:
        self.given: list[list[Any]] = []
        self.free = threading.Event()
        self.began = threading.Semaphore(0)

    def __call__(self, entries: Sequence[Any]) -> Sequence[Any]:
        self.given.append(list(entries))
        self.began.release()
        self.free.wait()
        return [ValueError("odd") if entry % 2 else entry * 10 for entry in entries]


def batches(calls: Any, workers: int = 1) -> Batches:
    return Batches(calls, entries=3, size=100, workers=workers, name="test")


def test_entries_that_come_while_calls_run_share_the_next_ones() -> None:
    calls = Calls()

    async def main() -> list[Any]:
        under = batches(calls)
        first = asyncio.create_task(under.add(0, 1))
        await asyncio.to_thread(calls.began.acquire)
        rest = [asyncio.create_task(under.add(number, 1)) for number in range(2, 7)]
        await asyncio.sleep(0)
        calls.free.set()
        found = await asyncio.gather(first, *rest, return_exceptions=True)
        under.close()
        return found

    found = asyncio.run(main())
    assert calls.given == [[0], [2, 3, 4], [5, 6]]
    assert [str(each) for each in found] == ["0", "20", "odd", "40", "odd", "60"]


def test_calls_are_no_larger_than_they_may_be_unless_one_entry_is() -> None:
    calls = Calls()
    calls.free.set()

    async def main() -> None:
        under = batches(calls)
        await asyncio.gather(*(under.add(0, size) for size in (60, 40, 1, 500, 99, 2)))
        under.close()

    asyncio.run(main())
    assert [len(each) for each in calls.given] == [2, 1, 1, 1, 1]


def test_what_is_cancelled_before_its_call_is_not_sent() -> None:
    calls = Calls()

    async def main() -> None:
        under = batches(calls)
        first = asyncio.create_task(under.add(0, 1))
        await asyncio.to_thread(calls.began.acquire)
        second, third = (asyncio.create_task(under.add(number, 1)) for number in (2, 4))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()  # which is under way, and must not harm the others
        await asyncio.wait([first, second])
        calls.free.set()
        assert await third == 40
        under.close()

    asyncio.run(main())
    assert calls.given == [[0], [4]]


def test_a_call_that_raises_fails_each_of_its_entries() -> None:
    def call(entries: Sequence[Any]) -> Sequence[Any]:
        raise OSError(f"{len(entries)} lost")

    async def main() -> None:
        under = batches(call)
        found = await asyncio.gather(*(under.add(number, 1) for number in range(2)), return_exceptions=True)
        assert [str(each) for each in found] == ["2 lost", "2 lost"]
        under.close()

    asyncio.run(main())


def test_what_waits_for_a_thread_when_it_is_closed_is_cancelled() -> None:
    calls = Calls()

    async def main() -> None:
        under = batches(calls, workers=2)
        under._threads = one = under._new_threads(1)
        first = asyncio.create_task(under.add(0, 1))
        await asyncio.to_thread(calls.began.acquire)
        second = asyncio.create_task(under.add(2, 1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert under._threads is one
        under.close()
        with pytest.raises(asyncio.CancelledError):
            await second
        calls.free.set()
        assert await first == 0

    asyncio.run(main())
    assert calls.given == [[0]]
