"""Keep deliveries in SQLite: queue, claim and settle them, in groups where they have some.

Claims are this process's knowledge alone, since a consumer is exclusive: claiming writes nothing, and a crash ends all
claims by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from matcher.store.connection import Connection
from matcher.store.database import Database
from matcher.store.records import Archived, Delivery, Depth, HeldGroup, Outcome, Outgoing, Retry
from matcher.store.sqlite_deliveries import add, claim, depths, held, next_due, peek, settle
from matcher.store.sqlite_log import SQLiteLog

__all__ = ["SQLiteQueue"]


class SQLiteQueue:
    """See `protocol.Queue`."""

    def __init__(self, database: Database, log: SQLiteLog) -> None:
        self._database = database
        self._log = log
        #: Positions that are claimed, by queue. The writer's thread adds, while it picks them; loops take away.
        self._claimed: dict[str, set[int]] = {}

    def forget_claims(self) -> None:
        """End every claim."""
        self._claimed.clear()

    async def add(self, deliveries: Sequence[Outgoing], consumed: int, archived: Sequence[Archived] = ()) -> None:
        unneeded = await self._database.run(lambda connection: add(connection, deliveries, consumed, archived))
        self._log.free.update(unneeded)

    async def claim(self, queue: str, limit: int, now: float, *, run: int = 1, lease: float = 60.0) -> list[Delivery]:
        del lease  # a consumer is exclusive, so its claims end with it
        claimed = self._claimed.setdefault(queue, set())
        taken: list[int] = []

        def take(connection: Connection) -> list[Delivery]:
            # Run again after a transaction that failed, it starts from where it was.
            claimed.difference_update(taken)
            found = claim(connection, queue, limit, now, run, claimed)
            taken[:] = [delivery.position for delivery in found]
            claimed.update(taken)
            return found

        taking = self._database.ask(take)
        try:
            return await asyncio.shield(taking)
        except BaseException:
            # Given up or failed: nobody will settle what it took.
            def untake(ended: asyncio.Future[list[Delivery]]) -> None:
                claimed.difference_update(taken)
                if not ended.cancelled():
                    ended.exception()  # it was told, or nobody asks for it any more

            taking.add_done_callback(untake)
            raise

    async def settle(self, outcomes: Sequence[Outcome]) -> list[bool]:
        found = await self._database.run(lambda connection: settle(connection, outcomes))
        for outcome in outcomes:
            self._unclaim(outcome.delivery)
            if not isinstance(outcome, Retry):
                self._log.free.add(outcome.delivery.position)
        return found

    def _unclaim(self, delivery: Delivery) -> None:
        self._claimed.get(delivery.queue, set()).discard(delivery.position)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self._unclaim(delivery)

    async def extend(self, deliveries: Sequence[Delivery], lease: float) -> None:
        """Nothing to do: claims end with their consumer."""

    async def next_due(self, queues: Sequence[str]) -> list[float | None]:
        return await self._database.ask(
            lambda connection: [next_due(connection, queue, self._claimed.get(queue, ())) for queue in queues]
        )

    async def depths(self) -> list[Depth]:
        return await self._database.ask(depths)

    async def held(self, queue: str, limit: int) -> list[HeldGroup]:
        return await self._database.read(lambda connection: held(connection, queue, limit))

    async def peek(self, queue: str, after: int, limit: int, group: str | None = None) -> list[Delivery]:
        return await self._database.read(lambda connection: peek(connection, queue, after, limit, group))
