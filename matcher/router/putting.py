"""Turn entries of producers into events in a store's log, each with its answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matcher.clock import Clock
from matcher.envelope import Entry, Fill, Refused, Sealed, check_call, seal
from matcher.envelope.strict import object_text
from matcher.errors import EventError, RouterError, TargetError
from matcher.observe import SILENT, Observer
from matcher.quotas import Quotas
from matcher.router.answers import EntryResult, PutResult
from matcher.router.deduplication import Deduplication, key_of
from matcher.router.plan import Plan
from matcher.router.registry import Registry
from matcher.router.room import Room
from matcher.router.rule import DEFAULT_BUS, checked_name
from matcher.router.stores import Opened
from matcher.store import records
from matcher.target import Message

__all__ = ["PutOptions", "Putting", "flat"]

#: Seconds for which an event that came over is known by its delivery: as long as a delivery may be tried again.
HOP_WINDOW = 86_400.0
#: Error codes of entries.
UNKNOWN_BUS, FULL = "ResourceNotFoundException", "ThrottlingException"


@dataclass(frozen=True, slots=True)
class PutOptions:
    """What a put says of all its entries."""

    bus: str | None = None
    group: str | None = None
    deduplication_id: str | None = None
    correlation_id: str | None = None
    #: Whether the put may wait for room.
    patient: bool = True


@dataclass(frozen=True, slots=True)
class Putting:
    """Where entries go, and how they are completed and checked."""

    registry: Registry[Plan]
    opened: Opened
    room: Room
    clock: Clock
    observer: Observer
    quotas: Quotas
    account: str
    region: str
    deduplication: Deduplication | None

    async def put(self, entries: list[Entry], options: PutOptions) -> PutResult:
        """Accept what can be accepted, durably. Raises RouterError for a call over a quota, StoreError."""
        began = self.clock.monotonic()
        check_call(entries, self.quotas)
        if options.deduplication_id is not None and len(entries) > 1:
            raise RouterError(f"a deduplication_id names one event, and this put has {len(entries)} entries")
        now = self.clock.now()
        made = [self._made(entry, options, now) for entry in entries]
        accepted = [entry for entry in made if isinstance(entry, records.Entry)]
        store = await self.opened.get()
        if accepted and not await self.room.take(store, len(accepted), patient=options.patient):
            full = EntryResult(None, FULL, "Too many events wait to be delivered: put it again later.")
            self.observer.count("PutEventsApproximateThrottledCount")
            return self._told(began, [entry if isinstance(entry, EntryResult) else full for entry in made])
        appended = iter(await store.log.append(accepted) if accepted else ())
        return self._told(began, [
            entry if isinstance(entry, EntryResult) else _accepted(entry, next(appended)) for entry in made
        ])  # fmt: skip

    async def relay(self, message: Message, bus: str, hops: tuple[str, ...]) -> None:
        """Take an event over from another bus; each delivery of it once, however often it is sent.

        What waits is not bounded here: a router that waited for its own deliveries would never get on.
        """
        try:
            object_text(message.body, self.quotas.nesting)
        except EventError as error:
            raise TargetError(f"what goes to a bus is an event: {error}", retryable=False, code="InvalidEvent") from None
        if (reason := self._no_bus(bus)) is not None:
            raise TargetError(reason, retryable=False, code=UNKNOWN_BUS)
        entry = records.Entry(
            message.event_id,
            bus,
            message.body,
            self.clock.now(),
            message.group,
            f"hop:{message.delivery_id}",
            HOP_WINDOW,
            message.correlation_id,
            hops,
            message.replay,
        )
        await (await self.opened.get()).log.append([entry])

    def _made(self, given: Entry, options: PutOptions, now: float) -> records.Entry | EntryResult:
        named = options.bus or DEFAULT_BUS
        sealed = seal(given, self._fill(named), self.quotas)
        if isinstance(sealed, Sealed) and sealed.bus is not None and sealed.bus != named:
            named = sealed.bus
            sealed = seal(given, self._fill(named), self.quotas)  # a bus may have an account of its own
        if isinstance(sealed, Refused):
            return EntryResult(None, sealed.code, sealed.message)
        if (reason := self._no_bus(named)) is not None:
            return EntryResult(None, UNKNOWN_BUS, reason)
        key, setting = options.deduplication_id, self.deduplication
        if key is None and setting is not None:
            key = key_of(setting, sealed.event, sealed.event_id)
        return records.Entry(
            sealed.event_id,
            named,
            sealed.event,
            now,
            options.group,
            key,
            300.0 if setting is None else setting.window,
            options.correlation_id or sealed.trace or sealed.event_id,
        )

    def _fill(self, name: str) -> Fill:
        held = self.registry.buses.get(name)
        account = held.bus.account if held is not None else None
        region = held.bus.region if held is not None else None
        return Fill(account or self.account, region or self.region, self.clock.now)

    def _no_bus(self, name: str) -> str | None:
        if not self.registry.accepts(name):
            return f"Event bus {name} does not exist."
        if name not in self.registry.buses:
            try:
                checked_name("a bus", name, also="/")
            except RouterError as error:
                return str(error)
        return None

    def _told(self, began: float, results: list[EntryResult]) -> PutResult:
        result = PutResult(tuple(results))
        if self.observer is SILENT:
            return result
        failed = result.failed_entry_count
        self.observer.time("PutEventsLatency", self.clock.monotonic() - began)
        self.observer.count("PutEventsEntriesCount", len(results))
        self.observer.count("PutEventsApproximateCallCount")
        if failed:
            self.observer.count("PutEventsFailedEntriesCount", failed)
        return result


def _accepted(entry: records.Entry, appended: records.Appended) -> EntryResult:
    if appended.duplicate_of is not None:
        return EntryResult(appended.duplicate_of, duplicate=True)
    return EntryResult(entry.id)


def flat(entries: Iterable[Entry | Iterable[Entry]]) -> list[Entry]:
    """Take lists of entries among the entries apart: `put(a, b)` and `put([a, b])` are the same."""
    found: list[Entry] = []
    for entry in entries:
        if isinstance(entry, list | tuple):
            found.extend(entry)
        else:
            found.append(entry)  # type: ignore[arg-type]
    return found
