"""Keep all that a store keeps in this process's memory: for tests, and for events that may die with the process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice

from matcher.errors import StoreError
from matcher.store.memory_queue import MemoryQueue, Pending
from matcher.store.memory_records import MemoryArchive, MemoryDeadLetters, MemoryReplays, MemorySeen
from matcher.store.memory_state import MemoryState
from matcher.store.records import (
    Appended,
    Archived,
    Dead,
    Delivery,
    Depth,
    Entry,
    HeldGroup,
    Outcome,
    Outgoing,
    Retry,
    Stored,
)
from matcher.store.shared import new_items

__all__ = ["MemoryStore"]


class MemoryStore:
    """See `protocol.Store`. What it holds outlives `close`, and can be opened again.

    `max_bytes` bounds the bodies that it holds; beyond it, what would add one raises StoreError.
    """

    def __init__(self, *, max_bytes: int | None = None) -> None:
        self._state = state = MemoryState(max_bytes)
        self.log = MemoryLog(state)
        self.queue = MemoryQueues(state)
        self.dead_letters = MemoryDeadLetters(state)
        self.archive = MemoryArchive(state)
        self.replays = MemoryReplays(state)
        self.seen = MemorySeen(state)

    async def open(self) -> None:
        self._state.open = True

    async def close(self) -> None:
        with self._state.lock:
            self._state.open = False
            self._state.release_all()
        self._state.bell.ring()

    async def __aenter__(self) -> MemoryStore:
        await self.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    @asynccontextmanager
    async def consumer(self, *, wait: bool = True) -> AsyncIterator[None]:
        if not self._taken():
            if not wait:
                raise StoreError("the store has a consumer already")
            await self._state.bell.until(self._taken)
        try:
            yield
        finally:
            with self._state.lock:
                self._state.consuming = False
                self._state.release_all()
            self._state.bell.ring()

    def _taken(self) -> bool:
        with self._state as state:
            free = not state.consuming
            state.consuming = True
            return free

    async def check(self) -> list[str]:
        with self._state as state:
            return [
                f"delivery {position}/{name} refers to no entry"
                for name, queue in sorted(state.queues.items())
                for position in queue.pending
                if position not in state.entries
            ]

    async def compact(self) -> int:
        return 0

    async def size(self) -> int:
        return self._state.bytes


class MemoryLog:
    """See `protocol.Log`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def append(self, entries: Sequence[Entry]) -> list[Appended]:
        with self._state as state:
            return state.append(entries)

    async def read(self, after: int, limit: int) -> list[Stored]:
        with self._state as state:
            present = filter(state.entries.__contains__, range(after + 1, state.last + 1))
            return [Stored(position, state.entries[position]) for position in islice(present, limit)]

    async def wait(self, after: int) -> None:
        await self._state.bell.until(lambda: self._reached(after))

    def _reached(self, after: int) -> bool:
        with self._state as state:
            return state.last > after

    async def cursor(self) -> int:
        with self._state as state:
            return state.cursor

    async def last(self) -> int:
        with self._state as state:
            return state.last

    async def trim(self, limit: int, now: float) -> int:
        with self._state as state:
            return max(state.trim(limit), state.keys.expire(now, limit))


class MemoryQueues:
    """See `protocol.Queue`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def add(self, deliveries: Sequence[Outgoing], consumed: int, archived: Sequence[Archived] = ()) -> None:
        with self._state as state:
            if consumed <= state.cursor:
                return
            chosen = new_items(deliveries, state.cursor, consumed, state.last)
            state.keep_archived(new_items(archived, state.cursor, consumed, state.last))
            for outgoing in chosen:
                if state.queues.setdefault(outgoing.queue, MemoryQueue()).add(outgoing):
                    state.references[outgoing.position] += 1
            state.consume(consumed)

    async def claim(self, queue: str, limit: int, now: float, *, run: int = 1, lease: float = 60.0) -> list[Delivery]:
        del lease  # a consumer is exclusive, so its claims end with it
        with self._state as state:
            known = state.queues.get(queue)
            claimed = [] if known is None else known.claim(limit, now, run)
            return [self._delivery(queue, item) for item in claimed]

    def _delivery(self, queue: str, item: Pending) -> Delivery:
        entry = self._state.entries[item.position]
        times = (item.due, item.attempts, item.first_attempt)
        return Delivery(queue, item.position, entry, item.group, *times, item.error)

    async def settle(self, outcomes: Sequence[Outcome]) -> list[bool]:
        with self._state as state:
            there = [self._settle(state, outcome) for outcome in outcomes]
            state.add_letters(
                [item.letter for item, was in zip(outcomes, there, strict=True) if was and isinstance(item, Dead)]
            )
            return there

    def _settle(self, state: MemoryState, outcome: Outcome) -> bool:
        queue = state.queues.get(outcome.delivery.queue)
        if queue is None or not queue.settle(outcome):
            return False
        if not isinstance(outcome, Retry):
            state.unrefer(outcome.delivery.position)
            if not queue.pending:
                del state.queues[outcome.delivery.queue]
        return True

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        with self._state as state:
            for delivery in deliveries:
                if delivery.queue in state.queues:
                    state.queues[delivery.queue].release(delivery.position)

    async def extend(self, deliveries: Sequence[Delivery], lease: float) -> None:
        """Nothing to do: claims end with their consumer."""

    async def next_due(self, queues: Sequence[str]) -> list[float | None]:
        with self._state as state:
            return [state.queues[queue].next_due() if queue in state.queues else None for queue in queues]

    async def depths(self) -> list[Depth]:
        with self._state as state:
            return [
                Depth(name, len(queue.pending), state.entries[next(iter(queue.pending))].accepted)
                for name, queue in sorted(state.queues.items())
            ]

    async def held(self, queue: str, limit: int) -> list[HeldGroup]:
        with self._state as state:
            known = state.queues.get(queue, MemoryQueue())
            return [
                HeldGroup(self._delivery(queue, head), len(known.groups[str(head.group)]))
                for head in islice(known.held(), limit)
            ]

    async def peek(self, queue: str, after: int, limit: int, group: str | None = None) -> list[Delivery]:
        with self._state as state:
            known = state.queues.get(queue, MemoryQueue())
            members = known.pending if group is None else known.groups.get(group, OrderedDict())
            later = (item for item in members.values() if item.position > after)
            return [self._delivery(queue, item) for item in islice(later, limit)]
