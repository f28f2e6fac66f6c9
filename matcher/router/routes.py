"""Turn accepted events into the queues and archives that they go to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from matcher.delivery.intake import Routed
from matcher.observe import SILENT, Observer
from matcher.router.archives import Archives
from matcher.router.event import Event
from matcher.router.plan import Plan
from matcher.router.registry import Active, BusRules, Registry
from matcher.store.records import Archived, Entry, Outgoing, Stored

__all__ = ["Routes"]


class Routes:
    """Matches entries of the log, many in one call of the engine. Raises EventError for one that can't be matched."""

    def __init__(self, registry: Registry[Plan], archives: Archives, observer: Observer) -> None:
        self._registry = registry
        self._archives = archives
        self._observer = observer

    def __call__(self, entries: Sequence[Stored]) -> Routed:
        outgoing: list[Outgoing] = []
        archived: list[Archived] = []
        for bus, group in _by_bus(entries):
            held = self._registry.buses.get(bus)
            matched = _no_rules(group) if held is None else held.rules.match_many([each.entry.body for each in group])
            for stored, found in zip(group, matched, strict=True):
                outgoing += self._outgoing(stored, found, held)
            archived += self._archives.taking(bus, group)
        return Routed(outgoing, archived)

    def _outgoing(
        self, stored: Stored, found: list[Active[Plan]], held: BusRules[Plan] | None
    ) -> Iterator[Outgoing]:
        entry, position = stored.entry, stored.position
        if entry.to_queue is not None:
            yield Outgoing(entry.to_queue, position, self._group_again(entry), entry.accepted)
            return
        if entry.to_rules is not None:
            found = [active for active in found if active.rule.name in entry.to_rules]
        elif not found and held is not None and held.unmatched is not None:
            found = [held.unmatched]
        if self._observer is not SILENT:
            self._count(entry, len(found))
        whole: Event | None = None
        for active in found:
            for plan in active.plans:
                group = entry.group
                if plan.group is not None:
                    whole = whole or Event(entry.body)
                    group = plan.group(whole)
                yield Outgoing(plan.queue, position, group, entry.accepted)

    def _group_again(self, entry: Entry) -> str | None:
        """The group of a redriven event: what its target says today."""
        plan = self._registry.plan(str(entry.to_queue))
        return entry.group if plan is None or plan.group is None else plan.group(Event(entry.body))

    def _count(self, entry: Entry, rules: int) -> None:
        if rules:
            self._observer.count("MatchedEvents", bus=entry.bus)
            self._observer.count("TriggeredRules", rules, bus=entry.bus)
        else:
            self._observer.count("UnmatchedEvents", bus=entry.bus)
            self._observer.log(
                "debug", "no rule matches", bus=entry.bus, event_id=entry.id, correlation_id=entry.correlation_id
            )


def _by_bus(entries: Sequence[Stored]) -> Iterator[tuple[str, list[Stored]]]:
    """Entries by bus, in the order of the log within each."""
    groups: dict[str, list[Stored]] = {}
    for stored in entries:
        groups.setdefault(stored.entry.bus, []).append(stored)
    yield from groups.items()


def _no_rules(group: Sequence[Any]) -> list[list[Active[Plan]]]:
    return [[] for _ in group]
