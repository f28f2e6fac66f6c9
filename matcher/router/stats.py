"""Say how a router does, for people and for probes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from matcher.delivery.engine import Engine
from matcher.delivery.stats import EngineStats
from matcher.store.records import Depth

__all__ = ["Health", "RouterStats", "health_of"]


@dataclass(frozen=True, slots=True)
class RouterStats:
    """A router and its store at one moment."""

    #: What the running deliveries count; None where the router does not run.
    engine: EngineStats | None
    #: Accepted events that are not matched yet.
    unmatched: int
    #: The queues in which something waits.
    depths: tuple[Depth, ...]
    #: Letters by dead-letter queue.
    dead_letters: dict[str, int]

    @property
    def waiting(self) -> int:
        """Accepted events and deliveries that are not done."""
        return self.unmatched + sum(depth.waiting for depth in self.depths)

    @property
    def delivered(self) -> int:
        return 0 if self.engine is None else sum(lane.delivered for lane in self.engine.lanes.values())


@dataclass(frozen=True, slots=True)
class Health:
    """`live`: it runs. `ready`: and its store does what it is asked to; if not, `troubles` tell how."""

    live: bool
    ready: bool
    troubles: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"live": self.live, "ready": self.ready, "troubles": self.troubles}


def health_of(engine: Engine | None) -> Health:
    if engine is None or not engine.running:
        return Health(live=False, ready=False)
    troubles = engine.stats().store_troubles
    return Health(live=True, ready=not troubles, troubles=troubles)
