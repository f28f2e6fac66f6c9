"""Turn calls of events:putEvents into events of a router, and executions that begin or end into events too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from matcher.errors import StoreError
from matcher.router.router import Router
from matcher.workflow.frames import Json
from matcher.workflow.host.live import Names
from matcher.workflow.host.notices import Status
from matcher.workflow.host.records import Record
from matcher.workflow.host.tasks import Task, TaskCall, TaskError

__all__ = ["put_events", "status_events"]


def put_events(router: Router) -> dict[str, Task]:
    """`arn:aws:states:::events:putEvents`, with `.waitForTaskToken`.

    As in AWS the resources of each event have the execution and its machine too, and the task fails by
    EventBridge.FailedEntry where an entry is refused. The correlation id is the execution's.
    """

    async def put(given: Json, call: TaskCall) -> Json:
        caller = [call.execution, call.machine]
        entries = [{**entry, "Resources": [*entry.get("Resources", ()), *caller]} for entry in given["Entries"]]
        answer = (await router.aput(entries, correlation_id=call.correlation_id or None)).to_dict()
        if answer["FailedEntryCount"]:
            raise TaskError("EventBridge.FailedEntry", orjson.dumps(answer).decode())
        return answer

    return {"arn:aws:states:::events:putEvents": put}


def status_events(router: Router, *, bus: str | None = None, names: Names | None = None) -> Status:
    """For `Workflows(status=…)`: executions that begin or end are events of the source `aws.states`.

    None is lost: what a crash or a full store kept from being put is put again.
    """
    spell = names or Names()

    async def put(records: Sequence[Record]) -> None:
        for record in records:
            result = await router.aput(_event(record, spell), bus=bus, correlation_id=record.correlation or None)
            if not result:
                raise StoreError(str(result.to_dict()))

    return put


def _event(record: Record, names: Names) -> dict[str, Any]:
    arn = names.execution(record.machine, record.name)
    moment = record.started if record.stopped is None else record.stopped
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "account": names.account,
        "region": names.region,
        "time": datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z"),
        "resources": [arn],
        "detail": {
            "executionArn": arn,
            "stateMachineArn": names.machine(record.machine),
            "name": record.name,
            "status": record.status,
            "startDate": int(record.started * 1000),
            "stopDate": None if record.stopped is None else int(record.stopped * 1000),
            "input": orjson.dumps(record.input).decode(),
            "output": orjson.dumps(record.output).decode() if record.status == "SUCCEEDED" else None,
            "inputDetails": {"included": True},
            "outputDetails": {"included": True} if record.status == "SUCCEEDED" else None,
            "error": record.error,
            "cause": record.cause,
            "redriveCount": record.redrives,
        },
    }
