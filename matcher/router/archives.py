"""Say which archives there are, and which of the events of a bus each takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.errors import RouterError
from matcher.limits import Limits
from matcher.router.rule import DEFAULT_BUS, checked_name
from matcher.ruleset import RuleSet
from matcher.store.records import Archived, Stored

__all__ = ["ArchiveDefinition", "Archives"]


@dataclass(frozen=True, slots=True)
class ArchiveDefinition:
    """An archive: the events of one bus that match its pattern, kept for `retention` seconds."""

    name: str
    bus: str = DEFAULT_BUS
    #: None: all events of the bus.
    pattern: Any = None
    #: None: for ever.
    retention: float | None = None

    def __post_init__(self) -> None:
        checked_name("an archive", self.name)
        if self.retention is not None and not self.retention > 0:
            raise RouterError(f"retention is {self.retention!r}; it must be seconds above 0, or None")


class Archives:
    """The archives of a router. They may be changed while events flow."""

    def __init__(self, limits: Limits) -> None:
        self._lock = threading.Lock()
        self._limits = limits
        self._patterns: dict[str, RuleSet[str]] = {}
        self._whole: dict[str, tuple[str, ...]] = {}  # by bus, the archives of all its events
        self.by_name: dict[str, ArchiveDefinition] = {}

    def add(self, archive: ArchiveDefinition) -> None:
        """Archive from now on. Raises RouterError where the name is taken, PatternError."""
        with self._lock:
            if archive.name in self.by_name:
                raise RouterError(f"there is an archive {archive.name!r} already")
            if archive.pattern is None:
                self._whole[archive.bus] = (*self._whole.get(archive.bus, ()), archive.name)
            else:
                rules = self._patterns.setdefault(archive.bus, RuleSet(limits=self._limits))
                rules.add(archive.name, archive.pattern)
            self.by_name = {**self.by_name, archive.name: archive}

    def remove(self, name: str) -> None:
        """Archive no further events. What is kept stays as long as it would have."""
        with self._lock:
            archive = self.by_name.get(name)
            if archive is None:
                raise RouterError(f"there is no archive {name!r}; there are {', '.join(sorted(self.by_name)) or 'none'}")
            if archive.pattern is None:
                self._whole[archive.bus] = tuple(kept for kept in self._whole[archive.bus] if kept != name)
            else:
                self._patterns[archive.bus].remove(name)
            self.by_name = {kept: held for kept, held in self.by_name.items() if kept != name}

    def taking(self, bus: str, entries: Sequence[Stored]) -> Iterator[Archived]:
        """Where entries are kept too. What is replayed or redriven has been kept before. Raises EventError."""
        whole, patterns = self._whole.get(bus, ()), self._patterns.get(bus)
        if not whole and not patterns:
            return
        fresh = [stored for stored in entries if not stored.entry.replay and stored.entry.to_queue is None]
        matched = [[]] * len(fresh) if not patterns else patterns.match_many([each.entry.body for each in fresh])
        for stored, found in zip(fresh, matched, strict=True):
            for name in (*whole, *found):
                yield Archived(name, stored.position)
