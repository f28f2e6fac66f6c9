"""Turn event bytes into values, and values into what stands in a template: as JSON, or inside a JSON string."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

import orjson

__all__ = ["inside", "inside_object", "read", "write"]

#: Nineteen digits in a row may be an integer beyond 64 bits, of which orjson would make a float.
_LONG: Final = b"0" * 19
_DIGITS_AS_ZERO: Final = bytes.maketrans(b"123456789", b"0" * 9)
_QUOTE: Final = re.compile(rb'(\\[^"])|\\?"')
_TOO_DEEP: Final = "more objects and arrays inside one another than Python's recursion limit allows"


class _Beyond(float):
    """An infinity that stands for a number beyond a double: orjson, which would write null, leaves it to `json`."""


def _number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _Beyond(value)


def read(event: bytes) -> Any:
    """Parse an event. Integers keep every digit; other numbers are doubles, and one beyond them can't be written.

    Raises ValueError for what is no JSON, or too deep for `json`.
    """
    if _LONG not in event.translate(_DIGITS_AS_ZERO):  # a regular expression takes ten times as long
        try:
            return orjson.loads(event)
        except orjson.JSONDecodeError:
            pass  # lone surrogates, which JSON text can spell and UTF-8 can't; numbers beyond a double
    try:
        return json.loads(event, parse_float=_number)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def write(value: Any) -> bytes:
    """Make compact JSON of a value. Raises TypeError or ValueError for what JSON can't hold."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # integers beyond 64 bits, lone surrogates, more than 254 levels
        pass
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def inside(value: Any) -> bytes:
    """Make what stands for a value between the quotes of a string, in a template that is made of strings.

    Of objects and arrays that is their JSON without any quote, as EventBridge puts it: `{acc_id:0a78,tags:[a,b]}`.
    """
    text = write(value)
    if isinstance(value, str):
        return text[1:-1]
    return text.replace(b'"', b"") if b"\\" not in text else _QUOTE.sub(rb"\1", text)


def inside_object(value: Any) -> bytes:
    """Make what stands for a value between the quotes of a string, in a template that is a JSON object.

    There EventBridge keeps the quotes of objects and arrays, and delivers nothing of what is then no JSON; so where they
    have any, this raises ValueError.
    """
    if isinstance(value, dict | list) and b'"' in (text := write(value)):
        kind = "object" if isinstance(value, dict) else "array"
        raise ValueError(f"an {kind} with quotes of its own, {text[:40].decode(errors='replace')}, within a JSON string")
    return inside(value)
