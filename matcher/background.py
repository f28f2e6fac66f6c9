"""Turn coroutines into plain calls, by an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["Background"]

Result = TypeVar("Result")


class Background:
    """The loop is started by the first call, and closed by `close` or at the end of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def inside(self) -> bool:
        """Whether the caller runs on this loop."""
        return self._thread is threading.current_thread()

    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="matcher-loop", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            return self._loop

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do it there, and give its result or raise its error. Raises RuntimeError where the caller is that loop."""
        if self.inside:
            work.close()
            raise RuntimeError("this call would wait for the loop that it runs on: await its async form (put → aput)")
        return asyncio.run_coroutine_threadsafe(work, self.loop()).result()

    def close(self) -> None:
        """Cancel what still runs, and end the thread."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        atexit.unregister(self.close)
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
