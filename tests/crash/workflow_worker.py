"""Run the executions of a store until all have ended: `python -m tests.crash.workflow_worker FOLDER EXECUTIONS`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from matcher.workflow.host.refusal import WorkflowRefusal
from matcher.workflow.workflow import Workflow
from tests.crash.workflow_scene import DEFINITION, Services, store


async def main(folder: Path, executions: int) -> None:
    workflow = Workflow.load(DEFINITION, tasks=Services(folder).all(), name="m", store=store(folder))
    async with workflow:
        await asyncio.gather(*(begin(workflow, number) for number in range(executions)))
        await asyncio.gather(*(workflow.awaited(f"e-{number}") for number in range(executions)))


async def begin(workflow: Workflow, number: int) -> None:
    """Start an execution, unless a worker before has."""
    try:
        await workflow.astart({"n": number}, f"e-{number}")
    except WorkflowRefusal as refusal:
        if refusal.code != "ExecutionAlreadyExists":
            raise


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
