"""Compile a call of intrinsic functions, `States.Format('{} of {}', $.a, States.ArrayLength($.b))`, to what it makes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson

from matcher.errors import Fault, QueryError
from matcher.query.jsonpath import compile_path
from matcher.query.reference import MISSING
from matcher.workflow import failure
from matcher.workflow.failure import Failure, shown
from matcher.workflow.finding import finder
from matcher.workflow.frames import Json
from matcher.workflow.functions import FUNCTIONS, LONGEST, Literal
from matcher.workflow.scene import Evaluator, Scene, constant

__all__ = ["compile_call", "parse_call"]

#: Calls inside one another (AWS: 10).
_DEPTH: Final = 10
_NAME: Final = re.compile(r"\s*(States\.[A-Za-z0-9]+)\s*\(")
_TEXT: Final = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?(?:[eE][+-]?\d+)?")
#: Paths in one call, with those within it, below which their values are not measured.
_MANY: Final = 64
#: Digits of integers that are surely below 2 ** 63; longer ones are doubles.
_DIGITS: Final = 19
_WORD: Final = re.compile(r"true|false|null")
_WORDS: Final = {"true": True, "false": False, "null": None}
_SPACE: Final = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments: calls, paths (`Found`), and values that stand there."""

    name: str
    arguments: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a path finds."""

    path: str


@lru_cache(maxsize=64)
def parse_call(text: str) -> Call:
    """Read a call; the check of a definition and its compiling ask for the same ones.

    Raises QueryError with the character where it is none, or names no function.
    """
    call, at = _call(text, 0, 1)
    if text[at:].strip():
        raise _wrong(text, at, "the end of the call")
    return call


def _wrong(text: str, at: int, want: str) -> QueryError:
    return QueryError((Fault(f"character {at + 1}", repr(text[at:]), want),))


def _call(text: str, at: int, depth: int) -> tuple[Call, int]:
    opening = _NAME.match(text, at)
    if opening is None:
        raise _wrong(text, at, "a call like `States.Name(…)`")
    if opening[1] not in FUNCTIONS:
        raise _wrong(text, at, f"one of {', '.join(FUNCTIONS)}")
    if depth > _DEPTH:
        raise _wrong(text, at, f"at most {_DEPTH} calls inside one another")
    at = _skip(text, opening.end())
    arguments: list[Json] = []
    while text[at : at + 1] != ")":
        if arguments:
            if text[at : at + 1] != ",":
                raise _wrong(text, at, "`,` or `)`")
            at = _skip(text, at + 1)
        argument, at = _argument(text, at, depth)
        arguments.append(argument)
        at = _skip(text, at)
    return Call(opening[1], tuple(arguments)), at + 1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _argument(text: str, at: int, depth: int) -> tuple[Json, int]:
    if quoted := _TEXT.match(text, at):
        return Literal.read(quoted[1]), quoted.end()
    if number := _NUMBER.match(text, at):
        return _number(text, number), number.end()
    if word := _WORD.match(text, at):
        return _WORDS[word[0]], word.end()
    if text[at : at + 1] == "$":
        end = _path_end(text, at)
        try:
            compile_path(text[at:end].strip())
        except QueryError as error:
            raise _wrong(text, at, f"a JSONPath ({error})") from None
        return Found(text[at:end].strip()), end
    return _call(text, at, depth + 1)


def _number(text: str, found: re.Match[str]) -> float:
    spelled = found[0]
    if spelled.lstrip("-").isdigit() and len(spelled) < _DIGITS:
        return int(spelled)
    value = float(spelled)
    if math.isinf(value):
        raise _wrong(text, found.start(), "a number that a double can hold")
    return value


def _path_end(text: str, at: int) -> int:
    """Where the path that begins there ends: at the `,` or `)` that is in no bracket and no quotes."""
    depth, quote = 0, ""
    while at < len(text):
        character = text[at]
        if quote:
            at += character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif depth == 0 and character in ",)":
            return at
        elif character in "])":
            depth -= 1
        at += 1
    return at


def compile_call(text: str, field: str) -> Evaluator:
    """The call that stands in the field of that name, to be made."""
    return _compiled(parse_call(text), field, text.count("$") > _MANY)


def _compiled(argument: Json, field: str, measured: bool) -> Evaluator:
    """`measured`: so many values are asked for that they may be more than can be held when they are written out."""
    match argument:
        case Found(path):
            return _found(path, field)
        case Call(name, arguments):
            function = FUNCTIONS[name]
            parts = [_compiled(part, field, measured) for part in arguments]
            if name == "States.Format" and arguments and isinstance(arguments[0], Literal):
                parts[0] = constant(arguments[0])
        case _:
            return constant(str(argument) if isinstance(argument, Literal) else argument)

    def run(document: Json, scene: Scene) -> Json:
        values = [part(document, scene) for part in parts]
        try:
            if measured:
                _measure(values)
            return function(scene.random, *values)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            cause = f"The intrinsic function {name} specified for the field '{field}' failed: {error}"
            raise Failure(failure.INTRINSIC, cause, described=True) from None

    return run


def _measure(values: list[Json]) -> None:
    room = LONGEST
    for value in values:
        room -= len(orjson.dumps(value))
        if room < 0:
            raise ValueError(f"its arguments have more than {LONGEST:,} bytes")


def _found(text: str, field: str) -> Evaluator:
    find = finder(compile_path(text))

    def run(document: Json, scene: Scene) -> Json:
        found = find(document, scene)
        if found is MISSING:
            cause = f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input '{shown(document)}'"
            raise Failure(failure.RUNTIME, cause, described=True)
        return found

    return run
