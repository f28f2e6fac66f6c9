"""Run workflows that share a store: their machines by name, their tasks by resource, and the calls of AWS's API.

Executions run in one process at a time: the first whose `Workflows` is entered (`async with`, or `open`); others wait for
it to end. Any process may start executions, answer tasks and look at what there is.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from random import Random
from typing import Literal, TypeAlias

from matcher.clock import SYSTEM, Clock
from matcher.errors import WorkflowError
from matcher.observe import SILENT, Observer
from matcher.store.naming import MEMORY, file_of
from matcher.workflow.definition import Definition
from matcher.workflow.frames import Frame, Json
from matcher.workflow.happenings import Event
from matcher.workflow.host.host import Host
from matcher.workflow.host.journal import Journal
from matcher.workflow.host.live import Names
from matcher.workflow.host.machines import Compiled, compiled
from matcher.workflow.host.memory import MemoryJournal
from matcher.workflow.host.notices import Status
from matcher.workflow.host.records import ActivityTask, Begin, Record
from matcher.workflow.host.refusal import invalid_input, no_execution, no_machine
from matcher.workflow.host.sqlite import SQLiteJournal
from matcher.workflow.host.tasks import Task, Tasks
from matcher.workflow.items import Items
from matcher.workflow.scene import Settings
from matcher.workflow.turn import stored_size

__all__ = ["Type", "Workflows", "journal_of"]

Type: TypeAlias = Literal["STANDARD", "EXPRESS"]

#: Seconds that an Express execution may take.
EXPRESS_SECONDS = 300
#: Executions forgotten in one transaction.
PURGED = 100
#: Seconds between looks at an execution that another process runs.
GLANCE = 0.1


class Workflows:
    """`store`: None keeps executions in memory, `sqlite:///workflows.db` in a file, or it is a Journal.

    `tasks`: callables by resource. `items`: where distributed Maps read and write. `settings`: what an execution may
    cost. `status`: told of executions that began or ended.
    """

    def __init__(
        self,
        store: str | Journal | None = None,
        *,
        tasks: Mapping[str, Task] | None = None,
        items: Items | None = None,
        settings: Settings | None = None,
        names: Names | None = None,
        clock: Clock = SYSTEM,
        random: Random | None = None,
        executor: Executor | None = None,
        observer: Observer = SILENT,
        status: Status | None = None,
        token: Callable[[Frame], str] | None = None,
    ) -> None:
        self.clock = clock
        self.names = names or Names()
        self.settings = settings or Settings()
        self.tasks = Tasks(tasks)
        self.items = items
        self._machines: dict[str, tuple[Compiled, Type]] = {}
        self._opened = 0
        made = [
            Host(
                journal,
                self.tasks,
                settings=self.settings,
                names=self.names,
                clock=clock,
                random=random,
                executor=executor,
                observer=observer,
                items=items,
                status=status,
                token=token,
            )
            for journal in (journal_of(store), MemoryJournal())
        ]
        self._hosts: dict[Type, Host] = {"STANDARD": made[0], "EXPRESS": made[1]}

    # ---- life ----

    async def open(self) -> None:
        """Open the store, without running executions: for who starts them, or answers tasks, elsewhere."""
        if self._opened == 0:
            for host in self._hosts.values():
                await host.journal.open()
        self._opened += 1

    async def close(self) -> None:
        self._opened -= 1
        if self._opened == 0:
            for host in self._hosts.values():
                await host.journal.close()

    async def __aenter__(self) -> Workflows:
        await self.open()
        for host in self._hosts.values():
            await host.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        for host in self._hosts.values():
            await host.stop()
        await self.close()

    @property
    def running(self) -> bool:
        """Whether executions run in this process."""
        return self._hosts["STANDARD"].running

    # ---- machines ----

    def add(self, name: str, definition: Definition, *, type: Type = "STANDARD") -> None:  # noqa: A002 (as in the API)
        """Give a machine a definition, its first or another one: running executions go on with theirs.

        Raises DefinitionError with every fault.
        """
        made = compiled(definition, express=type == "EXPRESS")
        self._machines[name] = (made, type)
        for host in self._hosts.values():
            host.add(made)

    def machine(self, name: str) -> tuple[Compiled, Type]:
        """Raises WorkflowRefusal (StateMachineDoesNotExist)."""
        if name not in self._machines:
            raise no_machine(name)
        return self._machines[name]

    def _host(self, machine: str) -> Host:
        return self._hosts[self._machines[machine][1] if machine in self._machines else "STANDARD"]

    # ---- executions ----

    async def start(self, machine: str, given: Json = None, name: str | None = None, *, correlation_id: str = "") -> Record:
        """Start an execution; it is durable on return, and runs in the process that runs executions.

        A name is used once: with the same input while that execution runs it gives that one, else raises WorkflowRefusal
        (ExecutionAlreadyExists). None makes a new name. An input that is no JSON, or too large, is refused
        (InvalidExecutionInput).
        """
        made, kind = self.machine(machine)
        host = self._hosts[kind]
        _fits(given, self.settings.payload_bytes)
        now = self.clock.now()
        await host.journal.define(made.key, made.text)
        begin = Begin(
            machine,
            made.key,
            str(uuid.uuid4()) if name is None else name,
            {} if given is None else given,
            now,
            _deadline(made, kind, now),
            correlation_id,
        )
        return (await host.journal.begin(begin))[0]

    async def wait(self, machine: str, name: str) -> Record:
        """Wait until an execution has ended."""
        host = self._host(machine)
        while True:
            record = await self.describe(machine, name)
            if record.status != "RUNNING":
                return record
            if host.running:
                with host.ended(record.id) as ended:
                    # It may have ended between the look and the wait.
                    record = await self.describe(machine, name)
                    return await ended if record.status == "RUNNING" else record
            await self.clock.sleep(GLANCE)

    async def describe(self, machine: str, name: str) -> Record:
        """Raises WorkflowRefusal (ExecutionDoesNotExist)."""
        record = await self._host(machine).journal.find(machine, name)
        if record is None:
            raise no_execution(name)
        return record

    async def list(
        self, machine: str, status: str | None = None, *, before: int | None = None, limit: int = 100
    ) -> list[Record]:
        """Executions, the newest first; `before` is the id of the last of the page before."""
        return await self._host(machine).journal.list(machine, status, before, limit)

    async def history(
        self, machine: str, name: str, *, child: int = 0, after: int = 0, limit: int = 1_000_000
    ) -> Sequence[Event]:
        """Events by id, those behind `after`; `child` is a child execution of a distributed Map."""
        record = await self.describe(machine, name)
        return [*await self._host(machine).journal.history(record.id, child, after, limit)]

    async def stop(self, machine: str, name: str, error: str | None = None, cause: str | None = None) -> None:
        """End an execution: ABORTED. Raises WorkflowRefusal where it does not run."""
        record = await self.describe(machine, name)
        await self._host(machine).journal.post(record.id, "stop", {"error": error, "cause": cause})

    async def redrive(self, machine: str, name: str) -> None:
        """Run a failed, stopped or timed out execution again from where it failed. Raises WorkflowRefusal."""
        record = await self.describe(machine, name)
        await self._host(machine).journal.post(record.id, "redrive")

    async def purge(self, before: float) -> int:
        """Forget executions that ended before a time, in seconds since the epoch, and their histories; how many.

        Their names may be used again. It goes by small transactions, so that executions go on beside it.
        """
        total = 0
        for host in self._hosts.values():
            while gone := await host.journal.purge(before, PURGED):
                total += gone
        return total

    # ---- tasks that are answered from outside ----

    async def send_task_success(self, token: str, output: Json) -> None:
        """Raises WorkflowRefusal (TaskTimedOut) where no call with that token waits any more; so do the next two."""
        await self._hosts["STANDARD"].journal.answer(token, "success", output)

    async def send_task_failure(self, token: str, error: str | None = None, cause: str | None = None) -> None:
        await self._hosts["STANDARD"].journal.answer(token, "failure", {"error": error, "cause": cause})

    async def send_task_heartbeat(self, token: str) -> None:
        await self._hosts["STANDARD"].journal.answer(token, "heartbeat")

    async def get_activity_task(self, activity: str, worker: str = "", *, wait: float = 60.0) -> ActivityTask | None:
        """Take the oldest task of an activity; where there is none, wait so many seconds for one."""
        journal = self._hosts["STANDARD"].journal
        until = self.clock.monotonic() + wait
        while True:
            task = await journal.take(activity, worker)
            left = until - self.clock.monotonic()
            if task is not None or left <= 0:
                return task
            ring = asyncio.ensure_future(journal.wait_for_task(activity))
            pause = asyncio.ensure_future(self.clock.sleep(left))
            await asyncio.wait((ring, pause), return_when=asyncio.FIRST_COMPLETED)
            ring.cancel()
            pause.cancel()


def _deadline(made: Compiled, kind: Type, now: float) -> float | None:
    seconds = made.machine.timeout_seconds
    if kind == "EXPRESS":
        seconds = EXPRESS_SECONDS if seconds is None else min(seconds, EXPRESS_SECONDS)
    return None if seconds is None else now + seconds


def _fits(given: Json, most: int | None) -> None:
    try:
        size = stored_size(given)
    except ValueError as error:
        raise invalid_input(f"the input: {error}") from None
    if most is not None and size > most:
        raise invalid_input(f"the input has {size:,} bytes; want at most {most:,} (limit payload_bytes)")


def journal_of(given: str | Journal | None) -> Journal:
    """The journal that a store's name names."""
    if given is None:
        return MemoryJournal()
    if not isinstance(given, str):
        return given
    path = file_of(given)
    if path is not None:
        return MemoryJournal() if path == MEMORY else SQLiteJournal(path)
    raise WorkflowError(
        f"a store of workflows is sqlite:///file.db, sqlite:////absolute/file.db, memory:// or a Journal, not {given!r}"
    )
