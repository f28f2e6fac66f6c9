"""Turn the state of an engine into a snapshot that a person or a monitor reads."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.delivery.breaker import State
from matcher.delivery.lane import Lane

__all__ = ["EngineStats", "LaneStats", "lane_stats"]


@dataclass(frozen=True, slots=True)
class LaneStats:
    """One queue: what is held of it now, and what became of its attempts since the engine started."""

    queue: str
    #: Deliveries in memory: sent, about to be sent, or sent and not settled.
    held: int
    sending: int
    circuit: State
    attempts: int
    delivered: int
    retried: int
    dead: int
    throttled: int
    last_error: str


@dataclass(frozen=True, slots=True)
class EngineStats:
    """All queues by name, and how the store does."""

    running: bool
    #: The position of the log up to which events are matched.
    cursor: int
    unsettled: int
    store_failures: int
    #: What the store fails at now, and how.
    store_troubles: dict[str, str]
    lanes: dict[str, LaneStats]


def lane_stats(lane: Lane) -> LaneStats:
    counts = lane.counts
    return LaneStats(
        lane.subscription.queue,
        lane.held,
        lane.sending,
        "closed" if lane.gate is None else lane.gate.state,
        counts.attempts,
        counts.delivered,
        counts.retried,
        counts.dead,
        counts.throttled,
        counts.last_error,
    )
