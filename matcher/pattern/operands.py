"""Turn an operator's operand that is not legal into its faults."""

from __future__ import annotations

from typing import Any, Final, Protocol

from matcher.jsontext import NumberText, quote
from matcher.pattern.address import parse_address, parse_block
from matcher.pattern.hints import nearest, regex_hint
from matcher.pattern.leaf import wildcard_pieces
from matcher.pattern.number import comparable

__all__ = ["Note", "operand_faults"]


class Note(Protocol):
    """Take down one fault: what was found, what is allowed, a hint, and the steps below the alternative."""

    def __call__(self, found: Any, want: str, hint: str = "", steps: tuple[str | int, ...] = ()) -> None: ...


_ONE_STRING: Final = "a string"
_EXACT_NUMBER: Final = "a number that is the shortest decimal of a double (15 digits always are)"


def operand_faults(operator: str, operand: Any, note: Note) -> None:
    """Note every fault of a known operator's operand; nothing if it is legal."""
    match operator:
        case "prefix" | "suffix":
            _affix(operator, operand, note)
        case "numeric":
            _numeric(operand, note)
        case "anything-but":
            _anything_but(operand, note)
        case "exists":
            if type(operand) is not bool:
                meant = operand.lower() if type(operand) is str else ""
                hint = f"without quotes: {meant}" if meant in ("true", "false") else ""
                note(operand, "true or false", hint, ("exists",))
        case _:
            _text(operator, operand, note, (operator,))


def _text(operator: str, operand: Any, note: Note, steps: tuple[str | int, ...], many: bool = False) -> None:
    """Note what is wrong with one text of an operator."""
    if type(operand) is not str:
        hint = ""
        if type(operand) is NumberText or operand is None or type(operand) is bool:
            hint = f'only strings have one; write "{quote(operand)}" if the value is a string'
        elif type(operand) is list and operand and not many and all(type(text) is str for text in operand):
            hint = "one object for each: " + ", ".join(quote(((operator, text),)) for text in operand[:4])
        note(operand, f"{_ONE_STRING}, or an array of strings" if many else _ONE_STRING, hint, steps)
    elif operator == "wildcard":
        fault = wildcard_pieces(operand)
        if isinstance(fault, int) and operand[fault] == "*":
            note(operand, f"no two stars in a row (character {fault})", "one star stands for any characters", steps)
        elif isinstance(fault, int):
            hint = regex_hint(operand) or "a backslash itself is written \\\\ (\\\\\\\\ in JSON)"
            note(operand, f"* or \\ after a backslash (character {fault})", hint, steps)
    elif operator == "cidr":
        _cidr(operand, note, steps)


def _cidr(operand: str, note: Note, steps: tuple[str | int, ...]) -> None:
    try:
        parse_block(operand)
    except ValueError as error:
        address, _, mask = operand.partition("/")
        hint = ""
        if parse_address(address) is not None and (not mask or mask in ("32", "128")):
            hint = f'for one address write "{address}" itself'
        note(operand, str(error), hint, steps)


def _affix(operator: str, operand: Any, note: Note) -> None:
    if type(operand) is not tuple:
        _text(operator, operand, note, (operator,))
        return
    if len(operand) != 1 or operand[0][0] != "equals-ignore-case":
        hint = next((nearest(name, ["equals-ignore-case"]) for name, _ in operand), "")
        note(operand, '{"equals-ignore-case": "x"}, or a string', hint, (operator,))
    for name, text in operand:
        if name == "equals-ignore-case":
            _text(name, text, note, (operator, name))


def _numeric(operand: Any, note: Note) -> None:
    want = 'an array like ["=", 5], [">", 0] or [">=", 0, "<", 10]'
    if type(operand) is not list or not operand:
        hint = f'write ["=", {operand}]' if type(operand) is NumberText else ""
        note(operand, want, hint, ("numeric",))
        return
    bounds = [_numeric_member(position, member, note) for position, member in enumerate(operand[:4])]
    operators = [member for member in operand[0:4:2] if type(member) is str]
    if len(operand) not in (2, 4) or (len(operand) == 4 and operators[:1] == ["="]):
        note(operand, want, "an operator and a number, once or twice", ("numeric",))
    elif len(operand) == 4 and len(operators) == 2:
        low, high = bounds[1], bounds[3]
        if operators[0] in ("<", "<=") and operators[1] in (">", ">="):
            note(operand, "the lower bound first", f"write {quote(operand[2:] + operand[:2])}", ("numeric",))
        elif operators[0] in ("<", "<=") or operators[1] in (">", ">=", "="):
            note(operand, "a lower bound (> or >=), then an upper one (< or <=)", "", ("numeric",))
        elif low is not None and high is not None and low >= high:
            hint = f'for one value write ["=", {operand[1]}]' if low == high else ""
            note(operand, "a lower bound below the upper one", hint, ("numeric",))


def _numeric_member(position: int, member: Any, note: Note) -> float | None:
    """Note a fault of one member of `numeric`; give the value of a number that is legal."""
    if position % 2 == 0:
        if type(member) is not str or member not in ("=", "<", "<=", ">", ">="):
            meant = {"==": "=", "=>": ">=", "=<": "<=", "eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
            hint = f'did you mean "{meant[member]}"?' if type(member) is str and member in meant else ""
            if member in ("!=", "<>"):
                hint = 'write {"anything-but": [5]}'
            note(member, "one of = < <= > >=", hint, ("numeric", position))
        return None
    if type(member) is not NumberText:
        try:
            hint = (
                f"without quotes: {NumberText(member)}"
                if type(member) is str and float(member) == float(member)
                else ""
            )
        except ValueError:
            hint = ""
        note(member, "a number", hint, ("numeric", position))
        return None
    value = comparable(member)
    if value is None:
        note(member, _EXACT_NUMBER, "", ("numeric", position))
    return value


def _anything_but(operand: Any, note: Note) -> None:
    want = "a string, a number, an array of strings or of numbers, or an object of one operator"
    steps = ("anything-but",)
    if type(operand) is tuple:
        _negated(operand, note)
    elif type(operand) is list and operand:
        if {str, NumberText} <= {type(value) for value in operand}:
            note(operand, "an array of strings or of numbers, not of both", "", steps)
        for position, value in enumerate(operand):
            _anything_but_value(value, note, "a string or a number", (*steps, position))
    elif type(operand) is list:
        note(operand, "at least one value", 'any value at all is {"exists": true}', steps)
    else:
        _anything_but_value(operand, note, want, steps)


def _anything_but_value(value: Any, note: Note, want: str, steps: tuple[str | int, ...]) -> None:
    if type(value) is NumberText:
        if comparable(value) is None:
            note(value, _EXACT_NUMBER, "", steps)
    elif type(value) is tuple and len(value) == 1 and len(steps) > 1:
        note(value, want, 'an operator holds the array: {"anything-but": {"prefix": ["x", "y"]}}', steps)
    elif type(value) is not str:
        hint = (
            "null, true and false cannot be excluded; list the values that may be"
            if type(value) in (bool, type(None))
            else ""
        )
        note(value, want, hint, steps)


def _negated(operand: Any, note: Note) -> None:
    names = ("prefix", "suffix", "equals-ignore-case", "wildcard")
    if len(operand) != 1:
        note(operand, f"an object of one of {', '.join(names)}", "", ("anything-but",))
    for name, texts in operand:
        if name not in names:
            hint = nearest(name, names)
            if name == "numeric":
                hint = "write the numeric ranges outside of those meant"
            elif name == "exists":
                hint = 'write {"exists": true} or {"exists": false} itself'
            elif name == "anything-but":
                hint = "write the value itself"
            note(((name, texts),), f"an object of one of {', '.join(names)}", hint, ("anything-but",))
            continue
        steps = ("anything-but", name)
        if type(texts) is list and not texts:
            note(texts, "at least one string", "", steps)
        for position, text in enumerate(texts if type(texts) is list else [texts]):
            place = (*steps, position) if type(texts) is list else steps
            if text == "" and name in ("prefix", "suffix"):
                note(text, "a string that is not empty", f'every string has the {name} ""', place)
            else:
                _text(name, text, note, place, many=type(texts) is not list)
