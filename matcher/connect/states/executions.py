"""Turn calls of states:startExecution into executions of this program's own machines."""

from __future__ import annotations

from typing import Any

import orjson

from matcher.workflow.frames import Json
from matcher.workflow.host.records import Record
from matcher.workflow.host.refusal import WorkflowRefusal
from matcher.workflow.host.tasks import Task, TaskCall, TaskError
from matcher.workflow.workflows import Workflows

__all__ = ["start_execution"]


def start_execution(workflows: Workflows) -> dict[str, Task]:
    """`arn:aws:states:::states:startExecution`: with `.sync` it waits, and gives the output as text, with `.sync:2` as JSON.

    A call that is made again, after a crash, finds the execution that it started. The child has the caller's correlation
    id.
    """

    async def begin(given: Json, call: TaskCall) -> Json:
        machine = str(given["StateMachineArn"]).rpartition(":")[2]
        name, wanted = given.get("Name") or f"{call.execution.rpartition(':')[2][:50]}-{call.call_id}", _input(given)
        try:
            await workflows.start(machine, wanted, name, correlation_id=call.correlation_id)
        except WorkflowRefusal as refusal:
            if refusal.code != "ExecutionAlreadyExists" or (await workflows.describe(machine, name)).input != wanted:
                raise TaskError(f"StepFunctions.{refusal.code}Exception", str(refusal)) from refusal
        if ".sync" in call.resource:
            record = await workflows.wait(machine, name)
            told = _described(record, workflows, parsed=call.resource.endswith(".sync:2"))
            if record.status != "SUCCEEDED":
                raise TaskError("States.TaskFailed", orjson.dumps(told).decode())
            return told
        record = await workflows.describe(machine, name)
        return {"ExecutionArn": workflows.names.execution(machine, name), "StartDate": int(record.started * 1000)}

    return {"arn:aws:states:::states:startExecution": begin}


def _input(given: Json) -> Json:
    """Input may be JSON, or the text of JSON."""
    found = given.get("Input", {})
    return orjson.loads(found) if isinstance(found, str) else found


def _described(record: Record, workflows: Workflows, *, parsed: bool) -> dict[str, Any]:
    def shown(value: Json) -> Json:
        return value if parsed else orjson.dumps(value).decode()

    told: dict[str, Any] = {
        "ExecutionArn": workflows.names.execution(record.machine, record.name),
        "StateMachineArn": workflows.names.machine(record.machine),
        "Name": record.name,
        "Status": record.status,
        "StartDate": int(record.started * 1000),
        "StopDate": int((record.stopped or record.started) * 1000),
        "Input": shown(record.input),
        "InputDetails": {"Included": True},
        "RedriveCount": record.redrives,
    }
    if record.status == "SUCCEEDED":
        return {**told, "Output": shown(record.output), "OutputDetails": {"Included": True}}
    return {**told, "Error": record.error, "Cause": record.cause}
