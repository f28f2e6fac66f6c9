"""Turn a reference path (`$.a.b[0]`, `$['a']`, `$$.Execution.Id`, `$name.a`) into the one place in a JSON value it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

import orjson

from matcher.errors import Fault, QueryError

__all__ = ["CONTEXT", "INPUT", "MISSING", "Reference", "parse", "split"]


class _Missing:
    """The type of MISSING."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


#: What a path that leads nowhere gives; JSON's null is None.
MISSING: Final = _Missing()
#: The root of `$.a`: the input.
INPUT: Final = ""
#: The root of `$$.a`: the context object.
CONTEXT: Final = "$"

_NAME = r"[^\W\d]\w*"
_STEP = re.compile(
    r"""\.(?P<name>[^\s.\[\]'"*?@(),:$]+)
      | \[ \s* (?P<index>-?\d+) \s* \]
      | \[ \s* '(?P<single>(?:[^'\\]|\\.)*)' \s* \]
      | \[ \s* "(?P<double>(?:[^"\\]|\\.)*)" \s* \]""",
    re.VERBOSE,
)
_ROOT = re.compile(rf"\$(?P<root>\$|{_NAME}|)")
#: In quotes a backslash escapes itself and the quote around, and nothing else, as AWS reads it.
_ESCAPES = {"single": re.compile(r"\\([\\'])"), "double": re.compile(r'\\([\\"])')}


@dataclass(frozen=True, slots=True)
class Reference:
    """`root` is INPUT, CONTEXT, or the name of a variable; each step is a member's name or an element's index."""

    root: str
    steps: tuple[str | int, ...]

    def get(self, document: Any) -> Any:
        """The value there, or MISSING. Negative indexes count from the end."""
        for step in self.steps:
            if type(step) is str:
                if not isinstance(document, dict) or step not in document:
                    return MISSING
                document = document[step]
            else:
                index = cast("int", step)
                if not isinstance(document, list) or not -len(document) <= index < len(document):
                    return MISSING
                document = document[index]
        return document

    def missing(self, document: Any) -> str:
        """Why `get` gave MISSING: which step led nowhere, and in what."""
        at = 0
        while at < len(self.steps):
            inner = Reference(self.root, self.steps[at : at + 1]).get(document)
            if inner is MISSING:
                break
            document, at = inner, at + 1
        way = f"${self.root}" + "".join(f"['{step}']" if type(step) is str else f"[{step}]" for step in self.steps[: at + 1])
        if type(self.steps[at]) is int:
            return f"Index out of bounds when evaluating path {way}" if isinstance(document, list) else f"No array at {way}"
        return f"No results for path: {way}" if at == len(self.steps) - 1 else f"Missing property in path {way}"

    def set(self, document: Any, value: Any) -> Any:
        """The document with the value there; only the objects on the way are copied, and missing ones are made.

        Raises LookupError where the way is barred: a member of what is no object, an element that is not there.
        """
        return _set(document, self.steps, 0, value)

    def __str__(self) -> str:
        return f"${self.root}" + "".join(_text(step) for step in self.steps)


def _set(document: Any, steps: tuple[str | int, ...], at: int, value: Any) -> Any:
    if at == len(steps):
        return value
    step = steps[at]
    match document, step:
        case dict(), str():
            return {**document, step: _set(document.get(step, MISSING), steps, at + 1, value)}
        case _Missing(), str():
            return {step: _set(MISSING, steps, at + 1, value)}
        case list(), int() if -len(document) <= step < len(document):
            made = list(document)
            made[step] = _set(document[step], steps, at + 1, value)
            return made
    found = "nothing" if document is MISSING else orjson.dumps(document).decode()
    raise LookupError(f'Unable to apply step "{step}" to input {found}')


def _text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if re.fullmatch(r"[\w-]+", step):
        return f".{step}"
    escaped = step.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"


@lru_cache(maxsize=4096)
def parse(text: str) -> Reference:
    """Read a reference path. Raises QueryError where it is none: one with wildcards, slices, filters or `..` is not."""
    reference, rest = split(text)
    if rest:
        raise QueryError((Fault(f"character {len(text) - len(rest) + 1}", repr(rest), "`.name`, `['name']` or `[index]`"),))
    return reference


def split(text: str) -> tuple[Reference, str]:
    """The longest reference path that the text begins with, and the rest. Raises QueryError where there is no root."""
    opening = _ROOT.match(text)
    if opening is None:
        raise QueryError((Fault("character 1", repr(text), "a path that begins with `$`"),))
    at = opening.end()
    steps: list[str | int] = []
    while step := _STEP.match(text, at):
        steps.append(_step(step))
        at = step.end()
    return Reference(opening["root"], tuple(steps)), text[at:]


def _step(found: re.Match[str]) -> str | int:
    if found["index"] is not None:
        return int(found["index"])
    if found["name"] is not None:
        return found["name"]
    kind = "single" if found["single"] is not None else "double"
    return _ESCAPES[kind].sub(r"\1", found[kind])
