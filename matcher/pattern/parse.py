"""Turn pattern JSON into the AST; a pattern that is not legal raises every fault of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, Final, TypeAlias

from matcher.errors import Fault, PatternError
from matcher.jsontext import JsonFault, Value, from_python, read
from matcher.limits import DEFAULT, Limits
from matcher.pattern.ast import All, Node
from matcher.pattern.combine import Breached, Item, Or, combine
from matcher.pattern.complexity import complexity
from matcher.pattern.faults import RESERVED, faults_of
from matcher.pattern.leaf import Refused, alternatives, is_legacy
from matcher.pattern.quick import term
from matcher.pattern.render import to_pattern, to_text

__all__ = ["PatternLike", "parse", "parse_value", "read_pattern", "to_pattern", "to_text"]

#: A pattern: its JSON as str or bytes (where number spelling and duplicate members survive), or a mapping.
PatternLike: TypeAlias = "Mapping[str, Any] | str | bytes"
_OR: Final = "$or"


def parse(pattern: PatternLike, limits: Limits = DEFAULT) -> Node:
    """Turn a pattern into its AST.

    Where AWS's engine would not take an `$or` as one it takes it as the name of a field, in its older grammar; so does
    this. Raises `PatternError` with every fault, each at its JSON pointer.
    """
    return parse_value(read_pattern(pattern, limits), limits)


def read_pattern(pattern: PatternLike, limits: Limits = DEFAULT) -> Value:
    """Read a pattern's JSON, with duplicate members and in order; raise `PatternError` if it is none."""
    try:
        if isinstance(pattern, (bytes, str)):
            ascii_only = isinstance(pattern, bytes) or pattern.isascii()
            size = len(pattern) if ascii_only else len(pattern.encode(errors="replace"))  # type: ignore[union-attr]
            if limits.pattern_bytes is not None and size > limits.pattern_bytes:
                raise Breached("pattern_bytes", size, "bytes of text")
            return read(pattern, limits)
        return from_python(pattern, limits)
    except JsonFault as fault:
        raise PatternError([_not_json(fault)]) from None
    except Breached as breach:
        raise PatternError([_limit_fault(breach, limits)]) from None


def parse_value(value: Value, limits: Limits = DEFAULT) -> Node:
    """Turn a pattern that `read_pattern` has read into its AST."""
    try:
        try:
            return _compile(value, limits)
        except Refused:
            node = _compile_legacy(value, limits)
        if node is not None:
            return node
    except Breached as breach:
        raise PatternError([_limit_fault(breach, limits)]) from None
    raise PatternError(faults_of(value))


def _compile(value: Value, limits: Limits) -> Node:
    items, paths, lists = _flatten(value, limits, True)
    shared = len(paths) > 1 and len(set(paths)) < len(paths)
    if shared or lists > 1 or (limits.paths_per_rule is not None and len(paths) > limits.paths_per_rule):
        node = combine(items, shared, limits)
    else:  # the fields of one object, no path twice
        node = items[0] if len(items) == 1 else All(tuple(items))  # type: ignore[arg-type,assignment]
    limit = limits.wildcard_complexity
    if limit is not None and complexity([node]) > limit:
        raise Breached("wildcard_complexity", complexity([node]), "wildcard prefixes that one value may meet at once")
    return node


def _compile_legacy(value: Value, limits: Limits) -> Node | None:
    """Read `$or` as a plain name, in the older grammar; None if there is no `$or` or that is not legal either."""
    try:
        items, _, _ = _flatten(value, limits, False)
    except Refused:
        return None
    return combine(items, True, limits)


def _flatten(value: Value, limits: Limits, modern: bool) -> tuple[list[Item], list[str], int]:
    """Give the fields in the order of the text, the paths of all of them, and how many lists of fields there are.

    The worklist holds the branches of `$or` and the stack the enclosing objects: no recursion on a pattern's depth.
    """
    root: list[Item] = []
    paths: list[str] = []
    room = inf if limits.pattern_bytes is None else limits.pattern_bytes  # for path text, which could be far longer
    work: list[tuple[Any, str | None, list[Item]]] = [(value, None, root)]
    for members, base, items in work:
        if type(members) is not tuple or not members:
            raise Refused
        outer: list[tuple[Any, str | None]] = []
        rest = iter(members)
        while True:
            for name, child in rest:
                if items is not root and modern and name in RESERVED:
                    raise Refused
                if type(child) is list:
                    if name == _OR and modern:
                        items.append(_branches(child, base, work))
                        continue
                    path = f"{base}.{name}" if base else name
                    paths.append(path)
                    room -= len(path)
                    if room < 0:
                        raise Breached("pattern_bytes", int((limits.pattern_bytes or 0) - room), "bytes of path text")
                    items.append(term(path, alternatives(child)))
                    if not modern and not all(map(is_legacy, child)):
                        raise Refused
                elif type(child) is tuple and child and (name != _OR or not modern):
                    outer.append((rest, base))
                    base = name if base is None else f"{base}.{name}"
                    rest = iter(child)
                    break
                else:
                    raise Refused
            else:
                if not outer:
                    break
                rest, base = outer.pop()
    return root, paths, len(work)


def _branches(child: list[Any], base: str | None, work: list[tuple[Any, str | None, list[Item]]]) -> Or:
    """Put the branches of an `$or` on the worklist; they are legal objects or refused when their turn comes."""
    if len(child) < 2:
        raise Refused
    branches: list[list[Item]] = [[] for _ in child]
    work += [(branch, base, items) for branch, items in zip(child, branches, strict=True)]
    return Or(branches)


def _limit_fault(breach: Breached, limits: Limits) -> Fault:
    limit = getattr(limits, breach.limit)
    return Fault("", f"{breach.value} {breach.what}", f"at most {limit} (limit {breach.limit})")


def _not_json(fault: JsonFault) -> Fault:
    at = f"byte {fault.at}" if fault.pointer is None else fault.pointer
    if fault.reason.startswith("want "):
        return Fault(at, "something else", fault.reason.removeprefix("want "))
    return Fault(at, fault.reason, "strict JSON (RFC 8259)")
