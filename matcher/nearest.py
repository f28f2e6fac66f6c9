"""Turn a field that was not met into words: how near the event came to it, by its values or by its names."""

from __future__ import annotations

from typing import Final

from matcher.flatten import Event, Leaf
from matcher.jsontext import NumberText, quote
from matcher.pattern.address import parse_address
from matcher.pattern.ast import (
    Address,
    Alternative,
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exact,
    Exists,
    Literal,
    Number,
    Numeric,
    Prefix,
    Suffix,
    Term,
    Wildcard,
)
from matcher.pattern.holds import Scalar
from matcher.pattern.number import comparable
from matcher.pattern.render import alternative_text

__all__ = ["nearest_path", "nearest_value"]

_VALUES: Final = 20  # compared for one field; more would cost time and tell nothing
_ALTERNATIVES: Final = 200
_LENGTH: Final = 200  # characters of a text that are compared


def nearest_value(term: Term, leaves: list[Leaf]) -> str:
    """Say which alternative the values came nearest to, and what parts them; "" if nothing is alike."""
    best, words = 0.0, ""
    for leaf in leaves[:_VALUES]:
        for alternative in term.alternatives[:_ALTERNATIVES]:
            likeness, why = _compare(alternative, leaf.value)
            if likeness > best and why:
                best = likeness
                words = f"nearest is {alternative_text(alternative)}: {leaf.text} {why}"
    return words


def _compare(alternative: Alternative, value: Scalar) -> tuple[float, str]:
    """Give how like the value is to what the alternative wants (0 to 1), and the words for what parts them."""
    match alternative:
        case AnythingBut():
            return 0.9, "is one of what it excludes"
        case Exists():
            return 0.9, "is there"
        case Number(text):
            return _compare_number(text, comparable(text), value)
        case Numeric():
            return _compare_range(alternative, value)
        case Literal(word):
            same = isinstance(value, str) and value == word
            return (0.95, f"is a string, not {word}") if same else (0.0, "")
        case Cidr(text):
            if type(value) is not str:
                return 0.1, "is no string"
            inside = parse_address(value) is not None
            return (0.6, f"is outside of {text}") if inside else (0.2, "is no IP address")
        case Exact(text) | Address(text) | Prefix(text) | Suffix(text) | EqualsIgnoreCase(text) | Wildcard(text):
            return _compare_text(alternative, text, value)


def _compare_text(alternative: Alternative, wanted: str, value: Scalar) -> tuple[float, str]:
    if type(value) is not str:
        shown = quote(value)
        kind = "a number" if isinstance(value, NumberText) else "no string"
        return (0.95, f"is {kind}, not a string") if shown == wanted else (0.05, f"is {kind}, not a string")
    wanted, value = wanted[:_LENGTH], value[:_LENGTH]
    if isinstance(alternative, Prefix):
        value = value[: len(wanted)]
    elif isinstance(alternative, Suffix):
        value = value[-len(wanted) :]
    if value.lower() == wanted.lower() or value.upper() == wanted.upper():
        return 0.99, "differs only in case"
    if value.strip() == wanted.strip():
        return 0.98, "differs only in white space around it"
    from difflib import SequenceMatcher  # slow to load, and only for a miss

    likeness = SequenceMatcher(None, wanted, value, autojunk=False).ratio()
    return likeness * 0.9, "is like it" if likeness >= 0.6 else ""


def _compare_number(text: str, wanted: float | None, value: Scalar) -> tuple[float, str]:
    if not isinstance(value, NumberText):
        return (0.95, "is a string, not a number") if value == text else (0.05, "is no number")
    number = comparable(value)
    if number is None or wanted is None:
        return 0.3, "has more digits than a double, so only the same text would do"
    return _near(abs(number - wanted), wanted), f"is {_gap(number - wanted)} {'more' if number > wanted else 'less'}"


def _compare_range(wanted: Numeric, value: Scalar) -> tuple[float, str]:
    if not isinstance(value, NumberText):
        try:
            like_number = isinstance(value, str) and float(value) == float(value)
        except ValueError:
            like_number = False
        return (0.5, "is a string, not a number") if like_number else (0.05, "is no number")
    number = comparable(value)
    if number is None:
        return 0.3, "has more digits than a double, so no range holds it"
    if wanted.low is not None and number <= wanted.low:
        short = wanted.low - number
        return _near(short, wanted.low), f"is {_gap(short)} too small" if short else "is the bound, which is left out"
    over = number - (wanted.high or 0.0)
    return _near(over, wanted.high or 0.0), f"is {_gap(over)} too large" if over else "is the bound, which is left out"


def _near(gap: float, wanted: float) -> float:
    return 0.9 / (1.0 + abs(gap) / (1.0 + abs(wanted)))


def _gap(gap: float) -> str:
    return f"{abs(gap):.15g}"


def nearest_path(path: str, event: Event) -> str:
    """Say what stands at a path that has no value: an object, a name in another case, a sibling of a like name."""
    if path in event.by_path:
        return 'a member named "" leads to it, which this path does not enter'
    below = [known for known in event.by_path if known.startswith(path + ".")]
    if below:
        names = sorted({known[len(path) + 1 :].partition(".")[0] for known in below})
        return f"an object stands there, with {_listed(names)}"
    for known in event.by_path:
        if known.lower() == path.lower():
            return f'the event has "{known}": names differ in case'
    parent, _, last = path.rpartition(".")
    if parent in event.by_path:
        return f'"{parent}" is a value, so nothing stands below it'
    lead = f"{parent}." if parent else ""
    siblings = {known[len(lead) :].partition(".")[0] for known in event.by_path if known.startswith(lead)}
    from difflib import get_close_matches

    close = get_close_matches(last, siblings, n=1, cutoff=0.6)
    if close:
        return f'the event has "{lead}{close[0]}"'
    tail = [known for known in event.by_path if known == last or known.endswith("." + last)]
    if tail:
        return f'the event has "{min(tail, key=len)}"'
    return f"beside it stand {_listed(sorted(siblings))}" if siblings and len(siblings) <= 20 else ""


def _listed(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
