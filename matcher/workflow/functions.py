"""Define the 18 intrinsic functions of the Amazon States Language. Each takes a source of chance, then its arguments.

They raise ValueError or TypeError where AWS fails with States.IntrinsicFailure.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

import orjson

from matcher.query.functions import digest, partition, spread, uuid
from matcher.workflow.frames import Json

__all__ = ["FUNCTIONS", "LONGEST", "Literal"]

#: Characters that Base64Encode, Base64Decode and Hash take (AWS: 10,000).
_TEXT: Final = 10_000
#: Bytes of a text that a function makes, and of all that one function is given (AWS: 262,144, of what a state gives).
LONGEST: Final = 16 * 1024 * 1024
_TOO_LONG: Final = f"a text may have {LONGEST:,} bytes, this one has more"
#: Integers are from minus this to below this.
_LONG: Final = 2**63
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PLACE: Final = re.compile(r"\\(.)|\{\}", re.DOTALL)


class Literal(str):
    """A quoted text of a call: what it says, and how it was written, by which States.Format tells `{}` from `\\{\\}`."""

    __slots__ = ("written",)
    written: str

    @classmethod
    def read(cls, written: str) -> Literal:
        made = cls(_ESCAPE.sub(r"\1", written))
        made.written = written
        return made


def _array(_random: Random, *values: Json) -> list[Json]:
    return list(values)


def _array_partition(_random: Random, array: Json, size: Json) -> list[Json]:
    return partition(_list(array), _number(size))


def _array_contains(_random: Random, array: Json, value: Json) -> bool:
    return _key(value) in {_key(element) for element in _list(array)}


def _array_range(_random: Random, first: Json, last: Json, step: Json) -> list[Json]:
    return spread(_number(first), _number(last), _number(step))


def _array_get_item(_random: Random, array: Json, index: Json) -> Json:
    position = _integer(index)
    if not 0 <= position < len(_list(array)):
        raise ValueError(f"there is no element {position} in an array of {len(array)}")
    return array[position]


def _array_length(_random: Random, array: Json) -> int:
    return len(_list(array))


def _array_unique(_random: Random, array: Json) -> list[Json]:
    return list({_key(element): element for element in reversed(_list(array))}.values())[::-1]


def _base64_encode(_random: Random, text: Json) -> str:
    return base64.b64encode(_short(text).encode()).decode()


def _base64_decode(_random: Random, text: Json) -> str:
    try:
        return base64.b64decode(_short(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("the text is no Base64 of UTF-8") from None


def _hash(_random: Random, data: Json, algorithm: Json) -> str:
    return digest(data if not isinstance(data, str) else _short(data), _string(algorithm))


def _json_merge(_random: Random, first: Json, second: Json, deep: Json) -> Json:
    if deep is not False:
        raise ValueError("only a shallow merge is supported: the third argument must be false")
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise TypeError("both values must be objects")
    return {**first, **second}


def _math_random(random: Random, start: Json, end: Json, seed: Json = None) -> int:
    low, high = _integer(start), _integer(end)
    if high <= low:
        raise ValueError("the end must be greater than the start")
    return (random if seed is None else Random(_integer(seed))).randrange(low, high)


def _math_add(_random: Random, first: Json, second: Json) -> int:
    return _whole(_integer(first) + _integer(second))


def _string_split(_random: Random, text: Json, delimiters: Json) -> list[str]:
    """Every character of `delimiters` splits; empty parts are dropped, as AWS does."""
    if not _string(delimiters):
        return [_string(text)]
    return [part for part in re.split(f"[{re.escape(delimiters)}]", _string(text)) if part]


def _uuid(random: Random) -> str:
    return uuid(random)


def _format(_random: Random, template: Json, *values: Json) -> str:
    written = template.written if isinstance(template, Literal) else _string(template)
    left = iter(values)
    taken = size = 0

    def fill(found: re.Match[str]) -> str:
        nonlocal taken, size
        if found[1] is not None:
            return found[1]
        taken += 1
        text = _java(next(left, None)) if taken <= len(values) else ""
        size += len(text)
        if size > LONGEST:
            raise ValueError(_TOO_LONG)
        return text

    made = _PLACE.sub(fill, written)
    if taken != len(values):
        raise ValueError(f"the template has {taken} places `{{}}`, and {len(values)} values are given")
    return made


def _java(value: Json) -> str:
    """A value as AWS writes it into a text: texts bare, objects and arrays as Java prints them."""
    match value:
        case str():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{name}={_java(member)}" for name, member in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_java, value)) + "]"
    return orjson.dumps(value).decode()


def _string_to_json(_random: Random, text: Json) -> Json:
    if not _string(text).strip():
        return None
    try:
        return orjson.loads(str(text))
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the text is no JSON ({error})") from None


def _json_to_string(_random: Random, value: Json) -> str:
    text = orjson.dumps(value)
    if len(text) > LONGEST:
        raise ValueError(_TOO_LONG)
    return text.decode()


def _key(value: Json) -> bytes:
    """Equal for equal JSON, and never for true and 1."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(f"an array is wanted, found {_json_to_string(Random(0), value)}")
    return value


def _string(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is wanted, found {_json_to_string(Random(0), value)}")
    return value


def _short(value: Json) -> str:
    if len(_string(value)) > _TEXT:
        raise ValueError(f"at most {_TEXT:,} characters are allowed, found {len(value):,}")
    return str(value)


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"a number is wanted, found {_json_to_string(Random(0), value)}")
    return value


def _integer(value: Json) -> int:
    """Fractions are rounded, halves up."""
    number = _number(value)
    return _whole(number if isinstance(number, int) else int(number + 0.5 if number >= 0 else number - 0.5))


def _whole(value: int) -> int:
    if not -_LONG <= value < _LONG:
        raise ValueError("an integer of 64 bits is wanted, this one is longer")
    return value


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "States.Array": _array,
    "States.ArrayPartition": _array_partition,
    "States.ArrayContains": _array_contains,
    "States.ArrayRange": _array_range,
    "States.ArrayGetItem": _array_get_item,
    "States.ArrayLength": _array_length,
    "States.ArrayUnique": _array_unique,
    "States.Base64Encode": _base64_encode,
    "States.Base64Decode": _base64_decode,
    "States.Hash": _hash,
    "States.JsonMerge": _json_merge,
    "States.MathRandom": _math_random,
    "States.MathAdd": _math_add,
    "States.StringSplit": _string_split,
    "States.UUID": _uuid,
    "States.Format": _format,
    "States.StringToJson": _string_to_json,
    "States.JsonToString": _json_to_string,
}
