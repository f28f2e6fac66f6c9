"""Turn the answers of the fast engine into faults, by asking the naive matcher about a sample of rules and events."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol

from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.workload import Rule

__all__ = ["AnswerError", "Engine", "check"]

EVENTS, OTHERS = 40, 400


class Engine(Protocol):
    def match(self, event: bytes) -> list[str]: ...


class AnswerError(AssertionError):
    """The fast engine and the naive one differ: nothing it does is worth timing."""


def check(engine: Engine, rules: Iterable[Rule], events: Sequence[bytes], seed: int = 1, sample: int = EVENTS) -> int:
    """How many answers were compared; raises AnswerError at the first difference.

    All rules that the engine names are asked, and of the others a random sample: so a false name is found for certain
    in the events looked at, and a missing one likely.
    """
    rng = random.Random(seed)
    chosen = list(events) if len(events) <= sample else rng.sample(list(events), sample)
    answers = [engine.match(event) for event in chosen]
    named = {name for names in answers for name in names}
    trees = {name: parse(text) for name, text in _sample(rules, named, rng).items()}
    compared = 0
    for event, names in zip(chosen, answers, strict=True):
        if len(set(names)) != len(names):
            raise AnswerError(f"a name twice in {names[:20]}")
        parsed, found = read_event(event), set(names)
        for name, tree in trees.items():
            compared += 1
            if matches(tree, parsed) != (name in found):
                wrong = "named" if name in found else "not named"
                raise AnswerError(f"rule {name} {str(tree)[:500]} is {wrong} for {event[:2000]!r}")
    return compared


def _sample(rules: Iterable[Rule], named: set[str], rng: random.Random) -> dict[str, bytes]:
    """The patterns of every named rule, and of some others: the first ones, which aim at the events, and random ones."""
    patterns: dict[str, bytes] = {}
    others: list[Rule] = []
    for number, rule in enumerate(rules):
        if rule[0] in named:
            patterns[rule[0]] = rule[1]
        elif len(others) < OTHERS:
            others.append(rule)
        elif (place := rng.randrange(number)) < OTHERS // 2:
            others[place] = rule
    return patterns | dict(others)
