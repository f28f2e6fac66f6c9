"""Turn a JSONPath into what it finds in a JSON value, as the Jayway library does, by which AWS reads paths.

A path without wildcard, slice, filter, list of steps or `..` is definite: it finds one value or MISSING. Any other finds
a list, empty where nothing fits; MISSING only where the definite steps before the first such one lead nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any, Final, cast

from matcher.errors import Fault, MissingExtra, QueryError
from matcher.query.reference import MISSING, Reference, split

if TYPE_CHECKING:
    from jsonpath import JSONPath

__all__ = ["CostError", "Path", "compile_path"]

#: What may end a path: `$.items.length()`.
_FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "length": len,
    "size": len,
    "keys": lambda value: list(value) if isinstance(value, dict) else MISSING,
    "min": min,
    "max": max,
    "sum": sum,
    "avg": fmean,
    "stddev": pstdev,
    "first": lambda value: value[0],
    "last": lambda value: value[-1],
}
_CALL: Final = re.compile(rf"\.({'|'.join(_FUNCTIONS)})\(\)$")
#: A dot before a bracket says nothing: Jayway reads `$.[0]` as `$[0]`. Quoted names are passed over.
_IDLE_DOT: Final = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<!\.)\.(?=\[)""")


class CostError(Exception):
    """A search costs more than it may; the text says what of."""


@dataclass(frozen=True, slots=True)
class Path:
    """`root` is what `$` stands for, as in a Reference."""

    text: str
    root: str
    prefix: Reference
    #: None: the prefix is the whole path.
    query: JSONPath | None
    function: Callable[[Any], Any] | None = None

    @property
    def definite(self) -> bool:
        return self.query is None

    def find(self, document: Any) -> Any:
        """The value, the list of values, or MISSING. O(size of the document) for `..`, else of what the steps pass.

        Raises CostError where several `..`, or what a filter asks, would cost more than a search may.
        """
        found = self.prefix.get(document)
        if self.query is not None and found is not MISSING:
            found = _findall(self.query, document)
        if self.function is None or found is MISSING:
            return found
        try:
            return self.function(found)
        except (TypeError, ValueError, LookupError):
            return MISSING

    def missing(self, document: Any) -> str:
        """Why `find` gave MISSING."""
        if self.prefix.get(document) is MISSING:
            return self.prefix.missing(document)
        return f"The function at the end of {self.text} can't be applied"


def _findall(query: JSONPath, document: Any) -> Any:
    """MISSING where a filter compares what can't be compared."""
    from jsonpath import JSONPathError

    from matcher.query.environment import search

    try:
        return search(query, document)
    except JSONPathError:
        return MISSING


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """Read a JSONPath. Raises QueryError with the character where it is none."""
    call = _CALL.search(text)
    body = _IDLE_DOT.sub(r"\1", text[: call.start()] if call else text)
    function = _FUNCTIONS[call[1]] if call else None
    prefix, rest = split(body)
    if not rest:
        return Path(text, prefix.root, prefix, None, function)
    steps = "$" + body[len(prefix.root) + 1 :]
    return Path(text, prefix.root, prefix, _query(steps, len(prefix.root)), function)


def _query(text: str, shift: int) -> JSONPath:
    try:
        from jsonpath import JSONPathError

        from matcher.query.environment import compile_query
    except ImportError:
        raise MissingExtra("workflow") from None
    try:
        return cast("JSONPath", compile_query(text))
    except JSONPathError as error:
        at = error.token.index + shift if error.token is not None else shift
        reason = str(error.args[0]) if error.args else str(error)
        raise QueryError((Fault(f"character {at + 1}", repr(text[at - shift :]), f"a JSONPath ({reason})"),)) from None
    except (ValueError, RecursionError) as error:
        raise QueryError((Fault(f"character {shift + 1}", repr(text), f"a JSONPath ({error})"),)) from None
