"""Turn an event into the rules that it matches, into what their targets would receive, or into calls of them, with no store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from matcher.background import Background
from matcher.clock import Clock
from matcher.errors import RouterError
from matcher.eventtext import text_of
from matcher.explain import Explanation
from matcher.router.dispatch import called
from matcher.router.plan import Plan
from matcher.router.registration import Registration
from matcher.router.registry import Active
from matcher.router.report import Report
from matcher.router.rule import DEFAULT_BUS
from matcher.router.serverless import Answer, answered
from matcher.ruleset import EventLike
from matcher.target import Message
from matcher.transform import Preview
from matcher.transform import preview as previewed

__all__ = ["Dispatching"]


class Dispatching(Registration):
    """The road without a store: retries, groups, rates and dead letters belong to the other one, `put`."""

    _background: Background
    _clock: Clock

    def match(self, event: EventLike, *, bus: str = DEFAULT_BUS) -> list[str]:
        """The names of the rules that an event of the bus matches; nothing is called. Raises EventError."""
        return [active.rule.name for active in self._registry.bus(bus).matching(_text(event))]

    def explain(self, event: EventLike, rule: str, *, bus: str | None = None) -> Explanation:
        """Say why a rule matches an event, or what kept it from doing so. Raises EventError, RouterError."""
        return self._registry.explain(_text(event), rule, self._bus_of(rule, bus))

    def preview(
        self, rule: str, event: EventLike, *, target: str | None = None, bus: str | None = None
    ) -> Preview:
        """Show what a target of the rule (the first one) would receive of an event, whether or not the rule matches it.

        Raises TargetError where it would receive nothing, RouterError.
        """
        plans = self._registry.rule(rule, self._bus_of(rule, bus)).plans
        found = [plan for plan in plans if target in (None, plan.target)]
        if not found:
            raise RouterError(f"the rule {rule!r} has no target {'at all' if target is None else repr(target)}")
        return previewed(found[0].shape, _text(event), self._clock.now())

    def dispatch(self, event: EventLike, bus: str = DEFAULT_BUS) -> Report:
        """Match and call, in this call and without a store, and report what became of each target.

        Functions are called in this thread. `async` ones run on a background loop, all at once; from a running loop use
        `adispatch`. Errors are in the report (`raise_first`); nothing is tried again. Raises EventError, RouterError.
        """
        raw = event if type(event) is bytes else text_of(event)
        matched = self._registry.bus(bus).matching(raw)
        if asyncio._get_running_loop() is not None:
            _refuse_waiting(matched)
        report, rest = called(matched, raw, self._clock)
        return report if rest is None else self._background.run(rest.wait())

    async def adispatch(self, event: EventLike, bus: str = DEFAULT_BUS) -> Report:
        """The same on the caller's loop; functions that are not `async` are called in it too."""
        return await self._adispatch(_text(event), bus, ())

    async def _adispatch(self, event: bytes, bus: str, hops: tuple[str, ...]) -> Report:
        report, rest = called(self._registry.bus(bus).matching(event), event, self._clock, hops)
        return report if rest is None else await rest.wait()

    async def relay_dispatch(self, message: Message, bus: str, hops: tuple[str, ...]) -> Report:
        """Dispatch what comes over from another bus."""
        report = await self._adispatch(message.body, bus, hops)
        report.raise_first()
        return report

    def __call__(
        self, event: Mapping[str, Any] | None = None, context: Any = None, *, record: Any = None
    ) -> Answer:
        """Handle an AWS Lambda invocation by dispatch: an event, or SQS records with an event each.

        For records the answer is a partial batch response, which names those that failed. With Powertools' batch
        processing, the router is the `record_handler`. Raises the first error of a single event or record.
        """
        del context
        return answered(self.dispatch, event if record is None else record, single=record is not None)


def _refuse_waiting(matched: list[Active[Plan]]) -> None:
    """Before anything is called: a loop can't run while it waits for this call."""
    for active in matched:
        for plan in active.plans:
            if plan.handler is None:
                text = f"{plan.rule}/{plan.target} waits, which a call from a running loop can't"
                raise RouterError(f"{text}: await router.adispatch(event)")


def _text(event: EventLike) -> bytes:
    return event if type(event) is bytes else text_of(event)


