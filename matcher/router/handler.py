"""Turn a Python function into a target, and into a plain call of an event's bytes where its arguments allow it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from matcher.clock import Clock
from matcher.router.arguments import Argument, arguments_of, same, unwrapped
from matcher.router.threads import Threads
from matcher.target import Message
from matcher.transform import Shape

__all__ = ["FunctionTarget", "filled", "is_async", "name_of"]


class FunctionTarget:
    """A function, or any callable, that takes events; a function that is not `async` runs in a thread of a bounded pool.

    A thread can't be cancelled: when its time is up the delivery has failed, and the function ends when it ends.
    """

    __slots__ = ("_arguments", "_threads", "function", "is_async", "name")

    def __init__(self, function: Callable[..., Any], threads: Threads, *, shaped: bool) -> None:
        self.function = function
        self.name = name_of(function)
        self.is_async = is_async(function)
        self._arguments = arguments_of(function, shaped=shaped)
        self._threads = threads

    async def send(self, message: Message) -> Any:
        if self.is_async:
            return await self.call(message)
        return await self._threads.run(self.call, message)

    def call(self, message: Message) -> Any:
        """Call it here and now; the result of an `async def` is its coroutine."""
        positional, named = filled(self._arguments, message)
        return self.function(*positional, **named)

    def quick(self, shape: Shape | None, clock: Clock) -> Callable[[bytes], Any] | None:
        """Give the call of an event's bytes that needs nothing else; None where the function asks for more.

        It spares a dispatch the message: a plain function costs a call. That of an `async def` gives its coroutine.
        """
        if len(self._arguments) != 1 or self._arguments[0].keyword is not None:
            return None
        (argument,) = self._arguments
        if argument.source == "message" or (shape is not None and argument.source == "event"):
            return None
        return _composed(self.function, argument.make, shape, clock)


def filled(arguments: tuple[Argument, ...], message: Message) -> tuple[list[Any], dict[str, Any]]:
    """Make the arguments that a message gives: those by position and those by keyword."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for argument in arguments:
        match argument.source:
            case "body":
                value = argument.make(message.body)
            case "event":
                value = argument.make(message.event)
            case "message":
                value = argument.make(message)
        if argument.keyword is None:
            positional.append(value)
        else:
            named[argument.keyword] = value
    return positional, named


def _composed(
    function: Callable[..., Any], make: Callable[[Any], Any], shape: Shape | None, clock: Clock
) -> Callable[[bytes], Any]:
    if shape is not None:
        return lambda event: function(make(shape(event, clock.now())))
    if make is same:
        return function
    return lambda event: function(make(event))


def name_of(function: Callable[..., Any]) -> str:
    inner = unwrapped(function)
    return str(getattr(inner, "__name__", type(inner).__name__))


def is_async(function: Callable[..., Any]) -> bool:
    inner = unwrapped(function)
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(type(inner).__call__)
