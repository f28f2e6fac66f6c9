"""Turn a source of chance into patterns, and into events that meet or nearly meet them; all as JSON text.

`chance` is a `random.Random`: a seeded one in the fuzzer, one that hypothesis drives (and so can shrink) in properties.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, TypeAlias

from matcher.pattern import ast
from matcher.pattern.ast import All, Alternative, AnyOf, Node, Term

__all__ = ["event_text", "pattern_text"]

#: A JSON value: an object is a list of its members, so that a name may come twice; a number is its spelling.
Value: TypeAlias = "Spelled | str | list[Value] | Members | bool | None"


class Spelled(str):
    """A number as it is spelled."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """An object's members."""


KEYS = ["a", "a", "b", "b", "c", "c", "d", "a.b", "b.c", "é", "", ".", "😀"]
LONG = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
STRINGS = [
    *["x", "x", "y", "ab", "abc", "ABC", "aB", "bc", "abab", "xy", "x y", "", "1", "true", "null", "a*b", "\\", "*"],
    *["10.0.0.1", "10.0.0.2", "010.0.0.1", "::1", "0:0:0:0:0:0:0:1", "2001:db8::1", "::ffff:a00:1", "10.0.0.256"],
    *["ß", "SS", "ss", "é", "É", "K", "k", "İ", "i̇", "ς", "σ", "Σ", "ﬁ", "FI", "😀", "x😀", '"', "\n", "\x00", "\x7f"],
    *[LONG[:15], LONG[:16], LONG[:17], LONG[:31], LONG[:32], LONG[:33], LONG],
]
NUMBERS = [
    *["0", "-0", "0.0", "1", "1.0", "1e0", "10e-1", "-1", "2", "5", "5.5", "10", "300", "300.0", "3e2", "3E+2", "0.1"],
    *["9007199254740992", "9007199254740993", "300.00000000000001", "1e400", "-1e400", "1e-400", "1e23", "1e308"],
]
BOUNDS = ["-1e308", "-300", "-1", "-0", "0.1", "1", "2", "5", "5.5", "10", "300", "3e3", "1e308"]
LITERALS = ["true", "false", "null"]
BLOCKS = ["10.0.0.0/8", "10.0.0.1/31", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1/127", "10.0.0.2/30", "::ffff:a00:1/8"]
PIECES = ["a", "b", "ab", "x", "", "c", "é", "\\*", "\\\\", "1", "abc", LONG[:16]]


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# ---- patterns ----


def pattern_text(chance: Random, depth: int = 3) -> str:
    """Give a legal pattern."""
    members = [_member(chance, depth) for _ in range(chance.choice([1, 1, 1, 2, 2, 3]))]
    return "{" + ",".join(members) + "}"


def _member(chance: Random, depth: int) -> str:
    kind = chance.randrange(10)
    if depth and kind == 0:
        branches = [pattern_text(chance, depth - 1) for _ in range(chance.choice([2, 2, 3]))]
        return f'"$or":[{",".join(branches)}]'
    key = quoted(chance.choice(KEYS))
    if depth and kind <= 3:
        return f"{key}:{pattern_text(chance, depth - 1)}"
    alternatives = [alternative_text(chance) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
    return f"{key}:[{','.join(alternatives)}]"


def alternative_text(chance: Random) -> str:
    """Give one alternative, of every operator alike."""
    kind = chance.randrange(16)
    text = quoted(chance.choice(STRINGS))
    match kind:
        case 0 | 1 | 2:
            return text
        case 3 | 4:
            return chance.choice(NUMBERS)
        case 5:
            return chance.choice(LITERALS)
        case 6:
            return f'{{"exactly":{text}}}'
        case 7 | 8:
            name = chance.choice(["prefix", "suffix"])
            return f'{{"{name}":{text}}}' if chance.randrange(3) else f'{{"{name}":{{"equals-ignore-case":{text}}}}}'
        case 9:
            return f'{{"equals-ignore-case":{text}}}'
        case 10 | 11:
            return f'{{"wildcard":{quoted(_wildcard(chance))}}}'
        case 12:
            return f'{{"numeric":{_range(chance)}}}'
        case 13:
            return f'{{"exists":{chance.choice(["true", "false"])}}}'
        case 14:
            return f'{{"cidr":"{chance.choice(BLOCKS)}"}}'
        case _:
            return f'{{"anything-but":{_anything_but(chance)}}}'


def _wildcard(chance: Random) -> str:
    """Give a wildcard; only its ends may be empty, as two stars in a row are a fault."""
    middle = [chance.choice(PIECES) or "a" for _ in range(chance.randrange(3))]
    pieces = [chance.choice(PIECES), *middle, chance.choice(PIECES)]
    return "*".join(pieces) if chance.randrange(6) else pieces[0]


def _range(chance: Random) -> str:
    if chance.randrange(3) == 0:
        return f'["{chance.choice(["=", "<", "<=", ">", ">="])}",{chance.choice(BOUNDS)}]'
    low = chance.randrange(len(BOUNDS) - 1)
    high = chance.randrange(low + 1, len(BOUNDS))
    return f'["{chance.choice([">", ">="])}",{BOUNDS[low]},"{chance.choice(["<", "<="])}",{BOUNDS[high]}]'


def _anything_but(chance: Random) -> str:
    texts = [chance.choice(STRINGS) for _ in range(chance.choice([1, 1, 2, 3]))]
    kind = chance.randrange(7)
    match kind:
        case 0:
            return quoted(texts[0])
        case 1:
            return f"[{','.join(map(quoted, texts))}]"
        case 2:
            return chance.choice(NUMBERS[:18])
        case 3:
            return f"[{','.join(chance.choice(NUMBERS[:18]) for _ in texts)}]"
        case 4:
            texts = [_wildcard(chance) for _ in texts]
            name = "wildcard"
        case _:
            name = chance.choice(["prefix", "suffix", "equals-ignore-case"])
            texts = [text or "x" for text in texts]
    listed = quoted(texts[0]) if len(texts) == 1 else f"[{','.join(map(quoted, texts))}]"
    return f'{{"{name}":{listed}}}'


# ---- events ----


def event_text(chance: Random, nodes: list[Node]) -> bytes:
    """Give an event made for some of the patterns: values that meet them, values that miss them by little, and noise."""
    root = Members()
    for _ in range(chance.choice([1, 1, 2, 3])):
        node = chance.choice(nodes)
        if chance.randrange(5) == 0:
            _place(chance, root, chance.choice(KEYS), _noise(chance))
        for term in _branch(chance, node):
            if chance.randrange(12):
                value = _met(chance, chance.choice(term.alternatives))
                if value is not None:
                    _place(chance, root, term.path, value)
    if chance.randrange(3) == 0:
        _place(chance, root, chance.choice(KEYS), _noise(chance))
    return written(chance, root).encode()


def _branch(chance: Random, node: Node) -> Iterator[Term]:
    match node:
        case Term():
            yield node
        case All(nodes):
            for inner in nodes:
                yield from _branch(chance, inner)
        case AnyOf(nodes):
            yield from _branch(chance, chance.choice(nodes))


def _met(chance: Random, alternative: Alternative) -> Value:
    """Give a value that meets the alternative, most of the time; None where nothing should stand."""
    match alternative:
        case ast.Exact(text) | ast.Address(text):
            return _nearly(chance, text)
        case ast.Number(text):
            return Spelled(text if chance.randrange(3) else chance.choice(NUMBERS))
        case ast.Literal(text):
            return Spelled(text)
        case ast.Prefix(text, _):
            return _cased(chance, text, alternative.ignore_case) + chance.choice(["", "", "x", "b", "😀", LONG])
        case ast.Suffix(text, _):
            return chance.choice(["", "", "x", "b", "😀", LONG]) + _cased(chance, text, alternative.ignore_case)
        case ast.EqualsIgnoreCase(text):
            return _cased(chance, text, ignore_case=True)
        case ast.Wildcard(_, pieces):
            return "".join(piece + chance.choice(["", "x", "a", "abab"]) for piece in pieces[:-1]) + pieces[-1]
        case ast.Numeric():
            return Spelled(chance.choice(NUMBERS + BOUNDS))
        case ast.Cidr():
            return chance.choice(["10.0.0.1", "10.1.2.3", "11.0.0.1", "2001:db8::5", "::1", "0a00::1"])
        case ast.Exists(present):
            return _noise(chance) if present else None
        case ast.AnythingBut(none_of):
            return _scalar(chance) if chance.randrange(3) else _met(chance, chance.choice(none_of))


def _nearly(chance: Random, text: str) -> str:
    kind = chance.randrange(12)
    return [text[:-1], text + "x", text.swapcase(), chance.choice(STRINGS)][kind] if kind < 4 else text


def _cased(chance: Random, text: str, ignore_case: bool) -> str:
    return chance.choice([text, text.upper(), text.lower(), text.swapcase()]) if ignore_case else text


def _scalar(chance: Random) -> Value:
    kind = chance.randrange(6)
    if kind < 4:
        return chance.choice(STRINGS)
    return Spelled(chance.choice(NUMBERS if kind == 4 else LITERALS))


def _noise(chance: Random, depth: int = 3) -> Value:
    kind = chance.randrange(6)
    if kind < 3 or not depth:
        return _scalar(chance)
    if kind == 3:
        return [_noise(chance, depth - 1) for _ in range(chance.randrange(3))]
    return Members((chance.choice(KEYS), _noise(chance, depth - 1)) for _ in range(chance.randrange(3)))


def _place(chance: Random, root: Members, path: str, value: Any) -> None:
    """Put a value at a path: names split or dotted, in members that are there or in new ones, in and out of arrays."""
    names = path.split(".")
    while len(names) > 1 and chance.randrange(6) == 0:
        at = chance.randrange(len(names) - 1)
        names[at : at + 2] = [names[at] + "." + names[at + 1]]
    here = root
    for name in names[:-1]:
        here = _below(chance, here, name)
    if chance.randrange(4) == 0:
        value = [value, _noise(chance, 1)] if chance.randrange(2) else [_noise(chance, 1), [value]]
    at = chance.randrange(len(here) + 1)
    here.insert(at, (names[-1], value))


def _below(chance: Random, here: Members, name: str) -> Members:
    known = [value for key, value in here if key == name and isinstance(value, list)]
    made = Members()
    if known and chance.randrange(5):
        value = chance.choice(known)
        while not isinstance(value, Members):
            inner = [element for element in value if isinstance(element, list)]
            if not inner or chance.randrange(3) == 0:
                value.append(made)
                return made
            value = chance.choice(inner)
        return value
    kind = chance.randrange(5)
    wrapped: Value = made if kind > 1 else [made] if kind else [[_noise(chance, 1)], [made]]
    here.append((name, wrapped))
    return made


def written(chance: Random, value: Any) -> str:
    """Write a value as JSON, with spaces and escapes by chance."""
    space = "" if chance.randrange(8) else chance.choice([" ", "\n", "\t \r\n", " " * 17])
    if isinstance(value, Members):
        return f"{space}{{{','.join(_string(chance, k) + space + ':' + written(chance, v) for k, v in value)}{space}}}"
    if isinstance(value, list):
        return f"[{space}{','.join(written(chance, element) for element in value)}]{space}"
    return space + (str(value) if isinstance(value, Spelled) else _string(chance, str(value)))


def _string(chance: Random, text: str) -> str:
    kind = chance.randrange(10)
    if kind == 0:
        return json.dumps(text)  # what is not ASCII as \u, astral characters as pairs
    if kind == 1 and all(ord(character) < 0x10000 for character in text):
        return '"' + "".join(f"\\u{ord(character):04x}" for character in text) + '"'
    return quoted(text)
