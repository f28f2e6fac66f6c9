"""Whatever rules, events, failures, steps of time and crashes come: a router does what a list and some sets say.

The model knows for each queue the numbers of the events that its rule has matched. At every moment these are the events
that the target has taken, that wait, or that are dead letters; and in the end none waits.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from matcher import Retry, Router, TargetError
from matcher.store.memory import MemoryStore
from matcher.target import Message
from matcher.testing import FakeClock

NAMES = st.sampled_from(["r1", "r2", "r3"])
KINDS = st.sampled_from("abc")
SETS_OF_KINDS = st.lists(KINDS, min_size=1, max_size=3, unique=True).map(sorted)
GROUPS = st.sampled_from([None, "x", "y"])
#: Time for every attempt of everything that can wait.
LONG = 3 * 3_600.0


class Mortal:
    """A part of a store as one process sees it: from its death on, nothing that it asks is done or answered."""

    def __init__(self, part: Any, process: Process) -> None:
        self._part = part
        self._process = process

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            if self._process.dead:
                await asyncio.Event().wait()
            return await getattr(self._part, name)(*arguments, **named)

        return call


class Process:
    """The store as one process sees it."""

    def __init__(self, store: MemoryStore) -> None:
        self.dead = False
        self.consumer = store.consumer
        self.open = store.open
        self.log, self.queue, self.seen = Mortal(store.log, self), Mortal(store.queue, self), Mortal(store.seen, self)
        self.dead_letters, self.archive = Mortal(store.dead_letters, self), Mortal(store.archive, self)
        self.replays = Mortal(store.replays, self)

    async def close(self) -> None:
        """The store outlives its processes."""


class Flaky:
    """A target that takes a second, and fails while it is down, or for good where an event is poison to it."""

    def __init__(self, clock: FakeClock) -> None:
        self.name = "t"
        self.taken: list[tuple[str | None, int]] = []
        self.down = False
        self.poison: set[int] = set()
        self._clock = clock

    async def send(self, message: Message) -> None:
        detail = orjson.loads(message.event)["detail"]
        await self._clock.sleep(1.0)
        if self.down:
            raise TargetError("down")
        if detail["n"] in self.poison:
            raise TargetError("poison", retryable=False)
        self.taken.append((message.group, detail["n"]))


class Routers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.targets: dict[str, Flaky] = defaultdict(lambda: Flaky(self.clock))
        #: The model: what rules match (None: disabled), what each has matched, and what was put while nobody ran.
        self.rules: dict[str, tuple[list[str], bool]] = {}
        self.matched: dict[str, set[int]] = defaultdict(set)
        self.unread: list[tuple[int, str]] = []
        self.died: set[int] = set()
        self.crashes = self.number = 0
        self.router = self.process = None
        self.running = False

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    # ---- the life of a process ----

    @initialize()
    def begin(self) -> None:
        self.boot()

    def boot(self) -> None:
        """A new process has the rules that the last one had."""
        self.process = Process(self.store)
        self.router = Router(self.process, clock=self.clock, chance=lambda: 0.5, defaults={"retry": Retry(attempts=8)})
        for name, (kinds, enabled) in self.rules.items():
            self.register(name, kinds, enabled=enabled)

    def register(self, name: str, kinds: list[str], *, enabled: bool = True) -> None:
        self.router.add_rule(name, {"source": kinds}, enabled=enabled)
        self.router.add_target(name, self.targets[name], group="$.detail.group", dead_letter=f"{name}-dlq", concurrency=3)

    @precondition(lambda self: not self.running)
    @rule()
    def start(self) -> None:
        self.run(self.router.astart())
        self.running = True
        unread, self.unread = self.unread, []
        for number, kind in unread:
            self.match(number, kind)
        self.run(self.clock.settle())

    @precondition(lambda self: self.running)
    @rule(grace=st.sampled_from([0.0, 0.5, 5.0]))
    def stop(self, grace: float) -> None:
        async def stopped() -> None:
            stopping = asyncio.ensure_future(self.router.astop(grace))
            await self.clock.advance(20.0)
            await stopping

        self.run(stopped())
        self.running = False

    @rule()
    def crash(self) -> None:
        """The process dies, and another takes its place, which is not started yet."""
        self.process.dead = True
        self.run(self.killed())
        self.crashes += self.running
        self.running = False
        self.boot()

    async def killed(self) -> None:
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await self.clock.settle()
        if self.router._running is not None:
            await self.router._running.engine._consuming.aclose()

    # ---- events and time ----

    @rule(kind=KINDS, group=GROUPS, count=st.integers(1, 4))
    def put(self, kind: str, group: str | None, count: int) -> None:
        for _ in range(count):
            self.number += 1
            detail = {"n": self.number} if group is None else {"n": self.number, "group": group}
            event = {"source": kind, "detail-type": "t", "detail": detail}
            assert self.run(self.router.aput(event, deduplication_id=str(self.number)))
            assert self.run(self.router.aput(event, deduplication_id=str(self.number))).entries[0].duplicate
            if self.running:
                self.match(self.number, kind)
            else:
                self.unread.append((self.number, kind))
        self.run(self.clock.settle())

    def match(self, number: int, kind: str) -> None:
        for name, (kinds, enabled) in self.rules.items():
            if enabled and kind in kinds:
                self.matched[name].add(number)

    @rule(seconds=st.sampled_from([0.3, 1.0, 30.0, 600.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(self.clock.advance(seconds))

    # ---- rules ----

    @rule(name=NAMES, kinds=SETS_OF_KINDS)
    def add_or_replace(self, name: str, kinds: list[str]) -> None:
        if name not in self.rules:
            self.register(name, kinds)
            self.rules[name] = (kinds, True)
        else:
            self.router.replace(name, {"source": kinds})
            self.rules[name] = (kinds, self.rules[name][1])
        self.run(self.clock.settle())

    @precondition(lambda self: self.rules)
    @rule(data=st.data(), enabled=st.booleans())
    def enable_or_disable(self, data: Any, enabled: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.rules)))
        (self.router.enable if enabled else self.router.disable)(name)
        self.rules[name] = (self.rules[name][0], enabled)

    @precondition(lambda self: self.rules)
    @rule(data=st.data())
    def remove(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(self.rules)))
        self.router.remove(name)
        del self.rules[name]
        self.run(self.clock.settle())

    # ---- failures ----

    @rule(name=NAMES, down=st.booleans())
    def go_down_or_up(self, name: str, down: bool) -> None:
        self.targets[name].down = down

    @precondition(lambda self: self.number)
    @rule(name=NAMES, ahead=st.integers(0, 3))
    def poison(self, name: str, ahead: int) -> None:
        self.targets[name].poison.add(self.number + ahead)

    @rule(name=NAMES)
    def redrive(self, name: str) -> None:
        self.targets[name].poison.clear()
        self.note_the_dead()
        self.run(self.clock.advance(0.001))  # letters are redriven that died before now
        assert self.run(self.router.dead_letters(f"{name}-dlq").acount()) >= 0
        self.run(self.router.dead_letters(f"{name}-dlq").aredrive())
        self.run(self.clock.settle())

    # ---- what holds ----

    def note_the_dead(self) -> None:
        for name in self.targets:
            self.died |= self.letters(name)

    def letters(self, name: str) -> set[int]:
        found = self.run(self.router.dead_letters(f"{name}-dlq").alist(limit=10_000))
        return {orjson.loads(letter.entry.body)["detail"]["n"] for letter in found}

    def waiting(self, name: str) -> set[int]:
        """What waits in the queue, or in the log on its way back to it."""
        queue = f"default/{name}/t"
        bodies = [each.entry.body for each in self.run(self.store.queue.peek(queue, 0, 10_000))]
        cursor = self.run(self.store.log.cursor())
        unread = self.run(self.store.log.read(cursor, 10_000))
        bodies += [stored.entry.body for stored in unread if stored.entry.to_queue == queue]
        return {orjson.loads(body)["detail"]["n"] for body in bodies}

    @invariant()
    def nothing_is_lost_and_nothing_is_made_up(self) -> None:
        self.note_the_dead()
        for name, target in self.targets.items():
            taken = {number for _, number in target.taken}
            assert taken | self.waiting(name) | self.letters(name) == self.matched[name], name

    @invariant()
    def nothing_comes_twice_without_a_crash(self) -> None:
        for target in self.targets.values():
            twice = len(target.taken) - len({number for _, number in target.taken})
            assert twice <= self.crashes * 32

    @invariant()
    def groups_are_in_order(self) -> None:
        for target in self.targets.values():
            latest: dict[str, int] = {}
            for group, number in dict.fromkeys(target.taken):
                if group is not None and number not in self.died:
                    assert number > latest.get(group, 0)
                    latest[group] = number

    def teardown(self) -> None:
        try:
            self.end()
        finally:
            self.process.dead = True
            self.run(self.killed())
            self.loop.close()

    def end(self) -> None:
        """Everything works again: what waits for a rule that is there comes to its target or is a dead letter."""
        for target in self.targets.values():
            target.down = False
        if not self.running:
            self.start()
        self.run(self.clock.advance(LONG))
        self.nothing_is_lost_and_nothing_is_made_up()
        for name in self.rules:
            assert self.waiting(name) == set(), name


Routers.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestRouters = Routers.TestCase
