"""matcher: an open, self-hosted event router. Event patterns compile, raw events match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcher.errors import EventError, MatcherError, PatternError, RuleSetError
from matcher.limits import Limits
from matcher.ruleset import RuleSet
from matcher.single import Pattern, test_event_pattern

if TYPE_CHECKING:
    from matcher.checking import check

__all__ = [
    "EventError",
    "Limits",
    "MatcherError",
    "Pattern",
    "PatternError",
    "RuleSet",
    "RuleSetError",
    "check",
    "test_event_pattern",
]


def __getattr__(name: str) -> Any:
    """Load on first use what a process that only matches does not need."""
    if name != "check":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from matcher.checking import check

    return check
