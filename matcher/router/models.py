"""Turn a type into a function that makes a value of it from JSON text, or says at which field it can't."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from typing import Any, NotRequired, Required, get_args, get_origin, get_type_hints, is_typeddict

from matcher.errors import MissingExtra, RouterError, TargetError
from matcher.router.event import parsed

__all__ = ["CODE", "maker"]

#: The error code of dead letters whose event did not fit the handler's model.
CODE = "ValidationError"
Maker = Callable[[bytes], Any]


def maker(kind: Any, names: Mapping[str, Any]) -> Maker:
    """Give the function for a type; `names` are those that its forward references may mean.

    Its function raises TargetError, not retryable, with a JSON pointer to each field that is wrong. Raises RouterError
    for a type that nothing can be made of, MissingExtra where only pydantic could.
    """
    try:
        import pydantic
    except ImportError:
        if _plain(kind):
            return _from_dataclass(kind)
        raise MissingExtra("models") from None
    return _from_pydantic(pydantic, kind, names)


def _plain(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind) and isinstance(kind, type)


def _from_pydantic(pydantic: Any, kind: Any, names: Mapping[str, Any]) -> Maker:
    try:
        adapter = pydantic.TypeAdapter(_readable(kind, names))
        if names:
            adapter.rebuild(raise_errors=True, _types_namespace=dict(names))
        validate = adapter.validate_json
    except (pydantic.PydanticUserError, NameError) as error:
        raise RouterError(f"{_name(kind)} can't be made of JSON: {_first_line(error)}") from error

    def made(text: bytes) -> Any:
        try:
            return validate(text)
        except pydantic.ValidationError as error:
            faults = [_fault(_pointer(each["loc"]), each["msg"]) for each in error.errors(include_url=False)]
            raise _refused(kind, faults) from error

    return made


def _readable(kind: Any, names: Mapping[str, Any]) -> Any:
    """Before Python 3.12 pydantic reads the TypedDict of typing_extensions alone, which tells more of itself."""
    if not is_typeddict(kind) or sys.version_info >= (3, 12):
        return kind
    from typing_extensions import TypedDict

    hints = get_type_hints(kind, localns=dict(names), include_extras=True)
    members = {
        name: _mark(hint, default=Required if name in kind.__required_keys__ else NotRequired)[
            _readable(_without_mark(hint), names)
        ]
        for name, hint in hints.items()
    }
    return TypedDict(kind.__name__, members)  # type: ignore[operator]


def _mark(hint: Any, default: Any) -> Any:
    """What a member says of itself: annotations that are texts are not counted among the keys."""
    return get_origin(hint) if get_origin(hint) in (Required, NotRequired) else default


def _without_mark(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _from_dataclass(kind: type[Any]) -> Maker:
    """Without pydantic: members become arguments as they are; only their presence is checked."""
    fields = [field for field in dataclasses.fields(kind) if field.init]
    wanted = {field.name for field in fields}
    absent = dataclasses.MISSING
    needed = [field.name for field in fields if field.default is absent and field.default_factory is absent]

    def made(text: bytes) -> Any:
        value = parsed(text)
        if not isinstance(value, dict):
            raise _refused(kind, [_fault("", f"found {type(value).__name__}, want an object")])
        missing = [_fault(f"/{name}", "a required member is missing") for name in needed if name not in value]
        if missing:
            raise _refused(kind, missing)
        return kind(**{name: member for name, member in value.items() if name in wanted})

    return made


def _pointer(location: tuple[str | int, ...]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in location)


def _fault(pointer: str, message: str) -> str:
    return f"at {pointer or 'the root'}: {message}"


def _refused(kind: Any, faults: list[str]) -> TargetError:
    return TargetError(f"the event is no {_name(kind)}: {'; '.join(faults)}", retryable=False, code=CODE)


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind)) if get_origin(kind) is None else str(kind)
