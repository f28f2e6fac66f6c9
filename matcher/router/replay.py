"""Turn archived events into events of the log again, in order, at a rate, and on after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import orjson

from matcher.background import Background
from matcher.clock import Clock
from matcher.errors import RouterError, StoreError
from matcher.observe import Observer
from matcher.router.faces import blocking
from matcher.router.stores import Opened
from matcher.store.protocol import Store
from matcher.store.records import Entry, Mark, Replay, ReplayState, Stored

__all__ = ["ReplayHandle", "Replaying", "replayed"]

BATCH = 500
#: Seconds between looks at whether somebody else began a replay, and after which a store that failed is asked again.
EVERY = 5.0
#: Seconds between looks of somebody who waits for a replay's end.
LOOK = 0.01


class ReplayHandle:
    """A replay, which goes on in the running router, also after a crash. Each method has a form that begins with `a`."""

    def __init__(
        self, name: str, opened: Opened, background: Background, clock: Clock, began: Callable[[], None]
    ) -> None:
        self.name = name
        self._began = began
        self._opened = opened
        self._background = background
        self._clock = clock

    async def aprogress(self) -> Replay:
        """Its state, how many events were sent, and up to which. Raises RouterError where it was deleted."""
        found = await (await self._opened.get()).replays.get(self.name)
        if found is None:
            raise RouterError(f"there is no replay {self.name!r}")
        return found

    async def afinish(self) -> Replay:
        """Wait until it runs no more: it is COMPLETED, or somebody paused or cancelled it."""
        while (found := await self.aprogress()).state == "RUNNING":
            await self._clock.sleep(LOOK)
        return found

    async def apause(self) -> Replay:
        """Send nothing more for now."""
        return await self._change("PAUSED", ("RUNNING",))

    async def aresume(self) -> Replay:
        """Go on behind the last event that was sent."""
        found = await self._change("RUNNING", ("PAUSED", "FAILED"))
        self._began()
        return found

    async def acancel(self) -> Replay:
        """Send nothing more, for good. What was sent is delivered."""
        return await self._change("CANCELLED", ("RUNNING", "PAUSED", "FAILED"))

    async def _change(self, state: ReplayState, among: tuple[ReplayState, ...]) -> Replay:
        store = await self._opened.get()
        found = await store.replays.change(self.name, state, among=among, now=self._clock.now())
        if found is None:
            raise RouterError(f"there is no replay {self.name!r}")
        if found.state != state:
            raise RouterError(f"the replay {self.name!r} is {found.state}: only {' or '.join(among)} becomes {state}")
        return found

    progress = blocking(aprogress)
    finish = blocking(afinish)
    pause = blocking(apause)
    resume = blocking(aresume)
    cancel = blocking(acancel)


def replayed(stored: Stored, replay: Replay, now: float) -> Entry:
    """The entry of an archived event on its way again: it has the replay's name, and is accepted anew."""
    return replace(
        stored.entry,
        bus=replay.bus,
        body=_named(stored.entry.body, replay.name),
        accepted=now,
        deduplication=None,
        replay=replay.name,
        to_rules=replay.rules,
        to_queue=None,
    )


def _named(event: bytes, name: str) -> bytes:
    """The event with `replay-name` as its last member, which wins over one that it may have."""
    member = b'"replay-name":' + orjson.dumps(name)
    inside = event.rstrip()[:-1].rstrip()
    return inside + (member if inside.endswith(b"{") else b"," + member) + b"}"


class Replaying:
    """Runs every replay of a store whose state is RUNNING, for as long as the router runs."""

    def __init__(self, store: Store, clock: Clock, observer: Observer) -> None:
        self._store = store
        self._clock = clock
        self._observer = observer
        self._running: dict[str, asyncio.Task[None]] = {}
        self._began = asyncio.Event()

    def began(self) -> None:
        """Somebody began a replay: look at once. On the loop of `run`."""
        self._began.set()

    async def run(self) -> None:
        """Go on for ever; it can be cancelled at any time, and what was sent stays noted."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_now_and_then())
            while True:
                await self._began.wait()
                self._began.clear()
                try:
                    for replay in await self._store.replays.all():
                        if replay.state == "RUNNING" and replay.name not in self._running:
                            self._running[replay.name] = tasks.create_task(self._run(replay.name))
                except StoreError as error:
                    self._observer.log("error", "replays can't be read", error=str(error))

    async def _look_now_and_then(self) -> None:
        while True:
            self._began.set()
            await self._clock.sleep(EVERY)

    async def _run(self, name: str) -> None:
        try:
            replay = await self._store.replays.get(name)
            while replay is not None and replay.state == "RUNNING":
                replay = await self._step(replay)
        except StoreError as error:  # it is still RUNNING, so the next look begins it again
            self._observer.log("error", "the replay can't go on now", replay=name, error=str(error))
        finally:
            del self._running[name]

    async def _step(self, replay: Replay) -> Replay | None:
        """Send the next events, and wait as the rate says."""
        batch = BATCH if replay.rate is None else max(1, min(BATCH, int(replay.rate / 10)))
        events = await self._store.archive.read(replay.archive, replay.start, replay.end, replay.mark, batch)
        now = self._clock.now()
        if not events:
            return await self._store.replays.change(replay.name, "COMPLETED", among=("RUNNING",), now=now)
        mark = Mark(events[-1].entry.accepted, events[-1].position)
        entries = [replayed(stored, replay, now) for stored in events]
        went = await self._store.replays.advance(replay.name, entries, mark)
        if replay.rate is not None:
            await self._clock.sleep(len(events) / replay.rate)
        else:
            await asyncio.sleep(0)
        return went
