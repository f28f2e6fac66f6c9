"""Turn decorated functions and targets into rules, on a router that may be running."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, Unpack, overload

from matcher.errors import RouterError
from matcher.router.bus import BusTarget, Relay, place_of
from matcher.router.plan import Plan, Surroundings, default_name, planned
from matcher.router.registry import UNMATCHED, Active, Registry
from matcher.router.rule import DEFAULT_BUS, Bus, Rule, TargetSettings
from matcher.ruleset import PatternLike

__all__ = ["Registration"]

Function = TypeVar("Function", bound=Callable[..., Any])
ErrorTaker = TypeVar("ErrorTaker", bound=Callable[..., Any])


class Registration:
    """Rules and their targets. All of it may be changed while events flow, from any thread: an event sees each rule
    whole, as it was before a change or as it is after it."""

    _registry: Registry[Plan]
    _around: Surroundings
    _relay: Relay
    _hop_limit: int
    _account: str
    _region: str

    # ---- decorators ----

    def rule(
        self,
        pattern: PatternLike,
        *,
        name: str | None = None,
        bus: str = DEFAULT_BUS,
        enabled: bool = True,
        **settings: Unpack[TargetSettings],
    ) -> Callable[[Function], Function]:
        """Call the function for events that match; it is returned unchanged, so it may have several rules.

        The rule has the function's name unless another is given; the rules of one function are told apart by a number.
        `settings` are those of `TargetSettings`; what a handler may ask for is told by `matcher.router.arguments`.
        Raises PatternError, RouterError.
        """

        def register(function: Function) -> Function:
            chosen = name if name is not None else self._own_name(function, bus)
            self._register(chosen, pattern, bus, function, settings, enabled=enabled)
            return function

        return register

    def _own_name(self, function: Callable[..., Any], bus: str) -> str:
        """The function's name, numbered if its own code has rules already; a name keeps its queue over a restart."""
        base = default_name(function)
        held = self._registry.buses.get(bus)
        if held is None or base not in held.by_name:
            return base
        plans = held.by_name[base].plans
        if any(_code(plan.given) != _code(function) for plan in plans):
            raise RouterError(f"the bus {bus!r} has a rule {base!r} of another function: give this one a name=")
        return held.next_name(base)

    def _register(
        self,
        name: str,
        pattern: PatternLike | None,
        bus: str,
        target: Any,
        settings: TargetSettings,
        *,
        enabled: bool = True,
    ) -> None:
        """Add a rule with its one target, or neither."""
        self._registry.add(name, pattern, bus, lambda rule: (self._planned(target, settings, rule),), enabled=enabled)

    @overload
    def default(self, function: Function, /) -> Function: ...
    @overload
    def default(
        self, /, *, bus: str = DEFAULT_BUS, **settings: Unpack[TargetSettings]
    ) -> Callable[[Function], Function]: ...
    def default(
        self, function: Function | None = None, /, *, bus: str = DEFAULT_BUS, **settings: Unpack[TargetSettings]
    ) -> Function | Callable[[Function], Function]:
        """Call the function for events of the bus that no rule matches: `@router.default`, or with settings."""

        def register(function: Function) -> Function:
            self._register(UNMATCHED, None, bus, function, settings)
            return function

        return register if function is None else register(function)

    def exception_handler(self, kind: type[Exception]) -> Callable[[ErrorTaker], ErrorTaker]:
        """Call the function with exceptions of that type which targets raise; see `Failures`."""

        def register(function: ErrorTaker) -> ErrorTaker:
            self._around.failures.add(kind, function)
            return function

        return register

    # ---- rules and targets by name; a bus need be named only where several have a rule of that name ----

    def _bus_of(self, rule: str, bus: str | None) -> str:
        return self._registry.bus_of(rule) if bus is None else bus

    def add_rule(
        self, name: str, pattern: PatternLike, *, bus: str = DEFAULT_BUS, enabled: bool = True
    ) -> Rule:
        """Add a rule without targets. Raises PatternError, RouterError."""
        return self._registry.add(name, pattern, bus, lambda _: (), enabled=enabled).rule

    def add_target(
        self, rule: str, target: Any, *, bus: str | None = None, **settings: Unpack[TargetSettings]
    ) -> str:
        """Send a rule's events to a target too: a function, a Bus, or any object with `async def send(message)`.

        Gives the target's name. Its queue is `bus/rule/target`.
        """
        return self._registry.add_plan(rule, self._bus_of(rule, bus), lambda now: self._planned(target, settings, now)).target

    def remove_target(self, rule: str, target: str, *, bus: str | None = None) -> None:
        """Send it no further events. What waits in its queue stays there until a target of that name is back."""
        self._registry.remove_plan(rule, self._bus_of(rule, bus), target)

    def enable(self, rule: str, *, bus: str | None = None) -> None:
        self._registry.enable(rule, self._bus_of(rule, bus), enabled=True)

    def disable(self, rule: str, *, bus: str | None = None) -> None:
        """Let it match nothing; what it has matched is delivered."""
        self._registry.enable(rule, self._bus_of(rule, bus), enabled=False)

    def replace(
        self,
        rule: str,
        pattern: PatternLike,
        target: Any = None,
        *,
        bus: str | None = None,
        **settings: Unpack[TargetSettings],
    ) -> None:
        """Give a rule another pattern, and if a target is given, that one instead of its targets, in one step."""
        if target is None:
            if settings:
                raise RouterError(f"{', '.join(sorted(settings))}: settings come with the target that they are for")
            self._registry.repattern(rule, pattern, self._bus_of(rule, bus))
        else:
            self._registry.exchange(
                rule, pattern, self._bus_of(rule, bus), lambda now: (self._planned(target, settings, now),)
            )

    def remove(self, rule: str, *, bus: str | None = None) -> None:
        """Remove a rule. What waits for its targets stays in their queues until a rule of that name is back."""
        self._registry.remove(rule, self._bus_of(rule, bus))

    def rules(self, bus: str | None = None) -> list[Rule]:
        """Every rule as it is now, bus by bus in the order of registration."""
        return self._registry.rules(bus)

    def include_router(self, other: Registration, *, prefix: str = "", bus: str | None = None) -> None:
        """Take over the rules that another router has now, their names after a prefix, on their bus or on one for all.

        Its buses and exception handlers go with its rules; where a rule sends to a bus of the other router, it sends to
        that of this one now. All or nothing is taken. Raises RouterError where a name is taken.
        """
        for held in other._registry.buses.values() if bus is None else ():
            known = self._registry.buses.get(held.bus.name)
            if known is None or known.bus == Bus(held.bus.name):
                self._registry.declare(held.bus)
        around = replace(self._around, failures=other._around.failures.inside(self._around.failures))
        rules = [(active, active.rule) for held in other._registry.buses.values() for active in held.by_name.values()]
        added: list[tuple[str, str]] = []
        try:
            for active, rule in rules:
                name = rule.name if rule.pattern is None else f"{prefix}{rule.name}"
                where = rule.bus if bus is None else bus
                self._registry.add(name, rule.pattern, where, self._copies(active, other, around), enabled=rule.enabled)
                added.append((name, where))
        except BaseException:
            for name, where in added:
                self._registry.remove(name, where)
            raise

    def _copies(
        self, active: Active[Plan], other: Registration, around: Surroundings
    ) -> Callable[[Rule], tuple[Plan, ...]]:
        """Make the targets of a rule anew for this router."""

        def own(given: Any) -> Any:
            return given.moved(other._relay, self._relay) if isinstance(given, BusTarget) else given

        def made(rule: Rule) -> tuple[Plan, ...]:
            named: list[tuple[Plan, TargetSettings]] = [(p, {**p.own, "target_name": p.target}) for p in active.plans]
            return tuple(self._planned(own(plan.given), settings, rule, around) for plan, settings in named)

        return made

    # ---- buses ----

    def add_bus(self, bus: Bus | str) -> None:
        """Declare a bus, or give one other settings; targets that are there keep those that they were made with."""
        self._registry.declare(Bus(bus) if isinstance(bus, str) else bus)

    def bus(self, name: str = DEFAULT_BUS, *, limit: int | None = None) -> BusTarget:
        """A bus of this router as a target, also for rules of other routers; `limit`: buses that an event may go over."""
        return BusTarget(self._relay, name, limit=self._hop_limit if limit is None else limit)

    def place(self, bus: str) -> str:
        """Where a bus stands: `account/region/bus`."""
        held = self._registry.buses.get(bus)
        return place_of(Bus(bus) if held is None else held.bus, self._account, self._region)

    def _planned(self, target: Any, settings: TargetSettings, rule: Rule, around: Surroundings | None = None) -> Plan:
        match target:
            case Bus():
                to = self._own_bus(target)
            case BusTarget():
                to = target.seen_from(self._relay)
            case _:
                to = target
        bus = self._registry.bus(rule.bus).bus
        origin = replace(bus, account=bus.account or self._account, region=bus.region or self._region)
        plan = planned(to, settings, rule, origin, around or self._around)
        plan.given = target
        return plan

    def _own_bus(self, bus: Bus) -> BusTarget:
        if bus.name not in self._registry.buses:
            self.add_bus(bus)
        return self.bus(bus.name).seen_from(self._relay)


def _code(function: Any) -> Any:
    """What two registrations of one place in a program share, a function that a loop makes anew included."""
    return getattr(function, "__code__", function)

