"""Turn an input template into its literal pieces and the places for variables between them, or say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Final

from matcher.errors import Fault
from matcher.jsonreader import JsonFault, Reader
from matcher.limits import DEFAULT

__all__ = ["WHOLE_EVENT", "Hole", "parse"]

_TOKEN: Final = re.compile(r'<(?P<name>[A-Za-z0-9_.\-]+)>|\\.|"', re.DOTALL)
_COLON: Final = re.compile(r"[ \t\n\r]*:")

#: These stand for JSON that is not escaped, so EventBridge takes them only as values of a JSON object.
WHOLE_EVENT: Final = frozenset({"aws.events.event", "aws.events.event.json"})


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of a variable; `quoted`: between the quotes of a JSON string; `in_object`: the template is an object."""

    name: str
    quoted: bool
    in_object: bool
    at: int
    end: int


def parse(template: str, known: Container[str], at: str) -> tuple[list[str | Hole], list[Fault]]:
    """Take a template apart. `known` are the variables that it may name, `at` is where faults say that it stands.

    What EventBridge takes is a template: JSON, or several JSON values one after another (a quoted string a line), in
    which `<name>` is a value, or a part of a string. `<` and `>` around anything else are text. Linear in its length.
    """
    holes, faults = _holes(template, at)
    faults += [fault for hole in holes if (fault := _misplaced(hole, known, at))]
    return list(_pieces(template, holes)), faults or _unreadable(template, holes, at)


def _holes(template: str, at: str) -> tuple[list[Hole], list[Fault]]:
    holes: list[Hole] = []
    faults: list[Fault] = []
    quoted = False
    in_object = template.lstrip().startswith("{")
    opened = 0
    for token in _TOKEN.finditer(template):
        if token["name"]:
            holes.append(Hole(token["name"], quoted, in_object, token.start(), token.end()))
        elif token[0] == '"':
            if not quoted:
                opened = len(holes)
            elif _COLON.match(template, token.end()):
                faults += [_key(hole, at) for hole in holes[opened:]]
            quoted = not quoted
    return holes, faults


def _key(hole: Hole, at: str) -> Fault:
    return Fault(_place(at, hole.at), f"<{hole.name}> in a member's name", "variables in values only")


def _misplaced(hole: Hole, known: Container[str], at: str) -> Fault | None:
    place = _place(at, hole.at)
    if hole.name not in known:
        want = "a variable of the paths, or one of the five that begin with aws.events"
        return Fault(place, f"invalid placeholder {hole.name}", want)
    if hole.name in WHOLE_EVENT and (hole.quoted or not hole.in_object):
        want = f'a JSON template that has it as a value, without quotes: {{"event": <{hole.name}>}}'
        return Fault(place, f"placeholder {hole.name}, valid only for JSON template", want)
    return None


def _pieces(template: str, holes: list[Hole]) -> Iterator[str | Hole]:
    start = 0
    for hole in holes:
        yield template[start : hole.at]
        yield hole
        start = hole.end
    yield template[start:]


def _unreadable(template: str, holes: list[Hole], at: str) -> list[Fault]:
    """Read the template with stand-ins of the same length for its variables, so that faults keep their places."""
    probe = list(template)
    for hole in holes:
        length = hole.end - hole.at
        probe[hole.at : hole.end] = "x" * length if hole.quoted else "[]".ljust(length)
    text = "".join(probe)
    reader = Reader(text, DEFAULT)
    try:
        position = reader.skip(0)
        if position == len(text):
            return [Fault(at, "an empty template", "JSON, or text in quotes")]
        while position < len(text):
            position = reader.skip(reader.value(position)[1])
    except JsonFault as fault:
        position = len(text.encode()[: fault.at].decode(errors="ignore"))
        want = "JSON, or text in quotes, one string a line"
        reason = f"not {fault.reason[5:]}" if fault.reason.startswith("want ") else fault.reason
        found = f"{template[position : position + 20]!r}, {reason}"
        return [Fault(_place(at, position), found, want)]
    return []


def _place(at: str, position: int) -> str:
    return f"{at}, character {position + 1}"
