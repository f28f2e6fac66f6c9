"""Turn many rules into the pairs of which one matches whenever the other does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any, Final

from matcher.pattern.ast import Address, All, Alternative, Exists, Node, Term
from matcher.pattern.cover import covers, covers_together, is_empty, key
from matcher.pattern.finding import Finding
from matcher.pattern.render import to_text

__all__ = ["combinations", "implied_rules", "implies", "meaning"]

_COMBINATIONS: Final = 64  # of the branches of one rule; rules with more are compared only as they are written
_STEPS: Final = 500_000  # comparisons of alternatives, for all pairs of rules
_PIECES: Final = 512  # of one combination, where two rules alone are compared, and for each one branch may take it
_VALUES: Final = ("string", "number", "text", "address")  # the keys of alternatives that take one value


@dataclass(slots=True, eq=False)
class _Field:
    """A term as the keys of its alternatives; `wide` are those that may take more than their own key says."""

    alternatives: tuple[Alternative, ...]
    keys: frozenset[Hashable]
    wide: list[Alternative]
    values: bool  # every alternative takes one value

    @property
    def absent(self) -> bool:
        return Exists(False) in self.keys


@dataclass(slots=True, eq=False)
class _Way:
    """One combination of the branches of a rule, as its fields in the order in which they are visited."""

    rule: int
    fields: dict[str, _Field] = field(default_factory=dict)


def implied_rules(rules: Sequence[tuple[Any, Node]], skip: Collection[int]) -> Iterator[tuple[int, Finding]]:
    """Give the position and the finding of each rule that means the same as an earlier one, or is implied by another.

    The rules at the positions in `skip` take no part.
    """
    first: dict[Hashable, int] = {}
    apart: dict[int, list[_Way]] = {}
    for position, (name, node) in enumerate(rules):
        if position in skip:
            continue
        ways = _ways(position, node)
        same = frozenset(_meaning(way) for way in ways) if ways else to_text(node)
        earlier = first.setdefault(same, position)
        if earlier != position:
            other = rules[earlier][0]
            yield position, Finding(name, "duplicate-rule", "", f"rule {other!r} means the same", "warning", other)
        elif ways:
            apart[position] = ways
    yield from _implied(rules, apart)


def implies(narrow: Node, wide: Node) -> bool:
    """Say whether it is proved that `wide` matches whenever `narrow` does; False is no proof of the contrary."""
    steps = [_STEPS]
    given, taken = _ways(0, narrow, 4 * _COMBINATIONS), _ways(1, wide, 4 * _COMBINATIONS)
    if not given or not taken:
        return to_text(narrow) == to_text(wide)
    return all(_leads(way, taken, steps) or _leads_in_pieces(way, taken, steps) for way in given)


def meaning(node: Node) -> Hashable:
    """Give what is the same for patterns that are the same but for the order and the spelling of their parts."""
    ways = _ways(0, node)
    return frozenset(_meaning(way) for way in ways) if ways else to_text(node)


def _leads(way: _Way, taken: list[_Way], steps: list[int]) -> bool:
    if any(all(map(is_empty, known.alternatives)) for known in way.fields.values()):
        return True
    return any(_follows(way, wide, {}, steps, together=True) for wide in taken)


def _leads_in_pieces(way: _Way, taken: list[_Way], steps: list[int]) -> bool:
    """Try again with one alternative of a field at a time: a combination is met by one of each field's."""
    split = [
        path
        for path, known in way.fields.items()
        if len(known.alternatives) > 1
        and any(path in wide.fields and not _takes(wide.fields[path], known, steps, True) for wide in taken)
    ]
    if len(taken) < 2 or not split or prod(len(way.fields[path].alternatives) for path in split) > _PIECES:
        return False
    for chosen in product(*(way.fields[path].alternatives for path in split)):
        alone = {path: _field(Term(path, (one,))) for path, one in zip(split, chosen, strict=True)}
        if not _leads(_Way(way.rule, {**way.fields, **alone}), taken, steps):
            return False
    return True


def combinations(root: Node, limit: int) -> list[list[Term]] | None:
    """Give the terms of each choice of a branch from every `$or`; None if there are more than `limit`."""
    taken: list[list[Term]] = []
    rest: list[tuple[Any, Any]] = [((root, None), None)]  # nodes still to take and terms taken, as linked lists
    while rest:
        pending, terms = rest.pop()
        while pending is not None:
            node, pending = pending
            if isinstance(node, Term):
                terms = (node, terms)
            elif isinstance(node, All):
                for inner in node.nodes:
                    pending = (inner, pending)
            else:
                rest += [((inner, pending), terms) for inner in node.nodes]
                break
        else:
            if len(taken) == limit:
                return None
            taken.append([])
            while terms is not None:
                term, terms = terms
                taken[-1].append(term)
        if len(rest) + len(taken) > limit:
            return None
    return taken


def _ways(rule: int, node: Node, limit: int = _COMBINATIONS) -> list[_Way]:
    ways = []
    for terms in combinations(node, limit) or []:
        terms.sort(key=lambda term: term.path.encode("utf-16-be"))
        ways.append(_Way(rule, {term.path: _field(term) for term in terms}))
    return ways


def _field(term: Term) -> _Field:
    keys = [key(alternative) for alternative in term.alternatives]
    single = [isinstance(one, tuple) and one[0] in _VALUES and not _many(one) for one in keys]
    wide = [
        alternative
        for alternative, alone in zip(term.alternatives, single, strict=True)
        if not alone or isinstance(alternative, Address)
    ]
    return _Field(term.alternatives, frozenset(keys), wide, all(single))


def _many(one: tuple[Any, ...]) -> bool:
    """Say whether a key of strings stands for more than one."""
    return one[0] == "string" and "\ud800" in one[1]


def _meaning(way: _Way) -> frozenset[tuple[str, frozenset[Hashable]]]:
    return frozenset((path, known.keys) for path, known in way.fields.items())


def _implied(rules: Sequence[tuple[Any, Node]], apart: dict[int, list[_Way]]) -> Iterator[tuple[int, Finding]]:
    """Compare each rule with those that an index finds by their most selective field."""
    index = _index([way for ways in apart.values() for way in ways])
    steps = [_STEPS]
    wider: dict[int, int] = {}
    for rule, ways in apart.items():
        common: set[int] | None = None
        for way in ways:
            found = {wide.rule for wide in _candidates(way, index) if _follows(way, wide, wider, steps)}
            common = found if common is None else common & found
            if not common:
                break
        if common:
            wider[rule] = min(common)
            name, other = rules[rule][0], rules[wider[rule]][0]
            said = f"rule {other!r} matches whenever this one does"
            yield rule, Finding(name, "implied", "", said, "info", other)
        if steps[0] < 0:
            said = "too many rules share their fields to compare all of them"
            yield rule, Finding(None, "incomplete", "", said, "info")
            return


def _index(ways: list[_Way]) -> dict[tuple[str, Hashable], list[_Way]]:
    """File each combination under one of its paths and each value there, or None for a field of other alternatives.

    A narrower combination has a field on that path with some of the same values, so it is enough to look there.
    """
    spread: Counter[tuple[str, Hashable]] = Counter()
    for way in ways:
        for path, known in way.fields.items():
            spread.update((path, one) for one in (known.keys if known.values else (None,)))
    index: dict[tuple[str, Hashable], list[_Way]] = {}
    for way in ways:
        costs = [
            (sum(spread[path, one] for one in (known.keys if known.values else (None,))), path)
            for path, known in way.fields.items()
        ]
        path = min(costs)[1]
        known = way.fields[path]
        for one in known.keys if known.values else (None,):
            index.setdefault((path, one), []).append(way)
    return index


def _candidates(way: _Way, index: dict[tuple[str, Hashable], list[_Way]]) -> Iterator[_Way]:
    for path, known in way.fields.items():
        if known.values:
            yield from index.get((path, next(iter(known.keys))), ())
        yield from index.get((path, None), ())


def _follows(narrow: _Way, wide: _Way, wider: dict[int, int], steps: list[int], together: bool = False) -> bool:
    """Say whether it is certain that the wide combination matches whenever the narrow one does.

    Each field of the wide one must take all that the same field of the narrow one does: then the leaves that match the
    narrow one match the wide one too, and stand in elements that agree. Where a field may be met by absence, that
    depends on the elements fixed before it, so both must have the same paths up to there. `together`: several
    alternatives may take what one does.
    """
    if wide.rule == narrow.rule or wider.get(wide.rule) == narrow.rule or steps[0] < 0:
        return False
    for path, taken in wide.fields.items():
        given = narrow.fields.get(path)
        steps[0] -= 1
        if given is None or not _takes(taken, given, steps, together):
            return False
        if taken.absent and given.absent and not _same_before(path, narrow, wide):
            return False
    return True


def _takes(taken: _Field, given: _Field, steps: list[int], together: bool = False) -> bool:
    if given.keys <= taken.keys:
        return True
    steps[0] -= len(given.alternatives) * len(taken.alternatives if together else taken.wide)
    if steps[0] < 0:
        return False
    return all(
        key(one) in taken.keys
        or any(covers(wide, one) for wide in taken.wide)
        or (together and covers_together(taken.alternatives, one))
        for one in given.alternatives
    )


def _same_before(path: str, narrow: _Way, wide: _Way) -> bool:
    for before in narrow.fields:
        if before == path:
            return True
        if before not in wide.fields:
            return False
    return True
