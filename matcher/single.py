"""Turn one pattern into a question that an event answers with yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.limits import DEFAULT, Limits
from matcher.ruleset import EventLike, PatternLike, RuleSet

if TYPE_CHECKING:
    from matcher.explain import Explanation

__all__ = ["Pattern", "test_event_pattern"]


class Pattern:
    """One pattern. Raises PatternError."""

    __slots__ = ("_rules",)

    def __init__(self, pattern: PatternLike, *, limits: Limits = DEFAULT) -> None:
        self._rules: RuleSet[None] = RuleSet(limits=limits)
        self._rules.add(None, pattern)

    def matches(self, event: EventLike) -> bool:
        """Tell whether the event matches. Raises EventError."""
        return bool(self._rules.match(event))

    def explain(self, event: EventLike) -> Explanation:
        """Say why it does, or does not."""
        return self._rules.explain(event, None)


def test_event_pattern(pattern: PatternLike, event: EventLike) -> bool:
    """Tell whether one event matches one pattern, as the TestEventPattern call of Amazon EventBridge.

    Raises PatternError (there InvalidEventPatternException) and EventError.
    """
    return Pattern(pattern).matches(event)


test_event_pattern.__test__ = False  # type: ignore[attr-defined]  # its name is AWS's, it is no test of ours
