"""Turn pattern JSON into the AST; a pattern that is not legal raises every fault of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from matcher.errors import Fault, PatternError
from matcher.jsontext import JsonFault, Value, from_python, read
from matcher.limits import DEFAULT, Limits
from matcher.pattern.ast import All, Node
from matcher.pattern.combine import Breached, combine
from matcher.pattern.complexity import complexity
from matcher.pattern.fields import fields_of
from matcher.pattern.leaf import Refused
from matcher.pattern.render import to_pattern, to_text

__all__ = ["PatternLike", "parse", "parse_value", "read_pattern", "to_pattern", "to_text"]

#: A pattern: its JSON as str or bytes (where number spelling and duplicate members survive), or a mapping.
PatternLike: TypeAlias = "Mapping[str, Any] | str | bytes"


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


def parse_value(value: Value, limits: Limits = DEFAULT, located: bool = False) -> Node:
    """Turn a pattern that `read_pattern` has read into its AST. `located`: each `Term.at` is its JSON pointer."""
    try:
        try:
            return _compile(value, limits, located)
        except Refused:
            node = _compile_legacy(value, limits, located)
        if node is not None:
            return node
    except Breached as breach:
        raise PatternError([_limit_fault(breach, limits)]) from None
    from matcher.pattern.faults import faults_of  # and all that it knows of mistakes, only for a mistake

    raise PatternError(faults_of(value))


def _compile(value: Value, limits: Limits, located: bool) -> Node:
    items, paths, lists = fields_of(value, limits, True, located)
    shared = len(paths) > 1 and len(set(paths)) < len(paths)
    if shared or len(lists) > 1 or (limits.paths_per_rule is not None and len(paths) > limits.paths_per_rule):
        node = combine(items, shared, limits)
    else:  # the fields of one object, no path twice
        node = items[0] if len(items) == 1 else All(tuple(items))  # type: ignore[arg-type,assignment]
    limit = limits.wildcard_complexity
    if limit is not None and complexity([node]) > limit:
        raise Breached("wildcard_complexity", complexity([node]), "wildcard prefixes that one value may meet at once")
    return node


def _compile_legacy(value: Value, limits: Limits, located: bool) -> Node | None:
    """Read `$or` as a plain name, in the older grammar; None if there is no `$or` or that is not legal either."""
    try:
        items, _, _ = fields_of(value, limits, False, located)
    except Refused:
        return None
    return combine(items, True, limits)


def _limit_fault(breach: Breached, limits: Limits) -> Fault:
    limit = getattr(limits, breach.limit)
    return Fault("", f"{breach.value} {breach.what}", f"at most {limit} (limit {breach.limit})")


def _not_json(fault: JsonFault) -> Fault:
    at = f"byte {fault.at}" if fault.pointer is None else fault.pointer
    if fault.reason.startswith("want "):
        return Fault(at, "something else", fault.reason.removeprefix("want "))
    return Fault(at, fault.reason, "strict JSON (RFC 8259)")
