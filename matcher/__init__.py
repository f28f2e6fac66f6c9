"""matcher: an open, self-hosted event router. Event patterns compile, raw events match."""

from matcher.errors import EventError, MatcherError, PatternError, RuleSetError
from matcher.limits import Limits
from matcher.ruleset import RuleSet
from matcher.single import Pattern, test_event_pattern

__all__ = [
    "EventError",
    "Limits",
    "MatcherError",
    "Pattern",
    "PatternError",
    "RuleSet",
    "RuleSetError",
    "test_event_pattern",
]
