"""Turn two patterns into an event that one matches and the other does not, as far as one is easily made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from math import inf, isfinite, nan, nextafter
from typing import Any, Final, TypeAlias

from matcher.errors import EventError
from matcher.flatten import read_event
from matcher.jsontext import NumberText, quote
from matcher.naive import matches
from matcher.pattern import ast
from matcher.pattern.ast import All, Alternative, AnyOf, Exists, Node, Term
from matcher.pattern.fold import variants
from matcher.pattern.holds import Scalar, holds
from matcher.pattern.implied import combinations
from matcher.pattern.number import comparable, spelled

__all__ = ["witness"]

_WAYS: Final = 64  # combinations of branches that are tried
_LISTED: Final = 1_024  # and that are looked at for the choice of these
_PER_FIELD: Final = 64  # alternatives of a field that values are made of
_TRIES: Final = 400  # events made at most
_TRIES_AT_LEAST: Final = 20
_STEPS: Final = 200_000  # events times alternatives
_DEEP: Final = 100  # names in one another; a deeper path is written with dots

_Absent: TypeAlias = "type[Exists]"
_ABSENT: Final = Exists  # stands for no value at all
_PLAIN: Final[tuple[Scalar, ...]] = (
    *("other", "", "x", NumberText("0"), NumberText("-1.5"), NumberText("1000000"), True, False, None),
    *("192.0.2.1", "2001:db8::1", "Other"),
)


def witness(match: Node, miss: Node) -> bytes | None:
    """Give an event that `match` matches and `miss` does not, tried by both; None says only that none was found."""
    values = _pools(match, miss)
    others = list(_terms(miss))
    made = _in_turn([_events(terms, others, values) for terms in _ways(match, miss)])
    size = sum(len(term.alternatives) for term in chain(_terms(match), _terms(miss)))
    for event in islice(made, max(_TRIES_AT_LEAST, min(_TRIES, _STEPS // size))):
        text = event.encode()
        try:
            known = read_event(text)
            if matches(match, known) and not matches(miss, known):
                return text
        except EventError:  # over a limit, as a pattern of such a name or value is
            continue
    return None


def _ways(node: Node, other: Node) -> list[list[Term]]:
    """Give combinations of branches, first those that the other pattern does not have.

    Of a rule that has more than are tried, one branch of each `$or` in turn.
    """
    known = combinations(node, _LISTED)
    if known is None:
        return [list(_terms(node, turn)) for turn in range(_WAYS)]
    listed = {frozenset(terms) for terms in combinations(other, _LISTED) or []}
    return sorted(known, key=lambda terms: frozenset(terms) in listed)[:_WAYS]


def _in_turn(made: list[Iterator[str]]) -> Iterator[str]:
    """Give the first of each, then the second of each, and so on."""
    while made:
        left = []
        for one in made:
            event = next(one, None)
            if event is not None:
                yield event
                left.append(one)
        made = left


def _terms(root: Node, turn: int | None = None) -> Iterator[Term]:
    """Give the terms of a pattern, or those of one branch of each `$or`."""
    rest = [root]
    while rest:
        node = rest.pop()
        match node:
            case Term():
                yield node
            case AnyOf(nodes) if turn is not None:
                rest.append(nodes[turn % len(nodes)])
            case All(nodes) | AnyOf(nodes):
                rest += nodes


def _pools(match: Node, miss: Node) -> dict[str, list[Scalar]]:
    """Give values for each path: those at the edges of what either pattern takes there, and some of every kind.

    Alternatives that only one of the patterns has at a path come first: of a long list the others tell nothing.
    """
    pools: dict[str, dict[str, Scalar]] = {}
    terms = list(_terms(match)), list(_terms(miss))
    listed: list[set[tuple[str, Alternative]]] = [
        {(term.path, one) for term in each for one in term.alternatives} for each in terms
    ]
    common = listed[0] & listed[1]
    for term in chain(*terms):
        pool = pools.setdefault(term.path, {})
        apart = [one for one in term.alternatives if (term.path, one) not in common]
        for alternative in [*apart[:_PER_FIELD], *term.alternatives[:_PER_FIELD]]:
            for value in _edges(alternative):
                pool[quote(value)] = value
    for pool in pools.values():
        pool.update((quote(value), value) for value in _PLAIN)
    return {path: list(pool.values()) for path, pool in pools.items()}


def _edges(alternative: Alternative) -> Sequence[Scalar]:
    """Give values at the edge of an alternative, inside and outside."""
    match alternative:
        case ast.Exact(text):
            return [text, text + "x", text[:-1], text.swapcase()]
        case ast.Literal():
            return []
        case ast.Number(text, value):
            return [NumberText(text), *_numbers(value)]
        case ast.Numeric(low, _, high, _):
            middle = None if low is None or high is None else low / 2 + high / 2
            return [*_numbers(low), *_numbers(high), *_numbers(middle)]
        case ast.Address(text, packed):
            return [text, *_addresses(packed, len(packed) * 8)]
        case ast.Cidr(_, packed, bits):
            return list(_addresses(packed, bits))
        case ast.Prefix(text, folded):
            return [form + tail for form in _forms(text, folded) for tail in ("", "x", "other")] + [text[:-1]]
        case ast.Suffix(text, folded):
            return [head + form for form in _forms(text, folded) for head in ("", "x", "other")] + [text[1:]]
        case ast.EqualsIgnoreCase(text):
            return [*_forms(text, True), text + "x"]
        case ast.Wildcard(_, pieces):
            return [filling.join(pieces) for filling in ("", "x", "other")]
        case ast.AnythingBut(none_of):
            return [value for one in none_of[:_PER_FIELD] for value in _edges(one)]
        case _:
            return []


def _numbers(value: float | None) -> list[Scalar]:
    if value is None:
        return []
    near = (value, value - 1, value + 1, nextafter(value, -inf), nextafter(value, inf))
    return [NumberText(spelled(one).removesuffix(".0")) for one in near if isfinite(one)]


def _addresses(packed: bytes, bits: int) -> Iterator[Scalar]:
    first, size = int.from_bytes(packed), len(packed)
    last = first + (1 << size * 8 - bits) - 1
    for number in (first, last, first - 1, last + 1, (first + last) // 2):
        if 0 <= number < 1 << size * 8:
            raw = number.to_bytes(size)
            yield ".".join(map(str, raw)) if size == 4 else raw.hex(":", 2)


def _forms(text: str, folded: bool) -> Sequence[str]:
    if not folded:
        return [text]
    forms = variants(text)
    return list(dict.fromkeys([text, "".join(one[0] for one in forms), "".join(one[-1] for one in forms)]))


def _events(terms: list[Term], others: list[Term], values: dict[str, list[Scalar]]) -> Iterator[str]:
    """Give events that meet all terms, first those that meet as few of the others as may be."""
    apart: dict[str, list[Term]] = {}
    for other in others:
        apart.setdefault(other.path, []).append(other)
    choices: dict[str, list[Scalar | _Absent]] = {}
    for term in terms:
        choices[term.path] = _sorted(term.alternatives, apart.get(term.path, []), values[term.path])
        if not choices[term.path]:
            return
    for path, unwanted in apart.items():  # what the other wants absent is there, what it wants is not
        if path not in choices:
            choices[path] = _sorted((Exists(True), Exists(False)), unwanted, values[path])
    best = {path: found[0] for path, found in choices.items()}
    yield _written(best)
    for path, found in choices.items():
        for value in found[1:]:
            yield _written({**best, path: value})


def _sorted(wanted: tuple[Alternative, ...], others: list[Term], values: list[Scalar]) -> list[Scalar | _Absent]:
    """Give the values that are wanted, first those that most of the others refuse."""
    takes = _Taker(wanted)
    found: list[Scalar | _Absent] = [_ABSENT] if takes.absent else []
    found += [value for value in values if takes(value)]
    refusing = [_Taker(other.alternatives) for other in others]
    return sorted(found, key=lambda value: sum(other(value) for other in refusing))


class _Taker:
    """What says of values whether alternatives take them, in a long list at the cost of a few."""

    def __init__(self, alternatives: tuple[Alternative, ...]) -> None:
        self.absent = Exists(False) in alternatives
        self._texts = {one.text for one in alternatives if isinstance(one, ast.Exact)}
        self._numbers = {one.value for one in alternatives if isinstance(one, ast.Number)}
        self._others = [
            one
            for one in alternatives
            if not isinstance(one, (ast.Exact, ast.Number)) or (isinstance(one, ast.Number) and one.value is None)
        ]

    def __call__(self, value: Scalar | _Absent) -> bool:
        if isinstance(value, type):
            return self.absent
        if value in self._texts if type(value) is str else _comparable(value) in self._numbers:
            return True
        return any(holds(one, value) for one in self._others)


def _comparable(value: Scalar) -> float:
    """Give the number that a value compares as; what is in no set where it is none."""
    number = comparable(value) if isinstance(value, NumberText) else None
    return nan if number is None else number


def _written(values: dict[str, Scalar | _Absent]) -> str:
    """Write an event: names in one another, or with dots, and once more, where that can't be."""
    root: dict[str, Any] = {}
    more: list[tuple[str, Scalar]] = []
    for path, value in values.items():
        if isinstance(value, type):
            continue
        *above, last = path.split(".")
        here: Any = root
        if not all(above) or not last or len(above) > _DEEP:
            here, above, last = root, [], path
        for name in above:
            here = here.setdefault(name, {}) if isinstance(here, dict) else None
        if isinstance(here, dict) and last not in here:
            here[last] = value
        else:
            more.append((path, value))
    return quote((*_members(root), *more))


def _members(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((name, _members(inner)) for name, inner in value.items())
    return value
