"""Turn a target into one whose work is done once for each key, and whose result is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from matcher.clock import Clock
from matcher.errors import RouterError, TargetError
from matcher.router.event import Event, parsed
from matcher.router.groups import by_path
from matcher.router.handler import FunctionTarget
from matcher.router.rule import Idempotent
from matcher.store.protocol import Seen
from matcher.store.records import Finished, InFlight
from matcher.target import Message, Target
from matcher.transform.text import write

__all__ = ["Once", "SeenSource", "idempotent_of"]

#: Gives the records of a store that is open.
SeenSource = Callable[[], Awaitable[Seen]]
#: Seconds between looks at work that another process does: the first wait, and the longest.
FIRST_WAIT, LONGEST_WAIT = 0.01, 1.0
#: Seconds of a lease beyond the timeout, and where there is none.
MARGIN, UNBOUNDED = 5.0, 3_600.0


def idempotent_of(setting: Idempotent | str | bool | None) -> Idempotent | None:
    match setting:
        case None | False:
            return None
        case True:
            return Idempotent()
        case str():
            return Idempotent(setting)
        case Idempotent():
            return setting
    raise RouterError(f"idempotent is True, a path or an Idempotent, not {setting!r}")


class Once:
    """Sends to a target unless the key of the event has been sent within the time of the setting.

    A duplicate of work that is under way waits for it. Work that fails is forgotten, so the next attempt does it. The
    record is written after the work: a process that dies between the two does the work again, once its lease is over.
    """

    __slots__ = ("_clock", "_key", "_lease", "_queue", "_seen", "_setting", "to")

    def __init__(
        self, to: Target, setting: Idempotent, queue: str, seen: SeenSource, clock: Clock, timeout: float | None
    ) -> None:
        self.to = to
        self._setting = setting
        self._lease = setting.lease or (UNBOUNDED if timeout is None else timeout + MARGIN)
        self._key = by_path(setting.key)
        self._queue = queue
        self._seen = seen
        self._clock = clock

    async def send(self, message: Message) -> Any:
        value = self._key(Event(message.event))
        if value is None:
            reason = f"the event has no idempotency key at {self._setting.key}"
            raise TargetError(reason, retryable=False, code="NoIdempotencyKey")
        key, seen = f"{self._queue}#{value}", await self._seen()
        known = await self._begin(seen, key)
        if known is not None:
            return parsed(known)
        try:
            result = await self.to.send(message)
        except BaseException as error:
            if not (isinstance(error, asyncio.CancelledError) and _goes_on(self.to)):
                await seen.forget([key])
            raise
        await seen.complete(key, _kept(result), self._clock.now() + self._setting.expires)
        return result

    async def _begin(self, seen: Seen, key: str) -> bytes | None:
        """Take the work (None), or give the result of who did it."""
        wait = FIRST_WAIT
        while True:
            now = self._clock.now()
            match (await seen.begin([key], now, now + self._lease))[0]:
                case Finished(result):
                    return result
                case InFlight(until):
                    await self._clock.sleep(min(wait, max(until - now, FIRST_WAIT)))
                    wait = min(2 * wait, LONGEST_WAIT)
                case _:
                    return None


def _goes_on(target: Target) -> bool:
    """Whether a send that is cancelled may still do its work: a thread can't be stopped. Its lease keeps others off."""
    return isinstance(target, FunctionTarget) and not target.is_async


def _kept(result: Any) -> bytes:
    """A result as JSON; one that is none is not remembered, but that the work is done is."""
    try:
        return write(result)
    except (TypeError, ValueError):
        return b"null"
