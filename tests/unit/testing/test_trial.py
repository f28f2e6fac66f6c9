"""A trial runs the rules of a program in memory, with targets of the test and a clock that it moves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import matcher.testing
from matcher import Retry, Router
from matcher.testing import FlakyTarget, RecordedTarget, Trial, assert_delivered

ORDER = {"source": "shop", "detail-type": "Order Paid", "detail": {"id": 7}}


def program() -> Router:
    router = Router()

    @router.rule({"source": ["shop"]}, retry=Retry(attempts=2, base=10.0), dead_letter="mail-dlq", input_path="$.detail")
    def send_mail(order: dict[str, Any]) -> None:
        raise ConnectionError("no mail server in tests")

    @router.rule({"source": ["shop"]})
    async def count(event: dict[str, Any]) -> None:
        event["seen"] = True

    return router


def tried(body: Callable[[Trial], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        async with Trial(program(), **settings) as trial:
            await body(trial)

    asyncio.run(main())


def test_targets_of_the_test_take_the_place_of_others_and_their_settings() -> None:
    mail = RecordedTarget("mail")

    async def body(trial: Trial) -> None:
        await trial.put(ORDER)
        assert_delivered(mail, {"id": 7}, times=1)
        assert trial.counters.total("Invocations", rule="count") == 1

    tried(body, targets={"send_mail": mail})
    tried(body, targets={"send_mail/send_mail": (mail := RecordedTarget("mail"))})


def test_functions_run_at_once_and_retries_when_time_passes() -> None:
    async def body(trial: Trial) -> None:
        await trial.put(ORDER, ORDER)
        assert trial.counters.total("InvocationAttempts", rule="send_mail") == 2
        await trial.advance(10.0)
        assert trial.counters.total("InvocationAttempts", rule="send_mail") == 4
        assert await trial.dead_letters() == []
        await trial.advance(20.0)
        letters = await trial.dead_letters("mail-dlq")
        assert [letter.error_code for letter in letters] == ["CONNECTION_FAILURE"] * 2

    tried(body)


def test_a_flaky_target_heals() -> None:
    mail = FlakyTarget([ConnectionError("down")], "mail")

    async def body(trial: Trial) -> None:
        await trial.put(ORDER)
        assert_delivered(mail, times=0)
        await trial.advance(10.0)
        assert_delivered(mail, {"id": 7})

    tried(body, targets={"send_mail": mail})


def test_a_target_without_a_rule_is_told_of() -> None:
    with pytest.raises(AssertionError, match="no rule for the targets send_post; there are send_mail, count"):
        tried(lambda _: asyncio.sleep(0), targets={"send_post": RecordedTarget()})


def test_an_entry_that_is_refused_fails_the_test() -> None:
    async def body(trial: Trial) -> None:
        with pytest.raises(AssertionError, match="1 of 2 entries are refused"):
            await trial.put(ORDER, {"Source": "shop", "DetailType": "x", "Detail": "no JSON"})

    tried(body)


def test_names_that_are_not_there_are_told_of() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        matcher.testing.Nothing  # noqa: B018
