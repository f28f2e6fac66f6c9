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

__all__ = ["Dispatch", "called"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What can only be done by waiting: a target to send to, or an exception handler for what one raised."""

    place: int
    plan: Plan
    error: Exception | None
    started: float


def called(
    matched: Iterable[Active[Plan]], event: bytes, clock: Clock, hops: tuple[str, ...] = ()
) -> tuple[Report, Dispatch | None]:
    """Call the plain functions among the targets that an event matches.

    The report is whole where nothing is left to be waited for. What plain functions without failures don't need is not
    made.
    """
    took: list[Took] = []
    rest: Dispatch | None = None
    for active in matched:
        for plan in active.plans:
            started = perf_counter()
            quick = plan.quick
            if quick is None:
                rest = rest or Dispatch(event, clock, hops, took)
                rest.call(plan, started)
                continue
            try:
                result = quick(event)
                took.append((plan, "done", result, None, perf_counter() - started))
            except Exception as error:  # noqa: BLE001 - the report tells it
                rest = rest or Dispatch(event, clock, hops, took)
                rest.failed(plan, error, started)
    return Report(took), rest if rest is not None and rest.waiting else None


class Dispatch:
    """What takes more than a call of a function with an event, for one event: all that waits is waited for at once."""

    __slots__ = ("_clock", "_event", "_hops", "_took", "waiting")

    def __init__(self, event: bytes, clock: Clock, hops: tuple[str, ...], took: list[Took]) -> None:
        self._event = event
        self._clock = clock
        self._hops = hops
        self._took = took
        self.waiting: list[Waiting] = []

    def call(self, plan: Plan, started: float) -> None:
        """Call a plain function, or note any other target to be waited for."""
        if plan.handler is None:
            self._wait(plan, None, started)
            return
        try:
            result = plan.handler.call(self._message(plan))
            self._took.append((plan, "done", result, None, perf_counter() - started))
        except Exception as error:  # noqa: BLE001 - the report tells it
            self.failed(plan, error, started)

    def _message(self, plan: Plan) -> Any:
        return plan.message(self._event, self._clock.now(), hops=self._hops)

    def _wait(self, plan: Plan, error: Exception | None, started: float) -> None:
        self.waiting.append(Waiting(len(self._took), plan, error, started))
        self._took.append((plan, "failed", None, error, 0.0))  # until it is known better

    def failed(self, plan: Plan, error: Exception, started: float) -> None:
        """Record what a plain function raised, or what an exception handler makes of it."""
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
        self._took.append((plan, status, result, error, perf_counter() - started))

    async def wait(self) -> Report:
        """Do what waits, and give the report."""
        if len(self.waiting) == 1:  # no task of its own is needed
            done = [await self._finish(self.waiting[0])]
        else:
            done = await asyncio.gather(*map(self._finish, self.waiting))
        for waiting, took in zip(self.waiting, done, strict=True):
            self._took[waiting.place] = took
        return Report(self._took)

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
