"""Turn the rules of a program into a router that a test can look into: in memory, on a clock that it moves by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from matcher.envelope import Entry
from matcher.observing import Counters
from matcher.router.answers import PutResult
from matcher.router.plan import Plan, Surroundings
from matcher.router.registration import Registration
from matcher.router.router import Router
from matcher.router.rule import Rule, TargetSettings
from matcher.store.records import DeadLetter
from matcher.target import Target
from matcher.testing.clock import FakeClock

__all__ = ["Trial"]


class TrialRouter(Router):
    """A router that has other targets in the place of some."""

    def __init__(self, targets: Mapping[str, Target], **settings: Any) -> None:
        self._instead = dict(targets)
        self.replaced: set[str] = set()
        super().__init__(**settings)

    def _planned(self, target: Any, settings: TargetSettings, rule: Rule, around: Surroundings | None = None) -> Plan:
        for name in (f"{rule.name}/{settings.get('target_name')}", rule.name):
            if name in self._instead:
                self.replaced.add(name)
                return super()._planned(self._instead[name], settings, rule, around)
        return super()._planned(target, settings, rule, around)


class Trial:
    """Runs rules of routers in memory, at once: functions run on the loop, and no time passes but by `advance`.

    >>> mail = RecordedTarget()
    >>> async with Trial(app.router, targets={"send_mail": mail}) as trial:
    ...     await trial.put({"source": "shop", "detail-type": "Order Paid", "detail": {"id": 7}})
    ...     assert_delivered(mail, {"detail": {"id": 7}})

    `targets` take the place of those of a rule, or of one (`rule/target`), with their settings. `settings` are those of
    Router. Delays of retries are the longest that they may be, so that a test knows them.
    """

    def __init__(self, *routers: Registration, targets: Mapping[str, Target] | None = None, **settings: Any) -> None:
        self.clock = FakeClock()
        self.counters = Counters()
        chosen = {"clock": self.clock, "observer": self.counters, "chance": lambda: 1.0, "threads": 0, **settings}
        self.router = TrialRouter(targets or {}, **chosen)
        for router in routers:
            self.router.include_router(router)

    async def __aenter__(self) -> Self:
        unknown = set(self.router._instead) - self.router.replaced
        if unknown:
            names = ", ".join(rule.name for rule in self.router.rules())
            raise AssertionError(f"no rule for the targets {', '.join(sorted(unknown))}; there are {names}")
        await self.router.astart()
        await self.clock.settle()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.router.astop(grace=0)

    async def put(self, *entries: Entry | Sequence[Entry], **options: Any) -> PutResult:
        """Put events, all of which must be accepted, and let everything run that is to run now."""
        result = await self.router.aput(*entries, **options)
        refused = [str(each.to_dict()) for each in result if not each.ok]
        if refused:
            raise AssertionError("\n  ".join([f"{len(refused)} of {len(result)} entries are refused", *refused]))
        await self.clock.settle()
        return result

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.advance(seconds)

    async def dead_letters(self, queue: str | None = None) -> list[DeadLetter]:
        """The events that a dead-letter queue holds; None: those of all."""
        return await self.router.dead_letters(queue).alist(limit=10_000)
