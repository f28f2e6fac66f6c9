"""Turn calls that block into futures of an event loop, by a bounded pool of threads."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from matcher.router.room import DELIVERING

__all__ = ["Threads"]

_Call = tuple["_Answers", "asyncio.Future[Any]", Callable[[Any], Any], Any]


class _Answers:
    """What threads answer to one event loop: it is woken once for all that came since it last looked."""

    __slots__ = ("_came", "_lock", "_loop", "_woken")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._came: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._lock = threading.Lock()
        self._woken = False

    def add(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        with self._lock:
            self._came.append((future, result, error))
            if self._woken:
                return
            self._woken = True
        try:
            self._loop.call_soon_threadsafe(self._give)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self._came.clear()

    def _give(self) -> None:
        with self._lock:
            came, self._came = self._came, deque()
            self._woken = False
        for future, result, error in came:
            if future.done():  # cancelled meanwhile
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


class Threads:
    """At most `limit` threads, started when they are needed and kept; what comes while all are busy waits in order.

    concurrent.futures wakes the loop once for each call, which costs more than a short call itself.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._open = 0  # calls that no thread has finished
        self._answers: dict[asyncio.AbstractEventLoop, _Answers] = {}

    async def run(self, function: Callable[[Any], Any], argument: Any) -> Any:
        """Call the function in a thread, or here where there are none; give what it returns or raise what it raises."""
        if self._limit == 0:
            return function(argument)
        loop = asyncio.get_running_loop()
        answers = self._answers.get(loop)
        if answers is None:
            self._answers = {each: kept for each, kept in self._answers.items() if not each.is_closed()}
            answers = self._answers[loop] = _Answers(loop)
        future: asyncio.Future[Any] = loop.create_future()
        with self._lock:
            self._open += 1
            if self._open > self._started and self._started < self._limit:
                self._started += 1
                threading.Thread(target=self._work, name=f"matcher-{self._started}", daemon=True).start()
        self._calls.put((answers, future, function, argument))
        return await future

    def _work(self) -> None:
        DELIVERING.set(True)
        while (call := self._calls.get()) is not None:
            answers, future, function, argument = call
            result: Any = None
            error: BaseException | None = None
            try:
                if not future.done():
                    result = function(argument)
            except StopIteration as stopped:  # which no future can carry
                error = RuntimeError(f"the handler raised {stopped!r}")
            except BaseException as raised:  # noqa: BLE001 - it is raised where the call is awaited
                error = raised
            with self._lock:
                self._open -= 1
            answers.add(future, result, error)
            del call, future, function, argument, result, error

    def close(self) -> None:
        """Let every thread end after what it has; calls may come again later, and start new ones."""
        with self._lock:
            started, self._started = self._started, 0
        for _ in range(started):
            self._calls.put(None)
