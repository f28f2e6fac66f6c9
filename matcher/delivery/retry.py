"""Turn a failed attempt into what comes next: another one at a time that is due, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matcher.errors import EventError, QueryError, RouterError, TargetError
from matcher.store.records import ExhaustedCondition

__all__ = ["Retry", "delay", "error_code", "next_attempt", "retryable"]

#: Chances are numbers from 0 to below 1, such as `random.random` gives.
Chance = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Retry:
    """When a delivery that failed is tried again, and when it becomes a dead letter.

    The defaults are Amazon EventBridge's: 185 retries within a day. With the default delays, 185 of them take about
    23 hours, since one takes half of `longest` on average.
    """

    #: Retries after the first attempt: 0–185.
    attempts: int = 185
    #: Seconds since the event was accepted within which a retry may start: 60–86,400. The first attempt always is made.
    age: float = 86_400
    #: Seconds that bound the first delay: above 0.
    base: float = 1.0
    #: By how much the bound grows with each retry: 1–10.
    factor: float = 2.0
    #: Seconds that bound every delay: from `base` to 86,400.
    longest: float = 900.0
    #: Exceptions that are worth another attempt. A TargetError is asked itself, too (`retryable`).
    on: tuple[type[BaseException], ...] = (Exception,)
    #: Exceptions that are not, although `on` names a base of theirs.
    never: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        within("attempts", self.attempts, 0, 185)
        within("age", self.age, 60, 86_400)
        within("longest", self.longest, 0, 86_400)
        within("factor", self.factor, 1, 10)
        if not 0 < self.base <= self.longest:
            raise RouterError(f"base is {self.base!r}; it must be above 0 and at most longest ({self.longest!r})")
        if not isinstance(self.attempts, int):
            raise RouterError(f"attempts is {self.attempts!r}; it must be an integer")


def within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise RouterError(f"{name} is {value!r}; it must be {least:,} to {most:,}")


def retryable(policy: Retry, error: BaseException) -> bool:
    """Whether another attempt can end better; an event at fault stays at fault."""
    if isinstance(error, (EventError, QueryError)) or (isinstance(error, TargetError) and not error.retryable):
        return False
    return isinstance(error, policy.on) and not isinstance(error, policy.never)


def delay(policy: Retry, attempt: int, chance: float) -> float:
    """Seconds between the attempt of that number (1: the first) and the next: exponential backoff with full jitter.

    Full jitter, since deliveries that failed together would otherwise come back together.
    """
    bound: float = min(policy.longest, policy.base * policy.factor ** (attempt - 1))
    return bound * chance


def next_attempt(
    policy: Retry, error: BaseException, attempt: int, accepted: float, now: float, chance: Chance
) -> float | ExhaustedCondition:
    """When to try again, in seconds since the epoch; or why not. A target's `retry_after` is a lower bound."""
    if not retryable(policy, error):
        return "NotRetryable"
    if attempt > policy.attempts:
        return "MaximumRetryAttempts"
    wait = delay(policy, attempt, chance())
    asked = getattr(error, "retry_after", None)
    due = now + (wait if asked is None else max(wait, asked))
    return due if due <= accepted + policy.age else "MaximumEventAgeInSeconds"


def error_code(error: BaseException) -> str:
    """The error code of a dead letter: the target's own, or what Amazon EventBridge calls such an error."""
    match error:
        case TargetError(code=str(code)) if code:
            return code
        case TimeoutError():
            return "TIMEOUT"
        case ConnectionError():
            return "CONNECTION_FAILURE"
        case PermissionError():
            return "NO_PERMISSIONS"
    return "ERROR_FROM_TARGET"
