"""Turn rules, as they are written, into what is odd about them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, cast

from matcher.errors import PatternError
from matcher.limits import DEFAULT, Limits
from matcher.pattern.ast import Node, Term
from matcher.pattern.combine import Item, Or
from matcher.pattern.fields import fields_of
from matcher.pattern.finding import Finding
from matcher.pattern.leaf import Refused
from matcher.pattern.lint import lint
from matcher.pattern.parse import PatternLike, parse_value, read_pattern

__all__ = ["Finding", "check"]


def check(
    rules: Mapping[Any, PatternLike] | Iterable[tuple[Hashable, PatternLike]] | PatternLike, limits: Limits = DEFAULT
) -> list[Finding]:
    """Find what is odd about rules: {name: pattern}, pairs of name and pattern, or one pattern.

    A str or bytes is one pattern. So is a mapping with an array among its values, which no rule set has; for a pattern
    whose fields are all objects give its text, or a pair. Patterns that are not legal are findings too ("invalid").
    """
    found: list[tuple[int, Finding]] = []
    trees: list[tuple[Hashable, Node]] = []
    numbers: dict[Hashable, int] = {}
    for number, (name, pattern) in enumerate(_pairs(rules)):
        numbers.setdefault(name, number)
        try:
            value = read_pattern(pattern, limits)
            trees.append((name, parse_value(value, limits, located=True)))
        except PatternError as error:
            found += [(number, Finding(name, "invalid", one.at, str(one), "error")) for one in error.faults]
        else:
            found += [(number, finding) for finding in _dropped(name, value, limits)]
    found += [(numbers.get(finding.rule, -1), finding) for finding in lint(trees)]
    found.sort(key=lambda pair: pair[0])
    return [finding for _, finding in found]


def _pairs(
    rules: Mapping[Any, PatternLike] | Iterable[tuple[Hashable, PatternLike]] | PatternLike,
) -> Iterable[tuple[Hashable, PatternLike]]:
    if isinstance(rules, (str, bytes)):
        return [(None, rules)]
    if isinstance(rules, Mapping):
        if any(isinstance(value, (list, tuple)) for value in rules.values()):
            return [(None, rules)]
        return list(rules.items())
    return cast("Iterable[tuple[Hashable, PatternLike]]", rules)


def _dropped(name: Hashable, value: Any, limits: Limits) -> list[Finding]:
    """Find fields that a later one of the same path replaces."""
    try:
        _, paths, lists = fields_of(value, limits, True, located=True)
    except Refused:
        _, paths, lists = fields_of(value, limits, False, located=True)
    if len(set(paths)) == len(paths):
        return []
    found = []
    for items in lists:
        last: dict[str, Term] = {}
        for item in reversed(items):
            if isinstance(item, Term):
                later = last.setdefault(item.path, item)
                if later is not item:
                    said = f'dropped: the later {later.at} has the same path "{item.path}"'
                    found.append(Finding(name, "duplicate-path", item.at, said, "warning"))
        found += _inside(name, items, last)
    return found


def _inside(name: Hashable, items: list[Item], fields: dict[str, Term]) -> list[Finding]:
    """Find fields that stand beside an `$or` and in a branch of it."""
    found = []
    order = {id(item): position for position, item in enumerate(items)}
    for position, item in enumerate(items):
        branches = item.branches if isinstance(item, Or) else []
        for inner in (inner for branch in branches for inner in branch if isinstance(inner, Term)):
            beside = fields.get(inner.path)
            if beside is not None and order[id(beside)] > position:
                said = f'dropped: {beside.at}, behind the $or, has the same path "{inner.path}"'
                found.append(Finding(name, "duplicate-path", inner.at, said, "warning"))
            elif beside is not None:
                said = f'replaces {beside.at} in this branch, as it has the same path "{inner.path}"'
                found.append(Finding(name, "duplicate-path", inner.at, said, "info"))
    return found
