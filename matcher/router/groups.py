"""Turn a path or a function into the function that says to which group, or idempotency key, an event belongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matcher.errors import RouterError
from matcher.query.reference import MISSING, parse
from matcher.router.event import Event
from matcher.router.rule import GroupLike
from matcher.transform.text import write

__all__ = ["by_path", "group_of"]

#: Gives an event's key; None where it has none.
Keyed = Callable[[Event], str | None]


def by_path(path: str) -> Keyed:
    """Give the key that stands at a path: text as it is, anything else as its JSON; None where nothing or null stands.

    Raises QueryError for what is no path to one place.
    """
    reference = parse(path)
    if reference.root:
        raise RouterError(f"a path into an event begins with `$.`, not as {path!r} does")

    def key(event: Event) -> str | None:
        value = reference.get(event.members())
        return None if value is MISSING or value is None else key_text(value)

    return key


def group_of(given: GroupLike | None) -> Keyed | None:
    """Give the function of a `group` setting."""
    match given:
        case None:
            return None
        case str():
            return by_path(given)
    if not callable(given):
        raise RouterError(f"group is a path or a function of the event, not {given!r}")
    function = given

    def group(event: Event) -> str | None:
        value: Any = function(event)
        return None if value is None else key_text(value)

    return group


def key_text(value: Any) -> str:
    return value if isinstance(value, str) else write(value).decode()
