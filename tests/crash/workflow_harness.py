"""Kill the process that runs executions at random points, and judge what every one of them came to.

`python -m tests.crash.workflow_harness --executions 1000 --kills 20 --seed 1`
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from matcher.workflow.host.refusal import WorkflowRefusal
from matcher.workflow.workflows import Workflows
from tests.crash.workflow_scene import expected, faults, noted, store

#: Seconds between looks, and without any progress after which the run has failed.
LOOK, PATIENCE = 0.02, 60.0
#: Calls of one execution if none fails.
CALLS = 11


@dataclass(slots=True)
class Verdict:
    """What came of a run."""

    succeeded: int = 0
    calls: int = 0
    repeated: int = 0
    kills: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


class Run:
    """The worker, and whoever answers what it asks: a process that is not killed."""

    def __init__(self, folder: Path, executions: int) -> None:
        self.folder = folder
        self.executions = executions
        self.answers = Workflows(store(folder))
        self._answered = 0
        self.worker = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        module = [sys.executable, "-m", "tests.crash.workflow_worker"]
        return subprocess.Popen([*module, str(self.folder), str(self.executions)])

    def kill(self) -> None:
        self.worker.send_signal(signal.SIGKILL)
        self.worker.wait()
        self.worker = self._start()

    async def until(self, calls: int) -> None:
        """Answer tokens until the tasks were called that often, or all is done."""
        moved, known = time.monotonic(), -1
        while self.worker.poll() is None and (now := len(noted(self.folder / "calls"))) < calls:
            await self._answer()
            if now != known:
                moved, known = time.monotonic(), now
            if time.monotonic() - moved > PATIENCE:
                raise TimeoutError(f"nothing moved for {PATIENCE} seconds after {now} calls")
            await asyncio.sleep(LOOK)

    async def _answer(self) -> None:
        tokens = noted(self.folder / "tokens")
        for line in tokens[self._answered :]:
            token, n = line.split()
            try:
                await self.answers.send_task_success(token, int(n) + 1)
            except WorkflowRefusal as refusal:
                # The same request may have been sent twice, and answered.
                if refusal.code != "TaskTimedOut":
                    raise
        self._answered = len(tokens)


async def carry_out(folder: Path, executions: int, kills: int, seed: int) -> Verdict:
    """Run all to their end, and judge them."""
    started = time.monotonic()
    rng = random.Random(seed)
    run = Run(folder, executions)
    await run.answers.open()
    try:
        for point in sorted(rng.randrange(executions * CALLS) for _ in range(kills)):
            await run.until(point)
            run.kill()
        await run.until(sys.maxsize)
    finally:
        run.worker.kill()
        run.worker.wait()
    verdict = await judged(run.answers, folder, executions)
    verdict.kills, verdict.seconds = kills, time.monotonic() - started
    if run.worker.returncode:
        verdict.faults.append(f"the last worker ended with {run.worker.returncode}")
    await run.answers.close()
    return verdict


async def judged(workflows: Workflows, folder: Path, executions: int) -> Verdict:
    """Compare every execution with what it must give and its calls with those that were made."""
    calls = Counter(noted(folder / "calls"))
    of_execution: dict[int, Counter[str]] = {}
    for call, times in calls.items():
        of_execution.setdefault(int(call.split("-")[0]), Counter())[call] = times
    verdict = Verdict(calls=calls.total(), repeated=sum(times - 1 for times in calls.values()))
    for number in range(executions):
        name = f"e-{number}"
        record = await workflows.describe("m", name)
        if record.status != "SUCCEEDED" or record.output != expected(number):
            verdict.faults.append(f"{name}: {record.status}, {record.error or record.output}")
            continue
        verdict.succeeded += 1
        events = await workflows.history("m", name)
        verdict.faults += [f"{name}: {fault}" for fault in faults(record.id, events, of_execution.get(record.id, Counter()))]
    return verdict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("executions", 1_000), ("kills", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        verdict = asyncio.run(carry_out(Path(folder), given.executions, given.kills, given.seed))
    print(verdict)
    print("\n".join(verdict.faults) or "every execution succeeded, and every call was recorded once")
    return int(bool(verdict.faults))


if __name__ == "__main__":
    sys.exit(main())
