"""Turn a claimed delivery into the message that its target gets, and what came of that into what the store notes."""

from __future__ import annotations

from matcher.delivery.retry import Chance, error_code, next_attempt
from matcher.delivery.subscription import Subscription
from matcher.errors import TargetError
from matcher.store import records
from matcher.store.records import DeadLetter, Delivery, ExhaustedCondition
from matcher.target import Message

__all__ = ["failed", "letter", "message"]

#: Characters of an error that are kept; a target may answer with a whole page.
ERROR_LENGTH = 4_096


def message(subscription: Subscription, delivery: Delivery, now: float) -> Message:
    """What the target gets. Raises whatever the subscription's shape raises."""
    entry, shape, timeout = delivery.entry, subscription.shape, subscription.settings.timeout
    return Message(
        entry.body if shape is None else shape(entry.body, entry.accepted),
        entry.body,
        entry.id,
        entry.bus,
        subscription.rule,
        subscription.target,
        delivery.id,
        delivery.attempts + 1,
        entry.accepted,
        None if timeout is None else now + timeout,
        entry.correlation_id,
        delivery.group,
        entry.hops,
        entry.replay,
    )


def failed(
    subscription: Subscription, delivery: Delivery, error: BaseException, started: float, now: float, chance: Chance
) -> records.Retry | records.Dead:
    """What the store notes of an attempt that failed: when the next is due, or a dead letter."""
    attempts = delivery.attempts + 1
    due = next_attempt(subscription.settings.retry, error, attempts, delivery.entry.accepted, now, chance)
    first = started if delivery.first_attempt is None else delivery.first_attempt
    if isinstance(due, float):
        return records.Retry(delivery, due, attempts, first, f"{error_code(error)}: {text(error)}")
    return records.Dead(delivery, letter(subscription, delivery, due, error, now, attempts=attempts, first=first))


def letter(
    subscription: Subscription,
    delivery: Delivery,
    exhausted: ExhaustedCondition,
    error: BaseException,
    now: float,
    *,
    attempts: int,
    first: float | None,
) -> DeadLetter:
    return DeadLetter(
        delivery.position,
        delivery.queue,
        subscription.dead_letter,
        subscription.rule,
        subscription.target,
        delivery.entry,
        error_code(error),
        text(error),
        attempts,
        exhausted,
        first,
        now,
    )


def text(error: BaseException) -> str:
    """An error in words that every store can keep: bounded, and without lone surrogates."""
    said = str(error) if isinstance(error, TargetError) else f"{type(error).__name__}: {error}"
    return said[:ERROR_LENGTH].encode(errors="replace").decode()
