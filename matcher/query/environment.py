"""Set the JSONPath library to what Jayway knows, and bound what a path may cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from functools import lru_cache
from threading import local
from time import perf_counter
from typing import Any, Final

from jsonpath import JSONPath, JSONPathEnvironment
from jsonpath.exceptions import JSONPathRecursionError
from jsonpath.match import JSONPathMatch
from jsonpath.parse import Parser
from jsonpath.segments import JSONPathChildSegment, JSONPathRecursiveDescentSegment, JSONPathSegment
from jsonpath.stream import TokenStream

from matcher.errors import MissingExtra
from matcher.query.jsonpath import CostError

__all__ = ["compile_query", "search"]

#: Objects and arrays inside one another that `..` goes down.
_DEPTH: Final = 1_000
#: Seconds that the regular expressions of one search may take together.
_SECONDS: Final = 0.2
#: Places that one search may come by, and comparisons that it may make, each by its size: `$..a..a..a` passes the same
#: places again and again. The largest payload has 130,000 places.
_STEPS: Final = 250_000


class _Spent(local):
    """Steps of the search that this thread is at."""

    steps = 0
    seconds = 0.0


_SPENT: Final = _Spent()


def _step(cost: int = 1) -> None:
    _SPENT.steps += cost
    if _SPENT.steps > _STEPS:
        raise CostError(f"more than {_STEPS:,} places are searched")


def _cost(match: JSONPathMatch) -> int:
    """The library writes the whole path of every place down."""
    return 1 + len(match.parts) // 8


class _Child(JSONPathChildSegment):
    """Counts what it finds."""

    def resolve(self, nodes: Iterable[JSONPathMatch]) -> Iterator[JSONPathMatch]:
        for match in super().resolve(nodes):
            _step(_cost(match))
            yield match


class _Descent(JSONPathRecursiveDescentSegment):
    """Counts what it finds, and what it goes through."""

    def resolve(self, nodes: Iterable[JSONPathMatch]) -> Iterator[JSONPathMatch]:
        for match in super().resolve(nodes):
            _step(_cost(match))
            yield match

    def _visit(self, node: JSONPathMatch, depth: int = 1) -> Iterable[JSONPathMatch]:
        _step(_cost(node))
        return super()._visit(node, depth)


class _Parser(Parser):
    """Makes segments that count."""

    def parse_query(self, stream: TokenStream) -> Iterator[JSONPathSegment]:
        for segment in super().parse_query(stream):
            kind = _Descent if isinstance(segment, JSONPathRecursiveDescentSegment) else _Child
            yield kind(env=segment.env, token=segment.token, selectors=segment.selectors)


class _Environment(JSONPathEnvironment):
    parser_class = _Parser
    max_recursion_depth = _DEPTH

    def compare(self, left: object, operator: str, right: object) -> bool:
        _step(4 + max(len(side) // 500 for side in (left, right, ()) if isinstance(side, Sized)))
        if operator == "=~" and isinstance(left, str) and hasattr(right, "pattern") and hasattr(right, "flags"):
            return _fits(right.pattern, right.flags, left)
        return super().compare(left, operator, right)

    def is_truthy(self, obj: object) -> bool:
        _step()
        return super().is_truthy(obj)

    def setup_function_extensions(self) -> None:
        """Those with regular expressions are RFC 9535's, not Jayway's."""
        super().setup_function_extensions()
        for name in ("match", "search"):
            del self.function_extensions[name]


def _fits(pattern: str, flags: int, text: str) -> bool:
    begun = perf_counter()
    try:
        return _compiled(pattern, flags).fullmatch(text, timeout=max(_SECONDS - _SPENT.seconds, 0.001)) is not None
    except TimeoutError:
        raise CostError(f"the regular expression {pattern} takes more than {_SECONDS} seconds") from None
    finally:
        _SPENT.seconds += perf_counter() - begun


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: int) -> Any:
    try:
        import regex
    except ImportError:
        raise MissingExtra("workflow") from None
    return regex.compile(pattern, flags)


@lru_cache(maxsize=1)
def _environment() -> JSONPathEnvironment:
    return _Environment()


def compile_query(text: str) -> Any:
    """Raises JSONPathError, ValueError or RecursionError where the text is no JSONPath."""
    return _environment().compile(text)


def search(query: JSONPath, document: Any) -> list[Any]:
    """All that the path finds. Raises CostError, or JSONPathError where a filter compares what can't be.

    The library would read a text as JSON; there is nothing in it, nor in any other scalar.
    """
    if not isinstance(document, dict | list):
        return []
    _SPENT.steps, _SPENT.seconds = 0, 0.0
    try:
        return query.findall(document)
    except (JSONPathRecursionError, RecursionError):
        raise CostError(f"what is searched is more than {_DEPTH:,} levels deep") from None
