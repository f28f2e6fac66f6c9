"""Turn patterns into a compiled rule set, and events into the names of the rules that match them."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from matcher import eventtext
from matcher._core.current import Current
from matcher._core.machine import LineFile, Machine
from matcher._core.names import Names
from matcher.errors import EventError, PatternError, RuleSetError
from matcher.limits import DEFAULT, Limits

# What compiles, explains or saves patterns is imported where it is first used: a process that only imports matcher
# starts without it.
if TYPE_CHECKING:
    from matcher import saved
    from matcher.explain import Explanation
    from matcher.pattern.ast import Node
    from matcher.pattern.finding import Finding
    from matcher.scanning import Counts

__all__ = ["EventLike", "PatternLike", "RuleSet"]

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
        _UNLIMITED if limits.line_bytes is None else limits.line_bytes,
    )


def thread_count(threads: int) -> int:
    """Give a number of threads; 0 is one for each core. Raises ValueError for less."""
    if threads < 0:
        raise ValueError(f"threads is 0 (one a core) or more, not {threads}")
    return threads or os.cpu_count() or 1


class RuleSet(Current, Generic[Name]):
    """Named rules, matched all at once.

    `rules`: {name: pattern} or pairs of (name, pattern), compiled in bulk; a name that comes twice has both patterns
    (OR, as in AWS's engine). Names are any hashable objects. `validate`: "strict" checks all of an event (RFC 8259);
    "structural" trusts the parts that no rule reads, for logs known to be good. `limits`: see `Limits`.

    Any number of threads may match while others change the set: a reader uses the whole set as it was when its call
    began, and never waits. Results come in the order in which names were first added.

    Raises RuleSetError, a PatternError that holds every fault of every rule.
    """

    # `_state`, which readers use, is the base's: the machine and its owners' names (a list that only grows), swapped as one.
    __slots__ = ("_limits", "_lock", "_names", "_validate")

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
        self._names = Names()
        self._state = (_empty_machine(validate, limits), self._names.table)
        if rules != ():
            self.update(rules)

    # ---- matching ----

    if TYPE_CHECKING:  # the base's, in the core: a call has no frame of Python

        def match(self, event: EventLike, /) -> list[Name]: ...

    #: How the base turns an event that is no bytes into text.
    _text = staticmethod(eventtext.text_of)

    def match_many(
        self, events: Iterable[EventLike], threads: int = 1, errors: Literal["raise", "return"] = "raise"
    ) -> list[Any]:
        """Give a list of names for each event, on `threads` threads (0: one a core) with the GIL released.

        `errors="return"` puts an EventError in the place of the list of a refused event; "raise" raises the first.
        """
        if errors not in ("raise", "return"):
            raise ValueError(f'errors is "raise" or "return", not {errors!r}')
        machine, names = self._state
        texts = [event if type(event) is bytes else _text_or_error(event) for event in events]
        refused = [number for number, text in enumerate(texts) if type(text) is not bytes]
        good = [text for text in texts if type(text) is bytes] if refused else texts
        keep = errors == "return" or bool(refused)
        answers = machine.match_many(good, names, thread_count(threads), keep)  # type: ignore[arg-type]
        for number in refused:
            answers.insert(number, texts[number])
        if refused and errors == "raise":
            raise next(answer for answer in answers if isinstance(answer, EventError))
        return answers

    def scan(self, path: str | os.PathLike[str], threads: int = 0) -> Iterator[tuple[int, list[Name] | EventError]]:
        """Give (line number from 1, names or EventError) for each event of a file, in order, blank lines left out.

        Plain JSON lines are read and matched by `threads` threads (0: one a core), in bounded memory; so is what
        `matcher.events` can read (.gz, .zst, arrays, CloudTrail records), with one thread to decompress. The rules are
        those of the moment of the call. Raises OSError.
        """
        from matcher import scanning

        machine, names = self._state
        return scanning.scan(path, machine, names, thread_count(threads))

    def count(self, path: str | os.PathLike[str], threads: int = 0) -> Counts[Name]:
        """Count the matches of each rule over a file, as `scan` reads it, without an object an event."""
        from matcher import scanning

        machine, names = self._state
        return scanning.count(path, machine, names, thread_count(threads))

    def lines(
        self,
        path: str | os.PathLike[str],
        threads: int = 0,
        *,
        keep: Literal["all", "matched", "counts"] = "matched",
        start: int = 0,
        lines: int = 0,
        texts: bool = False,
    ) -> LineFile:
        """Open a file of plain JSON lines to be read in chunks, from any byte on; see `LineFile`. Raises OSError."""
        machine, names = self._state
        return LineFile(path, machine, names, thread_count(threads), keep, start=start, lines=lines, texts=texts)

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
        from matcher.lowering import Lowering

        program = Lowering(self._limits).program(pattern)
        with self._lock:
            self._add_programs([name], [program])

    def update(self, rules: Mapping[Name, PatternLike] | Iterable[tuple[Name, PatternLike]]) -> None:
        """Add many rules at once, compiled in bulk; all or none. Raises RuleSetError."""
        from matcher.lowering import Lowering, Programs

        pairs = rules.items() if isinstance(rules, Mapping) else rules
        programs: Programs[Name] = Programs()
        faulty: dict[Hashable, PatternError] = {}
        lowered = Lowering(self._limits).program
        for name, pattern in pairs:
            try:
                programs.add(name, lowered(pattern))
            except PatternError as error:
                faulty.setdefault(name, error)
        if faulty:
            raise RuleSetError(faulty)
        if programs:
            with self._lock:
                self._add_programs(programs.names, programs.drained())

    def _add_programs(self, added: list[Name], programs: Iterable[bytes]) -> None:
        machine, table = self._state
        names, before = self._names, len(table)
        try:
            for name in added:
                if names.find(name) < 0:
                    names.add(name)
            all_new = len(table) - before == len(added)
            batch = enumerate(programs, before) if all_new else self._unlike(added, programs, before)
            self._state = (machine.with_rules(batch), table)
        except BaseException:
            for name in table[before:]:
                names.discard(name)
            raise

    def _unlike(self, added: list[Name], programs: Iterable[bytes], before: int) -> list[tuple[int, bytes]]:
        """Give the programs by owner, without those that are there: the very rule again changes nothing.

        Owners from `before` on are new ones.
        """
        machine = self._state[0]
        batch: dict[tuple[int, bytes], None] = {}
        for name, program in zip(added, programs, strict=True):
            owner = self._names.find(name)
            if owner >= before or not machine.has(owner, program):
                batch[owner, program] = None
        return sorted(batch, key=itemgetter(0))

    def remove(self, name: Name) -> None:
        """Remove all that was added under the name. Raises KeyError."""
        with self._lock:
            machine, table = self._state
            self._state = (machine.without([self._names.discard(name)]), table)
            if len(table) > 2 * len(self._names) + 64:
                self._renumber()

    __delitem__ = remove

    def _renumber(self) -> None:
        """Forget the names of removed rules, so that a set that changes for ever does not grow."""
        machine, table = self._state
        kept = Names()
        moved = [0] * len(table)
        for owner in self._names.owners():
            moved[owner] = kept.add(table[owner])
        self._names = kept
        self._state = (machine.renumbered(moved), kept.table)

    def __setitem__(self, name: Name, pattern: PatternLike) -> None:
        """Replace all that was added under the name, in its place; or add it. Raises PatternError."""
        from matcher.lowering import Lowering

        program = Lowering(self._limits).program(pattern)
        with self._lock:
            machine, table = self._state
            owner = self._names.find(name)
            if owner < 0:
                self._add_programs([name], [program])
            else:
                self._state = (machine.without([owner]).with_rules([(owner, program)]), table)

    # ---- telling ----

    def __getitem__(self, name: Name) -> list[Node]:
        """Give the patterns added under the name, as trees. Raises KeyError."""
        with self._lock:
            return self._trees(name)

    def _trees(self, name: Name) -> list[Node]:
        from matcher.lowering import tree_of

        machine = self._state[0]
        owner = self._names.find(name)
        if owner < 0:
            raise KeyError(name)
        paths = machine.paths()
        return [tree_of(program, paths) for _, program in machine.rules_of(owner)]

    def items(self) -> Iterator[tuple[Name, Node]]:
        """Give each pattern with its name, as a tree; a name comes as often as it has patterns."""
        from matcher.lowering import tree_of

        machine, names = self._state
        paths = machine.paths()
        for owner, program in sorted(machine.rules(), key=itemgetter(0)):
            yield names[owner], tree_of(program, paths)

    def __contains__(self, name: object) -> bool:
        with self._lock:
            return self._names.find(cast(Name, name)) >= 0

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Name]:
        with self._lock:
            return iter(self._names)

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
        core = self._state[0].memory()
        tables = self._names.memory()
        return {"core": core, "names": tables, "total": core + tables}

    # ---- keeping ----

    def copy(self) -> RuleSet[Name]:
        """Give a set of its own with the same rules; what is compiled is shared."""
        with self._lock:
            machine, table = self._state
            return self._of(machine, table, self._names.owners(), self._validate, self._limits)

    __copy__ = copy

    @classmethod
    def _of(
        cls, machine: Machine, table: list[Name], owners: list[int], validate: Validate, limits: Limits
    ) -> RuleSet[Name]:
        made: RuleSet[Name] = cls.__new__(cls)
        made._limits = limits
        made._validate = validate
        made._lock = threading.Lock()
        made._names = Names()
        moved = [0] * len(table)
        for owner in owners:
            moved[owner] = made._names.add(table[owner])
        if len(owners) != len(table):
            machine = machine.renumbered(moved)
        made._state = (machine, made._names.table)
        return made

    def _parts(self) -> saved.Parts:
        from matcher import saved

        with self._lock:
            machine, table = self._state
            return saved.Parts(self._validate, self._limits, table, self._names.owners(), machine.dump())

    @classmethod
    def _from_parts(cls, parts: saved.Parts) -> RuleSet[Name]:
        machine = _empty_machine(parts.validate, parts.limits).restored(*parts.dump)
        return cls._of(machine, parts.names, parts.owners, parts.validate, parts.limits)

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


def _text_or_error(event: EventLike) -> bytes | EventError:
    try:
        return eventtext.text_of(event)
    except EventError as error:
        return error
