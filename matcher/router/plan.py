"""Turn a target and its settings into a plan: how an event is shaped for it and sent, in a dispatch or by a queue."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matcher.clock import Clock
from matcher.delivery.rate import Rate
from matcher.delivery.retry import Retry
from matcher.delivery.subscription import UNDELIVERED, Settings, Subscription
from matcher.errors import RouterError
from matcher.quotas import Quotas
from matcher.router.event import Event
from matcher.router.failures import Failures, Guarded
from matcher.router.groups import Keyed, group_of
from matcher.router.handler import FunctionTarget, name_of
from matcher.router.idempotent import Once, SeenSource, idempotent_of
from matcher.router.rule import Bus, Rule, TargetSettings, checked_name
from matcher.router.threads import Threads
from matcher.target import Message, Target
from matcher.transform import Origin, Shape, define

__all__ = ["Plan", "Surroundings", "default_name", "planned"]

#: Seconds for one attempt in a delivery, and sends at a time, unless a target's settings say otherwise.
TIMEOUT, CONCURRENCY = 60.0, 10
Call = Callable[[bytes], Any]
_ALLOWED = frozenset(TargetSettings.__annotations__)
_SHAPING = ("input", "input_path", "input_transformer", "transform")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan takes from its router."""

    threads: Threads
    failures: Failures
    seen: SeenSource
    clock: Clock
    quotas: Quotas
    #: Settings that hold where a target's own say nothing.
    defaults: TargetSettings


class Plan:
    """How one target of one rule gets its events.

    `quick` calls a plain function with nothing but the event's bytes, `soon` an `async` one; None where more is needed.
    `handler` is a plain function that may need more; None where the target can only be awaited. `to` is what takes
    messages in a dispatch; `subscription` is how the engine delivers, exception handlers included.
    """

    __slots__ = (
        "bus",
        "failures",
        "given",
        "group",
        "handler",
        "own",
        "queue",
        "quick",
        "retry",
        "rule",
        "settings",
        "shape",
        "soon",
        "subscription",
        "target",
        "to",
    )

    def __init__(self, rule: Rule, given: Any, settings: TargetSettings, bus: Bus, around: Surroundings) -> None:
        self.given = given
        self.own = settings
        self.settings: TargetSettings = {**around.defaults, **settings}
        self.rule, self.bus = rule.name, rule.bus
        self.target = _target_name(given, self.settings, rule)
        self.queue = f"{self.bus}/{self.rule}/{self.target}"
        origin = Origin(rule.name, rule.bus, *_where(bus))
        shaping = {name: self.settings[name] for name in _SHAPING if name in self.settings}  # type: ignore[literal-required]
        self.shape: Shape | None = define(**shaping, origin=origin, quotas=around.quotas)
        self.group: Keyed | None = group_of(self.settings.get("group"))
        self.retry = _retry(self.settings.get("retry", True))
        to = self._made(given, around)
        self.handler = to if isinstance(to, FunctionTarget) and not to.is_async else None
        quick = to.quick(self.shape, around.clock) if isinstance(to, FunctionTarget) else None
        self.quick: Call | None = quick if self.handler is not None else None
        self.soon: Call | None = quick if self.handler is None else None
        idempotent = idempotent_of(self.settings.get("idempotent"))
        if idempotent is not None:
            timeout = self.settings.get("timeout", TIMEOUT)
            to = Once(to, idempotent, self.queue, around.seen, around.clock, timeout)
            self.handler = self.quick = self.soon = None
        self.to: Target = to
        self.failures = around.failures
        self.subscription = self._subscribed(Guarded(to, around.failures), bus)

    def _made(self, given: Any, around: Surroundings) -> Target:
        if isinstance(given, type) or not (isinstance(given, Target) or callable(given)):
            raise RouterError(f"a target is a function, a Bus, or an object with `async def send(message)`, not {given!r}")
        if isinstance(given, Target):
            return given
        return FunctionTarget(given, around.threads, shaped=self.shape is not None)

    def _subscribed(self, guarded: Target, bus: Bus) -> Subscription:
        """How the engine delivers its queue. Raises RouterError for settings that can't be."""
        asked = self.settings
        rate = asked.get("rate")
        settings = Settings(
            self.retry,
            asked.get("timeout", TIMEOUT),
            asked.get("concurrency", CONCURRENCY),
            Rate(rate) if isinstance(rate, int | float) else rate,
            asked.get("breaker"),
        )
        dead_letter = asked.get("dead_letter") or bus.dead_letter or UNDELIVERED
        return Subscription(self.queue, self.bus, self.rule, self.target, guarded, settings, dead_letter, self.shape)

    def message(self, event: bytes, accepted: float, *, hops: tuple[str, ...] = ()) -> Message:
        """Make the message of a dispatch. Raises TargetError where the event has no body for this target."""
        body = event if self.shape is None else self.shape(event, accepted)
        whole = Event(event)
        event_id = whole.id
        group = None if self.group is None else self.group(whole)
        delivery = f"{event_id}/{self.queue}"
        return Message(
            body, event, event_id, self.bus, self.rule, self.target, delivery,
            accepted=accepted, deadline=self._deadline(accepted), correlation_id=event_id, group=group, hops=hops,
        )  # fmt: skip

    def _deadline(self, now: float) -> float | None:
        timeout = self.settings.get("timeout")  # a dispatch has none of its own
        return None if timeout is None else now + timeout


def planned(given: Any, settings: TargetSettings, rule: Rule, bus: Bus, around: Surroundings) -> Plan:
    """Make the plan of one target. Raises RouterError, ShapeError, QueryError, MissingExtra for one that can't be."""
    unknown = sorted(settings.keys() - _ALLOWED)
    if unknown:
        raise RouterError(f"a target has no setting {', '.join(unknown)}; it has {', '.join(sorted(_ALLOWED))}")
    return Plan(rule, given, settings, bus, around)


def _where(bus: Bus) -> tuple[str, str]:
    plain = Origin()
    return bus.account or plain.account, bus.region or plain.region


def _target_name(given: Any, settings: TargetSettings, rule: Rule) -> str:
    """The name that was asked for, or one that the rule has not yet."""
    asked = settings.get("target_name")
    if asked is not None:
        if asked in rule.targets:
            raise RouterError(f"the rule {rule.name!r} has a target {asked!r} already")
        return checked_name("a target", asked)
    return numbered(default_name(given), rule.targets)


def default_name(given: Any) -> str:
    """A name from what is registered: a function's or a target's own, or that of its class."""
    own = getattr(given, "name", None)
    text = own if isinstance(own, str) else name_of(given)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")[:128] or "target"


def numbered(name: str, taken: Any) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def _retry(setting: Retry | bool) -> Retry:
    match setting:
        case Retry():
            return setting
        case True:
            return Retry()
        case False:
            return Retry(attempts=0)
    raise RouterError(f"retry is a Retry, True or False, not {setting!r}")
