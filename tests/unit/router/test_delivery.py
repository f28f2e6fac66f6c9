"""A running router delivers what was put, and follows its rules as they change."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from matcher import Context, Retry, Router, RouterError, TargetError
from matcher.observing import Counters
from matcher.testing import FakeClock, FlakyTarget, RecordedTarget

SHOP = {"source": ["shop"]}


def event(**detail: Any) -> dict[str, Any]:
    return {"source": "shop", "detail-type": "order", "detail": detail}


def target(router: Router, to: Any, pattern: Any = SHOP, rule: str = "r", **settings: Any) -> Any:
    router.add_rule(rule, pattern)
    router.add_target(rule, to, **settings)
    return to


def numbers(recorded: RecordedTarget) -> list[int]:
    return [body["detail"]["n"] for body in recorded.bodies]


def test_what_is_put_is_delivered_to_every_target(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        first, second = target(router, RecordedTarget("first")), RecordedTarget("second")
        router.add_target("r", second, input_path="$.detail.n")
        await router.aput([event(n=number) for number in range(1_200)])
        await clock.settle()
        assert sorted(numbers(first)) == sorted(second.bodies) == list(range(1_200))
        assert (await router.astats()).waiting == 0
        assert router.health().to_dict() == {"live": True, "ready": True, "troubles": {}}

    run(body)


def test_what_was_put_before_the_start_is_delivered(run) -> None:
    recorded = RecordedTarget()

    def prepare(router: Router) -> None:
        target(router, recorded)
        router.put(event(n=1))

    async def body(router: Router, clock: FakeClock) -> None:
        await clock.settle()
        assert numbers(recorded) == [1]

    run(body, prepare=prepare)


def test_functions_run_in_threads_and_async_ones_on_the_loop() -> None:
    router = Router()
    seen: dict[str, Any] = {}
    done = threading.Barrier(3)

    @router.rule(SHOP)
    def plain(detail, context: Context) -> None:
        seen["plain"] = (threading.current_thread().name, detail["n"], context.attempt)
        done.wait(5)

    @router.rule(SHOP)
    async def waiting(event: bytes) -> None:
        seen["waiting"] = threading.current_thread().name
        await asyncio.to_thread(done.wait, 5)

    with router:
        router.put(event(n=1))
        done.wait(5)
    assert seen["plain"][0] != seen["waiting"] == "matcher-loop"
    assert seen["plain"][1:] == (1, 1)


def test_rules_that_come_while_events_flow_get_them(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        await router.aput(event(n=1))
        await clock.settle()
        recorded = target(router, RecordedTarget("q"))
        await router.aput(event(n=2))
        await clock.settle()
        router.disable("r")
        await router.aput(event(n=3))
        await clock.settle()
        router.enable("r")
        other = RecordedTarget("q")
        router.replace("r", SHOP, other)
        await router.aput(event(n=4))
        await clock.settle()
        router.remove("r")
        await router.aput(event(n=5))
        await clock.settle()
        assert (numbers(recorded), numbers(other)) == ([2], [4])

    run(body)


def test_what_waits_for_a_removed_rule_is_kept_until_it_is_back(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        target(router, FlakyTarget([TargetError("down")] * 9, "q"))
        await router.aput(event(n=1))
        await clock.settle()
        router.remove("r")
        await clock.advance(3_600)
        assert (await router.astats()).waiting == 1
        recorded = target(router, RecordedTarget("q"))
        await clock.settle()
        assert numbers(recorded) == [1]

    run(body)


def test_what_waits_for_a_removed_rule_can_be_given_up(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        target(router, FlakyTarget(lambda message: TargetError("down"), "q"))
        await router.aput([event(n=number) for number in range(1_200)])
        await clock.settle()
        with pytest.raises(RouterError, match="default/r/q has a target: remove it or its rule first"):
            await router.agive_up("default/r/q")
        router.remove("r")
        await clock.settle()
        assert await router.agive_up("default/r/q") == 1_200
        assert await router.agive_up("default/r/q") == 0
        letters = await router.dead_letters("undelivered").alist(rule="r", limit=2_000)
        assert {(letter.error_code, letter.exhausted) for letter in letters} == {("NO_TARGET", "Undeliverable")}
        assert (await router.astats()).waiting == 0
        recorded = target(router, RecordedTarget("q"))
        await clock.advance(1)
        assert await router.dead_letters().aredrive() == 1_200
        await clock.settle()
        assert sorted(numbers(recorded)) == list(range(1_200))
        with pytest.raises(RouterError, match="a queue is bus/rule/target, not 'r'"):
            await router.agive_up("r")

    run(body)


def test_failures_are_tried_again_and_then_dead_letters_which_can_be_redriven(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        flaky = FlakyTarget([TargetError("down", code="DOWN")] * 3, "payments")
        target(router, flaky, retry=Retry(attempts=2), dead_letter="orders-dlq")
        await router.aput(event(n=1), correlation_id="c1")
        await clock.advance(60)
        assert [message.attempt for message in flaky.attempts] == [1, 2, 3]
        queue = router.dead_letters("orders-dlq")
        (letter,) = await queue.alist(rule="r", error_code="DOWN")
        assert (letter.error_message, letter.attempts, letter.exhausted) == ("down", 3, "MaximumRetryAttempts")
        assert await queue.aget(letter.id) == letter
        assert await router.dead_letters("other").aget(letter.id) is None
        assert (await router.astats()).dead_letters == {"orders-dlq": 1}
        await clock.advance(1)
        assert await queue.aredrive() == 1
        await clock.settle()
        assert numbers(flaky) == [1]
        assert flaky.messages[0].correlation_id == "c1"
        assert await queue.acount() == 0

    run(body)


def test_dead_letters_are_chosen_purged_and_redriven_at_a_rate(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        broken = target(router, FlakyTarget(lambda message: TargetError("no", retryable=False), "b"))
        await router.aput([event(n=number) for number in range(30)])
        await clock.advance(1)
        queue = router.dead_letters()
        letters = await queue.alist(limit=50)
        assert len(letters) == 30
        assert await queue.apurge([letter.id for letter in letters[:5]]) == 5
        assert await queue.apurge(until=letters[0].died) == 0
        redriving = asyncio.create_task(queue.aredrive(rate=10, target="b"))
        await clock.advance(1.05)
        assert 30 + 10 <= len(broken.attempts) <= 30 + 12
        await clock.advance(60)
        assert await redriving == 25
        assert await queue.acount() == 25
        with pytest.raises(RouterError, match="dead letters are chosen by bus, rule"):
            await queue.alist(colour="red")
        with pytest.raises(RouterError, match="rate is 0"):
            await queue.aredrive(rate=0)

    run(body)


def test_groups_are_in_order_and_hold_only_themselves(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        down = {"a"}
        flaky = FlakyTarget(lambda message: TargetError("down") if message.group in down else None, "q")
        target(router, flaky, group="$.detail.order")
        for number in range(6):
            await router.aput(event(n=number, order="ab"[number % 2]))
        await clock.settle()
        assert numbers(flaky) == [1, 3, 5]
        (held,) = await router.aheld("r")
        assert (held.head.group, held.waiting, held.head.attempts) == ("a", 3, 1)
        skipped = await router.askip("r", "a")
        assert skipped is not None
        down.clear()
        await clock.advance(3_600)
        assert numbers(flaky) == [1, 3, 5, 2, 4]
        (letter,) = await router.dead_letters().alist()
        assert letter.exhausted == "Skipped"
        assert await router.askip("r", "a") is None
        with pytest.raises(RouterError, match="would hold up the loop"):
            router.skip("r", "a")

    run(body)


def test_groups_may_be_told_by_a_function_or_the_producer(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        first = target(router, RecordedTarget("first"), group=lambda event: event["detail"].get("n"))
        second = target(router, RecordedTarget("second"), rule="s")
        await router.aput(event(n=1), event(x=1), group="g")
        await clock.settle()
        assert [message.group for message in first.messages] == ["1", None]
        assert [message.group for message in second.messages] == ["g", "g"]

    run(body)


def test_unmatched_events_go_to_the_default_handler(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        unmatched = RecordedTarget()
        target(router, RecordedTarget("q"))
        router.default(unmatched)
        await router.aput(event(n=1), {"source": "other", "detail-type": "x", "detail": {"n": 2}})
        await clock.settle()
        assert numbers(unmatched) == [2]

    run(body)


def test_exception_handlers_belong_to_the_attempt(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        taken = []

        @router.exception_handler(KeyError)
        async def fine(error, context: Context) -> None:
            taken.append((str(error), context.attempt))

        @router.exception_handler(ValueError)
        def fatal(error) -> None:
            raise TargetError("never", retryable=False, code="FATAL") from error

        first = target(router, FlakyTarget([KeyError("gone")], "first"), rule="a")
        target(router, FlakyTarget([ValueError("bad")], "second"), rule="b")
        await router.aput(event(n=1))
        await clock.advance(3_600)
        assert taken == [("'gone'", 1)]
        assert len(first.attempts) == 1
        (letter,) = await router.dead_letters().alist()
        assert (letter.error_code, letter.attempts) == ("FATAL", 1)

    run(body)


def test_an_idempotent_target_gets_an_event_once(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        recorded = target(router, RecordedTarget("q", clock=clock, takes=2.0), idempotent="$.detail.order")
        await router.aput([event(n=number, order="a") for number in range(3)])
        await clock.advance(60)
        assert numbers(recorded) == [0]
        assert (await router.astats()).waiting == 0

    run(body)


def test_an_event_that_can_not_be_matched_blocks_nobody(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        recorded = target(router, RecordedTarget("q"), group=lambda event: 1 // event["detail"]["n"])
        await router.aput(event(n=1), event(n=0), event(n=2))
        await clock.settle()
        assert numbers(recorded) == [1, 2]
        (letter,) = await router.dead_letters("undelivered").alist()
        assert (letter.exhausted, letter.rule) == ("Undeliverable", "")

    run(body)


def test_every_step_is_counted(run) -> None:
    counters = Counters()

    async def body(router: Router, clock: FakeClock) -> None:
        target(router, FlakyTarget([TargetError("down")]))
        await router.aput(event(n=1), {"source": "other"}, b"[]")
        await clock.advance(60)
        found = {
            name: counters.total(name)
            for name in (
                "PutEventsApproximateCallCount", "PutEventsEntriesCount", "PutEventsFailedEntriesCount", "MatchedEvents",
                "TriggeredRules", "UnmatchedEvents", "InvocationAttempts", "Invocations", "FailedInvocations",
            )
        }  # fmt: skip
        assert list(found.values()) == [1, 3, 1, 1, 1, 1, 2, 1, 0]
        assert counters.spread("PutEventsLatency").count == 1

    run(body, observer=counters)


def test_what_holds_up_the_loop_is_refused(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        for call, told in ((lambda: router.put(event(n=1)), "aput"), (router.stop, "astop")):
            with pytest.raises(RouterError, match=f"await router.{told}"):
                call()
        assert router.stats().engine is not None
        with pytest.raises(RouterError, match="runs already"):
            await router.astart()

    run(body)


def test_one_process_or_router_delivers_from_a_store(tmp_path) -> None:
    first, second = (Router(f"sqlite:///{tmp_path}/events.db") for _ in range(2))
    with first:
        with pytest.raises(Exception, match="consumer"):
            second.start(wait=False)
        assert not second.running
        got = threading.Event()
        first.rule(SHOP)(lambda event: got.set())
        second.put(event(n=1))
        assert got.wait(5)
    with second:
        assert second.running
    first.stop()


def test_a_stop_hands_back_what_is_not_done(tmp_path) -> None:
    router = Router(f"sqlite:///{tmp_path}/events.db")
    began = threading.Event()

    @router.rule(SHOP, name="r", target_name="t")
    async def never(event: bytes) -> None:
        began.set()
        await asyncio.Event().wait()

    router.start()
    router.put(event(n=1))
    assert began.wait(5)
    started = time.monotonic()
    router.stop(grace=0.01)
    assert time.monotonic() - started < 5
    assert not router.running
    assert router.stats().waiting == 1
    took = threading.Event()
    router.replace("r", SHOP, lambda event, context: took.set(), target_name="t")
    with router:
        assert took.wait(5)
    assert router.health().live is False


class Door:
    """A target that holds something open, and may fail to close it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.closed = 0

    async def send(self, message: Any) -> None:
        pass

    async def aclose(self) -> None:
        self.closed += 1
        if self.error is not None:
            raise self.error


def test_a_stop_closes_targets_once_each_and_goes_on_where_one_fails() -> None:
    broken, shared = Door(OSError("it jams")), Door()
    router = Router()
    target(router, broken)
    target(router, shared, rule="other")
    router.add_target("r", shared)
    with router:
        router.put(event(n=1))
        router.drain()
    assert (broken.closed, shared.closed) == (1, 1)
