"""Turn a handler's signature into the functions that make its arguments, once, when it is registered."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from types import FrameType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import orjson

from matcher.errors import RouterError
from matcher.router.event import Context, Event, context_of, parsed
from matcher.router.models import maker
from matcher.target import Message

__all__ = ["ALLOWED", "Argument", "arguments_of", "same", "unwrapped"]

ALLOWED = (
    "a handler takes any of: a first parameter without a type or with dict, Mapping, bytes or str (the shaped input, or "
    "the whole event); `event` and `detail` by name; Event, Context, Message, a dataclass, TypedDict or pydantic model "
    "(of the detail, or of the shaped input) by type; others must have defaults"
)
Source = Literal["body", "event", "message"]
_EMPTY = inspect.Parameter.empty
_PARSED = (Any, object, dict, Mapping, MutableMapping)
_FIXED: dict[Any, tuple[Source, Callable[[Any], Any]]] = {
    Event: ("event", Event),
    Context: ("message", context_of),
    Message: ("message", lambda message: message),
}
_BY_NAME = {"event", "detail", "context"}
#: What a detail never is: only a shaped input can be one of them.
_NO_OBJECTS: tuple[Any, ...] = (int, float, complex, bool, type(None), list, tuple, set, frozenset, bytearray)


def same(text: bytes) -> bytes:
    """Give a text as it is."""
    return text


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: what it is made from, how, and by which keyword it is given (None: by position)."""

    source: Source
    make: Callable[[Any], Any]
    keyword: str | None = None


def arguments_of(function: Callable[..., Any], *, shaped: bool, skip: int = 0) -> tuple[Argument, ...]:
    """Say how the arguments of a handler are made; `shaped` where its target has an input of its own.

    `skip` parameters at the front are left to the caller. Raises RouterError for a handler that asks for what there
    isn't.
    """
    names: dict[str, Any] = {}
    hints = _hints(function, names)
    found: list[Argument] = []
    for parameter in _parameters(function)[skip:]:
        kind = _bare(hints.get(parameter.name, _EMPTY))
        if _ignored(parameter, kind):
            continue
        made = _argument(parameter, kind, first=not found, shaped=shaped, names=names)
        if made is None:
            raise RouterError(f"{_called(function)} asks for `{parameter}`; {ALLOWED}")
        source, make = made
        by_keyword = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        found.append(Argument(source, make, parameter.name if by_keyword else None))
    return tuple(found)


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise RouterError(f"{_called(function)} has no signature to read; {ALLOWED}") from error


def _hints(function: Callable[..., Any], names: dict[str, Any]) -> dict[str, Any]:
    """Give the types of the parameters; `names` is filled where they are local to whoever registers."""
    told: Any = unwrapped(function)
    told = told if inspect.isroutine(told) else type(told).__call__
    try:
        return get_type_hints(told)
    except NameError:
        names.update(_callers_names(getattr(told, "__globals__", None)))
    except TypeError:
        return {}
    try:
        return get_type_hints(told, localns=names)
    except NameError as error:
        raise RouterError(f"{_called(function)} has a type that is not defined where it is registered: {error}") from error


def unwrapped(function: Any) -> Any:
    """The function that partial applications are made of."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _callers_names(module: Any) -> dict[str, Any]:
    """Give the local names around the registration, the nearest first: a model of a test stands in its function."""
    found: dict[str, Any] = {}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals is module:
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return found


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _ignored(parameter: inspect.Parameter, kind: Any) -> bool:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        return True
    return parameter.default is not _EMPTY and kind not in _FIXED and parameter.name not in _BY_NAME


def _argument(
    parameter: inspect.Parameter, kind: Any, *, first: bool, shaped: bool, names: Mapping[str, Any]
) -> tuple[Source, Callable[[Any], Any]] | None:
    name = parameter.name
    if isinstance(kind, type) and kind in _FIXED:
        return _FIXED[kind]
    if kind is _EMPTY and name == "context":
        return "message", context_of
    source: Source = "event" if name in ("event", "detail") and not first else "body"
    of_detail = name == "detail" and (source == "event" or not shaped)
    untyped = kind is _EMPTY or kind in _PARSED or get_origin(kind) in _PARSED
    if untyped:
        if not first and name not in ("event", "detail"):
            return None
        return source, (_detail if of_detail else parsed)
    if kind is bytes or kind is str:
        made = _string if kind is str and shaped and source == "body" else _TEXTS[kind]
        return (source, made) if first or name == "event" else None
    if (get_origin(kind) or kind) in _NO_OBJECTS and not (first and shaped):
        return None
    return _model(source, kind, whole=name == "event" or (source == "body" and shaped), names=names)


def _model(
    source: Source, kind: Any, *, whole: bool, names: Mapping[str, Any]
) -> tuple[Source, Callable[[Any], Any]]:
    make = maker(kind, names)
    return source, make if whole else (lambda text: make(_detail_text(text)))


def _string(text: bytes) -> str:
    """A shaped input as str: of a JSON string what it says, of anything else its text."""
    value = parsed(text)
    return value if isinstance(value, str) else text.decode()


def _detail_text(text: bytes) -> bytes:
    """The detail; the whole of an event that has none."""
    value = parsed(text)
    return orjson.dumps(value["detail"]) if isinstance(value, dict) and "detail" in value else text


def _detail(text: bytes) -> Any:
    value = parsed(text)
    return value.get("detail") if isinstance(value, dict) else None


_TEXTS: dict[Any, Callable[[bytes], Any]] = {bytes: same, str: bytes.decode}


def _called(function: Callable[..., Any]) -> str:
    return f"the handler {getattr(function, '__qualname__', repr(function))}"
