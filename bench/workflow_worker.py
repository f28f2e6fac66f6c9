"""Run executions of a three-step workflow in one engine and print how many a second: run by that engine's own Python.

Started by path, so it imports nothing of this project but matcher itself, and that only to measure it. Answers are
checked: each step adds one.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

#: What an engine measured: executions a second.
Measured = tuple[str, float]

PASSES: dict[str, Any] = {
    "StartAt": "A",
    "States": {
        name: {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, **way}
        for name, way in (("A", {"Next": "B"}), ("B", {"Next": "C"}), ("C", {"End": True}))
    },
}
TASKS: dict[str, Any] = {
    "StartAt": "A",
    "States": {
        name: {"Type": "Task", "Resource": "add", **way}
        for name, way in (("A", {"Next": "B"}), ("B", {"Next": "C"}), ("C", {"End": True}))
    },
}


def matcher(definition: dict[str, Any], *, durable: bool) -> Callable[[int], Measured]:
    async def add(given: dict[str, int]) -> dict[str, int]:
        return {"n": given["n"] + 1}

    async def main(executions: int, folder: str) -> float:
        from matcher.workflow.workflow import Workflow

        store = f"sqlite:///{folder}/w.db" if durable else None
        async with Workflow.load(definition, tasks={"add": add}, store=store) as flow:
            await flow.arun({"n": 0})
            begun = time.perf_counter()
            records = await asyncio.gather(*(flow.arun({"n": number}) for number in range(executions)))
            seconds = time.perf_counter() - begun
        assert [record.output for record in records] == [{"n": number + 3} for number in range(executions)]
        return executions / seconds

    def measure(executions: int) -> Measured:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            return "", asyncio.run(main(executions, folder))

    return measure


def interpreter(package: str, root: str, backend: str) -> Callable[[int], Measured]:
    """The ASL interpreter that LocalStack and moto share, each in its own version, without an API above it."""

    def measure(executions: int) -> Measured:
        details = import_module(f"{root}.asl.eval.evaluation_details")
        worker = import_module(f"{root}.{backend}.execution_worker").SyncExecutionWorker
        definition = json.dumps(PASSES)
        outputs = []
        begun = time.perf_counter()
        for number in range(executions):
            about = details.EvaluationDetails(
                details.AWSExecutionDetails("000000000000", "us-east-1", "role"),
                details.ExecutionDetails("arn:x", "x", "role", {"n": number}, "2025-01-01T00:00:00Z"),
                details.StateMachineDetails("arn:m", "m", "STANDARD", definition),
            )
            run = worker(about, _Ended(), None, {})
            run.start()
            outputs.append(run.env.states.get_input())
        seconds = time.perf_counter() - begun
        assert outputs == [{"n": number + 3} for number in range(executions)]
        return importlib.metadata.version(package), executions / seconds

    return measure


class _Ended:
    """Hears that an execution has ended."""

    def terminated(self) -> None:
        pass


def dbos(executions: int) -> Measured:
    module = import_module("dbos")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        engine = module.DBOS
        engine(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/dbos.db", "log_level": "ERROR", "run_admin_server": False})

        @engine.step()  # type: ignore[untyped-decorator]
        def add(number: int) -> int:
            return number + 1

        @engine.workflow()  # type: ignore[untyped-decorator]
        def three(number: int) -> int:
            return int(add(add(add(number))))

        engine.launch()
        engine.start_workflow(three, 0).get_result()
        begun = time.perf_counter()
        waiting = [engine.start_workflow(three, number) for number in range(executions)]
        outputs = [handle.get_result() for handle in waiting]
        seconds = time.perf_counter() - begun
        engine.destroy()
    assert outputs == [number + 3 for number in range(executions)]
    return importlib.metadata.version("dbos"), executions / seconds


def temporal(executions: int) -> Measured:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        server = [str(Path(sys.executable).with_name("temporal")), "server", "start-dev", "--headless", "--port", str(port)]
        process = subprocess.Popen([*server, "--db-filename", f"{folder}/t.db"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            rate = asyncio.run(_temporal(f"127.0.0.1:{port}", executions))
        finally:
            process.terminate()
            process.wait(30)
    return importlib.metadata.version("temporalio"), rate


async def _temporal(address: str, executions: int) -> float:
    here = import_module("temporal_three")
    client = await _connected(import_module("temporalio.client").Client, address)
    worker = import_module("temporalio.worker")
    settings = {"workflows": [here.Three], "activities": [here.add], "workflow_runner": worker.UnsandboxedWorkflowRunner()}
    async with worker.Worker(client, task_queue="bench", max_concurrent_activities=200, **settings):
        await client.execute_workflow("Three", 0, id="warm", task_queue="bench")
        begun = time.perf_counter()
        outputs = await asyncio.gather(
            *(client.execute_workflow("Three", number, id=f"w-{number}", task_queue="bench") for number in range(executions))
        )
        seconds = time.perf_counter() - begun
    assert outputs == [number + 3 for number in range(executions)]
    return executions / seconds


async def _connected(kind: Any, address: str) -> Any:
    """A client, once the server answers."""
    for _ in range(300):
        try:
            return await kind.connect(address)
        except RuntimeError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the server of Temporal does not answer")


ENGINES: dict[str, Callable[[int], Measured]] = {
    "matcher-passes": matcher(PASSES, durable=False),
    "matcher-passes-durable": matcher(PASSES, durable=True),
    "matcher-tasks": matcher(TASKS, durable=False),
    "matcher-tasks-durable": matcher(TASKS, durable=True),
    "localstack": interpreter("localstack-core", "localstack.services.stepfunctions", "backend"),
    "moto": interpreter("moto", "moto.stepfunctions.parser", "backend"),
    "dbos": dbos,
    "temporal": temporal,
}

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent / "workers"))
    version, rate = ENGINES[sys.argv[1]](int(sys.argv[2]))
    print(json.dumps({"version": version, "rate": rate}))
