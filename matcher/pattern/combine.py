"""Turn fields in the order of the text into a tree in which no two terms that can hold together share a path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

from matcher.limits import Limits
from matcher.pattern.ast import All, AnyOf, Node, Term

__all__ = ["Breached", "Item", "Or", "combine"]


@dataclass(slots=True, eq=False)
class Or:
    """An `$or` as it was read: each branch holds its fields in the order of the text."""

    branches: list[list[Item]]


Item: TypeAlias = "Term | Or"


class Breached(Exception):
    """A limit is breached: its name, the value found, and what the limit counts."""

    def __init__(self, limit: str, value: int, what: str) -> None:
        self.limit = limit
        self.value = value
        self.what = what


def combine(items: list[Item], shared: bool, limits: Limits) -> Node:
    """Make the tree. Where a path stands twice on one way through the branches, the later in the text wins.

    `shared` says that some path stands twice in the text, if only in two branches of one `$or`.
    """
    lists = [items]
    seen = {id(items)}
    budget = limits.or_branches
    for fields in lists:  # grows: every list comes before those inside it
        if shared:
            fields[:], budget = _separate(fields, budget, limits)
        for item in fields:
            if isinstance(item, Or):
                fresh = [branch for branch in item.branches if id(branch) not in seen]
                seen.update(map(id, fresh))
                lists += fresh
    return _build(lists, limits)


def _build(lists: list[list[Item]], limits: Limits) -> Node:
    """Make the nodes from the inmost lists out, and count the paths of the widest combination."""
    made: dict[int, tuple[Node, int]] = {}
    for fields in reversed(lists):
        nodes: list[Node] = []
        paths = 0
        for item in fields:
            if isinstance(item, Or):
                branches = [made[id(branch)] for branch in item.branches]
                nodes.append(AnyOf(tuple([node for node, _ in branches])))
                paths += max([count for _, count in branches])
            else:
                nodes.append(item)
                paths += 1
        made[id(fields)] = (nodes[0] if len(nodes) == 1 else All(tuple(nodes)), paths)
    node, paths = made[id(lists[0])]
    if limits.paths_per_rule is not None and paths > limits.paths_per_rule:
        raise Breached("paths_per_rule", paths, "paths in one combination of fields")
    return node


def _separate(fields: list[Item], budget: int, limits: Limits) -> tuple[list[Item], int]:
    """Rewrite one list so that no two of its items share a path; return it and what is left of the branch budget.

    Fields that share paths with an `$or` move into its branches, at their place in the text; several `$or` that share
    paths become one, of the product of their branches.
    """
    apart: list[Item] = []
    for group in _groups(fields):
        ors = [item for item in group if isinstance(item, Or)]
        if len(group) == 1 or not ors:
            apart.append(group[-1])
            continue
        count = prod([len(item.branches) for item in ors])
        budget -= count
        if budget < 0:
            raise Breached(
                "or_branches", limits.or_branches - budget, "branches of `$or` written out over shared paths"
            )
        parts: list[list[list[Item]]] = [item.branches if isinstance(item, Or) else [[item]] for item in group]
        ways = product(*parts)
        apart.append(Or([[item for part in way for item in part] for way in ways]))
    return apart, budget


def _groups(fields: list[Item]) -> list[list[Item]]:
    """Part the items into groups that share no path with one another, each in the order of the text."""
    leader = list(range(len(fields)))  # union-find: the item that stands for the group of each

    def find(position: int) -> int:
        while leader[position] != position:
            leader[position] = leader[leader[position]]
            position = leader[position]
        return position

    first: dict[str, int] = {}
    for position, item in enumerate(fields):
        for path in _paths(item):
            other = find(first.setdefault(path, position))
            mine = find(position)
            leader[max(mine, other)] = min(mine, other)
    groups: dict[int, list[Item]] = {}
    for position, item in enumerate(fields):
        groups.setdefault(find(position), []).append(item)
    return list(groups.values())


def _paths(item: Item) -> Iterator[str]:
    rest = [item]
    while rest:
        inner = rest.pop()
        if isinstance(inner, Term):
            yield inner.path
        else:
            for branch in inner.branches:
                rest += branch
