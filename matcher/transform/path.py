"""Turn a JSONPath of an input path (`$.detail.items[*].id`) into the value that an event has there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from matcher.errors import Fault, QueryError
from matcher.query.reference import INPUT, MISSING, Reference, parse

__all__ = ["MISSING", "Path", "compile_path"]

#: A wildcard step; the other branch passes quoted names, in which `*` is a character like others.
_WILDCARD: Final = re.compile(r"""\[\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\]|(?P<all>\.\*|\[\s*\*\s*\])""")


@dataclass(frozen=True, slots=True)
class Path:
    """Between two parts stands a wildcard; a path with none leads to one place."""

    parts: tuple[Reference, ...]

    def find(self, document: Any) -> Any:
        """The value there, or MISSING; with wildcards the list of all values there. Linear in what wildcards meet."""
        found = self.parts[0].get(document)
        if len(self.parts) == 1:
            return found
        found = [found]
        for part in self.parts[1:]:
            found = [value for place in found for member in _members(place) if (value := part.get(member)) is not MISSING]
        return found


def _members(value: Any) -> list[Any]:
    match value:
        case list():
            return value
        case dict():
            return list(value.values())
    return []


def compile_path(text: str) -> Path:
    """Read a path: member names, indexes and wildcards. Raises QueryError for any other."""
    parts: list[str] = ["$"]
    at = 0
    for found in _WILDCARD.finditer(text):
        if found["all"]:
            parts[-1] += text[at : found.start()]
            parts.append("$")
            at = found.end()
    parts[-1] += text[at:]
    parts[0] = parts[0].removeprefix("$")
    path = Path(tuple(_reference(part, text) for part in parts))
    if any(part.root != INPUT for part in path.parts):
        raise QueryError((Fault("character 1", repr(text), "a path that begins with `$.`, into the event"),))
    return path


def _reference(part: str, text: str) -> Reference:
    try:
        return parse(part)
    except QueryError as error:
        want = "a path of names, indexes and wildcards, such as `$.detail.items[0].id` or `$.detail.items[*].id`"
        raise QueryError(tuple(Fault(fault.at, repr(text), want) for fault in error.faults)) from None
