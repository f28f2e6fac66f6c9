"""Turn text into the forms that each of its characters may take where case is ignored."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["variants"]


def variants(text: str) -> tuple[tuple[str, ...], ...]:
    """Give, for each code point, its lower and upper case by full mapping (one form where they are the same).

    A form may have several characters ("ß" is "ß" or "SS"); the character itself need not be one ("ǅ" is "ǆ" or "Ǆ").
    Code points above U+FFFF are only themselves, since AWS's engine maps UTF-16 units.
    """
    return tuple(map(_forms, text))


@lru_cache(maxsize=4096)
def _forms(character: str) -> tuple[str, ...]:
    if character > "\uffff":
        return (character,)
    lower, upper = character.lower(), character.upper()
    return (lower,) if lower == upper else (lower, upper)
