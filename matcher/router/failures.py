"""Turn an exception of a handler into a call of the exception handler that takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matcher.errors import RouterError
from matcher.router.arguments import Argument, arguments_of
from matcher.router.handler import filled, is_async
from matcher.router.room import DELIVERING
from matcher.target import Message, Target

__all__ = ["Failures", "Guarded", "Taker"]


@dataclass(frozen=True, slots=True)
class Taker:
    """An exception handler; the exception is its first argument."""

    function: Callable[..., Any]
    arguments: tuple[Argument, ...]
    is_async: bool

    def call(self, error: Exception, message: Message) -> Any:
        """Call it; the result of an `async def` is its coroutine."""
        positional, named = filled(self.arguments, message)
        return self.function(error, *positional, **named)


class Failures:
    """Exception handlers by type: the nearest base of an exception wins; a router's own come before an outer router's.

    A handler that returns has taken the error: the event counts as delivered. One that raises decides what the delivery
    failed by, for instance a TargetError that is not retryable.
    """

    __slots__ = ("_outer", "_takers")

    def __init__(self, outer: Failures | None = None) -> None:
        self._takers: dict[type[Exception], Taker] = {}
        self._outer = outer

    def add(self, kind: type[Exception], function: Callable[..., Any]) -> None:
        """Let a function take exceptions of that type: it is given the exception first, then what its hints ask for."""
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise RouterError(f"exception_handler takes a subclass of Exception, not {kind!r}")
        self._takers[kind] = Taker(function, arguments_of(function, shaped=False, skip=1), is_async(function))

    def inside(self, outer: Failures) -> Failures:
        """Give a table with the same handlers, now and later, that asks another where it has none."""
        made = Failures(outer if self._outer is None else self._outer.inside(outer))
        made._takers = self._takers
        return made

    def find(self, error: Exception) -> Taker | None:
        table: Failures | None = self
        while table is not None:
            for kind in type(error).__mro__:
                if kind in table._takers:
                    return table._takers[kind]
            table = table._outer
        return None

    def __bool__(self) -> bool:
        return bool(self._takers) or bool(self._outer)

    async def take(self, error: Exception, message: Message) -> Any:
        """Give what the handler of the error returns; raise what it raises, or the error itself where there is none."""
        taker = self.find(error)
        if taker is None:
            raise error
        result = taker.call(error, message)
        return await result if taker.is_async else result


class Guarded:
    """A target as deliveries send to it: the router's exception handlers may take its errors."""

    __slots__ = ("_failures", "to")

    def __init__(self, to: Target, failures: Failures) -> None:
        self.to = to
        self._failures = failures

    async def send(self, message: Message) -> Any:
        DELIVERING.set(True)
        try:
            return await self.to.send(message)
        except Exception as error:  # noqa: BLE001 - whoever is named for it takes it, or it is raised again
            return await self._failures.take(error, message)
