"""Rules come, change and go while events flow; names, buses and settings that can't be are refused."""

from __future__ import annotations

import threading

import pytest

from matcher import Bus, PatternError, Retry, Router, RouterError, Rule
from matcher.errors import MatcherError
from matcher.router.rule import Idempotent
from matcher.testing import RecordedTarget

SHOP = {"source": ["shop"]}
EVENT = {"source": "shop", "detail": {}}


def handler(event: bytes) -> str:
    return "handled"


def test_rules_are_told_as_they_are() -> None:
    router = Router()
    router.rule(SHOP)(handler)
    router.add_rule("other", {"source": ["x"]}, bus="orders", enabled=False)
    assert router.rules() == [
        Rule("handler", "default", SHOP, ("handler",)),
        Rule("other", "orders", {"source": ["x"]}, (), enabled=False),
    ]
    assert router.rules("orders")[0].name == "other"
    assert repr(router) == "<Router of 2 rules, not running>"


def test_rules_of_one_function_are_numbered_and_those_of_two_are_not() -> None:
    router = Router()
    router.rule(SHOP)(router.rule({"source": ["b"]})(handler))
    assert [rule.name for rule in router.rules()] == ["handler", "handler-2"]
    for number in range(3):

        @router.rule({"n": [number]})
        def made(event) -> None:
            pass

    assert [rule.name for rule in router.rules()][2:] == ["made", "made-2", "made-3"]

    def other() -> None:
        pass

    other.__name__ = "made"
    with pytest.raises(RouterError, match="a rule 'made' of another function: give this one a name="):
        router.rule(SHOP)(other)


def test_a_thousand_rules_of_one_function_are_named_in_one_look_each() -> None:
    router = Router()
    for number in range(1_000):
        router.rule({"n": [number]})(handler)
    assert router.match({"n": 999}) == ["handler-1000"]


def test_disabled_rules_match_nothing() -> None:
    router = Router()
    router.rule(SHOP, name="r")(handler)
    router.disable("r")
    router.disable("r")
    assert router.match(EVENT) == []
    router.enable("r")
    assert router.match(EVENT) == ["r"]
    router.add_rule("off", SHOP, enabled=False)
    assert router.match(EVENT) == ["r"]
    router.remove("off")
    router.remove("r")
    assert router.rules() == []
    with pytest.raises(RouterError, match="there is no rule 'r'"):
        router.enable("r")
    with pytest.raises(RouterError, match="no rule 'r' on the bus 'default'"):
        router.enable("r", bus="default")


def test_a_replaced_pattern_keeps_the_targets() -> None:
    router = Router()
    router.rule({"source": ["x"]}, name="r")(handler)
    router.replace("r", SHOP)
    assert router.dispatch(EVENT).results == ["handled"]
    with pytest.raises(PatternError):
        router.replace("r", {"source": "no list"})
    assert router.dispatch(EVENT).results == ["handled"]
    router.disable("r")
    router.replace("r", {"source": ["y"]})
    with pytest.raises(PatternError):
        router.replace("r", {"source": "no list"})
    router.enable("r")
    assert router.match({"source": "y"}) == ["r"]


def test_pattern_and_target_are_replaced_in_one_step() -> None:
    """A reader that meets the new pattern calls the new target, and the old one with the old: never a mixture."""
    router = Router()
    router.rule({"v": [0]}, name="r")(lambda event: 0)
    stop, mixed = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            for value in (0, 1):
                mixed.extend(result for result in router.dispatch({"v": value}).results if result != value)
            both = len(router.dispatch({"v": 0})) + len(router.dispatch({"v": 1}))
            if both not in (0, 1, 2):
                mixed.append(both)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(300):
        value = (turn + 1) % 2
        router.replace("r", {"v": [value]}, lambda event, value=value: value)
    stop.set()
    reader.join()
    assert mixed == []


def test_targets_come_and_go() -> None:
    router = Router()
    router.add_rule("r", SHOP)
    assert router.add_target("r", handler) == "handler"
    assert router.add_target("r", RecordedTarget("queue")) == "queue"
    router.remove_target("r", "handler")
    assert router.rules()[0].targets == ("queue",)
    with pytest.raises(RouterError, match="no target 'handler'; it has queue"):
        router.remove_target("r", "handler")
    with pytest.raises(RouterError, match="has a target 'queue' already"):
        router.add_target("r", handler, target_name="queue")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"tiemout": 3}, "no setting tiemout; it has breaker, concurrency"),
        ({"timeout": 0}, "timeout is 0"),
        ({"concurrency": 0}, "concurrency is 0"),
        ({"rate": -1}, "per_second is -1"),
        ({"retry": 3}, "retry is a Retry, True or False, not 3"),
        ({"group": 3}, "group is a path or a function"),
        ({"group": "$$.x"}, "begins with"),
        ({"idempotent": 3}, "idempotent is True, a path or an Idempotent"),
        ({"input": "1", "input_path": "$.x"}, "input and input_path"),
        ({"target_name": "a/b"}, "a target has a name of"),
    ],
)
def test_settings_that_can_not_be_are_refused(settings, told: str) -> None:
    router = Router()
    with pytest.raises(MatcherError, match=told):
        router.rule(SHOP, name="r", **settings)(handler)
    assert router.rules() == []


def test_settings_that_can_be_are_taken() -> None:
    router = Router(defaults={"retry": Retry(attempts=1), "dead_letter": "all-dlq"})
    router.rule(SHOP, name="r")(handler)
    router.rule(SHOP, name="s", retry=False, rate=5, idempotent=Idempotent("$.id"), dead_letter="s-dlq")(handler)
    first, second = (router._plan(name, None, "default").subscription for name in "rs")
    assert (first.queue, first.settings.retry.attempts, first.dead_letter) == ("default/r/handler", 1, "all-dlq")
    assert (second.settings.retry.attempts, second.settings.rate.per_second, second.dead_letter) == (0, 5, "s-dlq")
    with pytest.raises(RouterError, match="seconds above 0"):
        Idempotent("$.id", expires=0)


def test_names_that_can_not_be_are_refused() -> None:
    router = Router()
    for name in ("", "a b", "a/b", "x" * 129):
        with pytest.raises(RouterError, match="a rule has a name of 1 to 128 of"):
            router.add_rule(name, SHOP)
    router.add_rule("r", SHOP)
    with pytest.raises(RouterError, match="has a rule 'r' already"):
        router.add_rule("r", SHOP)
    with pytest.raises(RouterError, match="a bus has a name of"):
        Bus("a bus")


def test_declared_buses_are_all_there_are() -> None:
    router = Router(buses=["orders"])
    with pytest.raises(RouterError, match="no bus 'ordres'; there are default, orders"):
        router.add_rule("r", SHOP, bus="ordres")
    router.add_bus("ordres")
    router.add_rule("r", SHOP, bus="ordres")


def test_rules_for_what_is_unmatched_have_no_pattern() -> None:
    router = Router()
    router.default(handler)
    with pytest.raises(RouterError, match="it has no pattern"):
        router.replace("unmatched", SHOP)
    with pytest.raises(RouterError, match="it has no pattern"):
        router.replace("unmatched", SHOP, handler)
    with pytest.raises(RouterError, match="settings come with the target"):
        router.replace("unmatched", SHOP, timeout=3)
    router.remove("unmatched")
    assert router.dispatch(EVENT).results == []


def test_an_included_router_gives_its_rules_and_exception_handlers() -> None:
    router, shop = Router(), Router()

    @shop.rule(SHOP)
    def broken(event) -> None:
        raise ValueError("broken")

    @shop.exception_handler(ValueError)
    def inner(error) -> str:
        return "inner"

    @router.exception_handler(Exception)
    def outer(error) -> str:
        return "outer"

    @router.rule(SHOP)
    def own(event) -> None:
        raise ValueError("own")

    router.include_router(shop, prefix="shop-", bus="default")
    router.include_router(shop, bus="orders")
    assert [rule.name for rule in router.rules()] == ["own", "shop-broken", "broken"]
    assert router.dispatch(EVENT).results == ["outer", "inner"]
    assert router.dispatch(EVENT, bus="orders").results == ["inner"]


def test_all_or_nothing_of_a_router_is_included() -> None:
    router, other = Router(), Router()
    for name in ("a", "b"):
        other.rule(SHOP, name=name)(handler)
    router.rule(SHOP, name="b")(handler)
    with pytest.raises(RouterError, match="has a rule 'b' already"):
        router.include_router(other)
    assert [rule.name for rule in router.rules()] == ["b"]


def test_rules_change_while_other_threads_dispatch() -> None:
    router = Router()
    router.rule(SHOP, name="always")(handler)
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                assert "handled" in router.dispatch(EVENT).results
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(200):
        router.rule(SHOP, name=f"r{turn}")(handler)
        router.disable(f"r{turn}")
        router.enable(f"r{turn}")
        router.remove(f"r{turn}")
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_a_rule_is_found_by_its_name_where_it_is_the_only_one() -> None:
    router = Router()
    router.add_rule("r", SHOP, bus="orders")
    router.add_target("r", handler)
    assert router.dispatch(EVENT, bus="orders").results == ["handled"]
    router.add_rule("r", SHOP)
    with pytest.raises(RouterError, match="the buses default, orders have a rule 'r' each: say which by bus="):
        router.add_target("r", handler)
    router.add_target("r", handler, bus="default")
