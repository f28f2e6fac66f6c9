"""Turn two rule sets and the events of sources into what a change of the one to the other does."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from matcher.errors import EventError, PatternError, RuleSetError
from matcher.explain import explain
from matcher.limits import DEFAULT, Limits
from matcher.offline.hits import Counts, counted
from matcher.offline.job import Job
from matcher.offline.sources import expand
from matcher.offline.widening import Comparison, compare_trees, joined
from matcher.pattern.ast import Node
from matcher.pattern.implied import meaning
from matcher.pattern.parse import PatternLike, parse
from matcher.pattern.render import to_text
from matcher.ruleset import RuleSet, Validate

__all__ = ["Change", "Difference", "Sample", "diff"]

Name = TypeVar("Name", bound=Hashable)
Key = TypeVar("Key")
Path = str | os.PathLike[str]
#: Rules: a set, {name: pattern}, or pairs of name and pattern, where a name may come again.
Rules: TypeAlias = "RuleSet[Name] | Mapping[Name, PatternLike] | Iterable[tuple[Name, PatternLike]]"
Kind: TypeAlias = Literal["added", "removed", "renamed", "changed"]

_SHOWN: Final = 200  # characters of an event
_REMEMBERED: Final = 65_536  # different answers
_SAME, _OLD, _NEW = range(3)  # the tags of names: rules that stay as they are, old ones, new ones


@dataclass(frozen=True, slots=True)
class Sample:
    """One event that was gained or lost.

    `line` is that of the line, or of the element of an array, from 1; `byte` where the event begins in its source's
    text, None where that is unknown. `event` is its text, cut short. `reason` is why the other rules do not match it,
    as `explain` tells it of the field that failed, and `path` that field ("" where there is no other rule).
    """

    source: str
    line: int
    byte: int | None
    event: str
    reason: str = ""
    path: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        return {name: getattr(self, name) for name in ("source", "line", "byte", "event", "reason", "path")}


@dataclass(frozen=True, slots=True)
class Change(Generic[Key]):
    """What became of one rule, and what that did to the events.

    `name` is the new one; a "renamed" rule had the name `was`, and the same pattern. `compared` says how a "changed"
    pattern stands to the old one; "equal" is one that is only written otherwise. `before` and `after` count the events
    that the rule matched and matches, `gained` and `lost` those that came and went.
    """

    name: Key
    kind: Kind
    was: Key | None = None
    compared: Comparison | None = None
    before: int = 0
    after: int = 0
    gained: int = 0
    lost: int = 0
    gained_samples: tuple[Sample, ...] = ()
    lost_samples: tuple[Sample, ...] = ()

    @property
    def relation(self) -> str:
        """What the rule's row is called: equal, widened, narrowed, changed or unknown; added, removed or renamed."""
        return self.kind if self.compared is None else self.compared.relation

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        plain: dict[str, Any] = {"name": self.name, "kind": self.kind}
        if self.kind == "renamed":
            plain["was"] = self.was
        if self.compared is not None:
            plain["compared"] = self.compared.to_dict()
        plain |= {name: getattr(self, name) for name in ("before", "after", "gained", "lost")}
        plain["gained_samples"] = [sample.to_dict() for sample in self.gained_samples]
        plain["lost_samples"] = [sample.to_dict() for sample in self.lost_samples]
        return plain


@dataclass(frozen=True, slots=True)
class Difference(Generic[Key]):
    """What a change of rules does.

    `changes`: the rules that are not the same in both, in the order of the new ones, removed ones last; `unchanged`
    counts the others. `counts` is what was read (None: no sources were given); its names are not of use. Of the events,
    `before` and `after` matched any rule at all; `silenced` matched some rule before and match none now, `awakened`
    the reverse, with samples.
    """

    changes: tuple[Change[Key], ...]
    unchanged: int
    counts: Counts[Any] | None = None
    before: int = 0
    after: int = 0
    silenced: int = 0
    awakened: int = 0
    silenced_samples: tuple[Sample, ...] = ()
    awakened_samples: tuple[Sample, ...] = ()

    @property
    def events(self) -> int:
        """Events that were read and matched against both."""
        return 0 if self.counts is None else self.counts.events

    @property
    def moved(self) -> bool:
        """Whether some event of the sources is gained or lost by some rule."""
        return any(change.gained or change.lost for change in self.changes)

    @property
    def differs(self) -> bool:
        """Whether rules behave otherwise than before, or may; a pattern that is only written otherwise does not.

        Where it can't be proved whether a pattern changed its meaning, the events decide, if there are any.
        """
        return any(
            change.gained
            or change.lost
            or (change.relation not in (("equal", "unknown") if self.events else ("equal",)))
            for change in self.changes
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values for JSON."""
        plain: dict[str, Any] = {"differs": self.differs, "unchanged": self.unchanged}
        plain["changes"] = [change.to_dict() for change in self.changes]
        if self.counts is not None:
            names = ("before", "after", "silenced", "awakened")
            plain["events"] = {
                "read": self.events,
                "refused": self.counts.refused,
                "bytes": self.counts.bytes,
                **{name: getattr(self, name) for name in names},
                "silenced_samples": [sample.to_dict() for sample in self.silenced_samples],
                "awakened_samples": [sample.to_dict() for sample in self.awakened_samples],
            }
            plain["faults"] = [str(fault) for fault in self.counts.faults]
        return plain


def diff(
    old: Rules[Name],
    new: Rules[Name],
    sources: Path | Iterable[Path] = (),
    *,
    samples: int = 3,
    threads: int = 0,
    validate: Validate = "strict",
    limits: Limits = DEFAULT,
    progress: Callable[[int, int], None] | None = None,
) -> Difference[Name]:
    """Say what changes with new rules: by the rules themselves, and by the events of sources, each read once.

    Without sources (see `expand`) only the rules are compared. `samples`: events that are told, at most, of each rule
    and way. `threads`: 0 is one a core. `progress` is told the bytes taken from files, and the events, each time.
    Memory does not grow with the sources; those that can't be read (to their end) are told in `counts.faults`.

    Raises RuleSetError with a note of which rules, ValueError.
    """
    if samples < 0:
        raise ValueError(f"samples is 0 or more, not {samples}")
    before, after = _trees(old, limits, "the old rules"), _trees(new, limits, "the new rules")
    plan = _plan(before, after)
    names = expand([sources] if isinstance(sources, str | os.PathLike) else sources)
    if not names:
        return Difference(tuple(plan.changes), plan.unchanged)
    reading = _Reading(plan, before, after, samples, limits)
    counts = reading.read(
        Job(_both(plan, before, after, validate, limits), names, texts=True, threads=threads), progress
    )
    return reading.result(counts)


def _trees(rules: Rules[Name], limits: Limits, which: str) -> dict[Name, list[Node]]:
    trees: dict[Name, list[Node]] = {}
    if isinstance(rules, RuleSet):
        for name, node in rules.items():
            trees.setdefault(name, []).append(node)
        return trees
    faulty: dict[Hashable, PatternError] = {}
    for name, pattern in rules.items() if isinstance(rules, Mapping) else rules:
        try:
            trees.setdefault(name, []).append(parse(pattern, limits))
        except PatternError as error:
            faulty.setdefault(name, error)
    if faulty:
        failed = RuleSetError(faulty)
        failed.add_note(f"in {which}")
        raise failed
    return trees


@dataclass(slots=True)
class _Plan(Generic[Key]):
    """Which rules are to be compared, and how: without what events will tell."""

    changes: list[Change[Key]] = field(default_factory=list)
    same: list[Key] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        return len(self.same)


def _plan(before: Mapping[Name, list[Node]], after: Mapping[Name, list[Node]]) -> _Plan[Name]:
    plan: _Plan[Name] = _Plan()
    gone: dict[Hashable, list[Name]] = {}
    for name, nodes in before.items():
        if name not in after:
            gone.setdefault(meaning(joined(nodes)), []).append(name)
    for name, nodes in after.items():
        known = before.get(name)
        if known is not None and sorted(map(to_text, known)) == sorted(map(to_text, nodes)):
            plan.same.append(name)
        elif known is not None:
            plan.changes.append(Change(name, "changed", None, compare_trees(joined(known), joined(nodes))))
        elif candidates := gone.get(meaning(joined(nodes))):
            plan.changes.append(Change(name, "renamed", candidates.pop(0)))
        else:
            plan.changes.append(Change(name, "added"))
    left = {name for names in gone.values() for name in names}
    plan.changes += [Change(name, "removed") for name in before if name in left]
    return plan


def _both(
    plan: _Plan[Name],
    before: Mapping[Name, list[Node]],
    after: Mapping[Name, list[Node]],
    validate: Validate,
    limits: Limits,
) -> RuleSet[tuple[int, int]]:
    """Compile old and new rules as one set; names are tags and positions, and all that stays as it is is one name."""
    pairs = [((_SAME, 0), node) for name in plan.same for node in after[name]]
    for position, change in enumerate(plan.changes):
        if change.kind == "renamed":
            pairs += [((_SAME, 0), node) for node in after[change.name]]
            continue
        pairs += [((_OLD, position), node) for node in before.get(change.name, ())]
        pairs += [((_NEW, position), node) for node in after.get(change.name, ())]
    return RuleSet(((name, to_text(node)) for name, node in pairs), validate=validate, limits=limits)


@dataclass(frozen=True, slots=True)
class _Move:
    """What one answer means: the rules (by position) that gain and lose its event, and whether any matched it."""

    gained: tuple[int, ...]
    lost: tuple[int, ...]
    before: bool
    after: bool

    @property
    def told(self) -> bool:
        return bool(self.gained or self.lost or self.before is not self.after)


def _move(answer: Iterable[tuple[int, int]]) -> _Move:
    found: list[dict[int, None]] = [{}, {}, {}]
    for tag, position in answer:
        found[tag][position] = None
    same, old, new = found
    return _Move(
        tuple(one for one in new if one not in old),
        tuple(one for one in old if one not in new),
        bool(same or old),
        bool(same or new),
    )


class _Reading(Generic[Name]):
    """Events on their way to counts and samples of what they moved."""

    def __init__(
        self,
        plan: _Plan[Name],
        before: Mapping[Name, list[Node]],
        after: Mapping[Name, list[Node]],
        samples: int,
        limits: Limits,
    ) -> None:
        self._plan = plan
        self._rules = {_OLD: before, _NEW: after}
        self._samples = samples
        self._limits = limits
        self._times: Counter[_Move] = Counter()
        self._gained: Counter[int] = Counter()
        self._lost: Counter[int] = Counter()
        self._any: Counter[tuple[bool, bool]] = Counter()  # events by: matched before, match now
        self._kept: dict[tuple[str, int], list[Sample]] = {}

    def read(self, job: Job[tuple[int, int]], progress: Callable[[int, int], None] | None) -> Counts[Any]:
        """Take all answers of a job."""
        job.progress = progress
        moves: dict[tuple[tuple[int, int], ...], _Move] = {}
        with closing(job.steps()) as steps:
            for source, answers in steps:
                for line, byte, answer, text in answers:
                    if isinstance(answer, EventError):
                        continue
                    known = tuple(answer)
                    move = moves.get(known)
                    if move is None:
                        if len(moves) >= _REMEMBERED:
                            moves.clear()
                            self._settle()
                        move = moves[known] = _move(answer)
                    self._times[move] += 1
                    if move.told:
                        self._sample(move, source, line, byte, text or b"")
        return counted(job.sources, job.state.tallies)

    def _sample(self, move: _Move, source: str, line: int, byte: int | None, text: bytes) -> None:
        for kind, other, positions in (("gained", _OLD, move.gained), ("lost", _NEW, move.lost)):
            for position in positions:
                kept = self._kept.setdefault((kind, position), [])
                if len(kept) < self._samples:
                    nodes = self._rules[other].get(self._plan.changes[position].name)
                    path, reason = _why(nodes, text, self._limits)
                    kept.append(Sample(source, line, byte, _short(text), reason, path))
        if move.before is not move.after:
            kept = self._kept.setdefault(("silenced" if move.before else "awakened", 0), [])
            if len(kept) < self._samples:
                kept.append(Sample(source, line, byte, _short(text)))

    def result(self, counts: Counts[Any]) -> Difference[Name]:
        """Give what the events told."""
        self._settle()
        gained, lost = self._gained, self._lost
        changes = [
            Change(
                change.name,
                change.kind,
                change.was,
                change.compared,
                counts.by_name.get((_OLD, position), 0),
                counts.by_name.get((_NEW, position), 0),
                gained[position],
                lost[position],
                tuple(self._kept.get(("gained", position), ())),
                tuple(self._kept.get(("lost", position), ())),
            )
            for position, change in enumerate(self._plan.changes)
        ]
        kept = {kind: tuple(self._kept.get((kind, 0), ())) for kind in ("silenced", "awakened")}
        return Difference(
            tuple(changes),
            self._plan.unchanged,
            counts,
            before=self._any[True, True] + self._any[True, False],
            after=self._any[True, True] + self._any[False, True],
            silenced=self._any[True, False],
            awakened=self._any[False, True],
            silenced_samples=kept["silenced"],
            awakened_samples=kept["awakened"],
        )

    def _settle(self) -> None:
        """Take over the counts of moves, so that no more of them than `_REMEMBERED` are ever kept."""
        for move, times in self._times.items():
            self._gained.update(dict.fromkeys(move.gained, times))
            self._lost.update(dict.fromkeys(move.lost, times))
            self._any[move.before, move.after] += times
        self._times.clear()


def _why(nodes: Sequence[Node] | None, text: bytes, limits: Limits) -> tuple[str, str]:
    """Give the field that kept an event from matching, and the reason; nothing where there is no rule."""
    if not nodes:
        return "", ""
    try:
        told = explain(joined(nodes), text, limits)
    except EventError as error:  # a strict reader, where events were trusted
        return "", str(error)
    failed = next((one for one in told.fields if not one.met), None)
    return ("", told.reason) if failed is None else (failed.path, str(failed))


def _short(text: bytes) -> str:
    plain = " ".join(text[: 4 * _SHOWN].decode(errors="replace").split())
    return plain if len(plain) <= _SHOWN and len(text) <= 4 * _SHOWN else plain[: _SHOWN - 1] + "…"
