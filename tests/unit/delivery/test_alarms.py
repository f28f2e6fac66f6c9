"""Alarms: calls come at their times, in order, whoever sets them."""

import asyncio
from functools import partial

from matcher.delivery.alarms import Alarms
from matcher.testing import FakeClock


def test_calls_come_in_the_order_of_their_times() -> None:
    async def main() -> None:
        clock = FakeClock()
        alarms = Alarms(clock)
        called: list[tuple[str, float]] = []

        def call(name: str) -> None:
            called.append((name, clock.monotonic()))

        alarms.at(5.0, partial(call, "a"))
        await clock.advance(1.0)
        alarms.at(2.0, partial(call, "b"))
        alarms.at(9.0, partial(call, "c"))
        alarms.at(2.0, partial(call, "d"))
        alarms.at(0.5, partial(call, "e"))
        await clock.advance(10.0)
        assert called == [("e", 1.0), ("b", 2.0), ("d", 2.0), ("a", 5.0), ("c", 9.0)]
        assert clock.sleeping == 0

    asyncio.run(main())


def test_a_call_may_set_the_next() -> None:
    async def main() -> None:
        clock = FakeClock()
        alarms = Alarms(clock)
        called: list[float] = []

        def call() -> None:
            called.append(clock.monotonic())
            alarms.at(clock.monotonic() + 1.5, call)

        alarms.at(1.0, call)
        await clock.advance(5.0)
        assert called == [1.0, 2.5, 4.0]
        alarms.stop()
        await clock.advance(5.0)
        assert called == [1.0, 2.5, 4.0]
        alarms.at(11.0, call)
        await clock.advance(1.0)
        assert called == [1.0, 2.5, 4.0, 11.0]
        alarms.stop()

    asyncio.run(main())
