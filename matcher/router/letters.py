"""Turn dead letters into what a person or a program does with them: look, redrive, purge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import TypedDict, Unpack

from matcher.background import Background
from matcher.clock import Clock
from matcher.errors import RouterError
from matcher.router.faces import blocking
from matcher.router.stores import Opened
from matcher.store.records import DeadLetter, DeadLetterFilter

__all__ = ["DeadLetterQueue", "Filter"]

PAGE = 500


class Filter(TypedDict, total=False):
    """Which dead letters are meant: those that meet all of it."""

    bus: str
    rule: str
    target: str
    error_code: str
    #: Died at this time or later, in seconds since the epoch.
    since: float
    #: Died before this time.
    until: float


class DeadLetterQueue:
    """One dead-letter queue, or all of them. Each method has an async form, whose name begins with `a`."""

    def __init__(self, queue: str | None, opened: Opened, background: Background, clock: Clock) -> None:
        self.queue = queue
        self._opened = opened
        self._background = background
        self._clock = clock

    def _chosen(self, chosen: Filter) -> DeadLetterFilter:
        try:
            return DeadLetterFilter(dead_letter_queue=self.queue, **chosen)
        except TypeError as error:
            raise RouterError(f"dead letters are chosen by {', '.join(Filter.__annotations__)}: {error}") from None

    async def alist(self, *, after: str = "", limit: int = 100, **chosen: Unpack[Filter]) -> list[DeadLetter]:
        """The letters in the order of their coming, after the one of that id."""
        store = await self._opened.get()
        return await store.dead_letters.find(self._chosen(chosen), after, limit)

    async def aget(self, identifier: str) -> DeadLetter | None:
        """One letter with all that is known of it; None where there is none of that id."""
        store = await self._opened.get()
        letter = (await store.dead_letters.get([identifier]))[0]
        return letter if letter is None or self.queue in (None, letter.dead_letter_queue) else None

    async def acount(self) -> int:
        store = await self._opened.get()
        counts = await store.dead_letters.counts()
        return sum(counts.values()) if self.queue is None else counts.get(self.queue, 0)

    async def aredrive(
        self, identifiers: Sequence[str] | None = None, *, rate: float | None = None, **chosen: Unpack[Filter]
    ) -> int:
        """Send letters back to their queues, to be tried anew: those of these ids, or all that are chosen.

        What dies again meanwhile is left for the next time. `rate`: letters a second. Gives how many were sent.
        """
        if rate is not None and not rate > 0:
            raise RouterError(f"rate is {rate!r}; it must be above 0")
        store = await self._opened.get()
        page = PAGE if rate is None else max(1, min(PAGE, int(rate / 10)))
        sent = 0
        async for some in self._pages(identifiers, chosen, page):
            count = await store.dead_letters.redrive(some, self._clock.now())
            sent += count
            if rate is not None:
                await self._clock.sleep(count / rate)
        return sent

    async def apurge(self, identifiers: Sequence[str] | None = None, **chosen: Unpack[Filter]) -> int:
        """Forget letters: those of these ids, or all that are chosen. Gives how many there were."""
        store = await self._opened.get()
        purged = 0
        async for some in self._pages(identifiers, chosen, PAGE):
            purged += await store.dead_letters.purge(some)
        return purged

    async def _pages(self, identifiers: Sequence[str] | None, chosen: Filter, page: int) -> AsyncIterator[list[str]]:
        """The ids of the letters that are meant and there now."""
        store = await self._opened.get()
        if identifiers is not None:
            for start in range(0, len(identifiers), page):
                some = list(identifiers[start : start + page])
                found = await store.dead_letters.get(some)
                yield [each.id for each in found if each is not None and self.queue in (None, each.dead_letter_queue)]
            return
        meant, now = self._chosen(chosen), self._clock.now()
        if meant.until is None or meant.until > now:
            meant = replace(meant, until=now)
        while letters := await store.dead_letters.find(meant, "", page):
            yield [letter.id for letter in letters]

    list = blocking(alist)
    get = blocking(aget)
    count = blocking(acount)
    redrive = blocking(aredrive)
    purge = blocking(apurge)
