"""Turn a few words into the records that tests of stores need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcher.store.protocol import Store
from matcher.store.records import DeadLetter, Delivery, Entry, Outgoing, Replay

QUEUE = "default/rule/target"


def entry(name: str, accepted: float = 100.0, **fields: Any) -> Entry:
    return Entry(name, "default", b'{"id":"%s"}' % name.encode(), accepted, **fields)


async def queued(
    store: Store, names: str, *, queue: str = QUEUE, group: str | None = None, due: float = 100.0
) -> list[int]:
    """Append an event for each letter, and queue it; the positions."""
    positions = [item.position for item in await store.log.append([entry(name) for name in names])]
    await store.queue.add([Outgoing(queue, position, group, due) for position in positions], positions[-1])
    return positions


def names(deliveries: Sequence[Delivery]) -> str:
    """The events of deliveries, a letter each."""
    return "".join(delivery.entry.id for delivery in deliveries)


async def claimed(store: Store, limit: int = 100, now: float = 1000.0, queue: str = QUEUE, run: int = 1) -> str:
    return names(await store.queue.claim(queue, limit, now, run=run))


def letter(delivery: Delivery, dead_letter_queue: str = "dlq", **fields: Any) -> DeadLetter:
    known: dict[str, Any] = {
        "rule": "rule",
        "target": "target",
        "error_code": "SDK_CLIENT_ERROR",
        "error_message": "no",
        "attempts": 3,
        "exhausted": "MaximumRetryAttempts",
        "first_attempt": 200.0,
        "died": 300.0,
    }
    known.update(fields)
    return DeadLetter(delivery.position, delivery.queue, dead_letter_queue, entry=delivery.entry, **known)


def replay(name: str = "again", **fields: Any) -> Replay:
    return Replay(name, "all", "default", 0.0, 1000.0, 500.0, **fields)
