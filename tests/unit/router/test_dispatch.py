"""A dispatch calls every target of every rule that matches, in the call, and reports what became of each."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from matcher import Context, EventError, Router, RouterError, TargetError
from matcher.testing import FakeClock, FlakyTarget, RecordedTarget

EVENT = {"id": "e1", "source": "shop", "detail": {"n": 1}}


def test_every_target_of_every_matching_rule_runs() -> None:
    router = Router()
    called = []
    for name in "abc":
        router.add_rule(name, {"source": ["shop"]})
    for rule, target in (("a", "1"), ("a", "2"), ("b", "1")):
        router.add_target(rule, lambda event, said=rule + target: called.append(said), target_name=target)
    report = router.dispatch(EVENT)
    assert called == ["a1", "a2", "b1"]
    assert [(outcome.rule, outcome.target, outcome.status) for outcome in report] == [
        ("a", "1", "done"), ("a", "2", "done"), ("b", "1", "done"),
    ]  # fmt: skip
    assert report and len(report) == 3
    assert router.match(EVENT) == ["a", "b", "c"]


def test_a_rule_returns_its_function_unchanged() -> None:
    router = Router()

    def charge(event: dict[str, Any]) -> str:
        return "charged"

    assert router.rule({"source": ["shop"]})(charge) is charge
    assert charge({}) == "charged"


def test_an_event_in_any_form_is_matched() -> None:
    router = Router()
    router.rule({"source": ["shop"]})(lambda detail: detail["n"])
    text = '{"source": "shop", "detail": {"n": 1}}'
    for event in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode()), EVENT):
        assert router.dispatch(event).results == [1]


def test_a_failed_target_fails_nobody_else() -> None:
    router = Router()

    def broken(event) -> None:
        raise ValueError("broken")

    router.rule({"source": ["shop"]})(broken)
    router.rule({"source": ["shop"]})(lambda event: "fine")
    report = router.dispatch(EVENT)
    assert not report
    assert report.results == [None, "fine"]
    assert [outcome.target for outcome in report.failed] == ["broken"]
    with pytest.raises(ValueError, match="broken"):
        report.raise_first()
    told = report.to_dict()
    assert told["ok"] is False
    assert told["outcomes"][0]["error"] == {"type": "ValueError", "code": "", "message": "broken"}
    assert told["outcomes"][1]["result"] == "fine"


def test_an_event_that_nothing_matches_is_an_empty_report() -> None:
    report = Router().dispatch({"source": "shop"})
    assert len(report) == 0
    assert report
    report.raise_first()


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(EventError):
        Router().dispatch(b"[]")
    with pytest.raises(RouterError, match="no bus 'other'; there are default"):
        Router().dispatch(EVENT, bus="other")


def test_async_targets_wait_at_the_same_time() -> None:
    router = Router()
    here = threading.get_ident()
    meeting = asyncio.Barrier(2)

    async def first(event: bytes) -> int:
        await asyncio.wait_for(meeting.wait(), 5)
        return threading.get_ident()

    async def second(event: bytes, context: Context) -> int:
        await asyncio.wait_for(meeting.wait(), 5)
        return threading.get_ident()

    router.rule({"source": ["shop"]})(first)
    router.rule({"source": ["shop"]})(second)
    router.rule({"source": ["shop"]})(lambda event: threading.get_ident())
    one, two, three = router.dispatch(EVENT).results
    assert one == two != here == three


def test_async_targets_are_awaited_on_the_callers_loop() -> None:
    router = Router()

    async def handler(event) -> Any:
        return asyncio.get_running_loop()

    called = []
    router.rule({"source": ["plain"]})(called.append)
    router.rule({"source": ["shop", "plain"]})(handler)

    async def main() -> None:
        assert (await router.adispatch(EVENT)).results == [asyncio.get_running_loop()]
        with pytest.raises(RouterError, match="handler/handler waits.*await router.adispatch"):
            router.dispatch({"source": "plain"})
        assert called == []

    asyncio.run(main())


def test_an_async_target_that_takes_too_long_has_failed() -> None:
    async def main() -> None:
        router = Router()

        async def never(event) -> None:
            await asyncio.Event().wait()

        router.rule({"source": ["shop"]}, timeout=0.001)(never)
        with pytest.raises(TimeoutError):
            (await router.adispatch(EVENT)).raise_first()

    asyncio.run(main())


def test_targets_take_what_their_input_says() -> None:
    router = Router()
    recorded = RecordedTarget()
    router.add_rule("r", {"source": ["shop"]})
    router.add_target("r", recorded, input_path="$.detail")
    router.add_target("r", recorded, input={"constant": True})
    router.add_target("r", recorded, transform=lambda event: {"got": event["id"]})
    router.add_target("r", recorded, input_transformer={"paths": {"n": "$.detail.n"}, "template": '{"number": <n>}'})
    router.dispatch(EVENT).raise_first()
    assert recorded.bodies == [{"n": 1}, {"constant": True}, {"got": "e1"}, {"number": 1}]
    assert recorded.events == [EVENT] * 4
    assert [rule.targets for rule in router.rules()] == [("recorded", "recorded-2", "recorded-3", "recorded-4")]


def test_a_preview_shows_what_a_target_would_receive() -> None:
    router = Router()
    template = {"paths": {"n": "$.detail.n", "x": "$.x"}, "template": '{"n": <n>, "x": "<x>"}'}
    router.rule({"source": ["other"]}, name="r", input_transformer=template)(lambda event: None)
    preview = router.preview("r", EVENT)
    assert preview.body == b'{"n": 1, "x": ""}'
    assert preview.missing == ("x",)
    assert preview.variables == {"n": 1}
    with pytest.raises(RouterError, match="no target 'nobody'"):
        router.preview("r", EVENT, target="nobody")


def test_an_explanation_names_the_field_that_differs() -> None:
    router = Router()
    router.add_rule("r", {"source": ["other"]})
    assert "source" in str(router.explain(EVENT, "r"))


def test_unmatched_events_go_to_the_default_handler() -> None:
    router = Router(buses=["orders"])
    router.rule({"source": ["shop"]})(lambda event: "rule")
    router.default(lambda event: "default")
    router.default(bus="orders")(lambda event: "orders")
    assert router.dispatch(EVENT).results == ["rule"]
    assert router.dispatch({"source": "x"}).results == ["default"]
    assert router.dispatch(EVENT, bus="orders").results == ["orders"]
    router.disable("unmatched", bus="default")
    assert router.dispatch({"source": "x"}).results == []


class Declined(ValueError):
    pass


def failing(error: Exception) -> Any:
    def handler(event) -> None:
        raise error

    return handler


def test_the_nearest_exception_handler_takes_an_error() -> None:
    router = Router()
    taken = []

    @router.exception_handler(ValueError)
    def any_value_error(error: ValueError) -> str:
        taken.append(error)
        return "any"

    @router.exception_handler(Declined)
    def declined(error: Declined, context: Context, event) -> str:
        return f"{error} {context.event_id} {event['source']}"

    router.rule({"source": ["shop"]}, name="a")(failing(Declined("no")))
    router.rule({"source": ["shop"]}, name="b")(failing(ValueError("bad")))
    router.rule({"source": ["shop"]}, name="c")(failing(KeyError("gone")))
    report = router.dispatch(EVENT)
    assert [outcome.status for outcome in report] == ["handled", "handled", "failed"]
    assert report.results == ["no e1 shop", "any", None]
    assert [type(outcome.error) for outcome in report] == [Declined, ValueError, KeyError]
    assert len(taken) == 1


def test_an_exception_handler_may_raise_what_the_delivery_fails_by() -> None:
    router = Router()

    @router.exception_handler(ValueError)
    async def gone(error) -> None:
        raise TargetError("never again", retryable=False) from error

    router.rule({"source": ["shop"]}, name="a")(failing(ValueError("bad")))
    router.add_rule("b", {"source": ["shop"]})
    router.add_target("b", FlakyTarget([ValueError("worse")]))
    report = router.dispatch(EVENT)
    assert [str(outcome.error) for outcome in report.failed] == ["never again"] * 2
    with pytest.raises(RouterError, match="a subclass of Exception"):
        router.exception_handler(KeyboardInterrupt)(gone)  # type: ignore[arg-type]


def test_a_target_that_does_not_fit_is_refused() -> None:
    router = Router()
    router.add_rule("r", {"source": ["shop"]})
    for wrong in (None, 7, RecordedTarget):
        with pytest.raises(RouterError, match="a target is a function, a Bus, or an object"):
            router.add_target("r", wrong)
    assert router.rules()[0].targets == ()


def test_an_idempotent_handler_works_once_for_each_key() -> None:
    clock = FakeClock()
    router = Router(clock=clock)
    called = []

    @router.rule({"source": ["shop"]}, idempotent="$.detail.order")
    def charge(detail) -> Any:
        called.append(detail["order"])
        if detail.get("fails"):
            raise ValueError("not now")
        return {"charged": detail["order"]}

    def order(name: str, **more: Any) -> Any:
        return router.dispatch({"source": "shop", "detail": {"order": name, **more}})

    assert order("a").results == order("a").results == [{"charged": "a"}]
    assert not order("b", fails=True)
    assert order("b").results == [{"charged": "b"}]
    assert called == ["a", "b", "b"]
    clock._passed += 3_601
    assert order("a")
    assert called == ["a", "b", "b", "a"]
    with pytest.raises(TargetError, match=r"no idempotency key at \$.detail.order"):
        router.dispatch({"source": "shop", "detail": {}}).raise_first()


def test_a_duplicate_waits_for_the_work_that_is_under_way() -> None:
    async def main() -> None:
        clock = FakeClock()
        router = Router(clock=clock)
        slow = RecordedTarget(clock=clock, takes=5.0, result="done")
        router.add_rule("r", {"source": ["shop"]})
        router.add_target("r", slow, idempotent=True)
        first = asyncio.create_task(router.adispatch(EVENT))
        await clock.settle()
        second = asyncio.create_task(router.adispatch(EVENT))
        await clock.advance(4.0)
        assert not first.done() and not second.done()
        await clock.advance(5.0)
        assert first.result().results == second.result().results == ["done"]
        assert len(slow.attempts) == 1

    asyncio.run(main())
