"""Turn a router's counts into a table in the terminal that changes as they do."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from typing import Any

from matcher.router.router import Router
from matcher.router.stats import RouterStats

__all__ = ["View", "table"]

#: Seconds between two looks.
EVERY = 1.0


class View:
    """Shows the table within a `with`, or nothing where it is not to be shown."""

    def __init__(self, router: Router, *, shown: bool) -> None:
        self._router = router
        self._shown = shown
        self._stack = ExitStack()
        self._live: Any = None

    def __enter__(self) -> View:
        if self._shown:
            from rich.live import Live

            self._live = self._stack.enter_context(Live(auto_refresh=False, transient=True))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    async def until(self, ended: asyncio.Event) -> None:
        """Keep showing until the event is set."""
        before: RouterStats | None = None
        looked = time.monotonic()
        while self._live is not None and not ended.is_set():
            now, stats = time.monotonic(), await self._router.astats()
            self._live.update(table(stats, before, now - looked), refresh=True)
            before, looked = stats, now
            try:
                async with asyncio.timeout(EVERY):
                    await ended.wait()
            except TimeoutError:
                continue
        await ended.wait()


def table(stats: RouterStats, before: RouterStats | None, seconds: float) -> Any:
    """A row a queue: what waits, what was delivered since the last look, what failed, and how."""
    from rich.table import Table
    from rich.text import Text  # what targets say is no markup

    made = Table(title=Text(_title(stats)), title_justify="left", expand=True)
    made.add_column("queue", ratio=3, overflow="fold")
    for name in ("waiting", "sending", "delivered/s", "delivered", "retried", "dead"):
        made.add_column(name, justify="right")
    made.add_column("last failure", ratio=3, overflow="ellipsis", no_wrap=True)
    waiting = {depth.queue: depth.waiting for depth in stats.depths}
    lanes = {} if stats.engine is None else stats.engine.lanes
    known = {} if before is None or before.engine is None else before.engine.lanes
    for queue in sorted({*waiting, *lanes}):
        lane = lanes.get(queue)
        if lane is None:
            made.add_row(queue, f"{waiting[queue]:,}", "-", "-", "-", "-", "-", "no rule has this target now")
            continue
        earlier = known[queue].delivered if queue in known else lane.delivered
        rate = (lane.delivered - earlier) / seconds if seconds > 0 else 0.0
        state = "" if lane.circuit == "closed" else f"circuit {lane.circuit}: "
        numbers = (waiting.get(queue, 0), lane.sending, round(rate), lane.delivered, lane.retried, lane.dead)
        made.add_row(queue, *(f"{number:,}" for number in numbers), Text(f"{state}{lane.last_error}"))
    return made


def _title(stats: RouterStats) -> str:
    letters = sum(stats.dead_letters.values())
    troubles = {} if stats.engine is None else stats.engine.store_troubles
    told = "".join(f"; the store fails at {name}: {error}" for name, error in troubles.items())
    return f"{stats.waiting:,} waiting, {stats.unmatched:,} of them unmatched; {letters:,} dead letters{told}"
