"""Turn patterns into a compiled rule set, and events into the names of the rules that match them."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from matcher import eventtext
from matcher._core.machine import LineFile, Machine
from matcher.errors import EventError, PatternError, RuleSetError
from matcher.limits import DEFAULT, Limits

# What compiles, explains or saves patterns is imported where it is first used: a process that only imports matcher
# starts without it.
if TYPE_CHECKING:
    from matcher import saved
    from matcher.explain import Explanation
    from matcher.pattern.ast import Node
    from matcher.pattern.lint import Finding

__all__ = ["Counts", "Pattern", "RuleSet", "test_event_pattern"]

Name = TypeVar("Name", bound=Hashable)
#: A pattern: a dict, or its JSON as str or bytes (where number spelling and duplicate members survive).
PatternLike = Mapping[str, Any] | str | bytes
#: An event: JSON as bytes (the fast road) or str, or a dict.
EventLike = bytes | bytearray | memoryview | str | Mapping[str, Any]
Validate = Literal["strict", "structural"]

_UNLIMITED = 0xFFFFFFFF


def _empty_machine(validate: Validate, limits: Limits) -> Machine:
    if validate not in ("strict", "structural"):
        raise ValueError(f'validate is "strict" or "structural", not {validate!r}')
    return Machine.empty(
        os.urandom(16),
        validate == "strict",
        limits.nesting,
        _UNLIMITED if limits.name_length is None else limits.name_length,
        _UNLIMITED if limits.number_digits is None else limits.number_digits,
        limits.array_steps,
    )


@dataclass(frozen=True, slots=True)
class Counts(Generic[Name]):
    """What `RuleSet.count` found: events, those that matched a rule, their bytes (None where not known), matches by
    name (names that matched), and the refused lines with their errors."""

    events: int
    matched: int
    bytes: int | None
    by_name: dict[Name, int]
    errors: list[tuple[int, EventError]]


class RuleSet(Generic[Name]):
    """Named rules, matched all at once.

    `rules`: {name: pattern} or pairs of (name, pattern), compiled in bulk; a name that comes twice has both patterns
    (OR, as in AWS's engine). Names are any hashable objects. `validate`: "strict" checks all of an event (RFC 8259);
    "structural" trusts the parts that no rule reads, for logs known to be good. `limits`: see `Limits`.

    Any number of threads may match while others change the set: a reader uses the whole set as it was when its call
    began, and never waits. Results come in the order in which names were first added.

    Raises RuleSetError, a PatternError that holds every fault of every rule.
    """

    __slots__ = ("_limits", "_lock", "_owners", "_state", "_validate")

    def __init__(
        self,
        rules: Mapping[Name, PatternLike] | Iterable[tuple[Name, PatternLike]] = (),
        *,
        validate: Validate = "strict",
        limits: Limits = DEFAULT,
    ) -> None:
        self._limits = limits
        self._validate = validate
        self._lock = threading.Lock()
        self._owners: dict[Name, int] = {}  # in the order first added
        self._state: tuple[Machine, list[Name]] = (_empty_machine(validate, limits), [])  # owner → name
        if rules != ():
            self.update(rules)

    # ---- matching ----

    def match(self, event: EventLike) -> list[Name]:
        """Give the names of the rules that match, in the order first added.

        Raises EventError, with the byte offset, if the event is not a strict JSON object or is over a limit.
        """
        machine, names = self._state
        return machine.match(event if type(event) is bytes else eventtext.text_of(event), names)

    def match_many(
        self, events: Iterable[EventLike], threads: int = 1, errors: Literal["raise", "return"] = "raise"
    ) -> list[Any]:
        """Give a list of names for each event, on `threads` threads (0: one a core) with the GIL released.

        `errors="return"` puts an EventError in the place of the list of a refused event; "raise" raises the first.
        """
        machine, names = self._state
        texts = [event if type(event) is bytes else _text_or_error(event, errors) for event in events]
        refused = {number: text for number, text in enumerate(texts) if isinstance(text, EventError)}
        good = [text for text in texts if type(text) is bytes] if refused else texts
        answers = machine.match_many(good, names, threads or os.cpu_count() or 1, errors == "return")  # type: ignore[arg-type]
        for number, error in refused.items():
            answers.insert(number, error)
        return answers

    def scan(self, path: str | os.PathLike[str], threads: int = 0) -> Iterator[tuple[int, list[Name] | EventError]]:
        """Give (line number from 1, names or EventError) for each event of a file, in order, blank lines left out.

        Plain JSON lines are read and matched by `threads` threads (0: one a core), in bounded memory; so is what
        `matcher.events` can read (.gz, .zst, arrays, CloudTrail records), with one thread to decompress. The rules are
        those of the moment of the call. Raises OSError.
        """
        from matcher import events

        machine, names = self._state
        threads = threads or os.cpu_count() or 1
        if events.is_plain_lines(path):
            return iter(LineFile(path, machine, names, threads, counting=False))
        return self._scan_batches(path, machine, names, threads)

    @staticmethod
    def _scan_batches(
        path: str | os.PathLike[str], machine: Machine, names: list[Name], threads: int
    ) -> Iterator[tuple[int, list[Name] | EventError]]:
        from matcher import events

        for batch in events.batches(path):
            answers = machine.match_many([text for _, text in batch], names, threads, keep_errors=True)
            for (number, _), answer in zip(batch, answers, strict=True):
                yield number, answer

    def count(self, path: str | os.PathLike[str], threads: int = 0) -> Counts[Name]:
        """Count the matches of each rule over a file, as `scan` reads it, without an object an event."""
        from matcher import events

        machine, names = self._state
        threads = threads or os.cpu_count() or 1
        if events.is_plain_lines(path):
            total, matched, size, counts, errors = LineFile(path, machine, names, threads, counting=True).totals()
            by_name = {names[owner]: counts[owner] for owner in range(len(counts)) if counts[owner]}
            return Counts(total, matched, size, by_name, errors)
        return self._count_answers(path, threads)

    def _count_answers(self, path: str | os.PathLike[str], threads: int) -> Counts[Name]:
        counts: dict[Name, int] = {}
        refused: list[tuple[int, EventError]] = []
        total = matched = 0
        for line, answer in self.scan(path, threads):
            if isinstance(answer, EventError):
                refused.append((line, answer))
                continue
            total += 1
            matched += bool(answer)
            for name in answer:
                counts[name] = counts.get(name, 0) + 1
        return Counts(total, matched, None, counts, refused)

    def explain(self, event: EventLike, name: Name) -> Explanation:
        """Say why a rule matches an event, or what kept it from doing so. Raises KeyError, EventError."""
        from matcher.explain import explain

        from matcher.pattern.ast import AnyOf

        nodes = self[name]
        return explain(nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes)), event, self._limits)

    def stats(self, event: EventLike) -> dict[str, int]:
        """Count what matching the event takes: bytes, fields, probes, candidates, tests, array_steps, matches."""
        return self._state[0].stats(eventtext.text_of(event))

    # ---- changing ----

    def add(self, name: Name, pattern: PatternLike) -> None:
        """Add a rule; under a name that is there already, the rule matches where either pattern does.

        Raises PatternError and leaves the set as it was.
        """
        from matcher.lowering import program_of
        from matcher.pattern.parse import parse

        node = parse(pattern, self._limits)
        with self._lock:
            if name in self._owners and node in self._trees(name):
                return
            machine, names = self._state
            owner = self._owners.get(name, len(names))
            machine = machine.with_rules([(owner, program_of(node))])
            if owner == len(names):
                names.append(name)
                self._owners[name] = owner
            self._state = (machine, names)

    def update(self, rules: Mapping[Name, PatternLike] | Iterable[tuple[Name, PatternLike]]) -> None:
        """Add many rules at once, compiled in bulk; all or none. Raises RuleSetError."""
        from matcher.lowering import program_of
        from matcher.pattern.parse import parse

        pairs = rules.items() if isinstance(rules, Mapping) else rules
        programs: list[tuple[Name, bytes]] = []
        faulty: dict[Hashable, PatternError] = {}
        limits = self._limits
        for name, pattern in pairs:
            try:
                programs.append((name, program_of(parse(pattern, limits))))
            except PatternError as error:
                faulty.setdefault(name, error)
        if faulty:
            raise RuleSetError(faulty)
        if programs:
            with self._lock:
                self._add_programs(programs)

    def _add_programs(self, programs: list[tuple[Name, bytes]]) -> None:
        machine, names = self._state
        owners = self._owners
        fresh: dict[Name, int] = {}
        batch = []
        for name, program in programs:
            owner = owners.get(name)
            if owner is None:
                owner = fresh.setdefault(name, len(names) + len(fresh))
            batch.append((owner, program))
        if len(fresh) != len(programs):
            batch.sort(key=lambda pair: pair[0])
        machine = machine.with_rules(batch)
        names.extend(fresh)
        owners.update(fresh)
        self._state = (machine, names)

    def remove(self, name: Name) -> None:
        """Remove all that was added under the name. Raises KeyError."""
        with self._lock:
            owner = self._owners.pop(name)
            machine, names = self._state
            self._state = (machine.without([owner]), names)
            if len(names) > 2 * len(self._owners) + 64:
                self._renumber()

    __delitem__ = remove

    def _renumber(self) -> None:
        """Forget the names of removed rules, so that a set that changes for ever does not grow."""
        machine, names = self._state
        moved = [0] * len(names)
        kept = list(self._owners)
        for number, name in enumerate(kept):
            moved[self._owners[name]] = number
        self._owners = {name: number for number, name in enumerate(kept)}
        self._state = (machine.renumbered(moved), kept)

    def __setitem__(self, name: Name, pattern: PatternLike) -> None:
        """Replace all that was added under the name, in its place; or add it. Raises PatternError."""
        from matcher.lowering import program_of
        from matcher.pattern.parse import parse

        program = program_of(parse(pattern, self._limits))
        with self._lock:
            machine, names = self._state
            owner = self._owners.get(name)
            if owner is None:
                self._add_programs([(name, program)])
            else:
                self._state = (machine.without([owner]).with_rules([(owner, program)]), names)

    # ---- telling ----

    def __getitem__(self, name: Name) -> list[Node]:
        """Give the patterns added under the name, as trees. Raises KeyError."""
        with self._lock:
            return self._trees(name)

    def _trees(self, name: Name) -> list[Node]:
        from matcher.lowering import tree_of

        machine = self._state[0]
        paths = machine.paths()
        return [tree_of(program, paths) for _, program in machine.rules_of(self._owners[name])]

    def items(self) -> Iterator[tuple[Name, Node]]:
        """Give each pattern with its name, as a tree; a name comes as often as it has patterns."""
        from matcher.lowering import tree_of

        machine, names = self._state
        paths = machine.paths()
        for owner, program in sorted(machine.rules(), key=lambda rule: rule[0]):
            yield names[owner], tree_of(program, paths)

    def __contains__(self, name: object) -> bool:
        return name in self._owners

    def __len__(self) -> int:
        return len(self._owners)

    def __iter__(self) -> Iterator[Name]:
        with self._lock:
            return iter(list(self._owners))

    def __repr__(self) -> str:
        return f"<RuleSet of {len(self)} rules>"

    @property
    def limits(self) -> Limits:
        """The limits of patterns and events."""
        return self._limits

    def lint(self) -> list[Finding]:
        """Find what is odd: rules that can't match, redundant alternatives, duplicates. See `matcher.check`."""
        from matcher.pattern.lint import lint

        return lint(self.items())

    def complexity(self) -> int:
        """Give the wildcard complexity of the set as AWS measures it (pattern-semantics, section 7)."""
        from matcher.pattern.complexity import complexity

        return complexity(node for _, node in self.items())

    def memory(self) -> dict[str, int]:
        """Bytes: of the compiled core, of the tables of names (not of the names themselves), and together."""
        machine, names = self._state
        core = machine.memory()
        tables = names.__sizeof__() + self._owners.__sizeof__() + 32 * len(self._owners)
        return {"core": core, "names": tables, "total": core + tables}

    # ---- keeping ----

    def copy(self) -> RuleSet[Name]:
        """Give a set of its own with the same rules; what is compiled is shared."""
        with self._lock:
            machine, names = self._state
            return self._of(machine, list(names), dict(self._owners), self._validate, self._limits)

    __copy__ = copy

    @classmethod
    def _of(
        cls, machine: Machine, names: list[Name], owners: dict[Name, int], validate: Validate, limits: Limits
    ) -> RuleSet[Name]:
        made: RuleSet[Name] = cls.__new__(cls)
        made._limits = limits
        made._validate = validate
        made._lock = threading.Lock()
        made._owners = owners
        made._state = (machine, names)
        return made

    def _parts(self) -> saved.Parts:
        from matcher import saved

        with self._lock:
            machine, names = self._state
            return saved.Parts(self._validate, self._limits, names, list(self._owners.values()), machine.dump())

    @classmethod
    def _from_parts(cls, parts: saved.Parts) -> RuleSet[Name]:
        machine = _empty_machine(parts.validate, parts.limits).restored(*parts.dump)
        owners = {parts.names[owner]: owner for owner in parts.owners}
        return cls._of(machine, parts.names, owners, parts.validate, parts.limits)

    def __reduce__(self) -> tuple[Any, ...]:
        return RuleSet._from_parts, (self._parts(),)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the compiled set to a file. Names must be str, int, float, bool or None; pickle takes all others."""
        from matcher import saved

        saved.write(path, self._parts())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RuleSet[Any]:
        """Read a set that `save` wrote. Raises StoreError for a file that is damaged, or of another version."""
        from matcher import saved

        return cls._from_parts(saved.read(path))


def _text_or_error(event: EventLike, errors: str) -> bytes | EventError:
    try:
        return eventtext.text_of(event)
    except EventError as error:
        if errors == "raise":
            raise
        return error


class Pattern:
    """One pattern. Raises PatternError."""

    __slots__ = ("_rules",)

    def __init__(self, pattern: PatternLike, *, limits: Limits = DEFAULT) -> None:
        self._rules: RuleSet[None] = RuleSet(limits=limits)
        self._rules.add(None, pattern)

    def matches(self, event: EventLike) -> bool:
        """Tell whether the event matches. Raises EventError."""
        return bool(self._rules.match(event))

    def explain(self, event: EventLike) -> Explanation:
        """Say why it does, or does not."""
        return self._rules.explain(event, None)


def test_event_pattern(pattern: PatternLike, event: EventLike) -> bool:
    """Tell whether one event matches one pattern, as the TestEventPattern call of Amazon EventBridge.

    Raises PatternError (there InvalidEventPatternException) and EventError.
    """
    return Pattern(pattern).matches(event)


test_event_pattern.__test__ = False  # type: ignore[attr-defined]  # its name is AWS's, it is no test of ours
