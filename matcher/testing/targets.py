"""Turn messages into lists to look at, and a schedule into failures: targets for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from matcher.clock import Clock
from matcher.target import Message

__all__ = ["FlakyTarget", "RecordedTarget"]

#: Gives what an attempt fails by; None: it succeeds.
Failure = Callable[[Message], BaseException | None]


class RecordedTarget:
    """Takes every message and remembers it; with a clock, after `takes` seconds."""

    def __init__(
        self, name: str = "recorded", *, clock: Clock | None = None, takes: float = 0.0, result: Any = None
    ) -> None:
        self.name = name
        #: What was taken, in order.
        self.messages: list[Message] = []
        #: Every attempt, in order, whatever came of it.
        self.attempts: list[Message] = []
        #: Sends that go on now, and the most that ever did at the same time.
        self.sending = self.most = 0
        self._clock = clock
        self._takes = takes
        self._result = result

    async def send(self, message: Message) -> Any:
        self.attempts.append(message)
        self.sending += 1
        self.most = max(self.most, self.sending)
        try:
            if self._clock is not None and self._takes:
                await self._clock.sleep(self._takes)
            await self._answer(message)
        finally:
            self.sending -= 1
        self.messages.append(message)
        return self._result

    async def _answer(self, message: Message) -> None:
        """Fail, if this attempt is to fail."""

    @property
    def bodies(self) -> list[Any]:
        """What was taken, as JSON values; a body that is no JSON, as str."""
        return [value(message.body) for message in self.messages]

    @property
    def events(self) -> list[Any]:
        """The whole events of what was taken."""
        return [value(message.event) for message in self.messages]


class FlakyTarget(RecordedTarget):
    """Fails as it is told: `failures` are the outcomes of its attempts in order, or a function of the message.

    An exception is raised, None is a success; when a schedule has run out, every attempt succeeds.
    """

    def __init__(
        self,
        failures: Iterable[BaseException | None] | Failure,
        name: str = "flaky",
        *,
        clock: Clock | None = None,
        takes: float = 0.0,
        result: Any = None,
    ) -> None:
        super().__init__(name, clock=clock, takes=takes, result=result)
        self._failure: Failure = failures if callable(failures) else _scheduled(iter(failures))

    async def _answer(self, message: Message) -> None:
        error = self._failure(message)
        if error is not None:
            raise error


def _scheduled(failures: Iterator[BaseException | None]) -> Failure:
    return lambda _: next(failures, None)


def value(text: bytes) -> Any:
    """The JSON value of a text, or the text where it is no JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.decode(errors="replace")
