"""Turn accepted events, in the order of the log, into deliveries in queues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matcher.clock import Clock
from matcher.delivery.attempt import text
from matcher.delivery.patience import Patience
from matcher.delivery.subscription import UNDELIVERED
from matcher.observe import Observer
from matcher.store.protocol import Store
from matcher.store.records import Archived, DeadLetter, Outgoing, Stored

__all__ = ["Intake", "Route", "Routed"]


@dataclass(frozen=True, slots=True)
class Routed:
    """Where events of the log go: to which queues, and to which archives."""

    outgoing: Sequence[Outgoing] = ()
    archived: Sequence[Archived] = ()


#: Says where each of the entries goes. An entry that it raises for, given alone, becomes a dead letter.
Route = Callable[[Sequence[Stored]], Routed]


class Intake:
    """Reads the log behind its cursor, and lets `added` know of queues that got deliveries."""

    def __init__(
        self,
        store: Store,
        route: Route,
        clock: Clock,
        patience: Patience,
        observer: Observer,
        batch: int,
        added: Callable[[Sequence[Outgoing], int], None],
    ) -> None:
        self._store = store
        self._route = route
        self._clock = clock
        self._patience = patience
        self._observer = observer
        self._batch = batch
        self._added = added
        #: The position up to which events are in queues.
        self.cursor = 0

    async def run(self) -> None:
        """Go on for ever; it can be cancelled at any time."""
        log, insist = self._store.log, self._patience.insist
        self.cursor = await insist("cursor", log.cursor)
        while True:
            entries = await insist("read", lambda: log.read(self.cursor, self._batch))
            if entries:
                await self._take(entries)
                await asyncio.sleep(0)  # a store in memory answers at once, and others want to run
            else:
                await insist("wait", lambda: log.wait(self.cursor))

    async def _take(self, entries: Sequence[Stored]) -> None:
        try:
            routed = self._route(entries)
        except Exception:  # noqa: BLE001 - routes are others' code
            routed = await self._one_by_one(entries)
        last = entries[-1].position
        await self._patience.insist("add", lambda: self._store.queue.add(routed.outgoing, last, routed.archived))
        self.cursor = last
        self._added(routed.outgoing, len(entries))

    async def _one_by_one(self, entries: Sequence[Stored]) -> Routed:
        """Where all go but those that can't be routed, which are dead letters: one of them blocks no other."""
        outgoing: list[Outgoing] = []
        archived: list[Archived] = []
        letters: list[DeadLetter] = []
        for stored in entries:
            try:
                routed = self._route([stored])
            except Exception as error:  # noqa: BLE001 - it is in the letter
                letters.append(self._undeliverable(stored, error))
            else:
                outgoing += routed.outgoing
                archived += routed.archived
        await self._patience.insist("dead_letters.add", lambda: self._store.dead_letters.add(letters))
        return Routed(outgoing, archived)

    def _undeliverable(self, stored: Stored, error: Exception) -> DeadLetter:
        entry = stored.entry
        self._observer.count("DeadLetterInvocations", bus=entry.bus)
        self._observer.log(
            "error", "the event can't be routed", event_id=entry.id, bus=entry.bus, error=text(error),
            correlation_id=entry.correlation_id, dead_letter_queue=UNDELIVERED,
        )  # fmt: skip
        return DeadLetter(
            position=stored.position,
            queue="",
            dead_letter_queue=UNDELIVERED,
            rule="",
            target="",
            entry=entry,
            error_code="UNDELIVERABLE",
            error_message=text(error),
            attempts=0,
            exhausted="Undeliverable",
            first_attempt=None,
            died=self._clock.now(),
        )
