"""Turn registrations of rules and targets, made at any time, into what readers see: whole rules, never half of one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from matcher.errors import RouterError
from matcher.explain import Explanation
from matcher.limits import DEFAULT, Limits
from matcher.router.rule import Bus, Rule, checked_name
from matcher.ruleset import PatternLike, RuleSet

__all__ = ["UNMATCHED", "Active", "BusRules", "Registry"]

#: The name of the rule of a bus that takes what no other rule matches.
UNMATCHED = "unmatched"


class Planned(Protocol):
    """What a registry needs to know of a plan."""

    @property
    def target(self) -> str: ...


Plan = TypeVar("Plan", bound=Planned)
#: Makes the plans of a rule, seeing it as it is.
Plans = Callable[[Rule], tuple[Plan, ...]]


class Active(Generic[Plan]):
    """A rule in its bus's rule set, where it is its own name, so that a match gives what to do without a look-up.

    `plans` (one for each target) is replaced whole: who reads it once sees all targets as they were at some moment.
    """

    __slots__ = ("plans", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.plans: tuple[Plan, ...] = ()

    def take(self, plans: tuple[Plan, ...]) -> None:
        """Have these targets from now on."""
        self.plans = plans
        self.rule = replace(self.rule, targets=tuple(plan.target for plan in plans))

    def __repr__(self) -> str:
        return repr(self.rule)


@dataclass(slots=True)
class BusRules(Generic[Plan]):
    """The rules of one bus. `rules` holds the enabled ones; readers take the reference once and match on it."""

    bus: Bus
    rules: RuleSet[Active[Plan]]
    by_name: dict[str, Active[Plan]]
    unmatched: Active[Plan] | None = None
    #: The next number of names that were numbered.
    numbers: dict[str, int] = field(default_factory=dict)

    def next_name(self, base: str) -> str:
        """`base-2`, `base-3`, ..., none twice. O(1) on average."""
        number = self.numbers.get(base, 2)
        while f"{base}-{number}" in self.by_name:
            number += 1
        self.numbers[base] = number + 1
        return f"{base}-{number}"

    def matching(self, event: bytes) -> list[Active[Plan]]:
        """The rules that an event meets, or the one for unmatched events. Raises EventError."""
        found = self.rules.match(event)
        unmatched = self.unmatched
        return found if found or unmatched is None else [unmatched]


class Registry(Generic[Plan]):
    """Buses and their rules. Writers wait for each other; readers never wait.

    Adding, removing, enabling and disabling a rule changes the bus's rule set in place, which swaps one reference; to
    replace pattern and targets together, a copy is changed and takes the set's place.
    """

    def __init__(self, buses: Iterable[Bus], *, closed: bool, limits: Limits = DEFAULT) -> None:
        self._lock = threading.RLock()
        self._limits = limits
        self._closed = closed
        self.buses: dict[str, BusRules[Plan]] = {}
        #: Is told of plans that go and plans that come, after readers see it.
        self.follower: Callable[[tuple[Plan, ...], tuple[Plan, ...]], None] = _nobody
        for bus in buses:
            self.declare(bus)

    def declare(self, bus: Bus) -> None:
        """Add a bus, or give one other settings."""
        with self._lock:
            held = self.buses.get(bus.name)
            if held is None:
                self.buses = {**self.buses, bus.name: BusRules(bus, RuleSet(limits=self._limits), {})}
            else:
                held.bus = bus

    def bus(self, name: str) -> BusRules[Plan]:
        """The bus of that name. Raises RouterError where there is none."""
        held = self.buses.get(name)
        if held is None:
            raise RouterError(f"there is no bus {name!r}; there are {', '.join(sorted(self.buses))}")
        return held

    def accepts(self, name: str) -> bool:
        """Whether events may be put to a bus of that name: any, unless the buses were declared."""
        return not self._closed or name in self.buses

    def rule(self, name: str, bus: str) -> Active[Plan]:
        """Raises RouterError where there is none."""
        held = self.bus(bus).by_name.get(name)
        if held is None:
            raise RouterError(f"there is no rule {name!r} on the bus {bus!r}")
        return held

    def bus_of(self, rule: str) -> str:
        """The one bus that has a rule of that name. Raises RouterError where none or several have. O(buses)."""
        found = [name for name, held in self.buses.items() if rule in held.by_name]
        if len(found) == 1:
            return found[0]
        if not found:
            raise RouterError(f"there is no rule {rule!r}")
        raise RouterError(f"the buses {', '.join(found)} have a rule {rule!r} each: say which by bus=")

    def plan(self, queue: str) -> Plan | None:
        """What a queue goes to; None where nothing does any more."""
        if queue.count("/") < 2:
            raise RouterError(f"a queue is bus/rule/target, not {queue!r}")
        bus, rule, target = queue.rsplit("/", 2)
        held = self.buses.get(bus)
        active = None if held is None else held.by_name.get(rule)
        plans = () if active is None else active.plans
        return next((plan for plan in plans if plan.target == target), None)

    def follow(self, follower: Callable[[tuple[Plan, ...], tuple[Plan, ...]], None] | None) -> list[Plan]:
        """Tell it of every change from now on (None: nobody), and give the plans that there are now."""
        with self._lock:
            self.follower = follower or _nobody
            actives = [active for held in self.buses.values() for active in held.by_name.values()]
            return [plan for active in actives for plan in active.plans]

    def rules(self, bus: str | None = None) -> list[Rule]:
        """Every rule as it is now, bus by bus, in the order of registration."""
        with self._lock:
            chosen = self.buses.values() if bus is None else [self.bus(bus)]
            return [active.rule for held in chosen for active in held.by_name.values()]

    def explain(self, event: bytes, name: str, bus: str) -> Explanation:
        """Say why a rule, enabled or not, matches an event or does not."""
        pattern = self.rule(name, bus).rule.pattern
        if pattern is None:
            raise RouterError(f"the rule {name!r} takes what is unmatched: it has no pattern")
        alone: RuleSet[str] = RuleSet({name: pattern}, limits=self._limits)
        return alone.explain(event, name)

    # ---- changing ----

    def add(
        self, name: str, pattern: PatternLike | None, bus: str, plans: Plans[Plan], *, enabled: bool = True
    ) -> Active[Plan]:
        """Add a rule; without a pattern it takes what is unmatched. All or nothing. Raises RouterError, PatternError."""
        with self._lock:
            checked_name("a rule", name)
            if bus not in self.buses and not self._closed:
                self.declare(Bus(bus))
            held = self.bus(bus)
            if name in held.by_name:
                raise RouterError(f"the bus {bus!r} has a rule {name!r} already: give another name, or replace it")
            active = _active(Rule(name, bus, pattern, enabled=enabled), plans)
            self._put(held, active)
            held.by_name[name] = active
            self.follower((), active.plans)
            return active

    def _put(self, held: BusRules[Plan], active: Active[Plan]) -> None:
        if active.rule.pattern is None:
            held.unmatched = active if active.rule.enabled else None
        elif active.rule.enabled:
            held.rules.add(active, active.rule.pattern)
        else:
            RuleSet({None: active.rule.pattern}, limits=self._limits)  # its faults are told now

    def add_plan(self, name: str, bus: str, make: Callable[[Rule], Plan]) -> Plan:
        """Add a target to a rule."""
        with self._lock:
            active = self.rule(name, bus)
            plan = make(active.rule)
            active.take((*active.plans, plan))
            self.follower((), (plan,))
            return plan

    def remove_plan(self, name: str, bus: str, target: str) -> None:
        """Take a target from a rule. Raises RouterError where it has none of that name."""
        with self._lock:
            active = self.rule(name, bus)
            if target not in active.rule.targets:
                raise RouterError(f"the rule {name!r} has no target {target!r}; it has {', '.join(active.rule.targets)}")
            before = active.plans
            active.take(tuple(plan for plan in before if plan.target != target))
            self.follower(tuple(plan for plan in before if plan.target == target), ())

    def enable(self, name: str, bus: str, *, enabled: bool) -> None:
        with self._lock:
            active, held = self.rule(name, bus), self.bus(bus)
            if active.rule.enabled == enabled:
                return
            active.rule = replace(active.rule, enabled=enabled)
            if enabled or active.rule.pattern is None:
                self._put(held, active)
            else:
                held.rules.remove(active)

    def repattern(self, name: str, pattern: PatternLike, bus: str) -> None:
        """Give a rule another pattern; its targets stay. Raises PatternError, and leaves it as it was."""
        with self._lock:
            active, held = self.rule(name, bus), self.bus(bus)
            if active is held.unmatched:
                raise RouterError(f"the rule {name!r} takes what is unmatched: it has no pattern")
            if active.rule.enabled:
                held.rules[active] = pattern
            else:
                RuleSet({None: pattern}, limits=self._limits)
            active.rule = replace(active.rule, pattern=pattern)

    def exchange(self, name: str, pattern: PatternLike, bus: str, plans: Plans[Plan]) -> None:
        """Give a rule another pattern and other targets in one step, and enable it. O(rules of the bus)."""
        with self._lock:
            active, held = self.rule(name, bus), self.bus(bus)
            if active is held.unmatched:
                raise RouterError(f"the rule {name!r} takes what is unmatched: it has no pattern")
            fresh = _active(replace(active.rule, pattern=pattern, targets=(), enabled=True), plans)
            rules = held.rules.copy()
            rules.add(fresh, pattern)
            if active in rules:
                rules.remove(active)
            held.rules, held.by_name[name] = rules, fresh
            self.follower(active.plans, fresh.plans)

    def remove(self, name: str, bus: str) -> None:
        """Remove a rule. What waits for its targets stays in their queues."""
        with self._lock:
            active, held = self.rule(name, bus), self.bus(bus)
            if active is held.unmatched:
                held.unmatched = None
            elif active.rule.enabled:
                held.rules.remove(active)
            del held.by_name[name]
            self.follower(active.plans, ())


def _nobody(_gone: tuple[Planned, ...], _come: tuple[Planned, ...]) -> None:
    pass


def _active(rule: Rule, plans: Plans[Plan]) -> Active[Plan]:
    active: Active[Plan] = Active(rule)
    active.take(plans(rule))
    return active
