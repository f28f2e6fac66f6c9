"""Say what keeps executions: a journal, in memory or in a file that several processes share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from matcher.workflow.frames import Json
from matcher.workflow.happenings import Event
from matcher.workflow.host.records import (
    ActivityTask,
    Begin,
    Letter,
    LetterKind,
    Loaded,
    Notice,
    Record,
    Save,
    Standing,
)

__all__ = ["Journal"]


class Journal(Protocol):
    """What a host stores through. What returns is durable; what raises StoreError has changed nothing.

    One host at a time owns a journal and runs its executions; others begin executions and post letters, which the owner
    finds. A letter is gone in the transaction that stores what it led to: it counts once, however often it is sent.
    """

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def own(self) -> bool:
        """Own the journal, unless another does. A process that dies gives it up."""
        ...

    async def disown(self) -> None: ...

    async def define(self, key: str, definition: str) -> None:
        """Keep the text of a definition, which executions name by its key."""
        ...

    async def definition(self, key: str) -> str | None: ...

    async def begin(self, begin: Begin) -> tuple[Record, bool]:
        """Make an execution and its letter `start`; or give the one of that name (False), whatever its state."""
        ...

    async def save(self, save: Save) -> None:
        """Store what transitions changed. O(what changed), each part O(log n)."""
        ...

    async def load(self, execution: int) -> Loaded | None: ...

    async def running(self) -> list[Standing]:
        """The executions that have begun and not ended, by id."""
        ...

    async def post(self, execution: int, kind: LetterKind, content: Json = None) -> None:
        """Tell an execution something. Raises WorkflowRefusal where it has ended (for `redrive`: where it has not)."""
        ...

    async def answer(self, token: str, kind: LetterKind, content: Json = None) -> None:
        """Tell the call that a token names. Raises WorkflowRefusal (TaskTimedOut) where it names none any more."""
        ...

    async def letters(self, after: int, limit: int) -> list[Letter]:
        """Letters not dealt with, by id, which grows."""
        ...

    async def wait(self, after: int) -> int:
        """Return once there has been a letter after that one: the last one's number."""
        ...

    async def take(self, activity: str, worker: str) -> ActivityTask | None:
        """Give a worker the oldest task of an activity that none has; posts the letter `taken`."""
        ...

    async def wait_for_task(self, activity: str) -> None:
        """Return when there may be a task to take."""
        ...

    async def notices(self, limit: int) -> list[Notice]:
        """The oldest notices that are not told yet."""
        ...

    async def noticed(self, notices: Sequence[int]) -> None:
        """They are told."""
        ...

    async def find(self, machine: str, name: str) -> Record | None: ...

    async def list(self, machine: str, status: str | None, before: int | None, limit: int) -> list[Record]:
        """Executions of a machine, the newest first; those with an id below `before`."""
        ...

    async def purge(self, before: float, limit: int) -> int:
        """Forget executions that ended before a time and have nothing left to tell or to hear; how many, at most `limit`."""
        ...

    async def history(self, execution: int, history: int, after: int, limit: int) -> Sequence[Event]:
        """Events of a history by id: 0 is the execution's own, others those of child executions of distributed Maps."""
        ...
