"""Turn outcomes of deliveries, one by one, into batches that the store notes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from matcher.delivery.patience import Patience
from matcher.delivery.tasks import begin
from matcher.observe import Observer
from matcher.store.protocol import Queue
from matcher.store.records import Dead, Delivery, Outcome

__all__ = ["Settler"]


class Settler:
    """Gives the store what has come since it last answered, so a batch is as large as the store is slow.

    At most `limit` outcomes are unsettled before senders have to wait: a crash repeats no more than these and the sends
    under way. `settled` is told of every batch, outcomes and claims given back.
    """

    def __init__(
        self,
        queue: Queue,
        patience: Patience,
        observer: Observer,
        limit: int,
        settled: Callable[[Sequence[Outcome], Sequence[Delivery]], None],
    ) -> None:
        self._queue = queue
        self._patience = patience
        self._observer = observer
        self._limit = limit
        self._settled = settled
        self._outcomes: list[Outcome] = []
        self._returned: list[Delivery] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._task: asyncio.Task[None] | None = None
        #: Outcomes that the store has not noted yet.
        self.unsettled = 0

    @property
    def full(self) -> bool:
        """Whether senders have to wait for `room`."""
        return self.unsettled >= self._limit

    async def room(self) -> None:
        """Return once not full: the first in line is woken, and passes that on while there is room."""
        place = self._waiting.append
        while self.full:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            place(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self._wake()
                raise
            place = self._waiting.appendleft
        self._wake()

    def _wake(self) -> None:
        while self._waiting and not self.full:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def put(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self.unsettled += 1
        self._start()

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """Give claims back."""
        self._returned += deliveries
        self._start()

    def _start(self) -> None:
        if self._task is None:
            self._task = begin(self._flush())

    async def drained(self) -> None:
        """Return once the store has noted all there is, or patience is over: then these deliveries come again."""
        while self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        if self.unsettled:
            self._observer.log("error", "outcomes are not stored: deliveries will be repeated", number=self.unsettled)
            self.unsettled = 0

    async def _flush(self) -> None:
        try:
            while self._outcomes or self._returned:
                outcomes, self._outcomes = self._outcomes, []
                returned, self._returned = self._returned, []
                if outcomes:
                    await self._patience.insist("settle", lambda batch=outcomes: self._settle(batch))  # type: ignore[misc]
                    self.unsettled -= len(outcomes)
                if returned:
                    await self._patience.insist("release", lambda batch=returned: self._queue.release(batch))  # type: ignore[misc]
                self._wake()
                self._settled(outcomes, returned)
        finally:
            self._task = None

    async def _settle(self, outcomes: Sequence[Outcome]) -> None:
        dead = [outcome.letter for outcome in outcomes if isinstance(outcome, Dead)]
        try:
            await self._queue.settle(outcomes)
        except Exception:
            for letter in dead:
                self._observer.count("InvocationsFailedToBeSentToDlq", rule=letter.rule, bus=letter.entry.bus)
            raise
        for letter in dead:
            self._observer.count("InvocationsSentToDlq", rule=letter.rule, bus=letter.entry.bus)
