"""Tell that executions have begun or ended, in order and at least once: what is to be told is stored with the transition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from matcher.clock import Clock
from matcher.observe import Observer
from matcher.workflow.host.journal import Journal
from matcher.workflow.host.records import Record

__all__ = ["Notices", "Status"]

#: Told of executions as they were when they had just begun (RUNNING), begun again, or ended. Where it raises, it is told
#: the same once more.
Status: TypeAlias = Callable[[Sequence[Record]], Coroutine[Any, Any, None]]

#: Notices told at a time.
BATCH = 10
#: Seconds of rest where who is told has failed.
REST = 1.0


class Notices:
    """Tells what the journal has; `ring` says that there is more."""

    def __init__(self, journal: Journal, status: Status, clock: Clock, observer: Observer) -> None:
        self._journal = journal
        self._status = status
        self._clock = clock
        self._observer = observer
        self._more: asyncio.Event | None = None

    def ring(self) -> None:
        if self._more is not None:
            self._more.set()

    async def run(self) -> None:
        """Until cancelled."""
        more = self._more = asyncio.Event()  # of the loop that runs now
        while True:
            more.clear()
            try:
                while found := await self._journal.notices(BATCH):
                    await self._status([notice.record for notice in found])
                    await self._journal.noticed([notice.id for notice in found])
            except Exception as error:  # noqa: BLE001 (whatever it is, the executions go on)
                self._observer.log("error", "a status of workflows was not told; trying again", error=repr(error))
                await self._clock.sleep(REST)
            else:
                await more.wait()
