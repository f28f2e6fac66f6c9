"""Turn files of rule tests (test_*.rules.yaml, .yml, .json) into items of pytest, and paths into rule sets for tests.

pytest loads this by its entry point `matcher` in every project of an environment, so it imports nothing of matcher
until a file or a test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import os

    from matcher.offline.testfile import Case, RuleTests
    from matcher.offline.testrun import Outcome, Problem
    from matcher.ruleset import RuleSet

__all__ = ["RuleCase", "RuleFailure", "RuleFile", "matcher_rules", "pytest_collect_file"]

_SUFFIXES = (".rules.yaml", ".rules.yml", ".rules.json")


class RuleFailure(Exception):
    """A case that did not pass; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.name)
        self.outcome = outcome


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RuleFile | None:
    """Collect a file of rule tests."""
    if file_path.name.startswith("test_") and file_path.name.endswith(_SUFFIXES):
        made: RuleFile = RuleFile.from_parent(parent, path=file_path)
        return made
    return None


class RuleFile(pytest.File):
    """A file of rule tests; its rules are compiled once, when the first of its cases runs."""

    _compiled: RuleSet[str] | Problem | None = None

    def collect(self) -> Iterator[RuleCase]:
        """Give an item for each case. What is wrong with the file is told as an error of collection."""
        from matcher.errors import MatcherError
        from matcher.offline.testfile import load_tests

        try:
            tests = load_tests(self.path)
        except MatcherError as error:
            raise self.CollectError(str(error)) from None
        except OSError as error:
            raise self.CollectError(f"{self.path}: {error.strerror or error}") from None
        for case in tests.cases:
            yield RuleCase.from_parent(self, name=case.name, tests=tests, case=case)

    def compiled(self, tests: RuleTests) -> RuleSet[str] | Problem:
        """Give the compiled rules of the file, or why there are none."""
        from matcher.offline.testrun import compile_tests

        if self._compiled is None:
            self._compiled = compile_tests(tests)
        return self._compiled


class RuleCase(pytest.Item):
    """One case of a file of rule tests."""

    def __init__(self, *, tests: RuleTests, case: Case, **rest: Any) -> None:
        super().__init__(**rest)
        self.tests = tests
        self.case = case

    def runtest(self) -> None:
        """Run the case. Raises RuleFailure."""
        from matcher.offline.testrun import run_case

        assert isinstance(self.parent, RuleFile)
        outcome = run_case(self.tests, self.case, self.parent.compiled(self.tests))
        if outcome.status != "passed":
            raise RuleFailure(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *rest: Any, **named: Any) -> Any:
        """Tell what `matcher test` tells."""
        if not isinstance(excinfo.value, RuleFailure):
            return super().repr_failure(excinfo, *rest, **named)
        return _Told(excinfo.value.outcome)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Give the file, the line from 0, and the name."""
        return self.path, self.case.line - 1, self.case.name


@dataclass(frozen=True)
class _Crash:
    """What pytest's short summary and its JUnit report say of a failure."""

    message: str


class _Told:
    """What `matcher test` tells of a case, in the form in which pytest shows a failure: coloured on a terminal."""

    def __init__(self, outcome: Outcome) -> None:
        from matcher.offline.testtext import describe

        self.lines = list(describe(outcome))
        self.reprcrash = _Crash(outcome.summary)

    def __str__(self) -> str:
        return "\n".join(text for _, text in self.lines)

    def toterminal(self, writer: Any) -> None:
        """Write the lines in their styles."""
        from matcher.offline.testtext import STYLES

        for style, text in self.lines:
            words = STYLES[style].replace("dim", "light").split()  # pytest's word for what rich calls dim
            writer.line(text, **dict.fromkeys(words, True))


_CACHE = pytest.StashKey[dict[tuple[str, str, str], "RuleSet[str]"]]()


@pytest.fixture
def matcher_rules(request: pytest.FixtureRequest) -> Callable[..., RuleSet[str]]:
    """Load rule sets: `matcher_rules("rules.json")` compiles a file of rules beside the test's own file.

    A call takes one or several paths and the keywords `rules_format` and `validate` of `matcher.offline.load_rules`.
    Files are read and compiled once in a session; each call gives a set of its own, which the test may change.
    """
    folder = request.path.parent
    known = request.config.stash.setdefault(_CACHE, {})

    def load(*paths: str | os.PathLike[str], rules_format: Any = "auto", validate: Any = "strict") -> RuleSet[str]:
        from matcher.offline.testrun import load_rules

        if not paths:
            raise TypeError("matcher_rules takes the path of at least one file of rules")
        files = [str((folder / path).resolve()) for path in paths]
        key = ("\0".join(files), rules_format, validate)
        if key not in known:
            known[key] = load_rules(*files, rules_format=rules_format, validate=validate)
        return known[key].copy()

    return load
