"""Retry policies: what is tried again, when, and what the end is called."""

import re
from typing import Any

import pytest

from matcher.delivery.retry import Retry, delay, error_code, next_attempt, retryable
from matcher.errors import EventError, RouterError, TargetError


class Late(Exception):
    """An exception with a wish that is no TargetError."""

    retry_after = 40.0


def decide(policy: Retry, error: BaseException, attempt: int = 1, now: float = 1_000.0, chance: float = 0.5) -> Any:
    return next_attempt(policy, error, attempt, accepted=1_000.0, now=now, chance=lambda: chance)


def test_the_defaults_are_those_of_eventbridge() -> None:
    assert (Retry().attempts, Retry().age) == (185, 86_400)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"attempts": 186}, "attempts is 186; it must be 0 to 185"),
        ({"attempts": -1}, "attempts is -1; it must be 0 to 185"),
        ({"attempts": 1.5}, "attempts is 1.5; it must be an integer"),
        ({"age": 59}, "age is 59; it must be 60 to 86,400"),
        ({"age": 86_401}, "age is 86401; it must be 60 to 86,400"),
        ({"age": float("nan")}, "age is nan; it must be 60 to 86,400"),
        ({"factor": 0.9}, "factor is 0.9; it must be 1 to 10"),
        ({"base": 0}, "base is 0; it must be above 0 and at most longest (900.0)"),
        ({"base": 1000}, "base is 1000; it must be above 0 and at most longest (900.0)"),
        ({"longest": 100_000}, "longest is 100000; it must be 0 to 86,400"),
    ],
)
def test_a_setting_that_cannot_be_says_what_can(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(RouterError, match=re.escape(said)):
        Retry(**settings)


def test_the_bound_of_the_delay_doubles_up_to_the_longest() -> None:
    policy = Retry(base=2.0, longest=60.0)
    assert [delay(policy, attempt, 1.0) for attempt in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]
    assert delay(policy, 3, 0.25) == 2.0
    assert delay(policy, 185, 0.0) == 0.0


def test_it_is_tried_again_after_the_delay() -> None:
    assert decide(Retry(), ConnectionError()) == 1_000.5
    assert decide(Retry(), ConnectionError(), attempt=3, now=1_010.0) == 1_012.0


def test_attempts_are_retries_after_the_first() -> None:
    assert decide(Retry(attempts=2), ConnectionError(), attempt=2) == 1_001.0
    assert decide(Retry(attempts=2), ConnectionError(), attempt=3) == "MaximumRetryAttempts"
    assert decide(Retry(attempts=0), ConnectionError(), attempt=1) == "MaximumRetryAttempts"


def test_no_retry_starts_after_the_age() -> None:
    assert decide(Retry(age=60), ConnectionError(), now=1_059.5) == 1_060.0
    assert decide(Retry(age=60), ConnectionError(), now=1_059.6) == "MaximumEventAgeInSeconds"


def test_a_target_that_asks_for_time_gets_it() -> None:
    assert decide(Retry(), TargetError("slow down", retry_after=30.0)) == 1_030.0
    assert decide(Retry(), TargetError("slow down", retry_after=0.1)) == 1_000.5
    assert decide(Retry(age=60), TargetError("tomorrow", retry_after=86_400.0)) == "MaximumEventAgeInSeconds"
    assert decide(Retry(), Late()) == 1_040.0


def test_what_is_worth_no_retry_dies_at_once() -> None:
    assert decide(Retry(), TargetError("no such queue", retryable=False)) == "NotRetryable"
    assert decide(Retry(), EventError("no object", at=0)) == "NotRetryable"
    assert decide(Retry(never=(ValueError,)), UnicodeDecodeError("utf-8", b"", 0, 0, "")) == "NotRetryable"


def test_classes_decide() -> None:
    assert retryable(Retry(), KeyError())
    assert retryable(Retry(on=(ConnectionError,)), ConnectionResetError())
    assert not retryable(Retry(on=(ConnectionError,)), KeyError())
    assert not retryable(Retry(on=(ConnectionError,)), TargetError("x"))
    assert not retryable(Retry(on=(OSError,), never=(TimeoutError,)), TimeoutError())
    assert not retryable(Retry(on=(TargetError,)), TargetError("x", retryable=False))


def test_errors_have_the_codes_of_eventbridge() -> None:
    assert error_code(TargetError("x", code="THROTTLING")) == "THROTTLING"
    assert error_code(TargetError("x")) == "ERROR_FROM_TARGET"
    assert error_code(TimeoutError()) == "TIMEOUT"
    assert error_code(ConnectionRefusedError()) == "CONNECTION_FAILURE"
    assert error_code(PermissionError()) == "NO_PERMISSIONS"
    assert error_code(KeyError("total")) == "ERROR_FROM_TARGET"
