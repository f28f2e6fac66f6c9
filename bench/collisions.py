"""Turn a count into that many strings which cheap hashes and shortcuts confuse."""

from __future__ import annotations

from functools import cache

__all__ = ["alike"]

FAMILY = ("Aa", "BB", "C#")  # 31 * first + second is 2112 for each: any hash with the factor 31 takes them for one
PAIRS = 11


@cache
def alike(count: int) -> tuple[str, ...]:
    """Distinct strings of 40 bytes, at most 177,147: nine equal bytes, eleven colliding pairs, nine equal bytes."""
    if count > len(FAMILY) ** PAIRS:
        raise ValueError(f"there are only {len(FAMILY) ** PAIRS} such strings, not {count}")
    return tuple(f"colliding{_middle(number)}colliding" for number in range(count))


def _middle(number: int) -> str:
    pairs = []
    for _ in range(PAIRS):
        number, digit = divmod(number, len(FAMILY))
        pairs.append(FAMILY[digit])
    return "".join(pairs)
