"""Turn a pattern and an event into why the one matches the other, or why not, and how near it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matcher.flatten import Event, EventLike, Leaf, read_event
from matcher.limits import DEFAULT, Limits
from matcher.naive import Met, Search, agree, find, in_order, matches
from matcher.nearest import nearest_path, nearest_value
from matcher.pattern.ast import All, AnyOf, Node, Term
from matcher.pattern.parse import PatternLike, parse
from matcher.pattern.render import alternative_text

__all__ = ["Explanation", "FieldExplanation", "Found", "explain", "matches"]

_SHOWN = 6  # alternatives and values that one line of text lists


@dataclass(frozen=True, slots=True)
class Found:
    """One value of the event: its JSON pointer, and its JSON text."""

    at: str
    value: str


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """What one field of the pattern wanted, and what it met.

    `wanted` holds the alternatives as JSON text. If the field was met, `by` is the alternative that was, and `found`
    the one value that met it (none where absence did); if not, `found` holds every value at the path, and `note` says
    how near they came or what stands there instead.
    """

    path: str
    met: bool
    wanted: tuple[str, ...]
    found: tuple[Found, ...]
    by: str | None = None
    note: str = ""

    def __str__(self) -> str:
        name = _named(self.path)
        if self.met:
            values = f"{self.found[0].value} at {self.found[0].at}" if self.found else "absent, which"
            return f"{name}: {values} meets {self.by}"
        values = _listed([f"{found.value} at {found.at}" for found in self.found]) or "nothing there"
        want = _listed(list(self.wanted))
        text = f"{name}: found {values}; want {'one of ' if len(self.wanted) > 1 else ''}{want}"
        return f"{text}; {self.note}" if self.note else text

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        found = [{"at": found.at, "value": found.value} for found in self.found]
        plain: dict[str, Any] = {"path": self.path, "met": self.met, "wanted": list(self.wanted), "found": found}
        if self.by is not None:
            plain["by"] = self.by
        if self.note:
            plain["note"] = self.note
        return plain


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pattern matches an event, or why not.

    `fields` are those of the combination that matched or came nearest, in the order in which they are visited; of a
    miss the first that failed comes first. `branches` says which branch of each `$or` (from 1) that is, of how many.
    """

    matched: bool
    reason: str
    fields: tuple[FieldExplanation, ...]
    branches: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        lines = ["matches" if self.matched else f"does not match: {self.reason}"]
        if self.branches:
            which = ", ".join(f"{branch} of {count}" for branch, count in self.branches)
            lines.append(f"  $or: branch {which}" + ("" if self.matched else ", which came nearest"))
        lines += [f"  {field}" for field in self.fields]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        return {
            "matched": self.matched,
            "reason": self.reason,
            "branches": [{"branch": branch, "of": count} for branch, count in self.branches],
            "fields": [field.to_dict() for field in self.fields],
        }


def explain(pattern: Node | PatternLike, event: Event | EventLike, limits: Limits = DEFAULT) -> Explanation:
    """Explain why a pattern matches an event, or why not.

    Raises `PatternError` and `EventError` as matching does, and `EventError` where the search for array elements that
    agree takes more than `limits.array_steps`.
    """
    node = pattern if isinstance(pattern, (Term, All, AnyOf)) else parse(pattern, limits)
    known = event if isinstance(event, Event) else read_event(event, limits)
    search = Search(known, limits)
    met = find(node, search)
    if met is not None:
        taken = {id(one.term) for one in met}
        return Explanation(True, "", tuple(map(_met_field, met)), _branches_of(node, taken))
    terms = _nearest_terms(node, search)
    fields, reason = _miss(terms, search)
    return Explanation(False, reason, tuple(fields), _branches_of(node, set(map(id, terms))))


def _met_field(met: Met) -> FieldExplanation:
    found = () if met.leaf is None else (_found(met.leaf),)
    return FieldExplanation(met.term.path, True, _wanted(met.term), found, alternative_text(met.alternative))


def _found(leaf: Leaf) -> Found:
    return Found(leaf.pointer, leaf.text)


def _wanted(term: Term) -> tuple[str, ...]:
    return tuple(map(alternative_text, term.alternatives))


def _nearest_terms(root: Node, search: Search) -> list[Term]:
    """Choose, of every `$or`, the branch that came nearest; give the terms of that choice.

    A field that nothing meets puts a branch off, and more so if nothing stands there at all.
    """
    made: dict[int, tuple[int, list[Term]]] = {}
    rest = [(root, False)]
    while rest:
        node, ready = rest.pop()
        match node:
            case Term():
                far = 2 if search.event.visible(node.path) else 3
                made[id(node)] = (0 if search.choice(node).alone else far, [node])
            case All(nodes) | AnyOf(nodes) if not ready:
                rest += [(node, True), *((inner, False) for inner in nodes)]
            case All(nodes):
                parts = [made[id(inner)] for inner in nodes]
                made[id(node)] = (sum(failed for failed, _ in parts), [term for _, terms in parts for term in terms])
            case AnyOf(nodes):
                made[id(node)] = min((made[id(inner)] for inner in nodes), key=lambda part: part[0])
    return in_order(made[id(root)][1])


def _miss(terms: list[Term], search: Search) -> tuple[list[FieldExplanation], str]:
    """Explain each field of a combination that does not match, the first that failed at the head."""
    failed = [term for term in terms if not search.choice(term).alone]
    if not failed:
        return _disagreement(terms, search)
    fields = [_failed_field(term, search) for term in failed]
    for term in terms:
        choice = search.choice(term)
        if choice.alone:
            leaf, alternative = next(iter(choice.held.items()), (None, choice.absent))
            if alternative is not None:
                fields.append(_met_field(Met(term, leaf, alternative)))
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return fields, _named(failed[0].path) + more


def _failed_field(term: Term, search: Search, note: str = "") -> FieldExplanation:
    leaves = search.event.visible(term.path)
    note = note or (nearest_value(term, leaves) if leaves else nearest_path(term.path, search.event))
    return FieldExplanation(term.path, False, _wanted(term), tuple(map(_found, leaves)), None, note)


def _disagreement(terms: list[Term], search: Search) -> tuple[list[FieldExplanation], str]:
    """Explain a miss where each field alone could be met: array elements differ, or absence is not given."""
    deepest: list[Met] = []
    agree(terms, search, deepest)
    failed = terms[len(deepest)]
    choice = search.choice(failed)
    fixed = [one for one in deepest if one.leaf is not None and one.leaf.trail]
    if choice.held:
        held = _listed([leaf.pointer for leaf in choice.held])
        apart = next((one for one in fixed if _apart(one, next(iter(choice.held)))), None)
        note = f"met only at {held}"
        if apart is not None and apart.leaf is not None:
            note += f", in another array element than {apart.term.path} at {apart.leaf.pointer}"
        reason = f"{failed.path} is met, but not in the same array element as the fields before it"
    else:
        note = "must be absent"
        reason = f"{failed.path} is present"
    fields = [_failed_field(failed, search, note), *map(_met_field, deepest)]
    fields += [_failed_field(term, search, "not reached") for term in terms[len(deepest) + 1 :]]
    return fields, reason


def _apart(met: Met, leaf: Leaf) -> bool:
    """Say whether two leaves stand in different elements of one array."""
    fixed = dict(met.leaf.trail) if met.leaf is not None else {}
    return any(fixed.get(array, index) != index for array, index in leaf.trail)


def _branches_of(root: Node, taken: set[int]) -> tuple[tuple[int, int], ...]:
    """Give the branch that holds the terms taken, for each `$or` on the way, in the order of the text."""
    branches: list[tuple[int, int]] = []
    rest = [root]
    inside = _holding(root, taken)
    while rest:
        node = rest.pop()
        if isinstance(node, AnyOf):
            number, branch = next((n, inner) for n, inner in enumerate(node.nodes, 1) if inside[id(inner)])
            branches.append((number, len(node.nodes)))
            rest.append(branch)
        elif isinstance(node, All):
            rest += reversed(node.nodes)
    return tuple(branches)


def _holding(root: Node, taken: set[int]) -> dict[int, bool]:
    """Say of each node whether all that it needs is taken."""
    inside: dict[int, bool] = {}
    rest = [(root, False)]
    while rest:
        node, ready = rest.pop()
        match node:
            case Term():
                inside[id(node)] = id(node) in taken
            case All(nodes) | AnyOf(nodes) if not ready:
                rest += [(node, True), *((inner, False) for inner in nodes)]
            case All(nodes):
                inside[id(node)] = all(inside[id(inner)] for inner in nodes)
            case AnyOf(nodes):
                inside[id(node)] = any(inside[id(inner)] for inner in nodes)
    return inside


def _named(path: str) -> str:
    return path or '""'


def _listed(texts: list[str]) -> str:
    shown = ", ".join(text if len(text) <= 80 else text[:77] + "…" for text in texts[:_SHOWN])
    return f"{shown} and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else shown
