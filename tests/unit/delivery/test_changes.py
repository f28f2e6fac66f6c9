"""Gates keep rates and spare targets that fail; subscriptions change while events flow."""

from collections.abc import Callable

from matcher.delivery.breaker import Breaker
from matcher.delivery.rate import Rate
from matcher.delivery.retry import Retry
from matcher.delivery.subscription import Settings
from matcher.errors import TargetError
from matcher.testing import FlakyTarget, RecordedTarget

Run = Callable[..., None]


def numbered(count: int, **more: object) -> list[dict[str, object]]:
    return [{"n": number, **more} for number in range(count)]


def test_a_rate_is_kept(run: Run) -> None:
    async def body(place) -> None:
        target = RecordedTarget()
        queue = place.subscribe(target, settings=Settings(rate=Rate(2.0, burst=3)))
        await place.put(*numbered(20))
        counts = []
        for _ in range(5):
            counts.append(len(target.messages))
            await place.clock.advance(1.0)
        assert counts == [3, 5, 7, 9, 11]
        assert place.engine.stats().lanes[queue].throttled > 0

    run(body)


def test_an_open_circuit_spends_no_attempts(run: Run) -> None:
    async def body(place) -> None:
        broken = [True]
        target = FlakyTarget(lambda _: TargetError("down") if broken[0] else None)
        breaker = Breaker(failures=3, window=3, cooldown=100.0)
        queue = place.subscribe(target, settings=Settings(breaker=breaker, concurrency=1, retry=Retry(base=1.0)))
        await place.put(*numbered(20))
        assert (len(target.attempts), place.engine.stats().lanes[queue].circuit) == (3, "open")
        await place.clock.advance(100.0)
        assert (len(target.attempts), place.engine.stats().lanes[queue].circuit) == (4, "open")
        broken[0] = False
        await place.clock.advance(100.0)
        assert (len(target.messages), place.engine.stats().lanes[queue].circuit) == (20, "closed")

    run(body)


def test_a_subscription_is_replaced_while_events_flow(run: Run) -> None:
    async def body(place) -> None:
        first, second = FlakyTarget([TargetError("down")]), RecordedTarget()
        place.subscribe(first)
        await place.put({"n": 1})
        place.subscribe(second)
        await place.put({"n": 2})
        await place.clock.advance(1.0)
        assert (first.bodies, sorted(body["n"] for body in second.bodies)) == ([], [1, 2])

    run(body)


def test_who_waits_at_a_gate_passes_by_the_new_one(run: Run) -> None:
    async def body(place) -> None:
        target = RecordedTarget()
        place.subscribe(target, settings=Settings(rate=Rate(0.001), concurrency=3))
        await place.put(*numbered(20))
        assert len(target.messages) == 1
        place.subscribe(target, settings=Settings(rate=Rate(1.0, burst=8), concurrency=3))
        await place.clock.settle()
        assert len(target.messages) == 9
        place.subscribe(target)
        await place.clock.settle()
        assert sorted(event["n"] for event in target.bodies) == list(range(20))

    run(body)


def test_deliveries_without_a_subscription_wait(run: Run) -> None:
    async def body(place) -> None:
        slow = RecordedTarget(clock=place.clock, takes=5.0)
        queue = place.subscribe(slow, settings=Settings(concurrency=1))
        await place.put({"n": 1}, {"n": 2})
        place.engine.unsubscribe(queue)
        await place.clock.advance(20.0)
        await place.put({"n": 3})
        assert (slow.bodies, await place.waiting()) == ([{"n": 1}], {queue: 2})
        assert place.engine.stats().lanes == {}
        quick = RecordedTarget()
        place.subscribe(quick)
        await place.clock.settle()
        assert quick.bodies == [{"n": 2}, {"n": 3}]

    run(body)
