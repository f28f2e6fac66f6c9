"""Turn a pattern into the program that the core keeps, and a program back into the pattern's tree."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator, Mapping
from itertools import islice
from typing import Any, Generic, TypeVar, cast

import orjson

from matcher._core.lower import lower, raised
from matcher._core.plain import Compiler
from matcher.limits import Limits
from matcher.pattern import ast
from matcher.pattern.fold import variants
from matcher.pattern.parse import parse

__all__ = ["Lowering", "Programs", "program_of", "tree_of"]

Name = TypeVar("Name", bound=Hashable)

_CLASSES = {name: getattr(ast, name) for name in ast.__all__ if isinstance(getattr(ast, name), type)}
_KINDS = {kind: name for name, kind in _CLASSES.items()}
_UNLIMITED = 0xFFFFFFFF
_PLAIN_LEVELS, _PLAIN_DIGITS = 64, 15  # what Compiler takes at most
_JSON_ONLY = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS


class Lowering:
    """Compiles patterns to programs whose terms name paths.

    Plain patterns, which nearly all are, go straight from text to program in the core; the parser does the others, and
    finds the faults. Both give the same programs (tests/property hold them to it).
    """

    __slots__ = ("_limits", "_plain")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._plain = _plain_compiler(limits)

    def program(self, pattern: Mapping[str, Any] | str | bytes) -> bytes:
        """Give the program of a pattern. Raises PatternError."""
        if self._plain is not None:
            text = _text_of(pattern)
            program = None if text is None else self._plain.program(text)
            if program is not None:
                return program
        return program_of(parse(cast(Any, pattern), self._limits))


class Programs(Generic[Name]):
    """Programs and their names, in order, with no object for each.

    Many small objects that all die at the end of a load would leave pages which the few that are made meanwhile and live
    on keep from going back.
    """

    __slots__ = ("_bytes", "_ends", "names")

    def __init__(self) -> None:
        self.names: list[Name] = []
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def add(self, name: Name, program: bytes) -> None:
        self.names.append(name)
        self._bytes += program
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self.names)

    def drained(self) -> Iterator[bytes]:
        """Give the programs, and their memory back with the last, before an index is built of them."""
        start = 0
        for end in islice(self._ends, 1, None):
            yield bytes(self._bytes[start:end])
            start = end
        self._bytes, self._ends = bytearray(), array("Q", [0])


def _plain_compiler(limits: Limits) -> Compiler | None:
    """Give the short way, if no limit is so low that what it takes as plain could breach one that it does not count."""
    if limits.wildcard_complexity is not None or limits.nesting < _PLAIN_LEVELS:
        return None
    if limits.number_digits is not None and limits.number_digits < _PLAIN_DIGITS:
        return None
    sizes = [size for size in (limits.pattern_bytes, limits.name_length) if size is not None]
    return Compiler(min(sizes, default=_UNLIMITED), _UNLIMITED if limits.paths_per_rule is None else limits.paths_per_rule)


def _text_of(pattern: Mapping[str, Any] | str | bytes) -> bytes | None:
    """Give the text of a pattern; None where only the parser should look at it."""
    if type(pattern) is bytes:
        return pattern
    try:
        if isinstance(pattern, str):
            return pattern.encode()
        text = orjson.dumps(pattern, option=_JSON_ONLY)
    except (TypeError, UnicodeEncodeError):
        return None
    return None if b"null" in text else text  # orjson writes NaN and infinities as null


def program_of(node: ast.Node) -> bytes:
    """Give the program of a tree."""
    return lower(node, _KINDS, variants)


def tree_of(program: bytes, paths: list[str]) -> ast.Node:
    """Give the tree of a program whose terms name slots; `paths` maps those to paths."""
    return cast(ast.Node, raised(program, paths, _CLASSES))
