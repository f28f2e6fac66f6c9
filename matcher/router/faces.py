"""Turn an async method into its blocking twin, which does the same on the background loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from matcher.background import Background

__all__ = ["blocking"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class HasBackground(Protocol):
    _background: Background


Holder = TypeVar("Holder", bound=HasBackground)


def blocking(
    method: Callable[Concatenate[Holder, Parameters], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Holder, Parameters], Result]:
    """Give the method that waits for the result. It is not for code that runs on the background loop itself."""

    @wraps(method)
    def call(self: Holder, /, *arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        return self._background.run(method(self, *arguments, **named))

    call.__name__ = method.__name__.removeprefix("a")
    return call
