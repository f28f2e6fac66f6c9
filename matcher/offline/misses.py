"""Turn rules that never matched and a sample of events into how near these came, and which field kept them off."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from matcher.errors import EventError
from matcher.explain import Explanation, explain
from matcher.flatten import read_event
from matcher.pattern.ast import AnyOf, Node

__all__ = ["Miss", "Sample", "Sampler", "misses", "shortened"]

Key = TypeVar("Key")

SHOWN: Final = 1000  # characters of an event
_CALLS: Final = 40_000  # explanations asked for in one report: some seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """One event: `line` is that of the line, or of the element of an array, from 1; `event` its text, cut short."""

    source: str
    line: int
    event: str

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        return {"source": self.source, "line": self.line, "event": self.event}


@dataclass(frozen=True, slots=True)
class Miss(Generic[Key]):
    """A rule that never matched: of `sampled` events, how many failed by each field, the most often failed one first.

    `nearest` is the event with the fewest unmet fields (None: there were no events), `unmet` these fields as
    `explain` tells them, and `reason` why it does not match.
    """

    rule: Key
    sampled: int
    fields: tuple[tuple[str, int], ...]
    nearest: Sample | None
    unmet: tuple[str, ...]
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        return {
            "rule": self.rule,
            "sampled": self.sampled,
            "fields": [{"path": path, "failed": failed} for path, failed in self.fields],
            "nearest": None if self.nearest is None else self.nearest.to_dict(),
            "unmet": list(self.unmet),
            "reason": self.reason,
        }


class Sampler:
    """A random sample of events, each as likely as the other, however many there are (a reservoir); seeded."""

    def __init__(self, size: int, seed: int = 0) -> None:
        self._size = size
        self._random = random.Random(seed)
        self._seen = 0
        self.kept: list[tuple[str, int, bytes]] = []

    def add(self, source: str, line: int, text: bytes) -> None:
        """Offer an event."""
        self._seen += 1
        if len(self.kept) < self._size:
            self.kept.append((source, line, text))
        elif (place := int(self._random.random() * self._seen)) < self._size:
            self.kept[place] = (source, line, text)


def misses(
    rules: Iterable[tuple[Key, list[Node]]],
    kept: list[tuple[str, int, bytes]],
    pulse: Callable[[], None] | None = None,
) -> list[Miss[Key]]:
    """Explain each rule on the sample; with many rules on a part of it. `pulse` is called for each, and may raise."""
    wanted = list(rules)
    part = kept[: max(20, _CALLS // max(1, len(wanted)))]
    events = []
    for source, line, text in part:
        try:
            events.append((source, line, text, read_event(text)))
        except EventError:  # "structural" trusts what this reads
            continue
    found = []
    for name, nodes in wanted:
        if pulse is not None:
            pulse()
        found.append(_miss(name, nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes)), events))
    return found


def _miss(name: Key, node: Node, events: list[tuple[str, int, bytes, Any]]) -> Miss[Key]:
    failed: Counter[str] = Counter()
    best: tuple[tuple[int, int], Sample, Explanation] | None = None
    sampled = 0
    for source, line, text, event in events:
        try:
            told = explain(node, event)
        except EventError:  # over the limit of steps
            continue
        sampled += 1
        unmet = [field for field in told.fields if not field.met]
        failed.update(list(dict.fromkeys(field.path for field in unmet)))
        # The fewest unmet fields; of these the one where most of them are there with another value.
        rank = (len(unmet), sum(not field.found for field in unmet))
        if best is None or rank < best[0]:
            best = rank, Sample(source, line, shortened(text)), told
    if best is None:
        return Miss(name, 0, (), None, (), "there are no events")
    _, nearest, told = best
    unmet_fields = tuple(str(field) for field in told.fields if not field.met)
    return Miss(name, sampled, tuple(failed.most_common()), nearest, unmet_fields, told.reason)


def shortened(text: bytes) -> str:
    """Give the text of an event, cut short."""
    shown = text[: 4 * SHOWN].decode("utf-8", "replace")
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
