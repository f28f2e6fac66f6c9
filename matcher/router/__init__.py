"""Turn events into calls of what rules name: in this call, or durably by queues that are worked off in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.router.answers import EntryResult, PutResult
    from matcher.router.archives import ArchiveDefinition
    from matcher.router.bus import BusTarget
    from matcher.router.deduplication import Deduplication
    from matcher.router.event import Context, Event
    from matcher.router.letters import DeadLetterQueue
    from matcher.router.replay import ReplayHandle
    from matcher.router.report import Outcome, Report
    from matcher.router.room import Backlog
    from matcher.router.router import Router
    from matcher.router.rule import Bus, Idempotent, Rule, TargetSettings
    from matcher.router.stats import Health, RouterStats

__all__ = [
    "ArchiveDefinition",
    "Backlog",
    "Bus",
    "BusTarget",
    "Context",
    "DeadLetterQueue",
    "Deduplication",
    "EntryResult",
    "Event",
    "Health",
    "Idempotent",
    "Outcome",
    "PutResult",
    "ReplayHandle",
    "Report",
    "Router",
    "RouterStats",
    "Rule",
    "TargetSettings",
]

_PLACES = {
    "ArchiveDefinition": "archives",
    "Backlog": "room",
    "Bus": "rule",
    "BusTarget": "bus",
    "Context": "event",
    "DeadLetterQueue": "letters",
    "Deduplication": "deduplication",
    "EntryResult": "answers",
    "Event": "event",
    "Health": "stats",
    "Idempotent": "rule",
    "Outcome": "report",
    "PutResult": "answers",
    "ReplayHandle": "replay",
    "Report": "report",
    "Router": "router",
    "RouterStats": "stats",
    "Rule": "rule",
    "TargetSettings": "rule",
}


def __getattr__(name: str) -> Any:
    """Load a name on first use: a file of this package can be imported without the others."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    return found
