"""matcher: an open, self-hosted event router. Event patterns compile, raw events match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcher.errors import EventError, MatcherError, PatternError, RuleSetError
from matcher.limits import Limits
from matcher.ruleset import RuleSet
from matcher.single import Pattern, test_event_pattern

if TYPE_CHECKING:
    from matcher.checking import check
    from matcher.delivery.breaker import Breaker
    from matcher.delivery.rate import Rate
    from matcher.delivery.retry import Retry
    from matcher.errors import RouterError, StoreError, TargetError
    from matcher.router.deduplication import Deduplication
    from matcher.router.event import Context, Event
    from matcher.router.report import Report
    from matcher.router.room import Backlog
    from matcher.router.router import Router
    from matcher.router.rule import Bus, Idempotent, Rule
    from matcher.target import Message, Target

__all__ = [
    "Backlog",
    "Breaker",
    "Bus",
    "Context",
    "Deduplication",
    "Event",
    "EventError",
    "Idempotent",
    "Limits",
    "MatcherError",
    "Message",
    "Pattern",
    "PatternError",
    "Rate",
    "Report",
    "Retry",
    "Router",
    "RouterError",
    "Rule",
    "RuleSet",
    "RuleSetError",
    "StoreError",
    "Target",
    "TargetError",
    "check",
    "test_event_pattern",
]

#: Names that are loaded on first use, since a process that only matches does not need them.
_LAZY = {
    "Backlog": "matcher.router.room",
    "Breaker": "matcher.delivery.breaker",
    "Bus": "matcher.router.rule",
    "Context": "matcher.router.event",
    "Deduplication": "matcher.router.deduplication",
    "Event": "matcher.router.event",
    "Idempotent": "matcher.router.rule",
    "Message": "matcher.target",
    "Rate": "matcher.delivery.rate",
    "Report": "matcher.router.report",
    "Retry": "matcher.delivery.retry",
    "Router": "matcher.router.router",
    "RouterError": "matcher.errors",
    "Rule": "matcher.router.rule",
    "StoreError": "matcher.errors",
    "Target": "matcher.target",
    "TargetError": "matcher.errors",
    "check": "matcher.checking",
}


def __getattr__(name: str) -> Any:
    """Load a name on first use, and keep it."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_LAZY[name]), name)
    return found
