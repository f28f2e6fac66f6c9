"""FakeClock: what is due runs in order, at its own time, and nothing else does."""

import asyncio

import pytest

from matcher.clock import Clock
from matcher.testing import FakeClock


def test_it_is_a_clock() -> None:
    clock: Clock = FakeClock(start=100.0)
    assert clock.now() == 100.0
    assert clock.monotonic() == 0.0


def test_sleeps_end_in_order_each_at_its_time() -> None:
    async def main() -> list[tuple[str, float]]:
        clock = FakeClock()
        woken: list[tuple[str, float]] = []

        async def sleeper(name: str, *naps: float) -> None:
            for nap in naps:
                await clock.sleep(nap)
                woken.append((name, clock.monotonic()))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sleeper("a", 2.0, 1.0))
            tasks.create_task(sleeper("b", 1.0, 1.5, 10.0))
            await clock.advance(3.0)
            seen = list(woken)
            await clock.advance(9.5)
        assert woken[len(seen) :] == [("b", 12.5)]
        return seen

    assert asyncio.run(main()) == [("b", 1.0), ("a", 2.0), ("b", 2.5), ("a", 3.0)]


def test_time_moves_by_what_was_asked() -> None:
    async def main() -> None:
        clock = FakeClock(start=50.0)
        await clock.advance(7.5)
        assert (clock.now(), clock.monotonic()) == (57.5, 7.5)
        task = asyncio.create_task(clock.sleep(5.0))
        await clock.advance(4.9)
        assert (task.done(), clock.sleeping) == (False, 1)
        assert clock.wakes == pytest.approx(0.1)
        await clock.advance(0.2)
        assert (task.done(), clock.sleeping, clock.wakes) == (True, 0, None)

    asyncio.run(main())


def test_a_cancelled_sleep_is_forgotten() -> None:
    async def main() -> None:
        clock = FakeClock()
        task = asyncio.create_task(clock.sleep(5.0))
        await clock.settle()
        task.cancel()
        await clock.settle()
        assert (clock.sleeping, clock.wakes) == (0, None)
        await clock.advance(10.0)
        assert task.cancelled()

    asyncio.run(main())


def test_what_was_started_just_before_counts_from_then() -> None:
    async def main() -> None:
        clock = FakeClock()
        task = asyncio.create_task(clock.sleep(1.0))
        await clock.advance(1.0)
        assert task.done()

    asyncio.run(main())


def test_sleeping_no_time_only_lets_others_run() -> None:
    async def main() -> None:
        clock = FakeClock()
        await clock.sleep(0)
        await clock.sleep(-1)
        assert clock.monotonic() == 0.0

    asyncio.run(main())


def test_a_task_that_never_waits_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.testing.clock.ROUNDS", 100)

    async def spin() -> None:
        while True:  # noqa: ASYNC110 - spinning is what is tested
            await asyncio.sleep(0)

    async def main() -> None:
        task = asyncio.create_task(spin())
        with pytest.raises(AssertionError, match="never waits"):
            await FakeClock().settle()
        task.cancel()

    asyncio.run(main())
