"""Turn the values of one field, event by event, into the alternatives that take them all, from narrow to wide."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from matcher.jsontext import NumberText
from matcher.offline.volatile import stem, volatile
from matcher.pattern.address import parse_address
from matcher.pattern.ast import EqualsIgnoreCase
from matcher.pattern.holds import Scalar, holds
from matcher.pattern.number import comparable

__all__ = ["PRESENT", "Rung", "ladder"]

_ENUMERATED: Final = frozenset(["source", "detail-type", "account", "region"])  # of the envelope: named, not numbered
_COMMON: Final = 5  # values of an array, found in every event, that are tried one after another
_WORD: Final = 3  # letters that make a beginning or an end worth telling
_AWS_BOUND: Final = 5e9
_WIDE: Final = {4: 8, 16: 16}  # bits of the mask from which on a block says something, by the bytes of its addresses

Alternatives: TypeAlias = "list[Any]"


@dataclass(frozen=True, slots=True)
class Rung:
    """Alternatives as plain values for JSON, of what kind they are, and the reason for them."""

    kind: str
    alternatives: Alternatives
    said: str


PRESENT: Final = "present"


def ladder(
    path: str, seen: Sequence[Sequence[Scalar]], *, max_values: int, keep_volatile: bool = False, listing: bool = False
) -> Iterator[Rung]:
    """Give what the field may be said to hold, narrowest first; each takes some value of every event.

    `seen`: the values of each event that has the field. `listing`: values are listed even where they look numbered.
    """
    distinct = {_key(value): value for values in seen for value in values}
    kept = [set(map(_key, values)) for values in seen]
    common = [one for one in distinct if all(one in values for values in kept)]
    why = {one: "" if keep_volatile else volatile(path, value) for one, value in distinct.items()}
    pinned = [one for one in common if not why[one] or (len(seen) > 1 and why[one] not in _MOVING)]
    for one in pinned[:_COMMON]:
        plain = _plain(distinct[one])
        if plain is not _NONE:
            said = "the same in every event" if len(seen) > 1 else "as in the event"
            if any(len(values) > 1 for values in seen):
                said = "an element of the array in every event" if len(seen) > 1 else "an element of the array"
            yield Rung("constant", [plain], said)
    cover = _cover(distinct, kept, max_values) if not common and any(len(values) > 1 for values in seen) else None
    if cover is not None and not any(why[one] for one in cover):
        yield Rung("values", [_plain(distinct[one]) for one in cover], "one of these is in every event")
    values = list(distinct.values())
    reasons = [reason for reason in why.values() if reason]
    numbered = len(distinct) == len(seen) and not listing
    made = _parts(path, values, reasons[0] if reasons else "", max_values, numbered, 0 if listing else len(seen))
    if made is not None and not (pinned and len(distinct) == 1):
        yield made
    told = f"{reasons[0]}, which other events will not have" if reasons else "the values have nothing in common"
    yield Rung(PRESENT, [{"exists": True}], told)


_MOVING: Final = frozenset(["a time", "a date", "a time, by its name", "a long text"])
_MADE: Final = frozenset(["an ARN", "a resource id", "a text with an id", "an id, by its name"])
_NONE: Final = object()


def _key(value: Scalar) -> tuple[str, Any]:
    if isinstance(value, NumberText):
        number = comparable(value)
        return ("text", str(value)) if number is None else ("number", number)
    return type(value).__name__, value


def _plain(value: Scalar) -> Any:
    """Give a value as Python has it; `_NONE` for a number that Python can't write as it was."""
    if not isinstance(value, NumberText):
        return value
    digits = value.removeprefix("-").isdigit()
    plain: int | float = int(value) if digits else float(value)
    if not digits and abs(plain) < 1e15 and plain == int(plain):
        plain = int(plain)
    wanted = comparable(value)
    if wanted is None:
        return plain if digits and repr(plain) == value else _NONE
    return plain if comparable(repr(plain)) == wanted else _NONE


def _cover(distinct: dict[tuple[str, Any], Scalar], kept: list[set[tuple[str, Any]]], most: int) -> list[Any] | None:
    """Give a few values of which every event has one, the most frequent first; None if it takes more than `most`."""
    chosen: list[Any] = []
    left = kept
    while left:
        if len(chosen) == most:
            return None
        best = max(distinct, key=lambda one: sum(one in values for values in left))
        if _plain(distinct[best]) is _NONE:
            return None
        chosen.append(best)
        left = [values for values in left if best not in values]
    return chosen


def _parts(path: str, values: list[Scalar], reason: str, most: int, numbered: bool, events: int) -> Rung | None:
    """Put together what is said of texts, of numbers and of literals; None where one of them can't be told."""
    texts = [value for value in values if isinstance(value, str) and not isinstance(value, NumberText)]
    numbers = [value for value in values if isinstance(value, NumberText)]
    literals = [value for value in values if not isinstance(value, str)]
    rungs: list[Rung] = []
    if texts:
        made = _texts(path, texts, reason, most, numbered)
        if made is None:
            return None
        rungs.append(made)
    if numbers:
        made = _numbers(numbers, reason, most, events)
        if made is None:
            return None
        rungs.append(made)
    if literals:
        rungs.append(Rung("values", list(literals), "each that was seen"))
    if len(rungs) == 1:
        return rungs[0]
    said = "; ".join(dict.fromkeys(rung.said for rung in rungs))
    return Rung("mixed", [one for rung in rungs for one in rung.alternatives], f"values of several types: {said}")


# ---- texts ----


def _texts(path: str, texts: list[str], reason: str, most: int, numbered: bool) -> Rung | None:
    blocks = _addresses(texts, most)
    if blocks is not None:
        return blocks
    if len(texts) == 1:
        if not reason:
            return Rung("constant", [texts[0]], "as in the event")
        head = stem(texts[0])
        return Rung("prefix", [{"prefix": head}], f"{reason}: its beginning") if head else None
    affix = _affix(texts, reason)
    few = len(texts) <= most and not reason
    if affix is not None and (not few or (numbered and path not in _ENUMERATED and _numbered(texts, affix))):
        return affix
    if few:
        return Rung("values", list(texts), f"each of the {len(texts)} values that were seen")
    folded = EqualsIgnoreCase(texts[0])
    if all(holds(folded, text) for text in texts):
        return Rung("ignore-case", [{"equals-ignore-case": texts[0]}], "the same but for case")
    return affix


def _addresses(texts: list[str], most: int) -> Rung | None:
    """Give the smallest block of each family, if all are IP addresses."""
    packed = [parse_address(text) for text in texts]
    if None in packed:
        return None
    alternatives: Alternatives = []
    wide = False
    for size in (4, 16):
        family = {one: text for text, one in zip(texts, packed, strict=True) if one is not None and len(one) == size}
        if not family:
            continue
        numbers = [int.from_bytes(one) for one in family]
        free = (min(numbers) ^ max(numbers)).bit_length()
        if free == 0:
            alternatives.append(next(iter(family.values())))
            continue
        bits = size * 8 - free
        base = (min(numbers) >> free << free).to_bytes(size)
        wide = wide or bits < _WIDE[size]
        alternatives.append({"cidr": f"{ipaddress.ip_address(base)}/{bits}"})
    if all(isinstance(one, str) for one in alternatives):
        return Rung("constant", alternatives, "one IP address" if len(alternatives) == 1 else "the IP addresses seen")
    if wide and len(texts) <= most:
        return Rung("values", list(texts), "IP addresses that share no block")
    return Rung("block", alternatives, "the smallest block that holds all the IP addresses")


def _affix(texts: list[str], reason: str = "") -> Rung | None:
    """Give the common beginning and end of texts, cut where words are; None if there is none to speak of.

    Of what is one of its kind only those have them that are made of parts: all times begin alike, for years.
    """
    if reason and reason not in _MADE:
        return None
    head = _beginning(texts)
    room = min(map(len, texts)) - len(head)
    tail = _beginning([text[::-1] for text in texts])[:room][::-1]
    head = head[: next((n for n in range(len(head), 0, -1) if all(_parted(text, n) for text in texts)), 0)] or (
        head if len(head) > _WORD and not reason else ""
    )
    cut = next((n for n in range(len(tail), 0, -1) if all(_parted(text, len(text) - n) for text in texts)), 0)
    tail = tail[len(tail) - cut :]
    head, tail = (part if _tells(part) else "" for part in (head, tail))
    if head and tail:
        return Rung("wildcard", [{"wildcard": f"{_escaped(head)}*{_escaped(tail)}"}], "their beginning and their end")
    if head:
        return Rung("prefix", [{"prefix": head}], "their common beginning")
    return Rung("suffix", [{"suffix": tail}], "their common end") if tail else None


def _beginning(texts: list[str]) -> str:
    first, last = min(texts), max(texts)  # what these two share all those between them do
    return first[: next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))]


def _parted(text: str, at: int) -> bool:
    """Say whether a word ends before the position, or begins there."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    if not before.isalnum() or not after.isalnum():
        return True
    if before.islower() and after.isupper():
        return True
    word = at
    while word and text[word - 1].isalpha():
        word -= 1
    return after.isdigit() and word < at and (word == 0 or not text[word - 1].isalnum())


def _tells(part: str) -> bool:
    return len(part) >= _WORD or (bool(part) and not part.isalnum() and not part.isspace())


def _numbered(texts: list[str], affix: Rung) -> bool:
    """Say whether what differs looks like a number, an id or a name below a path, of which there will be more."""
    (operator, operand) = next(iter(affix.alternatives[0].items()))
    if "/" in operand:
        return True
    whole = operand.replace("*", "") if operator == "wildcard" else operand
    rest = [text[len(whole) :] if operator != "suffix" else text[: -len(whole)] for text in texts]
    return all(any(letter.isdigit() for letter in part) for part in rest)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("*", "\\*")


# ---- numbers ----


def _numbers(numbers: list[NumberText], reason: str, most: int, events: int) -> Rung | None:
    plain = [_plain(number) for number in numbers]
    if any(one is _NONE for one in plain):
        return None
    values = [comparable(number) for number in numbers]
    if len(numbers) == 1:
        return None if reason else Rung("constant", plain, "as in the event")
    if len(numbers) <= most and not reason and not 0 < events < 3 * len(numbers):
        return Rung("values", plain, f"each of the {len(numbers)} values that were seen")
    if reason or any(value is None for value in values):
        return None
    known = [value for value in values if value is not None]
    low, high = plain[known.index(min(known))], plain[known.index(max(known))]
    said = f"from the least to the greatest of {len(numbers)} values"
    if max(abs(low), abs(high)) > _AWS_BOUND:
        said += "; EventBridge documents numbers up to 5e9 alone"
    return Rung("range", [{"numeric": [">=", low, "<=", high]}], said)
