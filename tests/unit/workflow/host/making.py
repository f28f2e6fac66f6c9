"""Machines and a world for them: a clock that the test moves, a journal that outlives its hosts, tasks that are counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from matcher.testing import FakeClock
from matcher.workflow.host.memory import MemoryJournal
from matcher.workflow.workflows import Workflows


def machine(*states: dict[str, Any], **more: Any) -> dict[str, Any]:
    """States that follow each other, named A, B, C …"""
    names = [chr(ord("A") + number) for number in range(len(states))]
    made = {}
    for name, state, after in zip(names, states, [*names[1:], None], strict=True):
        ending = {} if state["Type"] in ("Succeed", "Fail", "Choice") or "Next" in state or "End" in state else _way(after)
        made[name] = {**state, **ending}
    return {"StartAt": "A", "States": made, **more}


def _way(after: str | None) -> dict[str, Any]:
    return {"End": True} if after is None else {"Next": after}


def lone(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """A branch of one state."""
    return {"StartAt": name, "States": {name: {**state, "End": True}}}


def task(resource: str = "f", **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, **more}


CALLBACK = task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters={"token.$": "$$.Task.Token"})


class World:
    """`calls` are the inputs that tasks of `counted` were given, in order."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.journal: Any = MemoryJournal()
        self.calls: list[Any] = []

    @asynccontextmanager
    async def running(self, definition: Any = None, **more: Any) -> AsyncIterator[Workflows]:
        """A host of the journal; the machine is called `m`."""
        made = self.made(definition, **more)
        async with made:
            yield made
            await self.clock.settle()

    def made(self, definition: Any = None, kind: Any = "STANDARD", **more: Any) -> Workflows:
        made = Workflows(self.journal, clock=self.clock, random=Random(0), **more)
        if definition is not None:
            made.add("m", definition, type=kind)
        return made

    def counted(self, *answers: Any) -> Callable[[Any], Awaitable[Any]]:
        """A task that gives, or raises, one answer after the other, and the last one for ever; none: what it is given."""
        left = list(answers)

        async def do(given: Any) -> Any:
            self.calls.append(given)
            if not answers:
                return given
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return do


async def never(_given: Any) -> None:
    """A task that does not end."""
    await asyncio.get_running_loop().create_future()


async def types(workflows: Workflows, name: str, **more: Any) -> list[str]:
    return [event.type for event in await workflows.history("m", name, **more)]


async def until(condition: Callable[[], Any]) -> None:
    """Let other threads and tasks run until something holds."""
    while not condition():  # noqa: ASYNC110 (what a thread does rings no event)
        await asyncio.sleep(0)


def run(body: Callable[[World], Awaitable[None]]) -> None:
    asyncio.run(body(World()))  # type: ignore[arg-type]
