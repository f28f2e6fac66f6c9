"""Turn the history of a running execution into a live table of its states."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from rich.live import Live
from rich.table import Table
from rich.text import Text

from matcher.cli.terminal import printable
from matcher.workflow.graph.trace import Status, Trace, told, trace
from matcher.workflow.happenings import Event
from matcher.workflow.history import spelled
from matcher.workflow.workflow import Workflow

__all__ = ["View", "table"]

#: Seconds between two looks.
LOOK: Final = 0.1
_STYLES: Final = {
    Status.RUNNING: ("●", "bold yellow"),
    Status.FAILED: ("✗", "bold red"),
    Status.CAUGHT: ("↷", "magenta"),
    Status.ABORTED: ("■", "dim"),
    Status.SUCCEEDED: ("✓", "green"),
}


class View:
    """Shown as long as its context lasts."""

    def __init__(self, flow: Workflow, execution: str) -> None:
        self._flow = flow
        self._execution = execution
        self._events: list[Event] = []
        self._live = Live(auto_refresh=False)

    async def __aenter__(self) -> View:
        self._live.start()
        self._job = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._job.cancel()
        with suppress(asyncio.CancelledError):
            await self._job
        await self._look()
        self._live.stop()

    async def _watch(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(LOOK)

    async def _look(self) -> None:
        flow = self._flow
        after = self._events[-1].id if self._events else 0
        self._events += await flow.workflows.history(flow.name, self._execution, after=after)
        self._live.update(table(trace(spelled(self._events))), refresh=True)


def table(found: Trace) -> Table:
    """The states in the order in which they were entered first."""
    made = Table("", "state", "", box=None)
    for name, visits in found.states.items():
        mark, style = _STYLES[visits.status] if visits.count else _STYLES[Status.RUNNING]
        made.add_row(Text(mark, style), Text(printable(name), style), Text(printable("; ".join(told(visits))), "dim"))
    return made
