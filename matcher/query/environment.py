"""Set the JSONPath library to what Jayway knows, and bound what a path may cost."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from jsonpath import JSONPathEnvironment

from matcher.errors import MissingExtra

__all__ = ["environment"]

#: Objects and arrays inside one another that `..` goes down.
_DEPTH: Final = 1_000
#: Seconds that one regular expression of a filter may take for one text.
_SECONDS: Final = 0.1


class _Environment(JSONPathEnvironment):
    """Raises TimeoutError where a regular expression takes too long."""

    max_recursion_depth = _DEPTH

    def compare(self, left: object, operator: str, right: object) -> bool:
        if operator == "=~" and isinstance(left, str) and hasattr(right, "pattern") and hasattr(right, "flags"):
            return _fits(right.pattern, right.flags, left)
        return super().compare(left, operator, right)

    def setup_function_extensions(self) -> None:
        """Those with regular expressions are RFC 9535's, not Jayway's."""
        super().setup_function_extensions()
        for name in ("match", "search"):
            del self.function_extensions[name]


def _fits(pattern: str, flags: int, text: str) -> bool:
    return _compiled(pattern, flags).fullmatch(text, timeout=_SECONDS) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: int) -> Any:
    try:
        import regex
    except ImportError:
        raise MissingExtra("workflow") from None
    return regex.compile(pattern, flags)


@lru_cache(maxsize=1)
def environment() -> JSONPathEnvironment:
    return _Environment()
