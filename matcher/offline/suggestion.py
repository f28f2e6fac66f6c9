"""Turn sample events into the narrowest sensible pattern that matches them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Final

from matcher.errors import EventError, MatcherError, PatternError
from matcher.eventtext import text_of
from matcher.flatten import Event, Leaf, read_event
from matcher.jsontext import from_python
from matcher.limits import DEFAULT, Limits
from matcher.naive import matches
from matcher.offline.ladder import PRESENT, Rung, ladder
from matcher.pattern.ast import All, Term
from matcher.pattern.leaf import alternatives as parsed
from matcher.ruleset import EventLike, RuleSet

__all__ = ["FieldNote", "NoSuggestion", "Suggestion", "suggest"]

_DEEP: Final = 100  # names in one another; deeper ones are joined by dots
_LISTED: Final = 64  # values listed where that keeps an unwanted event out
_STEPS: Final = 200_000  # fields times fields times events, to find array elements that agree
_SERVICE_BYTES: Final = 4_096  # of a pattern, in EventBridge
_ENVELOPE: Final = frozenset(["version", "id", "time", "account", "region", "source", "detail-type"])


class NoSuggestion(MatcherError, ValueError):
    """There is no pattern to suggest: no events, or none with a field that may be asked for."""


@dataclass(frozen=True, slots=True)
class FieldNote:
    """What was chosen for one field, and why.

    `kind`: "constant", "values", "prefix", "suffix", "wildcard", "ignore-case", "range", "block" (of IP addresses),
    "mixed" (of several of these), "present", "absent" (no sample has it), or "left out". `alternatives` as in the
    pattern. `optional`: some events do not have the field, and need not.
    """

    path: str
    kind: str
    alternatives: tuple[Any, ...]
    why: str
    optional: bool = False

    def __str__(self) -> str:
        shown = ", ".join(json.dumps(one, ensure_ascii=False) for one in self.alternatives)
        return f"{self.path or json.dumps(self.path)}: {self.kind}{' ' if shown else ''}{shown} ({self.why})"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A pattern that matches all of the events it was made from, as the engine answered.

    `unwanted` are the positions, from 0, of the events that it should not match and does. `warnings` tell of limits of
    EventBridge that the pattern is over.
    """

    pattern: dict[str, Any]
    notes: tuple[FieldNote, ...]
    events: int
    unwanted: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The pattern as JSON, on one line."""
        return json.dumps(self.pattern, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How to choose; see `suggest`."""

    max_values: int
    ignore: tuple[str, ...]
    only: tuple[str, ...]
    keep_volatile: bool
    optional: bool
    max_fields: int
    limits: Limits
    listing: bool = False


def suggest(
    events: EventLike | Iterable[EventLike],
    *,
    against: Iterable[EventLike] = (),
    max_values: int = 5,
    ignore: Iterable[str] = (),
    only: Iterable[str] = (),
    keep_volatile: bool = False,
    optional: bool = False,
    max_fields: int = 256,
    limits: Limits = DEFAULT,
) -> Suggestion:
    """Give the narrowest sensible pattern that matches all of the events (one, or several), which are kept in memory.

    Constant fields are asked for as they are; others by up to `max_values` values, a common beginning and end, a range
    of numbers, a block of IP addresses, or by being there. Ids and times (`keep_volatile`: as other values) are not
    asked for as they were in one event. Fields that some events lack are left out (`optional`: may be absent, but are
    asked for where they are there; also where the events share no field at all). `ignore` and `only` hold names joined
    by dots, of a field or all below it, or globs. Of more than `max_fields` fields the deepest are left out.

    `against`: events that should not match. Where they do, values are listed, then ids and times taken as they are,
    optional fields asked for, and fields that only they have; what matches nevertheless is told in `unwanted`.

    Raises NoSuggestion, EventError (with a note of which event), ValueError.
    """
    if max_values < 1 or max_fields < 1:
        raise ValueError("max_values and max_fields are 1 or more")
    texts = _texts(events)
    bad = [_noted(text_of, event, f"unwanted event {number}") for number, event in enumerate(against, 1)]
    reads = partial(read_event, limits=limits)
    known: list[Event] = [_noted(reads, text, f"event {number}") for number, text in enumerate(texts, 1)]
    unwanted: list[Event] = [_noted(reads, text, f"unwanted event {number}") for number, text in enumerate(bad, 1)]
    if not known:
        raise NoSuggestion("no events to learn from")
    fields = max_fields if limits.paths_per_rule is None else min(max_fields, limits.paths_per_rule)
    wanted = _Wanted(max_values, tuple(ignore), tuple(only), keep_volatile, optional, fields, limits)
    made = _Made(texts, known, wanted).suggestion()
    best = replace(made, unwanted=_matched(made, bad, limits))
    for way, absent in _harder(wanted, known, unwanted) if best.unwanted else ():
        made = _Made(texts, known, way, absent).suggestion()
        left = _matched(made, bad, limits)
        if len(left) < len(best.unwanted):
            best = replace(made, unwanted=left)
        if not left:
            break
    return best


def _texts(events: EventLike | Iterable[EventLike]) -> list[bytes]:
    if isinstance(events, (bytes, bytearray, memoryview, str, Mapping)):
        events = [events]
    return [_noted(text_of, event, f"event {number}") for number, event in enumerate(events, 1)]


def _noted(work: Callable[[Any], Any], event: Any, where: str) -> Any:
    try:
        return work(event)
    except EventError as error:
        error.add_note(where)
        raise


def _matched(made: Suggestion, events: Sequence[bytes], limits: Limits) -> tuple[int, ...]:
    answers = RuleSet({"": made.text}, limits=limits).match_many(events)
    return tuple(number for number, answer in enumerate(answers) if answer)


def _harder(wanted: _Wanted, known: list[Event], unwanted: list[Event]) -> Iterator[tuple[_Wanted, list[str]]]:
    """Give ways to ask for more, each more than the one before, and the fields that must be absent."""
    listed = replace(wanted, listing=True, max_values=max(wanted.max_values, _LISTED))
    ways = [listed, replace(listed, optional=True), replace(listed, optional=True, keep_volatile=True)]
    yield from ((way, []) for way in ways)
    paths = {path for event in known for path in event.by_path}
    apart = dict.fromkeys(path for event in unwanted for path in event.by_path if path not in paths)
    absent = [path for path in apart if _chosen(path, wanted) and any(event.visible(path) for event in unwanted)]
    yield from ((way, absent[: way.max_fields // 2]) for way in (wanted, ways[-1]))


def _chosen(path: str, wanted: _Wanted) -> bool:
    if wanted.only and not any(_names(glob, path) for glob in wanted.only):
        return False
    return not any(_names(glob, path) for glob in wanted.ignore)


def _names(glob: str, path: str) -> bool:
    return path == glob or path.startswith(f"{glob}.") or fnmatchcase(path, glob)


@dataclass(slots=True)
class _Field:
    """A field on its way into the pattern: the rungs that are left for it, the first of which is chosen."""

    path: str
    rungs: list[Rung]
    optional: bool
    in_array: bool

    @property
    def alternatives(self) -> list[Any]:
        return [*self.rungs[0].alternatives, *([{"exists": False}] if self.optional else [])]

    def term(self) -> Term:
        return Term(self.path, parsed(from_python(self.alternatives)))  # type: ignore[arg-type]


class _Made:
    """Sample events on their way to a pattern."""

    def __init__(self, texts: list[bytes], events: list[Event], wanted: _Wanted, absent: Sequence[str] = ()) -> None:
        self.texts = texts
        self.events = events
        self.wanted = wanted
        self.absent = absent
        self.left_out: list[FieldNote] = []

    def suggestion(self) -> Suggestion:
        """Choose, check by the engine, and leave out what does not hold, until all events match."""
        fields = self._fields()
        fields = self._agreeing(fields)
        fields += [
            _Field(path, [Rung("absent", [{"exists": False}], "no sample has it")], False, False)
            for path in self.absent
        ]
        apart = [one for one in fields if not one.in_array]
        for kept in (fields, apart, [one for one in apart if one.path != "$or"]):
            pattern = nested({one.path: one.alternatives for one in kept})
            if kept and self._matches(pattern):
                return self._suggestion(pattern, kept)
        raise NoSuggestion(self._nothing())

    def _nothing(self) -> str:
        if self.wanted.only:
            return f"no field that can be asked for is one of {', '.join(self.wanted.only)}"
        return "the events have no field that can be asked for"

    def _matches(self, pattern: dict[str, Any]) -> bool:
        try:
            rules = RuleSet({"": json.dumps(pattern)}, limits=self.wanted.limits)
            return all(rules.match_many(self.texts))
        except (PatternError, EventError):
            return False

    def _suggestion(self, pattern: dict[str, Any], kept: list[_Field]) -> Suggestion:
        names = {one.path for one in kept}
        notes = [
            FieldNote(one.path, one.rungs[0].kind, tuple(one.alternatives), one.rungs[0].said, one.optional)
            for one in kept
        ]
        size = len(json.dumps(pattern, ensure_ascii=False).encode())
        warnings = []
        if size > _SERVICE_BYTES:
            warnings.append(
                f"the pattern has {size:,} bytes; EventBridge takes {_SERVICE_BYTES:,}: ask for fewer fields"
            )
        rest = [note for note in self.left_out if note.path not in names]
        return Suggestion(pattern, (*notes, *rest), len(self.texts), (), tuple(warnings))

    # ---- choosing ----

    def _fields(self) -> list[_Field]:
        """Choose for each field by itself."""
        wanted = self.wanted
        paths = {path: None for event in self.events for path in event.by_path}
        leaves = {path: [event.visible(path) for event in self.events] for path in paths if _chosen(path, wanted)}
        shared = [path for path, found in leaves.items() if all(found)]
        optional = wanted.optional or not shared
        fields = []
        for path, found in leaves.items():
            if not any(found) or not (optional or all(found)):
                if not all(found) and any(found):
                    self._leave(path, f"{sum(map(bool, found)):,} of {len(found):,} events have it")
                continue
            field = self._field(path, found)
            if self._tells(field):
                fields.append(field)
            else:
                self._leave(path, f"every event of EventBridge has one; {field.rungs[0].said}")
        order = sorted(fields, key=lambda one: (one.rungs[0].kind == PRESENT, one.optional, one.path.count(".")))
        for field in order[wanted.max_fields - len(self.absent) :]:
            self._leave(field.path, f"over {wanted.max_fields} fields")
        kept = {field.path for field in order[: wanted.max_fields - len(self.absent)]}
        return [field for field in fields if field.path in kept]

    def _leave(self, path: str, why: str) -> None:
        self.left_out.append(FieldNote(path, "left out", (), why))

    def _field(self, path: str, found: list[list[Leaf]]) -> _Field:
        seen = [[leaf.value for leaf in leaves] for leaves in found if leaves]
        wanted = self.wanted
        rungs = list(
            ladder(path, seen, max_values=wanted.max_values, keep_volatile=wanted.keep_volatile, listing=wanted.listing)
        )
        in_array = any(leaf.trail for leaves in found for leaf in leaves)
        return _Field(path, rungs, not all(found), in_array)

    def _tells(self, field: _Field) -> bool:
        """Say whether a field of the envelope tells more than that the event is EventBridge's."""
        if field.path not in _ENVELOPE or field.path in self.wanted.only:
            return True
        if not all(event.by_path.keys() >= {"source", "detail-type"} for event in self.events):
            return True
        return field.rungs[0].kind != PRESENT and (field.path != "version" or field.rungs[0].alternatives != ["0"])

    # ---- array elements ----

    def _agreeing(self, fields: list[_Field]) -> list[_Field]:
        """Widen, or leave out, fields of objects in arrays until every event meets all of them in elements that agree."""
        inside = [field for field in fields if field.in_array]
        if self._agree(inside):
            return fields
        kept: list[_Field] = []
        budget = _STEPS
        for field in inside:
            while field.rungs:
                budget -= (len(kept) + 1) * len(self.events)
                if budget < 0 or self._agree([*kept, field]):
                    break
                field.rungs.pop(0)
            if budget < 0 or not field.rungs:
                self._leave(field.path, "not met in the same array elements as other fields")
            else:
                kept.append(field)
        good = {field.path for field in kept}
        return [field for field in fields if not field.in_array or field.path in good]

    def _agree(self, fields: list[_Field]) -> bool:
        if not fields:
            return True
        node = All(tuple(field.term() for field in fields))
        try:
            return all(matches(node, event, self.wanted.limits) for event in self.events)
        except EventError:  # over the limit of steps
            return False


def nested(fields: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Write fields by their paths as a pattern: names in one another, or joined by dots where that can't be."""
    root: dict[str, Any] = {}
    for path, alternatives in fields.items():
        parts = path.split(".")
        above = len(parts) - 1
        if not all(parts) or "$or" in parts or len(parts) > _DEEP:
            above = 0
        for n in range(1, above + 1):
            if ".".join(parts[:n]) in fields:  # that name holds alternatives
                above = n - 1
                break
        here = root
        for part in parts[:above]:
            here = here.setdefault(part, {})
        here[".".join(parts[above:])] = alternatives
    return root
