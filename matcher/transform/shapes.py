"""Turn an event into the body that a target receives: a constant, a part, a filled template, or a function's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from matcher.errors import TargetError
from matcher.transform.path import MISSING, Path
from matcher.transform.text import read, write
from matcher.transform.variables import Given, value_of

__all__ = ["Called", "Constant", "Filled", "Preview", "Selected", "Shape", "preview"]

#: The error code of dead letters whose event has no body for its target.
NO_INPUT = "INVALID_PARAMETER"


@dataclass(frozen=True, slots=True)
class Constant:
    """The same body for every event."""

    body: bytes

    def __call__(self, _event: bytes, _accepted: float) -> bytes:
        return self.body


@dataclass(frozen=True, slots=True)
class Selected:
    """What an input path leads to."""

    path: Path
    text: str

    def __call__(self, event: bytes, _accepted: float) -> bytes:
        value = self.path.find(_parsed(event))
        if value is MISSING:
            raise TargetError(f"the input path {self.text} leads nowhere in this event", retryable=False, code=NO_INPUT)
        try:
            return write(value)
        except ValueError as error:
            raise _unwritable(error) from None


@dataclass(frozen=True, slots=True)
class Filled:
    """A template whose variables are filled in. `paths` are those of its own variables, `names` of all that it names."""

    pieces: tuple[bytes | Callable[[Given], bytes], ...]
    names: tuple[str, ...]
    paths: Mapping[str, Path]
    parses: bool

    def __call__(self, event: bytes, accepted: float) -> bytes:
        given = Given(event, _parsed(event) if self.parses else None, accepted)
        try:
            return b"".join([piece if isinstance(piece, bytes) else piece(given) for piece in self.pieces])
        except ValueError as error:
            raise _unwritable(error) from None


@dataclass(frozen=True, slots=True)
class Called:
    """What a function makes of the parsed event: bytes are sent as they are, anything else as JSON."""

    function: Callable[[Any], Any]

    def __call__(self, event: bytes, _accepted: float) -> bytes:
        parsed = _parsed(event)
        try:
            value = self.function(parsed)
            return value if isinstance(value, bytes) else write(value)
        except Exception as error:
            name = getattr(self.function, "__qualname__", repr(self.function))
            reason = f"{type(error).__name__}: {error}"
            raise TargetError(f"{name} makes no input of this event: {reason}", retryable=False, code=NO_INPUT) from error


def _parsed(event: bytes) -> Any:
    """Parse an event; one that was only checked in part, as `validate="structural"` does, may turn out to be no JSON."""
    try:
        parsed = read(event)
        if isinstance(parsed, dict):
            return parsed
        reason = "it is no JSON object"
    except ValueError as error:
        reason = str(error)
    raise TargetError(f"the event can't be read: {reason}", retryable=False, code=NO_INPUT)


def _unwritable(error: ValueError) -> TargetError:
    """Of a number that no double holds, of quotes where they would end a string."""
    return TargetError(f"a value of the event can't be written: {error}", retryable=False, code=NO_INPUT)


#: Called with an event's bytes and when it was accepted. Raises TargetError, not to be retried, where there is no body.
Shape: TypeAlias = Constant | Selected | Filled | Called


@dataclass(frozen=True, slots=True)
class Preview:
    """What a target would receive, and how that came about.

    `variables` are the values of a template's variables; `missing` those whose path leads nowhere in this event.
    """

    body: bytes
    variables: Mapping[str, Any]
    missing: tuple[str, ...]


def preview(shape: Shape | None, event: bytes, accepted: float) -> Preview:
    """Shape an event and tell of every variable. Raises TargetError as the delivery would."""
    if shape is None:
        return Preview(event, {}, ())
    variables: dict[str, Any] = {}
    if isinstance(shape, Filled):
        given = Given(event, _parsed(event), accepted)
        variables = {name: value_of(name, shape.paths.get(name), given) for name in shape.names}
    missing = tuple(name for name, value in variables.items() if value is MISSING)
    found = {name: value for name, value in variables.items() if value is not MISSING}
    return Preview(shape(event, accepted), found, missing)
