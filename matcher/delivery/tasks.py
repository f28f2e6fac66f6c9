"""Turn a coroutine into a task that begins in the next round of the event loop, whatever the program's loop is set to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["begin"]


def begin(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start it. The loop's own factory may run tasks at once (`asyncio.eager_task_factory`): a store in memory and a
    target that answers at once would then call each other ever deeper."""
    return asyncio.Task(work, loop=asyncio.get_running_loop())
