"""Whatever is done to a store in whatever order, through crashes, it agrees with a list and a few dictionaries."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from matcher.store.memory import MemoryStore
from matcher.store.protocol import Store
from matcher.store.records import Dead, DeadLetterFilter, Delivery, Done, Entry, Outcome, Outgoing, Retry
from matcher.store.sqlite import SQLiteStore
from tests.property.store_model import Model
from tests.unit.store.making import letter

ALL = 10_000
QUEUES = st.sampled_from(["x", "x", "y"])
GROUPS = st.sampled_from([None, "g", "g", "h"])
WAITS = st.sampled_from([0, 0, 3, 20])


class StoreMachine(RuleBasedStateMachine):
    """A store and the model of it; time passes by a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.store = self.make()
        self.runner.run(self.store.open())
        self.model = Model()
        self.now = 100.0
        self.made = 0
        self.claimed: list[Delivery] = []

    def make(self) -> Store:
        return MemoryStore()

    def teardown(self) -> None:
        assert self.runner.run(self.store.check()) == []
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(seconds=st.integers(1, 10))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(
        keys=st.lists(st.sampled_from([None, None, None, "k", "l"]), min_size=1, max_size=6),
        window=st.sampled_from([5.0, 30.0]),
    )
    def append(self, keys: list[str | None], window: float) -> None:
        entries = []
        for key in keys:
            self.made += 1
            entries.append(
                Entry(f"e{self.made}", "default", b"{}", self.now, deduplication=key, deduplication_window=window)
            )
        assert self.runner.run(self.store.log.append(entries)) == self.model.append(entries)

    @rule(choices=st.lists(st.tuples(QUEUES, GROUPS, WAITS), min_size=1, max_size=6), again=st.integers(0, 2))
    def add(self, choices: list[tuple[str, str | None, int]], again: int) -> None:
        """A delivery for each of the next events, and some once more, as after a crash of the router."""
        outgoing = []
        position = max(0, self.model.cursor - again)
        for queue, group, wait in choices:
            if position < self.model.last:
                position += 1
                outgoing.append(Outgoing(queue, position, group, self.now + wait))
        self.runner.run(self.store.queue.add(outgoing, position))
        self.model.add(outgoing, position)

    @rule(queue=QUEUES, limit=st.integers(1, 6), run=st.integers(1, 3))
    def claim(self, queue: str, limit: int, run: int) -> None:
        found = self.runner.run(self.store.queue.claim(queue, limit, self.now, run=run))
        assert [delivery.position for delivery in found] == self.model.claim(queue, limit, self.now, run)
        for delivery in found:
            assert delivery.attempts == self.model.waiting[queue, delivery.position].attempts
        self.claimed += found

    @rule(
        kinds=st.lists(st.sampled_from(["done", "done", "retry", "dead"]), min_size=1, max_size=4),
        place=st.sampled_from([0, 0, 0, 1, 4]),
        wait=WAITS,
    )
    def settle(self, kinds: list[str], place: int, wait: int) -> None:
        """Some of what is claimed, or was before a crash."""
        outcomes = [
            self.outcome(kind, delivery, wait) for kind, delivery in zip(kinds, self.claimed[place:], strict=False)
        ]
        del self.claimed[place : place + len(outcomes)]
        assert self.runner.run(self.store.queue.settle(outcomes)) == [self.model.settle(each) for each in outcomes]

    def outcome(self, kind: str, delivery: Delivery, wait: int) -> Outcome:
        if kind == "done":
            return Done(delivery)
        if kind == "dead":
            return Dead(delivery, letter(delivery))
        return Retry(delivery, self.now + wait, delivery.attempts + 1, self.now, "no")

    @rule(count=st.integers(1, 4))
    def release(self, count: int) -> None:
        going, self.claimed = self.claimed[:count], self.claimed[count:]
        self.runner.run(self.store.queue.release(going))
        for delivery in going:
            waiting = self.model.waiting.get((delivery.queue, delivery.position))
            if waiting is not None:
                waiting.claimed = False

    @rule(count=st.integers(1, 3))
    def redrive(self, count: int) -> None:
        chosen = list(self.model.letters)[:count]
        assert self.runner.run(self.store.dead_letters.redrive(chosen, self.now)) == self.model.redrive(
            chosen, self.now
        )

    @rule()
    def trim(self) -> None:
        assert self.runner.run(self.store.log.trim(ALL, self.now)) == self.model.trim(self.now)

    @rule()
    def crash(self) -> None:
        """What was under way is known to nobody any more, though it may still be settled late."""
        self.runner.run(self.store.close())
        self.store = self.make() if self.store.__class__ is SQLiteStore else self.store
        self.runner.run(self.store.open())
        self.model.end_claims()

    @invariant()
    def they_agree(self) -> None:
        async def ask() -> None:
            assert await self.store.log.cursor() == self.model.cursor
            assert await self.store.log.last() == self.model.last
            assert {depth.queue: depth.waiting for depth in await self.store.queue.depths()} == self.model.depths()
            due = [self.model.next_due(queue) for queue in ("x", "y")]
            assert await self.store.queue.next_due(["x", "y"]) == due
            after = await self.store.log.read(self.model.cursor, ALL)
            assert after == [stored for stored in self.model.log if stored.position > self.model.cursor]
            letters = await self.store.dead_letters.find(DeadLetterFilter(), "", ALL)
            assert {each.id: each for each in letters} == self.model.letters

        self.runner.run(ask())


class SQLiteMachine(StoreMachine):
    def make(self) -> Store:
        return SQLiteStore(self.folder / "store.db")


TestMemoryStore = StoreMachine.TestCase
TestMemoryStore.settings = settings(max_examples=100, stateful_step_count=40)
TestSQLiteStore = SQLiteMachine.TestCase
TestSQLiteStore.settings = settings(max_examples=60, stateful_step_count=40)
