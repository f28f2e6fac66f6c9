"""An engine stops in order: what is sent ends or is handed back, and the next engine goes on."""

import asyncio
from collections.abc import Awaitable, Callable

from matcher.delivery.breaker import Breaker
from matcher.delivery.rate import Rate
from matcher.delivery.retry import Retry
from matcher.delivery.subscription import Settings
from matcher.errors import TargetError
from matcher.testing import FlakyTarget, RecordedTarget


def opened(place, body: Callable[..., Awaitable[None]]) -> None:
    async def main() -> None:
        here = place()
        async with here.store:
            await here.engine.start()
            await body(here)

    asyncio.run(main())


async def stopped(place, grace: float, after: float) -> None:
    stopping = asyncio.create_task(place.engine.stop(grace))
    await place.clock.advance(after)
    assert stopping.done()
    await stopping


def test_what_is_being_sent_ends(place) -> None:
    async def body(here) -> None:
        target = RecordedTarget(clock=here.clock, takes=5.0)
        queue = here.subscribe(target, settings=Settings(concurrency=2))
        await here.put(*({"n": number} for number in range(10)))
        await stopped(here, grace=30.0, after=5.0)
        assert [event["n"] for event in target.bodies] == [0, 1]
        assert await here.waiting() == {queue: 8}
        assert not here.engine.running

    opened(place, body)


def test_after_the_grace_sends_are_cancelled_and_handed_back(place) -> None:
    async def body(here) -> None:
        target = RecordedTarget(clock=here.clock, takes=60.0)
        queue = here.subscribe(target, settings=Settings(concurrency=2))
        await here.put({"n": 0}, {"n": 1}, {"n": 2})
        await stopped(here, grace=10.0, after=10.0)
        assert (target.messages, target.sending) == ([], 0)
        assert await here.waiting() == {queue: 3}
        (first, *_) = await here.store.queue.peek(queue, 0, 1)
        assert first.attempts == 0

    opened(place, body)


def test_no_grace_is_at_once(place) -> None:
    async def body(here) -> None:
        target = RecordedTarget(clock=here.clock, takes=60.0)
        queue = here.subscribe(target)
        await here.put({"n": 0})
        await stopped(here, grace=0.0, after=0.001)
        assert await here.waiting() == {queue: 1}

    opened(place, body)


def test_who_waits_at_a_gate_is_not_waited_for(place) -> None:
    async def body(here) -> None:
        target = FlakyTarget([None, TargetError("down")])
        here.subscribe(target, "rated", settings=Settings(rate=Rate(0.01)))
        breaker = Breaker(failures=1, window=1, cooldown=1_000.0)
        here.subscribe(FlakyTarget([TargetError("down")]), "broken", settings=Settings(breaker=breaker))
        await here.put(*({"n": number} for number in range(10)))
        await stopped(here, grace=30.0, after=0.0)
        assert await here.waiting() == {"bus/rule/broken": 10, "bus/rule/rated": 9}

    opened(place, body)


def test_a_run_of_a_group_is_handed_back_in_order(place) -> None:
    async def body(here) -> None:
        target = RecordedTarget(clock=here.clock, takes=1.0)
        here.subscribe(target)
        await here.put(*({"n": number, "group": "a"} for number in range(10)))
        await here.clock.advance(2.5)
        await stopped(here, grace=30.0, after=1.0)
        assert [event["n"] for event in target.bodies] == [0, 1, 2]
        await here.engine.start()
        await here.clock.advance(10.0)
        assert [event["n"] for event in target.bodies] == list(range(10))
        await stopped(here, grace=30.0, after=0.0)

    opened(place, body)


def test_another_engine_goes_on_with_retries_that_wait(place) -> None:
    async def body(here) -> None:
        target = FlakyTarget([TargetError("down")])
        here.subscribe(target, settings=Settings(retry=Retry(base=100.0)))
        await here.put({"n": 0})
        await stopped(here, grace=30.0, after=0.0)
        here.engine = here.new_engine()
        here.subscribe(target)
        await here.engine.start()
        await here.clock.advance(99.9)
        assert target.messages == []
        await here.clock.advance(0.1)
        assert [message.attempt for message in target.messages] == [2]
        await stopped(here, grace=30.0, after=0.0)

    opened(place, body)


def test_the_grace_of_a_stop_means_nothing_to_the_next_start(place) -> None:
    async def body(here) -> None:
        target = RecordedTarget(clock=here.clock, takes=100.0)
        here.subscribe(target)
        await stopped(here, grace=30.0, after=0.0)
        await here.engine.start()
        await here.put({"n": 0})
        await here.clock.advance(100.0)
        assert len(target.attempts) == len(target.messages) == 1
        await stopped(here, grace=30.0, after=0.0)

    opened(place, body)


def test_starting_and_stopping_twice_is_once(place) -> None:
    async def body(here) -> None:
        await here.engine.start()
        await stopped(here, grace=30.0, after=0.0)
        await stopped(here, grace=30.0, after=0.0)

    opened(place, body)


def test_only_one_engine_consumes_a_store(place) -> None:
    async def body(here) -> None:
        other, target = here.engine, RecordedTarget()
        here.engine = here.new_engine()
        here.subscribe(target)
        starting = asyncio.create_task(here.engine.start())
        await here.put({"n": 0})
        assert (starting.done(), target.messages) == (False, [])
        await other.stop()
        await here.clock.settle()
        assert (starting.done(), target.bodies) == (True, [{"n": 0}])
        await stopped(here, grace=30.0, after=0.0)

    opened(place, body)
