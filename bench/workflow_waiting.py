"""How much memory does a process hold at most that starts executions which then all wait for an hour?

`python -m bench.workflow_waiting STORE EXECUTIONS` prints megabytes; an empty store keeps them in memory.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from matcher.workflow.workflow import Workflow

__all__ = ["main", "peak"]

DEFINITION = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}


async def main(store: str | None, executions: int) -> None:
    """Start them, a thousand at a time, and end when the last one waits."""
    async with Workflow.load(DEFINITION, store=store) as flow:
        for number in range(0, executions, 1_000):
            last = (await asyncio.gather(*(flow.astart({"n": number + one}) for one in range(1_000))))[-1]
        while all(  # noqa: ASYNC110
            event.type != "WaitStateEntered" for event in await flow.ahistory(last.name)
        ):
            await asyncio.sleep(0.01)  # a host tells nobody that something waits


def peak() -> int:
    """Megabytes; on Linux getrusage tells of the process before its exec too."""
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))
    else:  # noqa: RET505 (what a platform does not reach is not checked)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] or None, int(sys.argv[2])))
    print(peak())
