"""Archived events are sent again: in order, at a rate, to chosen rules, and on after a stop."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from matcher import PatternError, Router, RouterError
from matcher.router.replay import _named
from matcher.store.memory import MemoryStore
from matcher.testing import FakeClock, RecordedTarget

SHOP = {"source": ["shop"]}


def event(number: int, source: str = "shop") -> dict[str, Any]:
    return {"source": source, "detail-type": "order", "detail": {"n": number}}


def numbers(recorded: RecordedTarget) -> list[int]:
    return [body["detail"]["n"] for body in recorded.bodies]


def prepared(router: Router) -> tuple[RecordedTarget, RecordedTarget]:
    first, second = RecordedTarget("first"), RecordedTarget("second")
    for rule, recorded in (("a", first), ("b", second)):
        router.add_rule(rule, SHOP)
        router.add_target(rule, recorded, concurrency=1)
    router.archive("orders", SHOP)
    return first, second


def test_a_window_of_an_archive_is_replayed_in_order(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        first, _ = prepared(router)
        for number in range(10):
            await router.aput(event(number), event(number, "other"))
            await clock.advance(1)
        replay = await router.areplay("orders", clock.start + 3, clock.start + 7, name="again")
        await clock.settle()
        assert numbers(first) == [*range(10), 3, 4, 5, 6]
        assert [message.replay for message in first.messages[-4:]] == ["again"] * 4
        assert [each.get("replay-name") for each in first.events] == [None] * 10 + ["again"] * 4
        assert first.messages[3].event_id == first.messages[10].event_id
        progress = await replay.aprogress()
        assert (progress.state, progress.sent) == ("COMPLETED", 4)
        (info,) = await router.aarchives()
        assert (info.archive, info.events) == ("orders", 10)

    run(body)


def test_chosen_rules_alone_get_a_replay(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        first, second = prepared(router)
        await router.aput(event(1))
        await clock.advance(1)
        await router.areplay("orders", to_rules=["b"])
        await clock.settle()
        assert (numbers(first), numbers(second)) == ([1], [1, 1])

    run(body)


def test_a_replay_keeps_its_rate_and_can_be_paused_resumed_and_cancelled(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        first, _ = prepared(router)
        await router.aput([event(number) for number in range(100)])
        await clock.advance(1)
        replay = await router.areplay("orders", rate=10)
        await clock.advance(2.05)
        sent = len(first.messages) - 100
        assert 20 <= sent <= 22
        assert (await replay.apause()).state == "PAUSED"
        await clock.advance(10)
        assert len(first.messages) - 100 <= sent + 1
        await replay.aresume()
        await clock.advance(1)
        assert numbers(first)[100:] == list(range(len(first.messages) - 100))
        await replay.acancel()
        with pytest.raises(RouterError, match="is CANCELLED: only PAUSED or FAILED becomes RUNNING"):
            await replay.aresume()
        await clock.advance(60)
        assert len(first.messages) < 200

    run(body)


def test_a_replay_goes_on_in_the_router_that_runs_next() -> None:
    async def main() -> None:
        clock, store = FakeClock(), MemoryStore()
        first = Router(store, clock=clock)
        before, _ = prepared(first)
        async with first:
            await first.aput([event(number) for number in range(30)])
            await clock.advance(1)
            await first.areplay("orders", rate=10, name="again")
            await clock.advance(1.05)
        second = Router(store, clock=clock)
        after, _ = prepared(second)
        async with second:
            await clock.advance(60)
            assert (await second.areplays())[0].state == "COMPLETED"
        assert numbers(before)[30:] + numbers(after) == list(range(30))

    asyncio.run(main())


def test_what_was_replayed_is_not_archived_again(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        prepared(router)
        router.archive("all")
        await router.aput(event(1), event(2, "other"))
        await clock.advance(1)
        await router.areplay("all")
        await clock.advance(1)
        assert {info.archive: info.events for info in await router.aarchives()} == {"all": 2, "orders": 1}

    run(body)


def test_archives_forget_in_time(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        router.archive("hour", retention=3_600)
        await router.aput(event(1))
        await clock.advance(1_800)
        await router.aput(event(2))
        await clock.advance(1_900)
        assert [info.events for info in await router.aarchives()] == [1]
        router.remove_archive("hour")
        await router.aput(event(3))
        await clock.settle()
        assert [info.events for info in await router.aarchives()] == [1]

    run(body)


def test_what_can_not_be_archived_or_replayed_is_refused(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        prepared(router)
        with pytest.raises(RouterError, match="an archive 'orders' already"):
            router.archive("orders")
        with pytest.raises(RouterError, match="retention is 0"):
            router.archive("x", retention=0)
        with pytest.raises(PatternError):
            router.archive("x", {"source": "no list"})
        with pytest.raises(RouterError, match="no archive 'x'; there are orders"):
            router.remove_archive("x")
        with pytest.raises(RouterError, match="rate is 0"):
            await router.areplay("orders", rate=0)
        await router.areplay("orders", name="again")
        with pytest.raises(RouterError, match="a replay 'again' already"):
            await router.areplay("orders", name="again")
        with pytest.raises(RouterError, match="no replay 'other'"):
            await router.replay_of("other").aprogress()
        with pytest.raises(RouterError, match="no replay 'other'"):
            await router.replay_of("other").apause()

    run(body)


@pytest.mark.parametrize("text", [b"{}", b' {"a":1} ', b'{"replay-name":"old"}', b'{"a":{}\n}'])
def test_the_name_of_a_replay_is_the_last_member(text: bytes) -> None:
    assert orjson.loads(_named(text, "again")) == {**orjson.loads(text), "replay-name": "again"}
