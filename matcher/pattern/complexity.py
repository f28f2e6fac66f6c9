"""Turn wildcards into one figure: how many of their prefixes a single value may match at once."""

from __future__ import annotations

from collections.abc import Iterable

from matcher.pattern.ast import AnythingBut, Node, Term, Wildcard

__all__ = ["complexity", "terms_of"]

_STEPS = 50_000  # of one search; beyond it the figure is an upper bound


def complexity(nodes: Iterable[Node]) -> int:
    """Give AWS's measure of wildcard complexity: the worst field of the patterns, 0 where no wildcard is.

    It counts the non-empty prefixes of all wildcards of the field (those of anything-but too) that match one worst
    value: "foo*" 2, "*a*b*c*" 5. Where finding that value takes too long, the sum over the wildcards stands for it.
    """
    fields: dict[str, set[tuple[str, ...]]] = {}
    for term in terms_of(nodes):
        for alternative in term.alternatives:
            for one in alternative.none_of if isinstance(alternative, AnythingBut) else (alternative,):
                if isinstance(one, Wildcard):
                    fields.setdefault(term.path, set()).add(one.pieces)
    return max((_worst(sorted(wildcards)) for wildcards in fields.values()), default=0)


def terms_of(nodes: Iterable[Node]) -> Iterable[Term]:
    """Give every term of the trees, in the order of the text."""
    rest = list(nodes)[::-1]
    while rest:
        node = rest.pop()
        if isinstance(node, Term):
            yield node
        else:
            rest += node.nodes[::-1]


def _worst(wildcards: list[tuple[str, ...]]) -> int:
    found = _search(wildcards)
    if found is not None:
        return found
    alone = [_search([pieces]) or sum(map(len, pieces)) + len(pieces) - 1 for pieces in wildcards]
    return alone[0] if len(wildcards) == 1 else sum(alone)


def _search(wildcards: list[tuple[str, ...]]) -> int | None:
    """Walk all the sets of prefixes that some value matches, as bits; None if they are too many.

    Each wildcard has one bit for every number of tokens (characters and stars) consumed, none included.
    """
    steps: dict[str, int] = {}  # character: the bits from which it leads one on
    stars = stays = start = counted = 0  # a star comes next; a star came last; nothing consumed yet; all others
    bit = 1
    for pieces in wildcards:
        start |= bit
        for number, piece in enumerate(pieces):
            if number:
                stars |= bit
                bit <<= 1
                stays |= bit
                counted |= bit
            for character in piece:
                steps[character] = steps.get(character, 0) | bit
                bit <<= 1
                counted |= bit
        bit <<= 1
    first = start | (start & stars) << 1
    seen, rest = {first}, [first]
    most = (first & counted).bit_count()
    moves = [*steps.values(), 0]
    budget = _STEPS
    while rest:
        live = rest.pop()
        budget -= len(moves)
        if budget < 0:
            return None
        for move in moves:
            after = (live & move) << 1 | live & stays
            after |= (after & stars) << 1
            if after and after not in seen:
                seen.add(after)
                rest.append(after)
                most = max(most, (after & counted).bit_count())
    return most
