"""Turn a definition in the Amazon States Language into a workflow: to start, to wait for, to look at, to send events to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

import orjson

from matcher.background import Background
from matcher.errors import TargetError
from matcher.target import Message
from matcher.workflow.definition import Definition
from matcher.workflow.frames import Json
from matcher.workflow.graph.picture import Picture, draw
from matcher.workflow.happenings import Event
from matcher.workflow.history import spelled
from matcher.workflow.host.journal import Journal
from matcher.workflow.host.records import Record
from matcher.workflow.host.refusal import WorkflowRefusal
from matcher.workflow.host.tasks import Task
from matcher.workflow.testing import Coverage, Mocks, Rehearsal, rehearse
from matcher.workflow.workflows import Type, Workflows

__all__ = ["Workflow"]

Function = TypeVar("Function", bound=Task)
Result = TypeVar("Result")


class Workflow:
    """One machine of `workflows`. Plain methods may be called from any thread; each has an async twin, named `a…`.

    It is a target: an event that a rule sends to it starts an execution, once however often it is delivered.
    """

    def __init__(self, workflows: Workflows, name: str) -> None:
        self.workflows = workflows
        self.name = name
        self._background = Background()
        self._entered = False
        self._entering = asyncio.Lock()
        self._coverages: list[Coverage] = []

    @classmethod
    def load(
        cls,
        definition: Definition,
        *,
        tasks: Mapping[str, Task] | None = None,
        name: str = "workflow",
        type: Type = "STANDARD",  # noqa: A002 (as in the API)
        store: str | Journal | Workflows | None = None,
        **settings: Any,
    ) -> Workflow:
        """Check a definition and make a workflow of it.

        `tasks`: callables by resource. `store`: as in `Workflows`, or the `Workflows` that it shares with others;
        `settings` are the other arguments of `Workflows`. Raises DefinitionError with every fault.
        """
        workflows = store if isinstance(store, Workflows) else Workflows(store, **settings)
        for resource, task in (tasks or {}).items():
            workflows.tasks.add(resource, task)
        workflows.add(name, definition, type=type)
        return cls(workflows, name)

    def task(self, resource: str) -> Callable[[Function], Function]:
        """Decorate the callable that does a resource's tasks: an ARN as the definition writes it, or a function's name."""

        def register(function: Function) -> Function:
            self.workflows.tasks.add(resource, function)
            return function

        return register

    @property
    def arn(self) -> str:
        return self.workflows.names.machine(self.name)

    # ---- life ----

    async def __aenter__(self) -> Workflow:
        await self.workflows.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.workflows.__aexit__(*exception)

    def open(self) -> Workflow:
        """Run executions on a thread of its own, until `close`."""
        self._background.run(self._enter())
        return self

    def close(self) -> None:
        if self._entered:
            self._entered = False
            self._background.run(self.workflows.__aexit__(None, None, None))
        self._background.close()
        self._entering = asyncio.Lock()

    def __enter__(self) -> Workflow:
        return self.open()

    def __exit__(self, *exception: object) -> None:
        self.close()

    async def _enter(self) -> None:
        async with self._entering:
            if not self._entered:
                await self.workflows.__aenter__()
                self._entered = True

    # ---- executions ----

    async def astart(self, given: Json = None, name: str | None = None, *, correlation_id: str = "") -> Record:
        """See `Workflows.start`."""
        return await self.workflows.start(self.name, given, name, correlation_id=correlation_id)

    def rehearse(self, given: Json = None, mocks: Mocks | None = None) -> Rehearsal:
        """Run an execution at once, in virtual time, with mocks in place of tasks; nothing is stored. See `Mocks`."""
        workflows = self.workflows
        done = rehearse(
            workflows.machine(self.name)[0],
            given,
            mocks or {},
            machine=self.name,
            items=workflows.items,
            settings=workflows.settings,
            names=workflows.names,
            random=Random(0),
        )
        for coverage in self._coverages:
            coverage.add(done.events)
        return done

    def coverage(self) -> Coverage:
        """What of the machine the rehearsals from now on reach."""
        made = Coverage(self.workflows.machine(self.name)[0].machine)
        self._coverages.append(made)
        return made

    async def arun(self, given: Json = None, name: str | None = None) -> Record:
        """Start an execution and wait until it has ended."""
        record = await self.astart(given, name)
        return await self.workflows.wait(self.name, record.name)

    async def awaited(self, name: str) -> Record:
        """Wait until an execution has ended."""
        return await self.workflows.wait(self.name, name)

    async def adescribe(self, name: str) -> Record:
        return await self.workflows.describe(self.name, name)

    async def alist(self, status: str | None = None, *, limit: int = 100) -> list[Record]:
        return await self.workflows.list(self.name, status, limit=limit)

    async def ahistory(self, name: str, *, child: int = 0) -> Sequence[Event]:
        return await self.workflows.history(self.name, name, child=child)

    async def agraph(self, execution: str | None = None) -> Picture:
        """The machine as a picture; with the name of an execution, what that did is painted on."""
        history = None if execution is None else spelled(await self.ahistory(execution))
        return draw(self.workflows.machine(self.name)[0].machine, history)

    async def astop(self, name: str, error: str | None = None, cause: str | None = None) -> None:
        await self.workflows.stop(self.name, name, error, cause)

    async def aredrive(self, name: str) -> None:
        await self.workflows.redrive(self.name, name)

    def start(self, given: Json = None, name: str | None = None, *, correlation_id: str = "") -> Record:
        return self._run(self.astart(given, name, correlation_id=correlation_id))

    def run(self, given: Json = None, name: str | None = None, *, mocks: Mocks | None = None) -> Record:
        """Start an execution and wait until it has ended; with mocks, see `rehearse`."""
        if mocks is not None:
            return self.rehearse(given, mocks)
        return self._run(self.arun(given, name))

    def wait(self, name: str) -> Record:
        return self._run(self.awaited(name))

    def describe(self, name: str) -> Record:
        return self._run(self.adescribe(name))

    def list(self, status: str | None = None, *, limit: int = 100) -> list[Record]:
        return self._run(self.alist(status, limit=limit))

    def history(self, name: str, *, child: int = 0) -> Sequence[Event]:
        return self._run(self.ahistory(name, child=child))

    def graph(self, execution: str | None = None) -> Picture:
        """See `agraph`."""
        return self._run(self.agraph(execution))

    def stop(self, name: str, error: str | None = None, cause: str | None = None) -> None:
        self._run(self.astop(name, error, cause))

    def redrive(self, name: str) -> None:
        self._run(self.aredrive(name))

    def send_task_success(self, token: str, output: Json) -> None:
        self._run(self.workflows.send_task_success(token, output))

    def send_task_failure(self, token: str, error: str | None = None, cause: str | None = None) -> None:
        self._run(self.workflows.send_task_failure(token, error, cause))

    def send_task_heartbeat(self, token: str) -> None:
        self._run(self.workflows.send_task_heartbeat(token))

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run on the thread of its own, entered by the first call."""
        try:
            return self._background.run(self._within(work))
        finally:
            work.close()  # where it was not begun

    async def _within(self, work: Coroutine[Any, Any, Result]) -> Result:
        await self._enter()
        return await work

    # ---- as a target ----

    async def send(self, message: Message) -> str:
        """Start an execution with the message's body as its input; gives the execution's ARN."""
        try:
            given = orjson.loads(message.body)
        except ValueError:
            given = message.body.decode(errors="replace")
        name = re.sub(r"[^A-Za-z0-9_-]", "-", message.delivery_id)[-80:]
        try:
            record = await self.astart(given, name, correlation_id=message.correlation_id)
        except WorkflowRefusal as error:
            if error.code == "ExecutionAlreadyExists":  # delivered before
                return self.workflows.names.execution(self.name, name)
            raise TargetError(str(error), retryable=False, code=error.code) from error
        return self.workflows.names.execution(self.name, record.name)
