"""Turn rules, buses and a store into the router that programs hold."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from matcher.background import Background
from matcher.clock import SYSTEM, Clock
from matcher.delivery import skipping
from matcher.envelope import Entry
from matcher.errors import RouterError
from matcher.limits import DEFAULT, Limits
from matcher.observe import SILENT, Observer
from matcher.quotas import AWS, OPEN, Quotas
from matcher.router.answers import PutResult
from matcher.router.archives import ArchiveDefinition, Archives
from matcher.router.bus import HOP_LIMIT
from matcher.router.deduplication import Deduplication
from matcher.router.dispatching import Dispatching
from matcher.router.faces import blocking
from matcher.router.failures import Failures
from matcher.router.leftovers import given_up
from matcher.router.letters import DeadLetterQueue
from matcher.router.plan import Plan, Surroundings
from matcher.router.putting import PutOptions, Putting, flat
from matcher.router.registration import Registration
from matcher.router.registry import Registry
from matcher.router.replay import ReplayHandle
from matcher.router.room import DELIVERING, Backlog, Room
from matcher.router.routes import Routes
from matcher.router.rule import DEFAULT_BUS, Bus, TargetSettings, checked_name
from matcher.router.running import Running
from matcher.router.stats import Health, RouterStats, health_of
from matcher.router.stores import Opened, store_of
from matcher.router.threads import Threads
from matcher.ruleset import PatternLike
from matcher.store.protocol import Store
from matcher.store.records import ArchiveInfo, Delivery, HeldGroup, Replay
from matcher.target import Message

__all__ = ["Router"]

#: Seconds between two looks at whether something still waits.
LOOK = 0.01
QUOTAS = {"open": OPEN, "aws": AWS}


class Router(Dispatching):
    """Rules on buses, and two roads to their targets: `dispatch`, in this call, and `put`, by a durable store.

    `store`: `sqlite:///events.db`, a Store, or None to keep everything in memory. `buses`: those that there are; None:
    any that is named. `account`, `region`: of buses that have none of their own. `quotas`: "open", "aws" or Quotas.
    `defaults`: settings of targets that say nothing themselves. `deduplication`: by which events are the same; `backlog`:
    how many may wait. `threads`: that run functions which are not `async`; 0: they run on the loop, for functions that
    return at once. `hop_limit`: buses that an event may go over. `chance`: numbers from 0 to below 1, for delays.

    It may be used from any thread. Methods that wait have an async form, whose name begins with `a`.
    """

    def __init__(
        self,
        store: str | Store | None = None,
        *,
        buses: Iterable[Bus | str] | None = None,
        account: str = "000000000000",
        region: str = "us-east-1",
        quotas: Quotas | str = "open",
        limits: Limits = DEFAULT,
        defaults: TargetSettings | None = None,
        deduplication: Deduplication | None = None,
        backlog: Backlog = Backlog(),  # noqa: B008 - frozen
        threads: int = 32,
        hop_limit: int = HOP_LIMIT,
        clock: Clock = SYSTEM,
        observer: Observer = SILENT,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock, self._observer, self._chance = clock, observer, chance
        self._account, self._region, self._hop_limit = account, region, hop_limit
        self._relay = self
        self._background = Background()
        self._opened = Opened(store_of(store))
        self._running: Running | None = None
        declared = [Bus(bus) if isinstance(bus, str) else bus for bus in buses or ()]
        registry: Registry[Plan] = Registry([Bus(DEFAULT_BUS), *declared], closed=buses is not None, limits=limits)
        self._registry, self._archives = registry, Archives(limits)
        chosen = _quotas(quotas)
        self._around = Surroundings(Threads(threads), Failures(), self._opened.seen, clock, chosen, defaults or {})
        self._putting = Putting(
            registry, self._opened, Room(backlog, clock), clock, observer, chosen, account, region, deduplication
        )

    # ---- putting ----

    async def aput(
        self,
        *entries: Entry | Sequence[Entry],
        bus: str | None = None,
        group: str | None = None,
        deduplication_id: str | None = None,
        correlation_id: str | None = None,
    ) -> PutResult:
        """Accept events durably, each with its answer; the running router, here or elsewhere, delivers them.

        An entry is one of PutEvents (`Source`, `DetailType`, `Detail`, ...), an event, or any JSON object. Events of one
        `group` reach each target in order. Raises StoreError for what can't be stored, RouterError for a call over a
        quota; what is wrong about an entry is in its answer.
        """
        options = PutOptions(bus, group, deduplication_id, correlation_id, patient=not DELIVERING.get())
        return await self._putting.put(flat(entries), options)

    def put(
        self,
        *entries: Entry | Sequence[Entry],
        bus: str | None = None,
        group: str | None = None,
        deduplication_id: str | None = None,
        correlation_id: str | None = None,
    ) -> PutResult:
        """The same as `aput`, for code that is not async."""
        self._refuse_own_loop("put")
        options = PutOptions(bus, group, deduplication_id, correlation_id, patient=not DELIVERING.get())
        return self._background.run(self._putting.put(flat(entries), options))

    async def relay(self, message: Message, bus: str, hops: tuple[str, ...]) -> None:
        """Take an event that comes over from another bus, once for each delivery of it."""
        await self._putting.relay(message, bus, hops)

    # ---- running ----

    def observe(self, observer: Observer) -> None:
        """Tell it what happens, instead of the observer that there was; from the next start on also of deliveries."""
        self._observer = observer
        self._putting = replace(self._putting, observer=observer)

    @property
    def observer(self) -> Observer:
        return self._observer

    @property
    def running(self) -> bool:
        return self._running is not None

    async def astart(self, *, wait: bool = True) -> None:
        """Begin to deliver, on this loop. Where another process delivers from the store, waits for its end, or with
        `wait=False` raises StoreError."""
        if self._running is not None:
            raise RouterError("the router runs already")
        store = await self._opened.get()
        routes = Routes(self._registry, self._archives, self._observer)
        running = Running(store, routes, self._archives, self._clock, self._observer, self._chance)
        self._running = running
        try:
            await running.start(self._registry.follow(running.changed), wait=wait)
        except BaseException:
            self._registry.follow(None)
            self._running = None
            raise

    async def astop(self, grace: float = 30.0) -> None:
        """Deliver nothing more: what is being sent has `grace` seconds to end, the rest is handed back to the store.

        The store and targets that have an `aclose` are closed; they are opened again when they are next needed.
        """
        running, self._running = self._running, None
        if running is not None:
            plans = self._registry.follow(None)
            await running.stop(grace)
            await self._let_go(plans)
        await self._opened.close()
        self._around.threads.close()

    async def _let_go(self, plans: Iterable[Plan]) -> None:
        """Close what targets hold open; one that can't be closed is told of, and keeps no other from it."""
        for target in {id(plan.given): plan.given for plan in plans}.values():
            close = getattr(target, "aclose", None)
            if close is not None:
                try:
                    await close()
                except Exception as error:  # noqa: BLE001 (a target's own)
                    self._observer.log("error", "a target could not be closed", target=repr(target), error=repr(error))

    def _refuse_own_loop(self, method: str) -> None:
        if self._running is not None and asyncio._get_running_loop() is self._running.loop:
            raise RouterError(f"{method} would hold up the loop that delivers: await router.a{method}(…)")

    def start(self, *, wait: bool = True) -> None:
        """Begin to deliver in the background; see `astart`."""
        self._background.run(self.astart(wait=wait))

    def stop(self, grace: float = 30.0) -> None:
        """Stop from any thread; see `astop`."""
        running = self._running
        if running is None:
            self._background.run(self.astop(grace))
        else:
            self._refuse_own_loop("stop")
            asyncio.run_coroutine_threadsafe(self.astop(grace), running.loop).result()

    async def __aenter__(self) -> Router:
        await self.astart()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.astop()

    def __enter__(self) -> Router:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    # ---- telling ----

    async def astats(self) -> RouterStats:
        """What waits, what was delivered, and what failed."""
        running = self._running
        engine = None if running is None else running.engine.stats()
        store = await self._opened.get()
        unread = await store.log.last() - await store.log.cursor()
        return RouterStats(engine, unread, tuple(await store.queue.depths()), await store.dead_letters.counts())

    stats = blocking(astats)

    async def adrain(self) -> None:
        """Return once nothing waits: every event that was accepted is delivered, or a dead letter."""
        while (await self.astats()).waiting:
            await self._clock.sleep(LOOK)

    drain = blocking(adrain)

    def health(self) -> Health:
        """Whether it runs, and whether its store does what it is asked to. From any thread, at once."""
        running = self._running
        return health_of(None if running is None else running.engine)

    # ---- groups ----

    async def aheld(self, rule: str, target: str | None = None, *, bus: str | None = None) -> list[HeldGroup]:
        """Groups of a target that wait for an event which failed, the longest waiting first."""
        store = await self._opened.get()
        return await store.queue.held(self._plan(rule, target, bus).queue, 1_000)

    async def askip(
        self, rule: str, group: str, target: str | None = None, *, bus: str | None = None
    ) -> Delivery | None:
        """Give up the event that holds a group: it becomes a dead letter, and the next one's turn comes.

        Gives the delivery that was given up; None where none waits.
        """
        plan, running = self._plan(rule, target, bus), self._running
        if running is not None:
            return await running.ask(running.engine.skip(plan.queue, group))
        store = await self._opened.get()
        return await skipping.skip(store.queue, plan.subscription, group, self._clock.now())

    held = blocking(aheld)

    def skip(
        self, rule: str, group: str, target: str | None = None, *, bus: str | None = None
    ) -> Delivery | None:
        """The same as `askip`, for code that is not async."""
        self._refuse_own_loop("skip")
        return self._background.run(self.askip(rule, group, target, bus=bus))

    def _plan(self, rule: str, target: str | None, bus: str | None) -> Plan:
        """A target of a rule; where none is named, its only one."""
        plans = self._registry.rule(rule, self._bus_of(rule, bus)).plans
        found = [plan for plan in plans if target in (None, plan.target)]
        if len(found) != 1:
            names = ", ".join(plan.target for plan in plans) or "none"
            raise RouterError(f"name one target of the rule {rule!r}; it has {names}")
        return found[0]

    def include_router(self, other: Registration, *, prefix: str = "", bus: str | None = None) -> None:
        """Take over rules, and the archives of a router too; see `Registration.include_router`."""
        archives = other._archives.by_name.values() if isinstance(other, Router) else ()
        added = []
        try:
            for archive in archives:
                added.append(replace(archive, name=f"{prefix}{archive.name}", bus=bus or archive.bus))
                self._archives.add(added[-1])
            super().include_router(other, prefix=prefix, bus=bus)
        except BaseException:
            for archive in added:
                if self._archives.by_name.get(archive.name) is archive:
                    self._archives.remove(archive.name)
            raise

    async def agive_up(self, queue: str) -> int:
        """Make dead letters of what waits in a queue (`bus/rule/target`) whose target is gone; how many there were.

        Raises RouterError where the queue has a target.
        """
        if self._registry.plan(queue) is not None:
            raise RouterError(f"{queue} has a target: remove it or its rule first")
        return await given_up(await self._opened.get(), queue, self._clock)

    give_up = blocking(agive_up)

    # ---- dead letters, archives, replays ----

    def dead_letters(self, queue: str | None = None) -> DeadLetterQueue:
        """The events that a dead-letter queue holds; None: those of all queues."""
        return DeadLetterQueue(queue, self._opened, self._background, self._clock)

    def archive(
        self, name: str, pattern: PatternLike | None = None, *, retention: float | None = None, bus: str = DEFAULT_BUS
    ) -> ArchiveDefinition:
        """Keep the events of a bus that match (None: all) for `retention` seconds (None: for ever), to be replayed.

        Raises RouterError, PatternError.
        """
        archive = ArchiveDefinition(name, bus, pattern, retention)
        self._archives.add(archive)
        return archive

    def remove_archive(self, name: str) -> None:
        """Keep no further events. What is kept is no longer bounded by the retention."""
        self._archives.remove(name)

    async def aarchives(self) -> list[ArchiveInfo]:
        """What each archive holds."""
        return await (await self._opened.get()).archive.infos()

    async def areplay(
        self,
        archive: str,
        start: float | datetime = 0.0,
        end: float | datetime | None = None,
        *,
        to_rules: Sequence[str] | None = None,
        bus: str | None = None,
        rate: float | None = None,
        name: str | None = None,
    ) -> ReplayHandle:
        """Send the events of an archive that were accepted in start ≤ time < end (None: now) again, in order.

        They go to the archive's bus or another, to all of its rules or some, so many a second, and have the member
        `replay-name`. The running router sends them, and goes on after a crash. Raises RouterError where there is a
        replay of that name.
        """
        now = self._clock.now()
        if rate is not None and not rate > 0:
            raise RouterError(f"rate is {rate!r}; it must be above 0")
        known = self._archives.by_name.get(archive)
        chosen = checked_name("a replay", name if name is not None else f"{archive}-{now:.6f}")
        where = bus or (DEFAULT_BUS if known is None else known.bus)
        rules = None if to_rules is None else tuple(to_rules)
        until = now if end is None else min(_seconds(end), now)
        replay = Replay(chosen, archive, where, _seconds(start), until, now, rules, rate)
        store = await self._opened.get()
        if not await store.replays.create(replay):
            raise RouterError(f"there is a replay {chosen!r} already")
        self._replay_began()
        return self.replay_of(chosen)

    async def areplays(self) -> list[Replay]:
        """Every replay, in the order of their creation."""
        return await (await self._opened.get()).replays.all()

    def replay_of(self, name: str) -> ReplayHandle:
        """The replay of that name."""
        return ReplayHandle(name, self._opened, self._background, self._clock, self._replay_began)

    def _replay_began(self) -> None:
        if self._running is not None:
            self._running.replay_began()

    archives = blocking(aarchives)
    replay = blocking(areplay)
    replays = blocking(areplays)

    def __repr__(self) -> str:
        state = "running" if self.running else "not running"
        return f"<Router of {len(self.rules())} rules, {state}>"


def _seconds(moment: float | datetime) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def _quotas(given: Quotas | str) -> Quotas:
    if isinstance(given, Quotas):
        return given
    if given not in QUOTAS:
        raise RouterError(f"quotas is one of {', '.join(QUOTAS)}, or Quotas, not {given!r}")
    return QUOTAS[given]


