"""Turn deliveries that wait for a target which is gone into dead letters, from which they can be redriven or purged."""

from __future__ import annotations

from matcher.clock import Clock
from matcher.delivery.subscription import UNDELIVERED
from matcher.store.protocol import Store
from matcher.store.records import Dead, DeadLetter, Delivery

__all__ = ["given_up"]

PAGE = 500


async def given_up(store: Store, queue: str, clock: Clock) -> int:
    """Make dead letters of all that waits in a queue now; how many there were. O(n log n) in what waits."""
    count, after, last = 0, 0, await store.log.last()
    while page := [each for each in await store.queue.peek(queue, after, PAGE) if each.position <= last]:
        after = page[-1].position
        dead = [Dead(each, _letter(each, clock.now())) for each in page]
        count += sum(await store.queue.settle(dead))
    return count


def _letter(delivery: Delivery, now: float) -> DeadLetter:
    _, rule, target = delivery.queue.rsplit("/", 2)
    return DeadLetter(
        position=delivery.position,
        queue=delivery.queue,
        dead_letter_queue=UNDELIVERED,
        rule=rule,
        target=target,
        entry=delivery.entry,
        error_code="NO_TARGET",
        error_message=delivery.error or "no rule has this target any more",
        attempts=delivery.attempts,
        exhausted="Undeliverable",
        first_attempt=delivery.first_attempt,
        died=now,
    )
