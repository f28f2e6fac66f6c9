"""Turn an object in any form into its JSON text, checked by the same scanner that will match it."""

from __future__ import annotations

from functools import cache
from typing import Any

from matcher.eventtext import text_of
from matcher.limits import Limits
from matcher.ruleset import RuleSet

__all__ = ["object_text"]


@cache
def _scanner(nesting: int) -> RuleSet[str]:
    """A set without rules reads an event whole, and matches nothing."""
    return RuleSet(limits=Limits(nesting=nesting))


def object_text(given: Any, nesting: int) -> bytes:
    """Give the text of bytes, str or a mapping. Raises EventError where it is no strict JSON object, or too deep."""
    text = text_of(given)
    _scanner(nesting).match(text)
    return text
