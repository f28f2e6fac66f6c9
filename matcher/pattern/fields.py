"""Turn a pattern's JSON into its fields in the order of the text, each `$or` with the fields of its branches."""

from __future__ import annotations

from math import inf
from typing import Any, Final, TypeAlias

from matcher.jsontext import Value
from matcher.limits import Limits
from matcher.pattern.ast import Term
from matcher.pattern.combine import Breached, Item, Or
from matcher.pattern.leaf import OPERATORS, Refused, alternatives, is_legacy
from matcher.pattern.quick import term

__all__ = ["RESERVED", "fields_of"]

_OR: Final = "$or"
#: An object whose turn will come: its members, the path and the JSON pointer of it, and the list for its fields.
_Work: TypeAlias = "tuple[Any, str | None, str | None, list[Item]]"

#: Names that no field inside an `$or` may have, as in AWS's engine: such an object is a list of alternatives.
RESERVED: Final = frozenset(OPERATORS) | {
    *("=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "ip-address-in-range"),
    *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
    "ip-address-not-in-range",
}


def fields_of(
    value: Value, limits: Limits, modern: bool = True, located: bool = False
) -> tuple[list[Item], list[str], list[list[Item]]]:
    """Give the fields in the order of the text, the paths of all of them, and all lists of fields, the outmost first.

    `modern`: `$or` is no field; else AWS's older grammar. `located`: terms know their JSON pointer, for a little time.
    Raises `Refused` for a pattern that is not legal. No recursion: the worklist holds the branches of `$or`.
    """
    root: list[Item] = []
    paths: list[str] = []
    work: list[_Work] = [(value, None, "" if located else None, root)]
    room = inf if limits.pattern_bytes is None else limits.pattern_bytes  # for path text, which could be far longer
    for entry in work:
        room = _read_object(entry, work, paths, entry[3] is not root and modern, modern, room)
        if room < 0:
            raise Breached("pattern_bytes", int((limits.pattern_bytes or 0) - room), "bytes of path text")
    return root, paths, [items for _, _, _, items in work]


def _read_object(
    entry: _Work, work: list[_Work], paths: list[str], in_branch: bool, modern: bool, room: float
) -> float:
    """Put the fields of one object, and of the objects within, into its list; give what room for paths is left."""
    members, base, where, items = entry
    if type(members) is not tuple or not members:
        raise Refused
    outer: list[tuple[Any, str | None, str | None]] = []
    rest = iter(members)
    while True:
        for name, child in rest:
            if in_branch and name in RESERVED:
                raise Refused
            if type(child) is list:
                if name == _OR and modern:
                    items.append(_branches(child, base, where, work))
                    continue
                path = f"{base}.{name}" if base else name
                paths.append(path)
                room -= len(path)
                if room < 0:
                    return room
                met = alternatives(child)
                items.append(term(path, met) if where is None else Term(path, met, where + _step(name)))
                if not modern and not all(map(is_legacy, child)):
                    raise Refused
            elif type(child) is tuple and child and (name != _OR or not modern):
                outer.append((rest, base, where))
                base = name if base is None else f"{base}.{name}"
                where = None if where is None else where + _step(name)
                rest = iter(child)
                break
            else:
                raise Refused
        else:
            if not outer:
                return room
            rest, base, where = outer.pop()


def _step(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _branches(child: list[Any], base: str | None, where: str | None, work: list[_Work]) -> Or:
    """Put the branches of an `$or` on the worklist; they are legal objects or refused when their turn comes."""
    if len(child) < 2:
        raise Refused
    branches: list[list[Item]] = [[] for _ in child]
    for position, (branch, items) in enumerate(zip(child, branches, strict=True)):
        work.append((branch, base, None if where is None else f"{where}/{_OR}/{position}", items))
    return Or(branches)
