"""Turn two patterns into how the second stands to the first: equal, widened, narrowed, changed, or unknown.

What is said is proved: that nothing is lost, or gained, by comparing the fields; that something is, by an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from matcher.limits import DEFAULT, Limits
from matcher.offline.witness import witness
from matcher.pattern.ast import All, AnyOf, Node, Term
from matcher.pattern.implied import implies
from matcher.pattern.parse import PatternLike, parse

__all__ = ["Comparison", "Relation", "compare", "compare_trees", "joined"]

#: How a new pattern stands to an old one. "equal": both match the same events. "widened": the new one matches all that
#: the old one does, and more. "narrowed": the reverse. "changed": each matches events that the other does not.
#: "unknown": none of these is proved.
Relation: TypeAlias = Literal["equal", "widened", "narrowed", "changed", "unknown"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a new pattern stands to an old one, and what shows it.

    `gained` is an event that only the new one matches, `lost` one that only the old one does; None if none was found.
    `keeps` says that it is proved that nothing is lost, `adds_nothing` that nothing is gained.
    """

    relation: Relation
    gained: bytes | None = None
    lost: bytes | None = None
    keeps: bool = False
    adds_nothing: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON; events as text."""
        return {
            "relation": self.relation,
            "gained": None if self.gained is None else self.gained.decode(),
            "lost": None if self.lost is None else self.lost.decode(),
            "keeps": self.keeps,
            "adds_nothing": self.adds_nothing,
        }


def compare(old: PatternLike | Node, new: PatternLike | Node, limits: Limits = DEFAULT) -> Comparison:
    """Say how the new pattern stands to the old one, as far as that can be proved. Raises PatternError."""
    return compare_trees(*(one if isinstance(one, (Term, All, AnyOf)) else parse(one, limits) for one in (old, new)))


def compare_trees(old: Node, new: Node) -> Comparison:
    """Do the same with patterns that are parsed."""
    keeps = old == new or implies(old, new)
    adds_nothing = old == new or implies(new, old)
    if keeps and adds_nothing:
        return Comparison("equal", None, None, True, True)
    gained = None if adds_nothing else witness(new, old)
    lost = None if keeps else witness(old, new)
    relation: Relation = "unknown"
    if keeps and gained is not None:
        relation = "widened"
    elif adds_nothing and lost is not None:
        relation = "narrowed"
    elif gained is not None and lost is not None:
        relation = "changed"
    return Comparison(relation, gained, lost, keeps, adds_nothing)


def joined(nodes: Sequence[Node]) -> Node:
    """Give the patterns of one name as one: it matches where any of them does."""
    return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))
