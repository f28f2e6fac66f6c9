"""Turn a pattern and an event into yes or no, the plain way: the oracle that every engine is tested against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matcher.errors import EventError
from matcher.flatten import Event, EventLike, Leaf, read_event
from matcher.limits import DEFAULT, Limits
from matcher.pattern.ast import All, Alternative, AnyOf, Exists, Node, Term
from matcher.pattern.holds import holds

__all__ = ["Met", "Search", "find", "holds", "matches"]


def matches(node: Node, event: Event | EventLike, limits: Limits = DEFAULT) -> bool:
    """Say whether a pattern matches an event; raise `EventError` if the event is refused."""
    known = event if isinstance(event, Event) else read_event(event, limits)
    return find(node, Search(known, limits)) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Met:
    """How one field was met: by a leaf and an alternative, or, where `leaf` is None, by no leaf being there."""

    term: Term
    leaf: Leaf | None
    alternative: Alternative


class Trie:
    """Leaves of one path by their trails: those that agree with fixed elements are found without a look at others."""

    __slots__ = ("arrays", "leaves")

    def __init__(self, leaves: list[Leaf]) -> None:
        self.leaves: list[Leaf] = []
        self.arrays: dict[int, dict[int, Trie]] = {}
        for leaf in leaves:
            node = self
            for array, index in leaf.trail:
                elements = node.arrays.setdefault(array, {})
                if index not in elements:
                    elements[index] = Trie([])
                node = elements[index]
            node.leaves.append(leaf)

    def consistent(self, fixed: dict[int, int]) -> Iterator[Leaf]:
        """Give the leaves that stand in no other element of an array than the fixed one."""
        rest = [self]
        while rest:
            node = rest.pop()
            yield from node.leaves
            for array, elements in reversed(node.arrays.items()):
                if array in fixed:
                    if fixed[array] in elements:
                        rest.append(elements[fixed[array]])
                else:
                    rest += reversed(elements.values())


class Choice:
    """The ways to meet one term in one event: the leaves that hold, and whether the absence of any would do."""

    __slots__ = ("absent", "held", "term", "trie", "visible")

    def __init__(self, term: Term, event: Event) -> None:
        self.term = term
        self.visible = Trie(event.visible(term.path))
        self.held: dict[Leaf, Alternative] = {}
        for leaf in event.visible(term.path):
            met = next((one for one in term.alternatives if holds(one, leaf.value)), None)
            if met is not None:
                self.held[leaf] = met
        self.trie = Trie(list(self.held))
        self.absent = next((one for one in term.alternatives if one == Exists(False)), None)

    @property
    def alone(self) -> bool:
        """Whether the term could be met if it were alone, or with elements fixed by others."""
        return bool(self.held) or self.absent is not None


class Search:
    """One event, what each term meets in it, and how many steps may still be taken."""

    def __init__(self, event: Event, limits: Limits = DEFAULT) -> None:
        self.event = event
        self.limits = limits
        self.steps = limits.array_steps
        self._choices: dict[int, Choice] = {}
        self._terms: list[Term] = []  # keeps the terms alive, whose ids are the keys above

    def choice(self, term: Term) -> Choice:
        """Give the ways to meet a term; they are looked for once."""
        known = self._choices.get(id(term))
        if known is None:
            known = self._choices[id(term)] = Choice(term, self.event)
            self._terms.append(term)
        return known

    def spend(self) -> None:
        """Take one step; raise `EventError` when there have been too many."""
        self.steps -= 1
        if self.steps < 0:
            raise EventError(
                f"over {self.limits.array_steps} steps to find array elements that agree (limit array_steps)", 0
            )


def find(node: Node, search: Search) -> list[Met] | None:
    """Give how each field of the first combination that matches was met, in the order in which fields are visited."""
    alive = _alive(node, search)
    if alive[id(node)]:
        for terms in _combinations(node, alive):
            search.spend()
            met = agree(terms, search)
            if met is not None:
                return met
    return None


def _alive(root: Node, search: Search) -> dict[int, bool]:
    """Say of each node whether it could match if array elements did not have to agree."""
    alive: dict[int, bool] = {}
    rest = [(root, False)]
    while rest:
        node, ready = rest.pop()
        match node:
            case Term():
                alive[id(node)] = search.choice(node).alone
            case All(nodes) | AnyOf(nodes) if not ready:
                rest += [(node, True), *((inner, False) for inner in nodes)]
            case All(nodes):
                alive[id(node)] = all(alive[id(inner)] for inner in nodes)
            case AnyOf(nodes):
                alive[id(node)] = any(alive[id(inner)] for inner in nodes)
    return alive


def _combinations(root: Node, alive: dict[int, bool]) -> Iterator[list[Term]]:
    """Give the terms of each choice of one live branch from every `$or`."""
    rest: list[tuple[Any, Any]] = [((root, None), None)]  # nodes still to take and terms taken, as linked lists
    while rest:
        pending, terms = rest.pop()
        while pending is not None:
            node, pending = pending
            if isinstance(node, Term):
                terms = (node, terms)
            elif isinstance(node, All):
                for inner in reversed(node.nodes):
                    pending = (inner, pending)
            else:
                rest += [((inner, pending), terms) for inner in reversed(node.nodes) if alive[id(inner)]]
                break
        else:
            taken = []
            while terms is not None:
                term, terms = terms
                taken.append(term)
            yield taken


def in_order(terms: list[Term]) -> list[Term]:
    """Sort terms as AWS's engine visits them: by the UTF-16 units of the path."""
    return sorted(terms, key=lambda term: term.path.encode("utf-16-be"))


def agree(terms: list[Term], search: Search, deepest: list[Met] | None = None) -> list[Met] | None:
    """Meet every term by leaves of which no two stand in different elements of one array; None if that can't be.

    Each path is visited once, in order, and what it meets fixes array elements for those after it. `deepest`, if given,
    receives the longest way that was found.
    """
    choices = [search.choice(term) for term in in_order(terms)]
    last_use: dict[int, int] = {}  # array: the last path that has leaves in it; no later one can disagree
    for position, choice in enumerate(choices):
        for leaf in choice.visible.consistent({}):
            last_use.update((array, position) for array, _ in leaf.trail)
    met: list[Met] = []
    open_ways = [_ways(choices[0], 0, {}, last_use, search)]
    while open_ways:
        way = next(open_ways[-1], None)
        if way is None:
            open_ways.pop()
            if met:
                met.pop()
            continue
        met.append(way[0])
        if deepest is not None and len(met) > len(deepest):
            deepest[:] = met
        if len(met) == len(choices):
            return met
        open_ways.append(_ways(choices[len(met)], len(met), way[1], last_use, search))
    return None


def _ways(
    choice: Choice, position: int, fixed: dict[int, int], last_use: dict[int, int], search: Search
) -> Iterator[tuple[Met, dict[int, int]]]:
    """Give each way to meet one term, with the elements that are fixed after it; ways that fix the same are one."""
    seen: set[tuple[tuple[int, int], ...]] = set()
    for leaf in choice.trie.consistent(fixed):
        search.spend()
        fixes = tuple(step for step in leaf.trail if last_use[step[0]] > position)
        if fixes not in seen:
            seen.add(fixes)
            yield Met(choice.term, leaf, choice.held[leaf]), {**fixed, **dict(fixes)}
    if choice.absent is not None and next(choice.visible.consistent(fixed), None) is None:
        yield Met(choice.term, None, choice.absent), fixed
