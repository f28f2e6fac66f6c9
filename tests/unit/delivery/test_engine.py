"""The engine delivers: retries, dead letters, groups, and what one target's trouble means for others."""

import asyncio
from collections.abc import Callable

import pytest

from matcher.delivery.retry import Retry
from matcher.delivery.subscription import UNDELIVERED, Settings
from matcher.errors import RouterError, TargetError
from matcher.testing import FlakyTarget, RecordedTarget

Run = Callable[..., None]


def numbered(count: int, **more: object) -> list[dict[str, object]]:
    return [{"n": number, **more} for number in range(count)]


def test_every_target_gets_every_event_once(run: Run) -> None:
    async def body(place) -> None:
        first, second = RecordedTarget(), RecordedTarget()
        place.subscribe(first, "first")
        place.subscribe(second, "second")
        await place.put(*numbered(1_000))
        for target in (first, second):
            assert sorted(event["n"] for event in target.bodies) == list(range(1_000))
        assert await place.waiting() == {}

    run(body)


def test_what_waited_before_the_start_is_delivered(place) -> None:
    async def main() -> None:
        here, target = place(), RecordedTarget()
        here.subscribe(target)
        async with here.store:
            await here.put({"n": 1})
            async with here.engine:
                await here.clock.settle()
            assert target.bodies == [{"n": 1}]

    asyncio.run(main())


def test_the_message_tells_all_about_the_delivery(run: Run) -> None:
    async def body(place) -> None:
        target = RecordedTarget()
        place.subscribe(target, settings=Settings(timeout=5.0), shape=lambda event, accepted: b"%d" % accepted)
        await place.put({"n": 1, "group": "g"})
        (message,) = target.messages
        now = place.clock.now()
        assert (message.body, message.event) == (b"%d" % now, b'{"n":1,"group":"g"}')
        assert (message.event_id, message.correlation_id, message.group) == ("e1", "c1", "g")
        assert (message.bus, message.rule, message.target) == ("bus", "rule", "target")
        assert (message.delivery_id, message.attempt) == ("1/bus/rule/target", 1)
        assert (message.accepted, message.deadline) == (now, now + 5.0)

    run(body)


def test_a_failed_attempt_is_made_again_when_it_is_due(run: Run) -> None:
    async def body(place) -> None:
        target = FlakyTarget([TargetError("down")] * 3)
        place.subscribe(target, settings=Settings(retry=Retry(base=2.0)))
        await place.put({"n": 1})
        times = []
        for seconds in (1.9, 0.1, 3.9, 0.1, 7.9, 0.1):
            times.append(len(target.attempts))
            await place.clock.advance(seconds)
        assert times == [1, 1, 2, 2, 3, 3]
        assert [message.attempt for message in target.attempts] == [1, 2, 3, 4]
        assert len({message.delivery_id for message in target.attempts}) == 1
        assert target.bodies == [{"n": 1}]
        assert await place.waiting() == {}

    run(body)


def test_exhausted_retries_end_in_a_letter_that_tells_all(run: Run) -> None:
    async def body(place) -> None:
        place.subscribe(
            FlakyTarget(lambda _: TargetError("no stock", code="THROTTLING")),
            settings=Settings(retry=Retry(attempts=2, base=1.0)),
            dead_letter="orders-dlq",
        )
        started = place.clock.now()
        await place.put({"n": 1})
        await place.clock.advance(10.0)
        (letter,) = await place.letters()
        assert (letter.dead_letter_queue, letter.queue) == ("orders-dlq", "bus/rule/target")
        assert (letter.rule, letter.target, letter.entry.id) == ("rule", "target", "e1")
        assert (letter.error_code, letter.error_message) == ("THROTTLING", "no stock")
        assert (letter.attempts, letter.exhausted) == (3, "MaximumRetryAttempts")
        assert (letter.first_attempt, letter.died) == (started, started + 3.0)
        assert await place.waiting() == {}

    run(body)


def test_age_ends_retries(run: Run) -> None:
    async def body(place) -> None:
        place.subscribe(FlakyTarget(lambda _: ConnectionError("reset")), settings=Settings(retry=Retry(age=60)))
        await place.put({"n": 1})
        await place.clock.advance(100.0)
        (letter,) = await place.letters()
        assert (letter.exhausted, letter.attempts) == ("MaximumEventAgeInSeconds", 6)
        assert (letter.error_code, letter.error_message) == ("CONNECTION_FAILURE", "ConnectionError: reset")

    run(body)


def test_what_is_worth_no_retry_and_has_no_dead_letter_queue_is_kept(run: Run) -> None:
    async def body(place) -> None:
        place.subscribe(FlakyTarget(lambda _: TargetError("no such table", retryable=False)))
        await place.put({"n": 1})
        (letter,) = await place.letters()
        assert (letter.dead_letter_queue, letter.exhausted, letter.attempts) == (UNDELIVERED, "NotRetryable", 1)

    run(body)


def test_an_input_that_cannot_be_made_is_a_failed_attempt(run: Run) -> None:
    def shape(event: bytes, _: float) -> bytes:
        if b"13" in event:
            raise TargetError("no input", retryable=False)
        return event

    async def body(place) -> None:
        target = RecordedTarget()
        place.subscribe(target, shape=shape)
        await place.put({"n": 12}, {"n": 13}, {"n": 14})
        assert target.bodies == [{"n": 12}, {"n": 14}]
        assert [letter.entry.body for letter in await place.letters()] == [b'{"n":13}']

    run(body)


def test_errors_are_kept_in_a_form_that_every_store_can_keep(run: Run) -> None:
    async def body(place) -> None:
        place.subscribe(FlakyTarget(lambda _: TargetError("\ud800" + "x" * 10_000, retryable=False)))
        await place.put({"n": 1})
        (letter,) = await place.letters()
        assert letter.error_message == "?" + "x" * 4_095

    run(body)


def test_a_poison_event_blocks_nobody_else(run: Run) -> None:
    async def body(place) -> None:
        target = FlakyTarget(lambda message: TargetError("poison") if b'"n":3' in message.body else None)
        place.subscribe(target, settings=Settings(concurrency=1))
        await place.put(*numbered(10))
        assert [event["n"] for event in target.bodies] == [0, 1, 2, 4, 5, 6, 7, 8, 9]

    run(body)


def test_a_failing_event_holds_its_group_alone(run: Run) -> None:
    async def body(place) -> None:
        target = FlakyTarget([TargetError("down")])
        queue = place.subscribe(target, settings=Settings(retry=Retry(base=10.0)))
        await place.put({"n": 0, "group": "a"}, {"n": 1, "group": "b"}, {"n": 2, "group": "a"}, {"n": 3}, {"n": 4, "group": "b"})
        assert sorted(event["n"] for event in target.bodies) == [1, 3, 4]
        (held,) = await place.store.queue.held(queue, 10)
        assert (held.head.group, held.head.attempts, held.waiting) == ("a", 1, 2)
        assert held.head.error == "ERROR_FROM_TARGET: down"
        await place.clock.advance(10.0)
        assert [event["n"] for event in target.bodies][3:] == [0, 2]

    run(body)


def test_a_group_goes_on_after_its_head_is_skipped(run: Run) -> None:
    async def body(place) -> None:
        target = FlakyTarget(lambda message: TargetError("poison") if b'"n":0' in message.body else None)
        queue = place.subscribe(target, settings=Settings(retry=Retry(base=600.0)))
        await place.put({"n": 0, "group": "a"}, {"n": 1, "group": "a"}, {"n": 2, "group": "a"})
        assert target.bodies == []
        assert (await place.engine.skip(queue, "a")).entry.id == "e1"
        await place.clock.settle()
        assert [event["n"] for event in target.bodies] == [1, 2]
        (letter,) = await place.letters()
        assert (letter.exhausted, letter.error_code, letter.attempts) == ("Skipped", "SKIPPED", 1)
        assert await place.engine.skip(queue, "a") is None

    run(body)


def test_a_dead_letter_frees_its_group(run: Run) -> None:
    async def body(place) -> None:
        target = FlakyTarget([None, TargetError("bad", retryable=False)])
        place.subscribe(target)
        await place.put(*numbered(200, group="a"))
        assert [event["n"] for event in target.bodies] == [0, *range(2, 200)]
        assert len(await place.letters()) == 1

    run(body)


def test_a_slow_target_delays_its_own_queue_alone(run: Run) -> None:
    async def body(place) -> None:
        slow, quick = RecordedTarget(clock=place.clock, takes=100.0), RecordedTarget()
        place.subscribe(slow, "slow", settings=Settings(timeout=None, concurrency=4))
        place.subscribe(quick, "quick")
        await place.put(*numbered(2_000))
        assert (len(quick.messages), slow.sending) == (2_000, 4)
        await place.clock.advance(1_000.0)
        assert (len(slow.messages), slow.most) == (40, 4)

    run(body)


def test_only_a_window_of_deliveries_is_held_in_memory(run: Run) -> None:
    async def body(place) -> None:
        slow = RecordedTarget(clock=place.clock, takes=1.0)
        queue = place.subscribe(slow, settings=Settings(concurrency=2, window=8))
        await place.put(*numbered(100))
        most = 0
        for _ in range(60):
            most = max(most, place.engine.stats().lanes[queue].held)
            await place.clock.advance(1.0)
        assert most == 8
        assert len(slow.messages) == 100

    run(body)


def test_large_events_are_held_by_their_bytes(run: Run) -> None:
    async def body(place) -> None:
        slow = RecordedTarget(clock=place.clock, takes=1.0)
        queue = place.subscribe(slow, settings=Settings(concurrency=2, window=10, window_bytes=8_000))
        await place.put(*numbered(100, text="x" * 1_000))
        most = []
        for _ in range(60):
            most.append(place.engine.stats().lanes[queue].held)
            await place.clock.advance(1.0)
        assert (most[0], max(most[6:])) == (10, 6)
        assert len(slow.messages) == 100

    run(body)


def test_a_send_that_takes_too_long_is_cancelled_and_made_again(run: Run) -> None:
    async def body(place) -> None:
        slow = RecordedTarget(clock=place.clock, takes=10.0)
        queue = place.subscribe(slow, settings=Settings(timeout=4.0, retry=Retry(attempts=1)))
        await place.put({"n": 1})
        await place.clock.advance(3.9)
        assert slow.sending == 1
        await place.clock.advance(0.1)
        assert slow.sending == 0
        assert place.engine.stats().lanes[queue].last_error.startswith("TIMEOUT: TimeoutError: the target did not answer within 4")
        await place.clock.advance(5.0)
        (letter,) = await place.letters()
        assert (letter.error_code, letter.attempts, slow.messages) == ("TIMEOUT", 2, [])

    run(body)


def test_each_send_has_its_own_time(run: Run) -> None:
    async def body(place) -> None:
        quick = RecordedTarget(clock=place.clock, takes=3.0)
        place.subscribe(quick, settings=Settings(timeout=4.0, concurrency=1))
        await place.put(*numbered(5))
        await place.clock.advance(15.0)
        assert len(quick.attempts) == len(quick.messages) == 5

    run(body)


class Stubborn(RecordedTarget):
    """Takes the message although it was told to end."""

    async def _answer(self, _: object) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return


def test_a_target_that_ends_well_although_it_was_cancelled_has_taken_the_event(run: Run) -> None:
    async def body(place) -> None:
        target = Stubborn()
        place.subscribe(target, settings=Settings(timeout=4.0, concurrency=1))
        await place.put(*numbered(3))
        await place.clock.advance(12.0)
        assert len(target.attempts) == len(target.messages) == 3

    run(body)


class SelfCancelling(RecordedTarget):
    async def _answer(self, _: object) -> None:
        raise asyncio.CancelledError


def test_a_target_that_cancels_itself_has_failed(run: Run) -> None:
    async def body(place) -> None:
        place.subscribe(SelfCancelling(), settings=Settings(retry=Retry(attempts=0)))
        await place.put({"n": 1}, {"n": 2})
        assert [letter.error_message for letter in await place.letters()] == ["the target cancelled itself"] * 2

    run(body)


def test_an_event_that_cannot_be_routed_is_a_letter_and_blocks_nobody(run: Run) -> None:
    async def body(place) -> None:
        target = RecordedTarget()
        place.subscribe(target)
        await place.put({"n": 1}, {"n": 2, "group": 7}, {"n": 3})
        assert target.bodies == [{"n": 1}, {"n": 3}]
        (letter,) = await place.letters()
        assert (letter.dead_letter_queue, letter.exhausted, letter.queue) == (UNDELIVERED, "Undeliverable", "")
        assert letter.error_message == "ValueError: groups are text"
        assert await place.store.log.cursor() == 3

    def checked(place) -> None:
        plain = place.route

        def route(entries):
            if any(b'"group":7' in each.entry.body for each in entries):
                raise ValueError("groups are text")
            return plain(entries)

        place.engine._intake._route = route

    async def with_route(place) -> None:
        checked(place)
        await body(place)

    run(with_route)


def test_done_work_leaves_the_store(run: Run) -> None:
    async def body(place) -> None:
        place.subscribe(RecordedTarget())
        await place.put(*numbered(10_000))
        assert len(await place.store.log.read(0, 10_000)) < 4_000

    run(body)


@pytest.mark.parametrize("settings", [{"timeout": 0}, {"concurrency": 0}, {"window": 0}, {"window_bytes": 0}])
def test_a_setting_that_cannot_be_says_what_can(settings: dict[str, int]) -> None:
    with pytest.raises(RouterError, match="it must be"):
        Settings(**settings)
