"""Turn the trees of rules into what is odd about them; each claim that something can't be or is in vain is proved."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final

from matcher.pattern.ast import All, Alternative, AnyOf, AnythingBut, Exact, Exists, Literal, Node, Number, Term
from matcher.pattern.complexity import complexity
from matcher.pattern.cover import covers, is_empty, key
from matcher.pattern.finding import Finding, Severity
from matcher.pattern.hints import regex_hint
from matcher.pattern.implied import implied_rules
from matcher.pattern.leaf import OPERATORS
from matcher.pattern.render import alternative_text

__all__ = ["Finding", "lint"]

_COMPARISONS: Final = 200_000  # of alternatives with one another, for one field; beyond it only equal ones are found
_COMPLEX: Final = 10


def lint(rules: Iterable[tuple[Hashable, Node]]) -> list[Finding]:
    """Find what is odd about rules, in their order. A name may come several times: its patterns are alternatives.

    Takes time linear in the size of the patterns, but for alternatives of one field that are no plain values, which are
    compared with all others there, and for rules that share their most selective field. Both have limits.
    """
    known = list(rules)
    found: list[list[Finding]] = [_rule_findings(name, node) for name, node in known]
    dead = {number for number, findings in enumerate(found) if any(one.severity == "error" for one in findings)}
    for number, finding in implied_rules(known, dead):
        found[number].append(finding)
    return [finding for findings in found for finding in findings]


def _rule_findings(rule: Any, root: Node) -> list[Finding]:
    """Find what is odd about one rule by itself."""
    findings: list[Finding] = []
    dead = _dead(root)
    if dead[id(root)]:
        findings.append(Finding(rule, "never", "", "no event can match this rule", "error"))
    rest: list[tuple[Node, str]] = [(root, "")]
    wildcards = False
    while rest:
        node, where = rest.pop()
        match node:
            case Term():
                at = node.at or where + "/" + node.path.replace("~", "~0").replace("/", "~1")
                findings += (Finding(rule, kind, at + more, said, how) for kind, more, said, how in _field(node))
                wildcards = wildcards or any(_has_star(one) for one in node.alternatives)
            case All(nodes):
                rest += [(inner, where) for inner in reversed(nodes)]
            case AnyOf(nodes):
                for number, inner in reversed(list(enumerate(nodes))):
                    branch = f"{where}/$or/{number}"
                    if dead[id(inner)] and not dead[id(node)]:
                        findings.append(Finding(rule, "never", branch, "no event can match this branch", "warning"))
                    rest.append((inner, branch))
    figure = complexity([root]) if wildcards else 0
    if figure > _COMPLEX:
        said = f"one value may match {figure} beginnings of its wildcards at once"
        findings.append(Finding(rule, "complexity", "", said, "info"))
    return list(dict.fromkeys(findings))  # a field that moved into several branches is one in the text


def _has_star(alternative: Alternative) -> bool:
    listed = alternative.none_of if isinstance(alternative, AnythingBut) else (alternative,)
    return any(hasattr(one, "pieces") for one in listed)


def _dead(root: Node) -> dict[int, bool]:
    """Say of each node whether no event can match it."""
    dead: dict[int, bool] = {}
    rest = [(root, False)]
    while rest:
        node, ready = rest.pop()
        match node:
            case Term(_, alternatives):
                dead[id(node)] = all(map(is_empty, alternatives))
            case All(nodes) | AnyOf(nodes) if not ready:
                rest += [(node, True), *((inner, False) for inner in nodes)]
            case All(nodes):
                dead[id(node)] = any(dead[id(inner)] for inner in nodes)
            case AnyOf(nodes):
                dead[id(node)] = all(dead[id(inner)] for inner in nodes)
    return dead


_Odd = tuple[str, str, str, Severity]  # kind, the pointer below the field, message, severity


def _field(term: Term) -> list[_Odd]:
    """Find what is odd about one field."""
    odd: list[_Odd] = []
    for position, alternative in enumerate(term.alternatives):
        if is_empty(alternative):
            odd.append(("never", f"/{position}", "no number lies in this range", "warning"))
        if isinstance(alternative, Exact) and regex_hint(alternative.text):
            odd.append(("regex", f"/{position}", f"compared as it is; {regex_hint(alternative.text)}", "info"))
        if isinstance(alternative, AnythingBut) and len(alternative.none_of) > 1:
            for number, by in _redundant(alternative.none_of):
                said = f"{_barred(alternative, number)} is excluded by {_barred(alternative, by)} already"
                odd.append(("redundant", f"/{position}", said, "warning"))
    if len(term.alternatives) > 1:
        for number, by in _redundant(term.alternatives):
            said = f"{_short(term.alternatives[number])} is matched by {_short(term.alternatives[by])} already"
            odd.append(("redundant", f"/{number}", said, "warning"))
        odd += _everything(term.alternatives)
    return odd + _name(term.path)


def _barred(alternative: AnythingBut, number: int) -> str:
    return _short(alternative.none_of[number])


def _short(alternative: Alternative) -> str:
    text = alternative_text(alternative)
    return text if len(text) <= 80 else text[:77] + "…"


def _redundant(alternatives: Sequence[Alternative]) -> list[tuple[int, int]]:
    """Give the positions of alternatives in vain, each with the position of one that takes all its values."""
    first: dict[Hashable, int] = {}
    vain: dict[int, int] = {}
    wide: list[int] = []
    for position, alternative in enumerate(alternatives):
        by = first.setdefault(key(alternative), position)
        if by != position:
            vain[position] = by
        elif not isinstance(alternative, (Exact, Number, Literal)):
            wide.append(position)
    if len(wide) * len(alternatives) > _COMPARISONS:
        wide = []
    for by in wide:
        for position, alternative in enumerate(alternatives):
            if position == by or position in vain or vain.get(by) == position or is_empty(alternative):
                continue
            if covers(alternatives[by], alternative):
                vain[position] = by
    return sorted(vain.items())


def _everything(alternatives: Sequence[Alternative]) -> list[_Odd]:
    """Find alternatives that together take every value: one excludes only what others take."""
    absent = Exists(False) in alternatives
    if absent and Exists(True) in alternatives:
        return [("always", "", "present or absent, the field is met", "warning")]
    plain = {key(alternative) for alternative in alternatives}
    for position, alternative in enumerate(alternatives):
        if not isinstance(alternative, AnythingBut):
            continue
        others = [other for number, other in enumerate(alternatives) if number != position]
        if len(alternative.none_of) * len(others) > _COMPARISONS:
            others = []
        if all(key(out) in plain or any(covers(other, out) for other in others) for out in alternative.none_of):
            meant = "write one anything-but with the list of all that it excludes"
            reason = "the field is met by every value" + (", and by none" if absent else "")
            several = sum(isinstance(one, AnythingBut) for one in alternatives) > 1
            return [("always", "", f"{reason}: alternatives are joined by or" + (f"; {meant}" * several), "warning")]
    return []


def _name(path: str) -> list[_Odd]:
    """Find names that were likely meant as something else."""
    *above, last = path.split(".")
    if above and last in OPERATORS and last != "exactly":
        said = f'"{last}" is the name of a field here; an operator stands in an array: [{{"{last}": …}}]'
        return [("name", "", said, "warning")]
    if above and not last:
        said = 'only a member whose own name ends in a dot is found, not one named "" within an object'
        return [("name", "", said, "warning")]
    return []
