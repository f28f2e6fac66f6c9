"""Turn a source of chance into patterns and events that are all about array elements: few names, few values, deep nests.

Where `generate` tries every operator, here every field can hold, and the question is whether elements agree.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

__all__ = ["event_text", "pattern_text"]

NAMES = ["a", "a", "b", "c"]
VALUES = [0, 0, 1, 1, 2]
ALTERNATIVES = [
    *["0", "1", "2", "0", "1", "2"],
    *['{"exists":false}', '{"exists":false}', '{"exists":true}', '{"anything-but":0}', '{"anything-but":[0,1]}'],
    *['{"numeric":[">",0]}', '{"numeric":["<=",1]}'],
]


def pattern_text(chance: Random, depth: int = 2) -> str:
    """Give a pattern of up to some twenty terms under few names."""
    members = []
    for _ in range(chance.choice([1, 2, 2, 3, 4])):
        kind = chance.randrange(8)
        if depth and kind == 0:
            branches = [pattern_text(chance, depth - 1) for _ in range(chance.choice([2, 2, 3]))]
            members.append(f'"$or":[{",".join(branches)}]')
        elif depth and kind <= 3:
            members.append(f"{name(chance)}:{pattern_text(chance, depth - 1)}")
        else:
            alternatives = [chance.choice(ALTERNATIVES) for _ in range(chance.choice([1, 1, 1, 2]))]
            members.append(f"{name(chance)}:[{','.join(alternatives)}]")
    return "{" + ",".join(members) + "}"


def name(chance: Random) -> str:
    first = chance.choice(NAMES)
    return json.dumps(first if chance.randrange(8) else f"{first}.{chance.choice(NAMES)}")


def event_text(chance: Random) -> bytes:
    """Give an event of nested arrays of objects; names come twice, and with dots, among them."""
    return thing(chance, 5).encode()


def thing(chance: Random, depth: int) -> str:
    depth = max(depth, 1)
    members = [f"{name(chance)}:{value(chance, depth - 1)}" for _ in range(chance.choice([2, 3, 3, 4, 5]))]
    return "{" + ",".join(members) + "}"


def value(chance: Random, depth: int) -> str:
    kind: Any = chance.randrange(10) if depth else 0
    if kind < 4:
        return str(chance.choice(VALUES))
    if kind < 6:
        return thing(chance, depth)
    inner = [chance.choice([thing, thing, value])(chance, depth - 1) for _ in range(chance.choice([0, 1, 2, 2, 3, 4]))]
    return "[" + ",".join(inner) + "]"
