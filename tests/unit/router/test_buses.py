"""Events go from bus to bus, keep where they come from, and never go round in circles."""

from __future__ import annotations

import asyncio

import pytest

from matcher import Bus, Context, Router, RouterError
from matcher.router.bus import BusTarget
from matcher.testing import FakeClock, RecordedTarget

SHOP = {"source": ["shop"]}
ENTRY = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
EVENT = {"id": "e1", "source": "shop", "detail-type": "order", "detail": {}}


def test_account_and_region_of_origin_are_kept(run) -> None:
    def prepare(router: Router) -> None:
        router.add_bus(Bus("team", account="111111111111", region="eu-west-1"))
        router.add_rule("up", SHOP, bus="team")
        router.add_target("up", Bus("global", account="999999999999", region="us-east-1"))

    async def body(router: Router, clock: FakeClock) -> None:
        recorded = RecordedTarget()
        router.add_rule("all", {"account": ["111111111111"]}, bus="global")
        router.add_target("all", recorded)
        result = await router.aput(ENTRY, bus="team", correlation_id="c1")
        await clock.settle()
        (message,) = recorded.messages
        assert (recorded.events[0]["account"], recorded.events[0]["region"]) == ("111111111111", "eu-west-1")
        assert message.event_id == result.entries[0].event_id
        assert (message.bus, message.correlation_id, message.hops) == ("global", "c1", ("111111111111/eu-west-1/team",))

    run(body, prepare=prepare)


def ring(router: Router, length: int) -> list[RecordedTarget]:
    """Buses of which each sends to the next, and the last to the first."""
    recorded = []
    for number in range(length):
        router.add_bus(f"b{number}")
        router.add_rule("r", SHOP, bus=f"b{number}")
        router.add_target("r", Bus(f"b{(number + 1) % length}"), bus=f"b{number}")
        recorded.append(RecordedTarget())
        router.add_target("r", recorded[-1], bus=f"b{number}")
    return recorded


def test_a_loop_ends_where_it_would_close(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        recorded = ring(router, 3)
        await router.aput(ENTRY, bus="b0")
        await clock.advance(60)
        assert [len(each.messages) for each in recorded] == [1, 1, 1]
        (letter,) = await router.dead_letters().alist()
        assert (letter.error_code, letter.attempts, letter.entry.bus) == ("LoopDetected", 1, "b2")

    run(body)


def test_an_event_goes_over_so_many_buses(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        recorded = ring(router, 9)
        await router.aput(ENTRY, bus="b0")
        await clock.advance(60)
        assert [len(each.messages) for each in recorded] == [1, 1, 1, 0, 0, 0, 0, 0, 0]
        (letter,) = await router.dead_letters().alist()
        assert letter.error_code == "HopLimitExceeded"

    run(body, hop_limit=3)


def test_a_dispatch_follows_buses_in_the_call() -> None:
    router = Router()
    seen = []
    router.add_rule("up", SHOP)
    router.add_target("up", Bus("global"))
    router.rule(SHOP, bus="global")(lambda event, context: seen.append((context.bus, context.hops)))
    assert router.dispatch(EVENT)
    assert seen == [("global", ("000000000000/us-east-1/default",))]
    ring(router, 2)
    report = router.dispatch(EVENT, bus="b0")
    assert "would come to 000000000000/us-east-1/b0 again" in str(report.failed[0].error)


def test_buses_of_other_routers_are_targets_too() -> None:
    async def main() -> None:
        clock = FakeClock()
        team, central = Router(clock=clock, account="1"), Router(clock=clock, account="2")
        recorded = RecordedTarget()
        central.add_rule("all", SHOP)
        central.add_target("all", recorded)
        team.add_rule("up", SHOP)
        team.add_target("up", central.bus("default"))
        async with team, central:
            await team.aput(ENTRY)
            await clock.settle()
            assert recorded.messages[0].hops == ("1/us-east-1/default",)

    asyncio.run(main())


def test_a_delivery_that_is_repeated_comes_over_once(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        recorded = RecordedTarget()
        router.add_rule("all", SHOP, bus="global")
        router.add_target("all", recorded)
        router.add_rule("up", SHOP)
        router.add_target("up", Bus("global"))
        await router.aput(ENTRY)
        await clock.settle()
        await router.relay(recorded.messages[0], "global", ("x",))
        await router.relay(recorded.messages[0], "global", ("x",))
        await clock.settle()
        assert len(recorded.messages) == 2

    run(body)


def test_what_is_no_event_does_not_go_to_a_bus(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        router.add_rule("up", SHOP)
        router.add_target("up", Bus("global"), input="7")
        await router.aput(ENTRY)
        await clock.advance(60)
        (letter,) = await router.dead_letters().alist()
        assert letter.error_code == "InvalidEvent"

    run(body)


def test_a_hop_limit_is_one_or_more() -> None:
    with pytest.raises(RouterError, match="hop limit is 1 or more"):
        BusTarget(Router(), "x", limit=0)


def test_contexts_know_the_way(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        seen: list[Context] = []

        @router.rule(SHOP, bus="b")
        async def handle(context: Context) -> None:
            seen.append(context)

        router.add_rule("up", SHOP)
        router.add_target("up", Bus("b"))
        await router.aput(ENTRY)
        await clock.settle()
        assert seen[0].hops == ("000000000000/us-east-1/default",)

    run(body)


def test_an_included_router_sends_to_the_buses_of_this_one() -> None:
    team, central = Router(buses=[Bus("up", account="7")]), Router()
    team.add_rule("by-name", SHOP)
    team.add_target("by-name", Bus("up"))
    team.add_rule("by-target", SHOP)
    team.add_target("by-target", team.bus("up"))
    team.archive("all")
    seen = []
    central.rule(SHOP, bus="up")(lambda event, context: seen.append(context.hops))
    central.include_router(team, prefix="team-")
    assert central.dispatch(EVENT)
    assert seen == [("000000000000/us-east-1/default",)] * 2
    assert central.place("up") == "7/us-east-1/up"
    assert list(central._archives.by_name) == ["team-all"]
    with pytest.raises(RouterError, match="'team-all' already"):
        central.include_router(team, prefix="team-")
    team.remove_archive("all")
    team.archive("rest")
    with pytest.raises(RouterError, match="'team-by-name' already"):
        central.include_router(team, prefix="team-")
    assert list(central._archives.by_name) == ["team-all"]
