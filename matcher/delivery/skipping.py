"""Turn a group that its head holds into one that goes on: the head becomes a dead letter."""

from __future__ import annotations

from matcher.delivery.attempt import letter
from matcher.delivery.subscription import Subscription
from matcher.errors import TargetError
from matcher.store.protocol import Queue
from matcher.store.records import Dead, Delivery

__all__ = ["skip"]


async def skip(queue: Queue, subscription: Subscription, group: str, now: float) -> Delivery | None:
    """Make the first delivery of the group a dead letter, and give it; None where none waits.

    A send of it that is under way is not cancelled, and its outcome no longer counts.
    """
    heads = await queue.peek(subscription.queue, 0, 1, group)
    if not heads:
        return None
    head = heads[0]
    error = TargetError(head.error or "skipped before it was tried", code="SKIPPED")
    died = letter(subscription, head, "Skipped", error, now, attempts=head.attempts, first=head.first_attempt)
    return head if (await queue.settle([Dead(head, died)]))[0] else None
