"""Turn records into others in the ways that every store shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from matcher.errors import StoreError
from matcher.store.records import Archived, DeadLetter, Entry, Outgoing, Replay, ReplayState

__all__ = ["changed_replay", "letter_key", "new_items", "redriven"]

Item = TypeVar("Item", Archived, Outgoing)


def new_items(items: Sequence[Item], cursor: int, consumed: int, last: int) -> list[Item]:
    """Those after the cursor, in the order of their positions, each once.

    StoreError where one is beyond `consumed`, or `consumed` beyond the last entry.
    """
    if consumed > last:
        raise StoreError(
            f"found {consumed} as the position that is consumed; want at most that of the last entry, {last}"
        )
    found = sorted({item for item in items if item.position > cursor}, key=lambda item: item.position)
    if found and found[-1].position > consumed:
        raise StoreError(f"found position {found[-1].position}; want none beyond what is consumed, {consumed}")
    return found


def letter_key(identifier: str) -> tuple[int, str]:
    """The position and the queue that a dead letter's id holds."""
    position, slash, queue = identifier.partition("/")
    if not (slash and position.isascii() and position.isdigit()):
        raise StoreError(f"{identifier!r} is no dead letter's id: want a position, a slash and a queue")
    return int(position), queue


def redriven(letter: DeadLetter, now: float) -> Entry:
    """The entry of a letter on its way back to its queue: accepted anew, and no duplicate of itself."""
    return replace(letter.entry, accepted=now, deduplication=None, to_queue=letter.queue or None)


def changed_replay(replay: Replay, state: ReplayState, now: float, error: str) -> Replay:
    """The replay in another state."""
    over = state in {"CANCELLED", "COMPLETED", "FAILED"}
    return replace(replay, state=state, ended=now if over else None, error=error)
