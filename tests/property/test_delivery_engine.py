"""On generated histories of puts, failures, crashes and steps of time, the engine loses nothing and keeps groups in order."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.delivery.breaker import Breaker
from matcher.delivery.engine import Engine
from matcher.delivery.intake import Routed
from matcher.delivery.rate import Rate
from matcher.delivery.retry import Retry
from matcher.delivery.subscription import Settings, Subscription
from matcher.errors import StoreError, TargetError
from matcher.store.memory import MemoryStore
from matcher.store.records import DeadLetterFilter, Entry, Outgoing, Stored
from matcher.target import Message
from matcher.testing import FakeClock

QUEUES = ("bus/rule/plain", "bus/rule/gated")
UNSETTLED, CONCURRENCY = 8, 3
#: Calls whose failure leaves open whether they were done.
UNSURE = {"add", "settle", "trim"}


class Mortal:
    """A part of a store as a process sees it: calls may fail by chance, and come to nothing once the process is dead."""

    def __init__(self, part: Any, world: "World") -> None:
        self._part = part
        self._world = world
        self._life = world.life

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            if self._life != self._world.life:
                await asyncio.Event().wait()
            fails = self._world.chance.random() < self._world.store_fails
            if fails and not (name in UNSURE and self._world.chance.random() < 0.5):
                raise StoreError("no space")
            answer = await getattr(self._part, name)(*arguments, **named)
            if fails:
                raise StoreError("no answer")
            return answer

        return call


class View:
    """The store of one process."""

    def __init__(self, world: "World") -> None:
        self._store = world.store
        self.log, self.queue, self.seen, self.dead_letters = (
            Mortal(part, world) for part in (self._store.log, self._store.queue, self._store.seen, self._store.dead_letters)
        )

    def consumer(self, *, wait: bool = True) -> AbstractAsyncContextManager[None]:
        return self._store.consumer(wait=wait)


class Recorder:
    """A target that takes a while, fails by chance, and remembers what it took."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.taken: list[tuple[str | None, int]] = []

    async def send(self, message: Message) -> None:
        world = self.world
        life = world.life
        await world.clock.sleep(world.chance.choice((0.0, 0.0, 0.3, 7.0)))
        assert life == world.life, "a dead process sends nothing"
        if world.chance.random() < world.target_fails:
            raise TargetError("down", retryable=world.chance.random() < 0.9)
        self.taken.append((message.group, orjson.loads(message.event)["n"]))


class World:
    """A store in memory, two targets, and processes that deliver one after another."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.store_fails = self.target_fails = 0.0
        self.life = self.put = 0
        self.targets = {queue: Recorder(self) for queue in QUEUES}
        self.engine: Engine | None = None

    def route(self, entries: Sequence[Stored]) -> Routed:
        return Routed([Outgoing(queue, each.position, each.entry.group, each.entry.accepted) for each in entries for queue in QUEUES])

    async def start(self) -> None:
        self.life += 1
        self.engine = engine = Engine(
            View(self),  # type: ignore[arg-type]
            self.route,
            clock=self.clock,
            chance=self.chance.random,
            batch=7,
            unsettled=UNSETTLED,
        )
        self.subscribe(3.0)
        await engine.start()

    def subscribe(self, rate: float) -> None:
        """Subscribe to both queues, or replace what is subscribed."""
        assert self.engine is not None
        retry = Retry(attempts=6, base=2.0)
        plain = Settings(retry, timeout=5.0, concurrency=CONCURRENCY, window=10)
        gated = Settings(retry, timeout=5.0, concurrency=CONCURRENCY, rate=Rate(rate, 2), breaker=Breaker(4, 6, 10.0))
        for queue, chosen in zip(QUEUES, (plain, gated), strict=True):
            self.engine.subscribe(Subscription(queue, "bus", "rule", queue, self.targets[queue], chosen))

    async def add(self, groups: list[str | None]) -> None:
        entries = []
        for group in groups:
            self.put += 1
            body = orjson.dumps({"n": self.put})
            entries.append(Entry(str(self.put), "bus", body, self.clock.now(), group))
        await self.store.log.append(entries)
        await self.clock.settle()

    async def crash(self) -> None:
        """Kill the process: nothing that it holds gets to the store any more."""
        self.life += 1
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await self.clock.settle()
        assert self.engine is not None
        await self.engine._consuming.aclose()
        await self.start()

    async def restart(self) -> None:
        assert self.engine is not None
        stopping = asyncio.create_task(self.engine.stop(3.0))
        await self.clock.advance(20.0)
        await stopping
        await self.start()


groups = st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=40)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), groups),
        st.tuples(st.just("add"), groups),
        st.tuples(st.just("advance"), st.floats(0.0, 30.0)),
        st.tuples(st.just("target_fails"), st.sampled_from([0.0, 0.3, 0.9])),
        st.tuples(st.just("store_fails"), st.sampled_from([0.0, 0.3])),
        st.tuples(st.just("subscribe"), st.sampled_from([0.5, 3.0, 50.0])),
        st.tuples(st.just("unsubscribe"), st.sampled_from(QUEUES)),
        st.tuples(st.just("crash"), st.none()),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=14,
)


async def live(world: World, history: list[tuple[str, Any]]) -> None:
    async with world.store:
        await world.start()
        for step, value in history:
            match step:
                case "add":
                    await world.add(value)
                case "advance":
                    await world.clock.advance(value)
                case "subscribe":
                    world.subscribe(value)
                case "unsubscribe":
                    assert world.engine is not None
                    world.engine.unsubscribe(value)
                case "crash":
                    await world.crash()
                case "restart":
                    await world.restart()
                case _:
                    setattr(world, step, value)
        world.store_fails = world.target_fails = 0.0
        world.subscribe(3.0)
        await world.clock.advance(4_000.0)
        assert await world.store.queue.depths() == []
        await check(world, ends=sum(step in {"crash", "restart"} for step, _ in history))
        assert world.engine is not None
        await world.engine.stop()


async def check(world: World, ends: int) -> None:
    letters = await world.store.dead_letters.find(DeadLetterFilter(), "", 10_000)
    for queue, target in world.targets.items():
        dead = {letter.position for letter in letters if letter.queue == queue}
        taken = Counter(number for _, number in target.taken)
        assert set(taken) | dead == set(range(1, world.put + 1)), "each is delivered, or a dead letter"
        extra = sum(taken.values()) - len(taken)
        assert extra <= ends * (UNSETTLED + CONCURRENCY), "what was not settled comes again, and no more"
        firsts: defaultdict[str, list[int]] = defaultdict(list)
        for group, number in target.taken:
            if group is not None and number not in firsts[group]:
                firsts[group].append(number)
        assert all(numbers == sorted(numbers) for numbers in firsts.values()), "groups come in order"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), steps)
def test_nothing_is_lost_and_groups_come_in_order(seed: int, history: list[tuple[str, Any]]) -> None:
    asyncio.run(live(World(seed), history))


def test_a_long_history_of_crashes() -> None:
    world = World(7)
    history: list[tuple[str, Any]] = [("target_fails", 0.3)]
    for number in range(60):
        history += [("add", ["a", None, "b", "a", None, "c"] * 6), ("advance", number % 7 / 2), ("crash", None)]
    asyncio.run(live(world, history))
