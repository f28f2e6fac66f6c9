"""Turn an event into its leaves: each value with its path, and the array elements that it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from matcher.errors import EventError
from matcher.eventtext import text_of
from matcher.jsontext import JsonFault, Value, quote, read
from matcher.limits import DEFAULT, Limits
from matcher.pattern.holds import Scalar

__all__ = ["Event", "EventLike", "Leaf", "reaches_empty_names", "read_event"]

#: An event: JSON as bytes or str, or a mapping.
EventLike: TypeAlias = "bytes | bytearray | memoryview | str | Mapping[str, Any]"


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One value that is no object and no array.

    `trail` holds, from the outmost in, each array that encloses it (numbered in the order of the text) and the element
    of that array it stands in; an array that holds the value itself does not count. `empty_name` says that a member
    named "" leads to it.
    """

    path: str
    value: Scalar
    trail: tuple[tuple[int, int], ...]
    place: Any = field(repr=False)
    empty_name: bool = False

    @property
    def pointer(self) -> str:
        """The JSON pointer of the value in the event."""
        steps = []
        place = self.place
        while place is not None:
            place, step = place
            steps.append("/" + str(step).replace("~", "~0").replace("/", "~1"))
        return "".join(reversed(steps))

    @property
    def text(self) -> str:
        """The value as JSON."""
        return quote(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """An event as its leaves, by path, in the order of the text."""

    by_path: dict[str, list[Leaf]]

    def visible(self, path: str) -> list[Leaf]:
        """Give the leaves that a field of a pattern sees at its path."""
        leaves = self.by_path.get(path, [])
        if reaches_empty_names(path):
            return leaves
        return [leaf for leaf in leaves if not leaf.empty_name]


def reaches_empty_names(path: str) -> bool:
    """Say whether a path leads through members named "".

    AWS's engine enters only members that are a step of a rule, and its steps of "a." are ["a"]: trailing empty ones
    are dropped, so "a." is reached by a member "a." but not by "" within "a".
    """
    kept = path.rstrip(".")
    return path == "" or ("" in kept.split(".") and kept != "")


def read_event(event: EventLike, limits: Limits = DEFAULT) -> Event:
    """Read an event; raise `EventError` if it is no strict JSON object or over a limit."""
    text = text_of(event)
    try:
        value = read(text, limits)
    except JsonFault as fault:
        raise EventError(fault.reason, fault.at) from None
    if type(value) is not tuple:
        raise EventError("an event is a JSON object", len(text) - len(text.lstrip(b" \t\n\r")))
    return Event(_leaves(value))


def _leaves(root: Value) -> dict[str, list[Leaf]]:
    """Walk the event without recursion, in the order of the text."""
    found: dict[str, list[Leaf]] = {}
    arrays = 0
    rest: list[tuple[Any, str | None, tuple[tuple[int, int], ...], Any, bool]] = [(root, None, (), None, False)]
    while rest:
        value, path, trail, place, empty = rest.pop()
        if type(value) is tuple:
            for name, child in reversed(value):
                below = name if path is None else f"{path}.{name}"
                rest.append((child, below, trail, (place, name), empty or not name))
        elif type(value) is list:
            array, arrays = arrays, arrays + 1
            for index in range(len(value) - 1, -1, -1):
                child = value[index]
                inner = (*trail, (array, index)) if type(child) in (tuple, list) else trail
                rest.append((child, path, inner, (place, index), empty))
        else:
            known = path or ""
            found.setdefault(known, []).append(Leaf(known, value, trail, place, empty))
    return found
