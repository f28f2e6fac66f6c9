"""A rule set that changes, step by step, answers as a plain dict of patterns does."""

from __future__ import annotations

import os
import pickle
from random import Random

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from matcher import RuleSet
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.ast import Node
from matcher.pattern.parse import parse, to_text
from tests.property.generate import event_text, pattern_text

NAMES = st.integers(0, 12)
PATTERNS = st.integers(0, 400).map(lambda seed: pattern_text(Random(seed)))


class Changes(RuleBasedStateMachine):
    """`known` is the model: names in the order first added, each with its patterns."""

    copies = Bundle("copies")

    def __init__(self) -> None:
        super().__init__()
        self.changed: RuleSet[int] = RuleSet()
        self.known: dict[int, list[Node]] = {}

    @rule(name=NAMES, pattern=PATTERNS)
    def add(self, name: int, pattern: str) -> None:
        self.changed.add(name, pattern)
        nodes = self.known.setdefault(name, [])
        if parse(pattern) not in nodes:
            nodes.append(parse(pattern))

    @rule(name=NAMES, pattern=PATTERNS)
    def replace(self, name: int, pattern: str) -> None:
        self.changed[name] = pattern
        self.known[name] = [parse(pattern)]

    @rule(name=NAMES)
    def remove(self, name: int) -> None:
        if name in self.known:
            self.changed.remove(name)
            del self.known[name]
        else:
            assert name not in self.changed

    @rule(seed=st.integers(0, 2**32), count=st.integers(1, 40))
    def update(self, seed: int, count: int) -> None:
        chance = Random(seed)
        fresh = {100 + chance.randrange(1_000): pattern_text(chance) for _ in range(count)}
        fresh = {name: pattern for name, pattern in fresh.items() if name not in self.known}
        self.changed.update(fresh)
        self.known.update({name: [parse(pattern)] for name, pattern in fresh.items()})

    @rule()
    def remove_the_many(self) -> None:
        for name in [name for name in self.known if name >= 100]:
            self.changed.remove(name)
            del self.known[name]

    @rule()
    def pickle(self) -> None:
        self.changed = pickle.loads(pickle.dumps(self.changed))

    @rule(target=copies)
    def copy(self) -> tuple[RuleSet[int], dict[int, list[Node]]]:
        return self.changed.copy(), {name: list(nodes) for name, nodes in self.known.items()}

    @rule(copied=copies, seed=st.integers(0, 2**32))
    def the_copy_stays(self, copied: tuple[RuleSet[int], dict[int, list[Node]]], seed: int) -> None:
        self.compare(*copied, seed)

    @rule(seed=st.integers(0, 2**32))
    def match(self, seed: int) -> None:
        self.compare(self.changed, self.known, seed)

    @staticmethod
    def compare(rules: RuleSet[int], known: dict[int, list[Node]], seed: int) -> None:
        chance = Random(seed)
        nodes = [node for nodes in known.values() for node in nodes]
        event = event_text(chance, nodes or [parse('{"a":["x"]}')])
        read = read_event(event)
        assert rules.match(event) == [name for name in known if any(matches(node, read) for node in known[name])]

    @invariant()
    def the_names_are_there(self) -> None:
        assert list(self.changed) == list(self.known)
        assert len(self.changed) == len(self.known)

    def teardown(self) -> None:
        for name, nodes in self.known.items():
            assert sorted(map(to_text, self.changed[name])) == sorted(map(to_text, nodes))


THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
#: Long histories shrink for minutes, so that is left to those who look for a fault.
PHASES = tuple(phase for phase in Phase if THOROUGH or phase is not Phase.shrink)
Changes.TestCase.settings = settings(max_examples=600 if THOROUGH else 40, stateful_step_count=30, phases=PHASES)
TestChanges = Changes.TestCase
