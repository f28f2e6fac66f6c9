"""Turn requests about executions into runs, lists and histories."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson
from rich.console import Console
from rich.table import Table

from matcher.cli.execution_view import View
from matcher.cli.terminal import FINDINGS, OK, REFUSED, printable, say, write
from matcher.errors import DefinitionError, WorkflowError
from matcher.workflow.history import spelled
from matcher.workflow.host.records import Record
from matcher.workflow.host.tasks import Task
from matcher.workflow.testing import Rehearsal
from matcher.workflow.workflow import Workflow
from matcher.workflow.workflows import Workflows

__all__ = ["Request", "events_of", "post_redrive", "run_workflow", "show_history", "show_list"]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be run, and how."""

    file: str
    given: str
    tasks: str | None
    mocks: tuple[str, ...]
    store: str | None
    machine: str | None
    name: str | None
    as_json: bool


def run_workflow(request: Request) -> int:
    """Run to the end; 0 where it succeeded."""
    given = _json(_content(request.given), "--input")
    tasks = {} if request.tasks is None else _tasks(request.tasks)
    named = request.machine or (Path(request.file).name.split(".")[0] if request.file != "-" else "workflow")
    definition = sys.stdin.buffer.read() if request.file == "-" else Path(request.file).read_bytes()
    try:
        flow = Workflow.load(definition, tasks=tasks, name=named, store=request.store)
    except DefinitionError as error:
        for fault in error.faults:
            say(f"{request.file}: {fault}")
        return REFUSED
    if request.mocks:
        record: Record = flow.rehearse(given, {**tasks, **dict(map(_mock, request.mocks))})
    else:
        record = asyncio.run(_watched(flow, given, request))
    _tell(record)
    return OK if record.status == "SUCCEEDED" else FINDINGS


def _content(text: str) -> str | bytes:
    return Path(text[1:]).read_bytes() if text.startswith("@") else text


def _json(text: str | bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise WorkflowError(f"{what} is no JSON: {error}") from None


def _mock(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise WorkflowError(f"want --mock NAME=JSON, not {text!r}")
    answer = _json(value, f"the mock of {name}")
    return name, [answer] if isinstance(answer, list) else answer


def _tasks(place: str) -> Mapping[str, Task]:
    """The mapping that `module:name` names."""
    module, colon, name = place.partition(":")
    if not (module and colon and name):
        raise WorkflowError(f"want module:name, such as shop.work:tasks, not {place!r}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise WorkflowError(f"{place}: {error}") from None
    if not isinstance(found, Mapping):
        raise WorkflowError(f"{place} is a {type(found).__name__}, and no mapping of callables by resource")
    return found


async def _watched(flow: Workflow, given: Any, request: Request) -> Record:
    shown = sys.stdout.isatty() and not request.as_json
    async with flow:
        record = await flow.astart(given, request.name)
        view = View(flow, record.name) if shown else nullcontext()
        async with view:
            return await flow.awaited(record.name)


def _tell(record: Record) -> None:
    told = {
        "name": record.name,
        "status": record.status,
        "startDate": _time(record.started),
        "stopDate": _time(record.stopped),
        **({"output": record.output} if record.status == "SUCCEEDED" else {"error": record.error, "cause": record.cause}),
    }
    if isinstance(record, Rehearsal):
        told["seconds"] = record.seconds
    write(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _with(store: str, work: Callable[[Workflows], Awaitable[Result]]) -> Result:
    """Do something with a store whose executions run elsewhere."""

    async def main() -> Result:
        workflows = Workflows(store)
        await workflows.open()
        try:
            return await work(workflows)
        finally:
            await workflows.close()

    return asyncio.run(main())


def show_list(store: str, machine: str, status: str | None, limit: int, as_json: bool) -> int:
    """Write executions, a row each."""
    records = _with(store, lambda workflows: workflows.list(machine, status, limit=limit))
    if as_json:
        told = [{"name": one.name, "status": one.status, "startDate": _time(one.started), "stopDate": _time(one.stopped)} for one in records]
        write(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return OK
    table = Table("execution", "status", "started", "stopped", "redrives", "why", box=None)
    for one in records:
        why = printable(": ".join(text for text in (one.error, one.cause) if text)[:80])
        table.add_row(printable(one.name), one.status, _time(one.started), _time(one.stopped) or "", str(one.redrives or ""), why)
    Console(highlight=False).print(table)
    return OK


def events_of(store: str, machine: str, execution: str) -> list[dict[str, Any]]:
    """The history of an execution, as AWS's GetExecutionHistory gives it."""
    return spelled(_with(store, lambda workflows: workflows.history(machine, execution)))


def show_history(store: str, machine: str, execution: str, as_json: bool) -> int:
    """Write the events of an execution."""
    events = events_of(store, machine, execution)
    if as_json:
        write(orjson.dumps({"events": events}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return OK
    began = events[0]["timestamp"] if events else None
    table = Table("id", "after", "seconds", "event", "details", box=None)
    for event in events:
        details: Mapping[str, Any] = next((part for key, part in event.items() if key.endswith("EventDetails")), {})
        told = {key: value for key, value in details.items() if not key.endswith("Details")}
        after = f"{(event['timestamp'] - began).total_seconds():.3f}"
        shown = printable(orjson.dumps(told).decode()) if told else ""
        table.add_row(str(event["id"]), str(event["previousEventId"]), after, event["type"], shown[:200])
    Console(highlight=False, soft_wrap=True).print(table)
    return OK


def post_redrive(store: str, machine: str, execution: str) -> int:
    """Ask for a redrive."""
    _with(store, lambda workflows: workflows.redrive(machine, execution))
    print(f"{printable(execution)} runs again as soon as a process runs the executions of {printable(store)}")
    return OK
