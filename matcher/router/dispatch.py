"""Turn one event into calls of every target that it matches, here and now, and their outcomes into a report."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from matcher.clock import Clock
from matcher.router.bus import BusTarget
from matcher.router.plan import Plan
from matcher.router.registry import Active
from matcher.router.report import Report, Status, Took

__all__ = ["Dispatch", "Waiting"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What can only be done by waiting: a target to send to, or an exception handler for what one raised."""

    place: int
    plan: Plan
    error: Exception | None
    started: float


class Dispatch:
    """One event on its way through the targets that it matches: plain functions first, in `call`, then in `wait` all
    that waits, at the same time."""

    __slots__ = ("_clock", "_event", "_hops", "took", "waiting")

    def __init__(self, event: bytes, clock: Clock, hops: tuple[str, ...] = ()) -> None:
        self._event = event
        self._clock = clock
        self._hops = hops
        self.took: list[Took] = []
        self.waiting: list[Waiting] = []

    def call(self, matched: Iterable[Active[Plan]]) -> None:
        """Call the plain functions among the targets, and note the others."""
        took, event = self.took, self._event
        for active in matched:
            for plan in active.plans:
                started = perf_counter()
                quick = plan.quick
                try:
                    if quick is not None:
                        result = quick(event)
                    elif plan.handler is not None:
                        result = plan.handler.call(self._message(plan))
                    else:
                        self._wait(plan, None, started)
                        continue
                    took.append((plan, "done", result, None, perf_counter() - started))
                except Exception as error:  # noqa: BLE001 - the report tells it
                    self._failed(plan, error, started)

    def _message(self, plan: Plan) -> Any:
        return plan.message(self._event, self._clock.now(), hops=self._hops)

    def _wait(self, plan: Plan, error: Exception | None, started: float) -> None:
        self.waiting.append(Waiting(len(self.took), plan, error, started))
        self.took.append((plan, "failed", None, error, 0.0))  # until it is known better

    def _failed(self, plan: Plan, error: Exception, started: float) -> None:
        taker = plan.failures.find(error)
        status: Status = "failed"
        result: Any = None
        if taker is not None and taker.is_async:
            self._wait(plan, error, started)
            return
        if taker is not None:
            try:
                status, result = "handled", taker.call(error, self._message(plan))
            except Exception as raised:  # noqa: BLE001 - as above
                status, error = "failed", raised
        self.took.append((plan, status, result, error, perf_counter() - started))

    async def wait(self) -> Report:
        """Do what waits, and give the report."""
        if len(self.waiting) == 1:  # no task of its own is needed
            done = [await self._finish(self.waiting[0])]
        else:
            done = await asyncio.gather(*map(self._finish, self.waiting))
        for waiting, took in zip(self.waiting, done, strict=True):
            self.took[waiting.place] = took
        return Report(self.took)

    async def _finish(self, waiting: Waiting) -> Took:
        plan, error = waiting.plan, waiting.error
        status: Status = "failed"
        result: Any = None
        try:
            if error is None:
                status, result = "done", await self._send(plan)
        except Exception as raised:  # noqa: BLE001 - as above
            status, error = "failed", raised
        if error is not None and plan.failures.find(error) is not None:
            try:
                status, result = "handled", await plan.failures.take(error, self._message(plan))
            except Exception as raised:  # noqa: BLE001 - as above
                error = raised
        return plan, status, result, error, perf_counter() - waiting.started

    async def _send(self, plan: Plan) -> Any:
        if plan.soon is not None:
            sending = plan.soon(self._event)
        else:
            send = plan.to.dispatch if isinstance(plan.to, BusTarget) else plan.to.send
            sending = send(self._message(plan))
        timeout = plan.settings.get("timeout")
        if timeout is None:
            return await sending
        async with asyncio.timeout(timeout):
            return await sending
