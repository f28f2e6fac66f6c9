"""Turn a pattern that is not legal into every fault of it, each with the right form of what was likely meant."""

from __future__ import annotations

from typing import Any, Final

from matcher.errors import Fault
from matcher.jsontext import Value, quote
from matcher.pattern.fields import RESERVED
from matcher.pattern.hints import OTHER_NAMES, meant, nearest, regex_hint
from matcher.pattern.leaf import OPERATORS
from matcher.pattern.operands import Note, operand_faults

__all__ = ["faults_of", "show"]

_FIELD: Final = "an array of alternatives, or an object of fields"


class Place:
    """Where a value stands: a step below another place. The pointer is written only if a fault needs it."""

    __slots__ = ("above", "step")

    def __init__(self, above: Place | None, step: str | int) -> None:
        self.above = above
        self.step = step

    def pointer(self, *more: str | int) -> str:
        """Write the JSON pointer, with `more` steps below this place."""
        steps: list[str | int] = list(reversed(more))
        place: Place | None = self
        while place is not None and place.above is not None:
            steps.append(place.step)
            place = place.above
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in reversed(steps))


def show(value: Value) -> str:
    """Write a value as JSON text short enough for a message."""
    text = quote(value)
    return text if len(text) <= 60 else f"{text[:40]} … ({len(text)} characters)"


def faults_of(value: Value) -> list[Fault]:
    """Give every fault of a pattern in the order of the text; none for a legal one (of the modern grammar)."""
    faults: list[Fault] = []
    root = Place(None, "")
    if type(value) is not tuple:
        return [Fault("", show(value), "an object of fields", 'for example {"source": ["my.app"]}')]
    rest: list[tuple[Place, str, Any, bool]] = [(root, "", value, False)]
    while rest:
        place, name, child, in_branch = rest.pop()
        if type(child) is tuple and (name != "$or" or place is root):
            if not child:
                faults.append(
                    Fault(place.pointer(), "{}", "at least one field", "an empty object matches nothing; leave it out")
                )
            rest += [(Place(place, step), step, field, in_branch) for step, field in reversed(child)]
        elif name == "$or":
            rest += _or_faults(place, child, faults)
            continue
        elif type(child) is list:
            _leaf_faults(place, child, faults)
        else:
            faults.append(_scalar_leaf(place, name, child))
        if in_branch and name in RESERVED:
            _reserved(place, name, faults)
    return faults


def _or_faults(place: Place, child: Any, faults: list[Fault]) -> list[tuple[Place, str, Any, bool]]:
    """Add the faults of an `$or` itself; give its branches, the first last, to be looked into."""
    want = "an array of at least two objects of fields"
    if type(child) is not list:
        hint = "put each branch into an array" if type(child) is tuple else ""
        faults.append(Fault(place.pointer(), show(child), want, hint))
        return []
    if len(child) < 2:
        hint = "one branch alone needs no $or" if child else ""
        faults.append(Fault(place.pointer(), show(child), want, hint))
    branches: list[tuple[Place, str, Any, bool]] = []
    for position, branch in enumerate(child):
        if type(branch) is tuple:
            branches.append((Place(place, position), "", branch, True))
        else:
            hint = "values of one field are alternatives already: write them in that field's array"
            faults.append(Fault(place.pointer(position), show(branch), "an object of fields", hint))
    return branches[::-1]


def _reserved(place: Place, name: str, faults: list[Fault]) -> None:
    hint = "alternatives of one field stand in that field's array, not in an $or" if name in OPERATORS else ""
    faults.append(Fault(place.pointer(), f'the field name "{name}"', "a name that is no operator, inside $or", hint))


def _scalar_leaf(place: Place, name: str, child: Any) -> Fault:
    if name in OPERATORS:
        hint = f'an operator stands in an array: [{{"{name}": {show(child)}}}]'
    elif name in OTHER_NAMES:
        hint = f"{OTHER_NAMES[name].capitalize()}, in an array"
    else:
        hint = f"write [{show(child)}]"
        if type(child) is str and regex_hint(child):
            hint += f"; {regex_hint(child)}"
    return Fault(place.pointer(), show(child), _FIELD, hint)


def _leaf_faults(place: Place, values: list[Any], faults: list[Fault]) -> None:
    """Add the faults of a leaf's array."""
    if not values:
        faults.append(Fault(place.pointer(), "[]", "at least one alternative", 'any value at all is {"exists": true}'))
    for position, value in enumerate(values):

        def note(found: Any, want: str, hint: str = "", steps: tuple[str | int, ...] = (), at: int = position) -> None:
            shown = found if isinstance(found, _Said) else show(found)
            faults.append(Fault(place.pointer(at, *steps), str(shown), want, hint))

        _alternative_faults(value, note)


class _Said(str):
    """Words for `found`, where a value alone would not say it."""

    __slots__ = ()


def _alternative_faults(value: Any, note: Note) -> None:
    want = "a string, a number, true, false, null, or an object of one operator"
    if type(value) is list:
        note(value, want, f"alternatives stand side by side: {show(value)[1:-1]}" if value else "leave it out")
    elif type(value) is tuple and not value:
        note(value, want, "leave it out")
    elif type(value) is tuple and len(value) > 1:
        each = ", ".join(show((member,)) for member in value)
        names = {name for name, _ in value}
        hint = f"as alternatives, one of which must hold: {each}"
        if names == {"prefix", "suffix"} and all(type(text) is str for _, text in value):
            both = dict(value)
            hint += f"; for both at once {show((('wildcard', both['prefix'] + '*' + both['suffix']),))}"
        note(value, "one operator in an object", hint)
        for name, operand in value:
            _operator_faults(name, operand, note)
    elif type(value) is tuple:
        _operator_faults(value[0][0], value[0][1], note)


def _operator_faults(name: str, operand: Any, note: Note) -> None:
    if name in OPERATORS:
        operand_faults(name, operand, note)
        return
    names = list(OPERATORS)
    if name == "$or":
        hint = "$or stands among the fields of an object"
    else:
        hint = meant(name, operand) or nearest(name, names)
    if not hint and type(operand) in (tuple, list):
        hint = "fields below this one stand in an object, not in an array"
    note(_Said(f'the operator "{name}"'), f"one of {', '.join(names)}", hint, (name,))
