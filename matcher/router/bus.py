"""Turn a rule's events into events of another bus, as many buses on as the hop limit allows and none twice."""

from __future__ import annotations

from typing import Any, Protocol

from matcher.errors import RouterError, TargetError
from matcher.router.rule import Bus
from matcher.target import Message

__all__ = ["HOP_LIMIT", "BusTarget", "Relay", "place_of"]

#: Buses that an event may go over, the first included.
HOP_LIMIT = 5


class Relay(Protocol):
    """What takes events for its buses: a router."""

    def place(self, bus: str) -> str:
        """Where a bus stands: `account/region/bus`."""
        ...

    async def relay(self, message: Message, bus: str, hops: tuple[str, ...]) -> Any:
        """Put an event durably to a bus that it reaches over `hops`."""
        ...

    async def relay_dispatch(self, message: Message, bus: str, hops: tuple[str, ...]) -> Any:
        """Dispatch it there in this call."""
        ...


class BusTarget:
    """A bus as a target. Account, region, id and time of an event stay those of its origin.

    The event that arrives knows the buses it came over (`Context.hops`). An event that would come to a bus again, or
    over more than `limit` buses, is refused for good: it goes to the rule's dead-letter queue.
    """

    __slots__ = ("_at", "_limit", "_relay", "bus", "name")

    def __init__(self, relay: Relay, bus: str, *, limit: int = HOP_LIMIT) -> None:
        if limit < 1:
            raise RouterError(f"the hop limit is 1 or more, not {limit!r}")
        self._relay = relay
        self._at: Relay = relay
        self._limit = limit
        self.bus = bus
        self.name = bus.rpartition("/")[2]

    def seen_from(self, at: Relay) -> BusTarget:
        """The same target for a rule of that router, whose bus is where its events come from."""
        made = BusTarget(self._relay, self.bus, limit=self._limit)
        made._at = at
        return made

    def moved(self, old: Relay, new: Relay) -> BusTarget:
        """The same bus of another router, if it is one of `old`."""
        return BusTarget(new, self.bus, limit=self._limit) if self._relay is old else self

    async def send(self, message: Message) -> Any:
        return await self._relay.relay(message, self.bus, self._hops(message))

    async def dispatch(self, message: Message) -> Any:
        """Send in a dispatch: the other bus's rules are matched and called now."""
        return await self._relay.relay_dispatch(message, self.bus, self._hops(message))

    def _hops(self, message: Message) -> tuple[str, ...]:
        hops = (*message.hops, self._at.place(message.bus))
        there = self._relay.place(self.bus)
        if there in hops:
            way = " → ".join((*hops, there))
            raise TargetError(f"the event would come to {there} again: {way}", retryable=False, code="LoopDetected")
        if len(hops) >= self._limit:
            way = " → ".join((*hops, there))
            text = f"the event would go over {len(hops) + 1} buses, and {self._limit} is the limit: {way}"
            raise TargetError(text, retryable=False, code="HopLimitExceeded")
        return hops


def place_of(bus: Bus, account: str, region: str) -> str:
    return f"{bus.account or account}/{bus.region or region}/{bus.name}"
