"""Turn files of rule tests into outcomes, case by case: what was expected, what came, and explain's reason."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from matcher import events
from matcher.errors import EventError, MissingExtra, PatternError, RuleSetError
from matcher.explain import Explanation, FieldExplanation
from matcher.offline.sources import expand
from matcher.offline.testdoc import steps
from matcher.offline.testfile import Because, Case, EventFiles, InlineEvent, RuleTests, load_tests, near
from matcher.offline.testselect import selects
from matcher.rulefile import RulesFormat, read_rules
from matcher.ruleset import RuleSet, Validate

__all__ = ["Outcome", "Problem", "Reason", "find_tests", "load_rules", "run_case", "run_tests", "select_tests"]

Paths = str | os.PathLike[str] | RuleTests

_TOLD: Final = 5  # events of one case that are told in full
_EXPLAINED: Final = 10  # rules explained for one event
_NOT_REACHED: Final = "not reached"  # explain's note on a field that was not looked at


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule matches an event, or why not; `explanation` is None where it can't be told, and `text` says why."""

    rule: str
    text: str
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one event of a case, or (kind "error") with what the case needs.

    `source` and `line` (of the test file, or the number of the event in its own file) say where. `expected` and `got`
    are names of rules in the order of the rules; None where names say nothing.
    """

    kind: Literal["mismatch", "because", "error"]
    source: str
    line: int | None
    message: str
    expected: tuple[str, ...] | None = None
    got: tuple[str, ...] | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def place(self) -> str:
        """Give the file and the line, as far as known."""
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case went. `events` were checked, in `seconds`; `more` problems came after those listed."""

    tests: RuleTests
    case: Case
    status: Literal["passed", "failed", "error"]
    events: int
    seconds: float
    problems: tuple[Problem, ...] = ()
    more: int = 0

    @property
    def name(self) -> str:
        """Give file::name."""
        return f"{self.tests.file}::{self.case.name}"

    @property
    def summary(self) -> str:
        """Give what is wrong in one line: the first error, or else the first problem; "" of what passed."""
        first = next((one for one in self.problems if one.kind == "error"), None)
        told = first or next(iter(self.problems), None)
        return told.message.split("\n")[0] if told else ""


def find_tests(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Give the files of rule tests that paths mean, each once: files, globs, and directories with all below them.

    Of a directory these are test_*.rules.{yaml,yml,json} and *.rules.{yaml,yml}, but none in hidden folders,
    node_modules and virtual environments; and directories that can't be looked into, so that reading them says why.
    Raises FileNotFoundError for a path that names nothing.
    """
    found: dict[str, None] = {}
    for given in paths:
        path = os.fspath(given)
        if os.path.isdir(path):  # noqa: PTH112  # Path.is_dir raises where a directory above can't be searched
            found.update(dict.fromkeys(_walk(path)))
        elif os.path.exists(path):  # noqa: PTH110
            found[path] = None
        else:
            fits = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []  # noqa: PTH207
            if not fits:
                raise FileNotFoundError(2, "no such file or directory, and no glob that fits any", path)
            for one in fits:
                found.update(dict.fromkeys(_walk(one) if Path(one).is_dir() else [one]))
    return list(found)


def _walk(directory: str) -> Iterator[str]:
    closed: list[str] = []
    for folder, below, names in os.walk(directory, onerror=lambda error: closed.append(error.filename)):
        below[:] = sorted(
            name
            for name in below
            if not name.startswith(".") and name != "node_modules" and not _is_environment(Path(folder, name))
        )
        for name in sorted(names):
            if name.endswith((".rules.yaml", ".rules.yml")) or (
                name.startswith("test_") and name.endswith(".rules.json")
            ):
                yield str(Path(folder, name))
    yield from closed


def _is_environment(folder: Path) -> bool:
    return os.path.exists(folder / "pyvenv.cfg")  # noqa: PTH110


def select_tests(tests: RuleTests, expression: str) -> RuleTests:
    """Give the tests with only the cases that an expression selects; see `matcher.offline.testselect`."""
    chosen = selects(expression)
    return replace(tests, cases=tuple(case for case in tests.cases if chosen(f"{tests.file}::{case.name}")))


def run_tests(tests: Paths | Iterable[Paths], *, only: str = "", threads: int = 1) -> Iterator[Outcome]:
    """Run the cases of test files, one after another; a directory or a glob means all files in it.

    `only` selects cases by their file and name ("big and not gift"). `threads` match the events of a file (0: one a
    core). Raises OSError, RuleTestsError and MissingExtra when the turn of a test file comes that can't be read; what a
    case needs and can't have (rules, events) is an outcome of that case. ValueError for an illegal `only`.
    """
    if only:
        selects(only)
    return _outcomes([tests] if isinstance(tests, str | os.PathLike | RuleTests) else tests, only, threads)


def _outcomes(tests: Iterable[Paths], only: str, threads: int) -> Iterator[Outcome]:
    for one in tests:
        for each in [one] if isinstance(one, RuleTests) else find_tests([one]):
            loaded = each if isinstance(each, RuleTests) else load_tests(each)
            compiled = compile_tests(loaded)
            for case in (select_tests(loaded, only) if only else loaded).cases:
                yield run_case(loaded, case, compiled, threads)


def load_rules(
    *paths: str | os.PathLike[str], rules_format: RulesFormat = "auto", validate: Validate = "strict"
) -> RuleSet[str]:
    """Compile the rules of files, as one set. Raises OSError, RuleFileError and RuleSetError."""
    return RuleSet([pair for path in paths for pair in read_rules(path, rules_format)], validate=validate)


def compile_tests(tests: RuleTests) -> RuleSet[str] | Problem:
    """Compile the rules of a test file, or say why they can't be."""
    file = tests.file
    try:
        if tests.patterns:
            return RuleSet(tests.patterns, validate=tests.validate)
        rules: RuleSet[str] = RuleSet(validate=tests.validate)
        for path in tests.rule_files:
            file = tests.beside(path)
            rules.update(read_rules(file, tests.rules_format))
        return rules
    except OSError as error:
        return Problem("error", file, None, f"the rules can't be read: {error.strerror or error}")
    except RuleSetError as error:
        lines = [f"rule {name!r}: {fault}" for name, inner in error.errors.items() for fault in inner.faults]
        return Problem("error", file, None, "\n".join(["the rules don't compile", *lines]))
    except PatternError as error:
        return Problem("error", file, None, "\n".join(map(str, error.faults)))


def run_case(tests: RuleTests, case: Case, compiled: RuleSet[str] | Problem, threads: int = 1) -> Outcome:
    """Check every event of a case against the compiled rules of its file."""
    began = time.perf_counter()
    run = _Run(tests, case, threads)
    if isinstance(compiled, Problem):
        run.note(compiled)
    else:
        run.go(compiled)
    status: Literal["passed", "failed", "error"] = "error" if run.erred else "failed" if run.problems else "passed"
    seconds = time.perf_counter() - began
    return Outcome(tests, case, status, run.events, seconds, tuple(run.problems), run.more)


class _Run:
    """One case on its way to an outcome."""

    def __init__(self, tests: RuleTests, case: Case, threads: int) -> None:
        self.tests = tests
        self.case = case
        self.threads = threads
        self.problems: list[Problem] = []
        self.more = 0
        self.erred = False
        self.events = 0

    def note(self, problem: Problem) -> None:
        self.erred = self.erred or problem.kind == "error"
        if len(self.problems) < _TOLD:
            self.problems.append(problem)
        else:
            self.more += 1

    def error(self, message: str, source: str | None = None, line: int | None = None) -> None:
        if source is None:
            source, line = self.tests.file, line or self.case.line
        self.note(Problem("error", source, line, message))

    def go(self, rules: RuleSet[str]) -> None:
        self._names(rules)
        if self.erred:
            return
        check = _Check(rules, self.case)
        for event in self.case.events:
            if isinstance(event, InlineEvent):
                self._batch(check, self.tests.file, [(event.line, event.text.encode("utf-8", "surrogatepass"))])
                continue
            for path in self._files(event):
                self._file(check, path, event)

    def _names(self, rules: RuleSet[str]) -> None:
        """Refuse names that no rule has, and a reason where it is open of which rule."""
        case = self.case
        named = [*(case.matches or ()), *([case.rule] if case.rule else [])]
        for name in dict.fromkeys([*named, *(one.rule for one in case.because if one.rule is not None)]):
            if name not in rules:
                hint = near(name, rules)
                self.error(f"no rule {name!r}" + (f"; {hint}" if hint else ""))
        for one in case.because:
            if one.rule is None and case.rule is None and len(rules) != 1:
                self.error(
                    f"because: which of {len(rules)} rules? write {{rule: path}}, or name it with 'rule'",
                    None,
                    one.line,
                )
            elif one.rule is None and case.matches:
                self.error("because: the only rule is expected to match", None, one.line)
            elif one.rule is not None and case.match is not None and case.rule not in (None, one.rule):
                self.error(f"because: {one.rule!r} is not the rule of this case", None, one.line)

    def _files(self, event: EventFiles) -> list[str]:
        path = self.tests.beside(event.path)
        files = expand([path])
        fits = [file for file in files if Path(file).exists()]
        if not files:
            self.error(f"{path} holds no file of events", None, event.line)
        elif not fits and glob.has_magic(path):
            self.error(f"no file fits {path}", None, event.line)
        elif self.case.number is not None and len(files) > 1:
            self.error(f"{path} names {len(files)} files; 'line' needs one", None, event.line)
            return []
        else:
            return files
        return []

    def _file(self, check: _Check, path: str, event: EventFiles) -> None:
        before = self.events
        number = self.case.number
        try:
            for batch in events.batches(path):
                chosen = batch if number is None else [one for one in batch if one[0] == number]
                self._batch(check, path, chosen)
                if number is not None and (chosen or batch[-1][0] > number):
                    break
        except (OSError, MissingExtra) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            self.error(f"{path}: {reason}" if reason else str(error), None, event.line)
        else:
            if self.events == before:
                found = "holds no event" if number is None else f"holds no event at {number}"
                self.error(f"{path} {found}", None, event.line)

    def _batch(self, check: _Check, source: str, batch: list[tuple[int, bytes]]) -> None:
        self.events += len(batch)
        texts = [text for _, text in batch]
        answers = check.rules.match_many(texts, self.threads if len(texts) > 1 else 1, errors="return")
        for (number, text), answer in zip(batch, answers, strict=True):
            if isinstance(answer, EventError):
                self.error(f"an event that is refused {answer}", source, number)
                continue
            for kind, message, expected, got, reasons in check.wrong(text, answer, full=len(self.problems) < _TOLD):
                self.note(Problem(kind, source, number, message, expected, got, reasons))


_Wrong = tuple[Literal["mismatch", "because"], str, tuple[str, ...] | None, tuple[str, ...] | None, tuple[Reason, ...]]


class _Check:
    """What a case expects of each event."""

    def __init__(self, rules: RuleSet[str], case: Case) -> None:
        self.rules = rules
        self.case = case
        self.only = case.rule or (next(iter(rules)) if len(rules) == 1 else None)
        listed = set(case.matches or ())
        self.expected: tuple[str, ...] | None = tuple(name for name in rules if name in listed)
        if case.match is not None:
            named = (self.only,) if self.only is not None else None  # None: any, if one is expected
            self.expected = named if case.match else ()
        self.wanted = None if self.expected is None else list(self.expected)

    def wrong(self, text: bytes, answer: list[str], *, full: bool) -> Iterator[_Wrong]:
        """Give what is wrong with the answer to an event; `full`: with reasons."""
        if self.case.rule is not None:
            answer = [name for name in answer if name == self.case.rule]
        if self.wanted is None:
            if not answer:
                reasons = self._explain(text, list(self.rules)) if full else ()
                yield "mismatch", "expected that a rule matches, and none does", None, (), reasons
        elif answer != self.wanted:
            got = tuple(answer)
            missing = [name for name in self.wanted if name not in answer]
            unexpected = [name for name in answer if name not in self.wanted]
            reasons = self._explain(text, missing + unexpected) if full else ()
            yield "mismatch", _difference(missing, unexpected), self.expected, got, reasons
        for because in self.case.because:
            rule = because.rule or self.only
            if rule is not None and rule not in answer:
                yield from self._because(text, rule, because)

    def _explain(self, text: bytes, names: list[str]) -> tuple[Reason, ...]:
        return tuple(self._reason(text, name) for name in names[:_EXPLAINED])

    def _reason(self, text: bytes, name: str) -> Reason:
        try:
            explanation = self.rules.explain(text, name)
        except EventError as error:  # what `structural` does not look at, or too long a search
            return Reason(name, f"{name}: no reason can be told {error}")
        return Reason(name, f"{name}: {explanation}", explanation)

    def _because(self, text: bytes, rule: str, because: Because) -> Iterator[_Wrong]:
        reason = self._reason(text, rule)
        if reason.explanation is None:
            yield "because", "the reason of the miss is not known", None, None, (reason,)
            return
        fields = reason.explanation.fields
        failed = [field for field in fields if not field.met and field.note != _NOT_REACHED]
        wrong = [_not_the_reason(path, rule, fields) for path in because.paths if not _among(path, failed)]
        if because.exact:
            others = [field for field in failed if not any(_among(path, [field]) for path in because.paths)]
            wrong += [f"{field.path} kept {rule} from matching, too" for field in others]
        if wrong:
            why = ", ".join(field.path or '""' for field in failed)
            yield "because", f"because: {'; '.join(wrong)}; the reason is {why}", None, None, (reason,)


def _difference(missing: list[str], unexpected: list[str]) -> str:
    parts = []
    if missing:
        parts.append(f"{', '.join(missing)} should match and {'does' if len(missing) == 1 else 'do'} not")
    if unexpected:
        parts.append(f"{', '.join(unexpected)} should not match and {'does' if len(unexpected) == 1 else 'do'}")
    return "; ".join(parts)


def _among(path: str, fields: Iterable[FieldExplanation]) -> bool:
    """Tell whether a path (names joined by ".", or a JSON pointer, of a field or a value of it) is that of a field."""
    names = ".".join(steps(path)) if path.startswith("/") else path
    return any(field.path in (path, names) or any(one.at == path for one in field.found) for field in fields)


def _not_the_reason(path: str, rule: str, fields: tuple[FieldExplanation, ...]) -> str:
    if any(_among(path, [field]) for field in fields if field.met):
        return f"{path} of {rule} is met"
    if _among(path, fields):
        return f"{path} of {rule} was not reached"
    hint = near(path, [field.path for field in fields])
    return f"{path} is no field of {rule}, or not of the branch that came nearest" + (f" ({hint})" if hint else "")
