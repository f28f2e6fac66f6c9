"""Turn the spelling of a number into the double that compares for it, if there is one."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from math import isfinite

__all__ = ["comparable", "spelled"]


def comparable(text: str) -> float | None:
    """Give the double of which `text` is the shortest decimal, however spelled (300.0, 3e2); None if there is none.

    Any number of up to 15 significant digits within the range of doubles has one; 9007199254740993 and 1e400 have
    none (AWS's engine compares only such numbers; others are equal only to the same text).
    """
    value = float(text)
    if len(text) <= 15 and "e" not in text and "E" not in text:
        return value + 0.0  # no more than 15 digits: exact by the definition of double; -0 is 0
    if not isfinite(value):
        return None
    if value == 0.0:  # also what underflowed, where a Decimal could meet its own limits
        mantissa = text.replace("E", "e").partition("e")[0]
        return None if mantissa.strip("-0.") else 0.0
    try:
        return value if Decimal(text) == Decimal(spelled(value)) else None
    except InvalidOperation:  # an exponent beyond Decimal's, undone by as many zeros
        return None


def spelled(value: float) -> str:
    """Give the shortest decimal of a double; of one digit alone, which Java never prints, the nearest of two.

    Only doubles near the smallest differ: 4.9e-324 compares, 5e-324 does not.
    """
    shortest = repr(value)
    one_digit = 0 < abs(value) < 1e-300 and len(shortest.lstrip("-").partition("e")[0]) == 1
    return f"{value:.1e}" if one_digit else shortest
