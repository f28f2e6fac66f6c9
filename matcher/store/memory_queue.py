"""Turn deliveries into queues in memory: heaps by due time, and groups of which only the head can be claimed."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import islice, takewhile

from matcher.store.records import Outcome, Outgoing, Retry

__all__ = ["MemoryQueue", "Pending"]


@dataclass(slots=True)
class Pending:
    """A delivery that waits or is under way."""

    position: int
    group: str | None
    due: float
    attempts: int = 0
    first_attempt: float | None = None
    error: str = ""
    claimed: bool = False


@dataclass(slots=True)
class MemoryQueue:
    """The deliveries of one queue. What a heap item says holds only if its delivery still has that due time."""

    pending: OrderedDict[int, Pending] = field(default_factory=OrderedDict)
    groups: dict[str, OrderedDict[int, Pending]] = field(default_factory=dict)
    due: list[tuple[float, int]] = field(default_factory=list)

    def add(self, outgoing: Outgoing) -> bool:
        """Whether it is new. Positions come in order."""
        if outgoing.position in self.pending:
            return False
        item = Pending(outgoing.position, outgoing.group, outgoing.due)
        self.pending[item.position] = item
        if item.group is not None:
            self.groups.setdefault(item.group, OrderedDict())[item.position] = item
        self._offer(item)
        return True

    def _head(self, item: Pending) -> bool:
        return item.group is None or next(iter(self.groups[item.group])) == item.position

    def _offer(self, item: Pending) -> None:
        if self._head(item) and not item.claimed:
            heapq.heappush(self.due, (item.due, item.position))

    def _open(self) -> Pending | None:
        """The earliest due delivery that can be claimed, now or later; items that no longer hold go."""
        while self.due:
            due, position = self.due[0]
            item = self.pending.get(position)
            if item is not None and item.due == due and not item.claimed:
                return item
            heapq.heappop(self.due)
        return None

    def next_due(self) -> float | None:
        item = self._open()
        return None if item is None else item.due

    def claim(self, limit: int, now: float, run: int) -> list[Pending]:
        """Up to `limit` of them, claimed."""
        found: list[Pending] = []
        while len(found) < limit:
            head = self._open()
            if head is None or head.due > now:
                break
            for item in self._run(head, min(run, limit - len(found)), now):
                item.claimed = True
                found.append(item)
        return found

    def _run(self, head: Pending, length: int, now: float) -> list[Pending]:
        """The head, and those right behind it in its group that can be delivered after it."""
        members = [head] if head.group is None else self.groups[head.group].values()
        ready = takewhile(lambda item: item.due <= now and not item.claimed, members)
        return list(islice(ready, length))

    def settle(self, outcome: Outcome) -> bool:
        """Whether its delivery was there."""
        item = self.pending.get(outcome.delivery.position)
        if item is None:
            return False
        if isinstance(outcome, Retry):
            item.due, item.attempts, item.error = outcome.due, outcome.attempts, outcome.error
            item.first_attempt = outcome.first_attempt
            self.release(item.position)
        else:
            self._remove(item)
        return True

    def _remove(self, item: Pending) -> None:
        del self.pending[item.position]
        if item.group is not None:
            members = self.groups[item.group]
            del members[item.position]
            if members:
                self._offer(next(iter(members.values())))
            else:
                del self.groups[item.group]

    def release(self, position: int) -> None:
        item = self.pending.get(position)
        if item is not None:
            item.claimed = False
            self._offer(item)

    def release_all(self) -> None:
        """End every claim. O(n)."""
        for position in [item.position for item in self.pending.values() if item.claimed]:
            self.release(position)

    def held(self) -> list[Pending]:
        """Heads of groups that have failed, in the order of their positions."""
        heads = (next(iter(members.values())) for members in self.groups.values())
        return sorted((head for head in heads if head.attempts), key=lambda head: head.position)
