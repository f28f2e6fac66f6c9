"""How many transitions a second do hosts make, in memory and durably, and what do 10,000 that wait take?"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from matcher.workflow.happenings import ItemsRead, Read, ResultsWritten, Write
from matcher.workflow.items import Items
from matcher.workflow.scene import Settings
from matcher.workflow.workflow import Workflow

STATES, EXECUTIONS = 50, 200
#: At least so many transitions a second, and at most so many megabytes.
BARS = {"memory": 20_000, "sqlite": 3_000}
WAITING, MEGABYTES = 10_000, 200
ITEMS = 100_000


def chain(state: dict[str, Any]) -> dict[str, Any]:
    """States like that one and Choices by turns, one after the other."""
    made: dict[str, Any] = {}
    for number in range(0, STATES, 2):
        after = {"End": True} if number + 2 == STATES else {"Next": f"S{number + 2}"}
        rule = {"Variable": "$.n", "NumericGreaterThanEquals": 0, "Next": f"S{number + 1}"}
        made[f"S{number}"] = {"Type": "Choice", "Choices": [rule], "Default": f"S{number + 1}"}
        made[f"S{number + 1}"] = {**state, **after}
    return {"StartAt": "S0", "States": made}


async def same(given: Any) -> Any:
    return given


async def carry(definition: dict[str, Any], store: str | None) -> None:
    async with Workflow.load(definition, tasks={"same": same}, store=store) as flow:
        records = await asyncio.gather(*(flow.arun({"n": number}) for number in range(EXECUTIONS)))
        assert [record.output for record in records] == [{"n": number} for number in range(EXECUTIONS)]


@pytest.mark.parametrize("state", [{"Type": "Pass"}, {"Type": "Task", "Resource": "same"}], ids=["passes", "tasks"])
@pytest.mark.parametrize("kept", BARS)
def test_transitions(benchmark: Any, tmp_path: Path, kept: str, state: dict[str, Any]) -> None:
    names, definition = count(), chain(state)

    def store() -> tuple[tuple[dict[str, Any], str | None], dict[str, Any]]:
        return (definition, None if kept == "memory" else f"sqlite:///{tmp_path}/{next(names)}.db"), {}

    def run(definition: dict[str, Any], store: str | None) -> None:
        asyncio.run(carry(definition, store))

    benchmark.pedantic(run, setup=store, rounds=3, warmup_rounds=1)
    reached = STATES * EXECUTIONS / benchmark.stats.stats.min
    benchmark.extra_info["transitions_per_s"] = reached
    if state["Type"] == "Pass" or kept == "sqlite":
        assert reached >= BARS[kept]


class Counted(Items):
    """Items that come from nowhere."""

    def __init__(self) -> None:
        super().__init__("")

    def read(self, read: Read, owner: str = "") -> ItemsRead:  # noqa: ARG002
        end = read.start + 1_000
        return ItemsRead(list(range(read.start, end)), exhausted=end >= ITEMS)

    def write(self, write: Write) -> ResultsWritten:
        raise NotImplementedError


def test_a_large_map(benchmark: Any) -> None:
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    processor = {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    states = {"M": {"Type": "Map", "MaxConcurrency": 100, "ItemReader": reader, "ItemProcessor": processor, "End": True}}
    settings = Settings(payload_bytes=None, history_events=None)

    async def main() -> None:
        async with Workflow.load({"StartAt": "M", "States": states}, items=Counted(), settings=settings) as flow:
            assert (await flow.arun()).output == list(range(ITEMS))

    benchmark.pedantic(lambda: asyncio.run(main()), rounds=2)
    benchmark.extra_info["items_per_s"] = ITEMS / benchmark.stats.stats.min


@pytest.mark.parametrize("kept", BARS)
def test_memory_of_executions_that_wait(benchmark: Any, tmp_path: Path, kept: str) -> None:
    store = "" if kept == "memory" else f"sqlite:///{tmp_path}/w.db"
    peaks: list[int] = []

    def wait() -> None:
        command = [sys.executable, "-m", "bench.workflow_waiting", store, str(WAITING)]
        peaks.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))

    work: Callable[[], None] = wait
    benchmark.pedantic(work, rounds=1)
    benchmark.extra_info["megabytes"] = peaks[0]
    assert peaks[0] < MEGABYTES
