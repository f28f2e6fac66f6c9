"""Turn entries that come one by one into calls that take many, without making any of them wait for others to come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

__all__ = ["Batches", "Outcome"]

#: What came of one entry: an exception is raised to whoever sent it.
Outcome: TypeAlias = "Exception | Any"


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    entry: Any
    size: int
    done: asyncio.Future[Any]


class Batches:
    """What is added in one turn of the event loop, or while all workers are busy, shares calls.

    `call` runs in a thread, and gives the outcome of each entry in their order. It may raise: that is every entry's
    outcome. Entries that are cancelled before their call has begun are not sent.
    """

    def __init__(
        self, call: Callable[[Sequence[Any]], Sequence[Outcome]], *, entries: int, size: int, workers: int, name: str
    ) -> None:
        self._call = call
        self._entries = entries
        self._size = size
        self._workers = workers
        self._name = name
        self._threads: ThreadPoolExecutor | None = None
        self._waiting: deque[_Waiting] = deque()
        self._calls = 0

    async def add(self, entry: Any, size: int) -> Any:
        """Send an entry of that many bytes; one that is larger than a call goes alone."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(entry, size, loop.create_future())
        if self._calls < self._workers:
            loop.call_soon(self._launch, loop)  # after all that is ready to be sent now
        self._waiting.append(waiting)
        return await waiting.done

    def close(self) -> None:
        """Let go of the threads, until another entry comes. Calls that run end by themselves."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    def _launch(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._threads is None:
            self._threads = self._new_threads(self._workers)
        while self._calls < self._workers and (batch := self._batch()):
            self._calls += 1
            running = loop.run_in_executor(self._threads, self._call, [each.entry for each in batch])
            running.add_done_callback(partial(self._landed, loop, batch))

    def _new_threads(self, count: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(count, thread_name_prefix=f"matcher-{self._name}")

    def _batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        room = self._size
        while self._waiting and len(batch) < self._entries:
            first = self._waiting[0]
            if first.done.cancelled():
                self._waiting.popleft()
                continue
            room -= first.size
            if batch and room < 0:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _landed(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting], running: asyncio.Future[Sequence[Outcome]]
    ) -> None:
        self._calls -= 1
        if running.cancelled():  # closed before a thread took it
            outcomes: Sequence[Outcome] = [asyncio.CancelledError()] * len(batch)
        elif error := running.exception():
            outcomes = [error] * len(batch)
        else:
            outcomes = running.result()
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if waiting.done.done():
                continue
            if isinstance(outcome, asyncio.CancelledError):
                waiting.done.cancel()
            elif isinstance(outcome, BaseException):
                waiting.done.set_exception(outcome)
            else:
                waiting.done.set_result(outcome)
        self._launch(loop)
