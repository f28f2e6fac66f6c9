"""Name the functions that AWS Step Functions adds to JSONata, and those whose answer depends on chance."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final
from uuid import UUID

import orjson

__all__ = ["ALGORITHMS", "FUNCTIONS", "chance", "digest", "partition", "spread", "uuid"]

#: Hash algorithms by the names that AWS gives them.
ALGORITHMS: Final[Mapping[str, str]] = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}
#: Elements that `spread` makes at most (AWS: 1,000).
SPREAD: Final = 1_000


def partition(array: list[Any], size: float) -> list[list[Any]]:
    """The array in chunks. Raises ValueError where the size, rounded, is not positive."""
    width = _whole(size)
    if width < 1:
        raise ValueError("the size of a chunk must be a positive number")
    return [array[at : at + width] for at in range(0, len(array), width)]


def spread(first: float, last: float, step: float) -> list[int]:
    """Whole numbers from the first to the last, both included. Raises ValueError where there are too many or no step."""
    start, stop, stride = _whole(first), _whole(last), _whole(step)
    if stride == 0:
        raise ValueError("the step of a range must not be 0")
    count = (stop - start) // stride + 1
    if count > SPREAD:
        raise ValueError(f"a range may have {SPREAD} elements, this one has {count}")
    return [start + stride * index for index in range(count)]


def _whole(number: float) -> int:
    """Halves are rounded up, as AWS does."""
    return int(number + 0.5) if number >= 0 else -int(0.5 - number)


def digest(data: Any, algorithm: str) -> str:
    """The hexadecimal hash of a text, or of another value's JSON. Raises ValueError for an unknown algorithm."""
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unknown algorithm {algorithm!r}; known are {', '.join(ALGORITHMS)}")
    content = data.encode() if isinstance(data, str) else orjson.dumps(data)
    return hashlib.new(ALGORITHMS[algorithm], content, usedforsecurity=False).hexdigest()


def uuid(random: Random) -> str:
    """A version 4 UUID out of that source of chance."""
    return str(UUID(int=random.getrandbits(128), version=4))


def _range(first: float, last: float, step: float) -> Any:
    """A JSONata sequence: one of a single value is that value."""
    made = spread(first, last, step)
    return made[0] if len(made) == 1 else made


def _parse(text: str) -> Any:
    return orjson.loads(text)


def _hash(data: Any, algorithm: str) -> str:
    return digest(data, algorithm)


def _no_eval(*_arguments: Any) -> Any:
    raise ValueError("$eval is not supported; $parse reads JSON")


def chance(random: Random) -> dict[str, Callable[..., Any]]:
    """`$random` (AWS: with an optional seed) and `$uuid`, drawing from that source."""

    def draw(seed: Any = None) -> float:
        return random.random() if seed is None else Random(str(seed)).random()

    return {"random": draw, "uuid": lambda: uuid(random)}


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "partition": partition,
    "range": _range,
    "hash": _hash,
    "parse": _parse,
    "eval": _no_eval,
}
