"""Turn an outcome of a rule test into lines of text, each with a style for terminals, and into values for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from matcher.offline.testrun import Outcome, Problem

__all__ = ["STYLES", "describe", "plain"]

#: The styles of `describe`, as rich names them.
STYLES: Final = {"": "", "place": "bold", "wrong": "bold red", "missing": "red", "unexpected": "green", "note": "dim"}


def describe(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Give the lines that say what went wrong: (a key of STYLES, text). Nothing for what passed."""
    if outcome.status == "passed":
        return
    if outcome.case.description:
        yield from (("note", line) for line in outcome.case.description.splitlines())
    for problem in outcome.problems:
        yield from _problem(problem)
    if outcome.more:
        yield "note", f"and {outcome.more:,} more, of {outcome.events:,} events"


def _problem(problem: Problem) -> Iterator[tuple[str, str]]:
    first, *rest = problem.message.split("\n")
    yield "wrong", f"{problem.place}: {first}"
    yield from (("", f"  {line}") for line in rest)
    if problem.expected is not None and problem.got is not None:
        yield from _diff(problem.expected, problem.got)
    for reason in problem.reasons:
        yield from (("", f"  {line}") for line in reason.text.split("\n"))


def _diff(expected: tuple[str, ...], got: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield "", f"  expected: {_listed(expected)}"
    yield "", f"  got:      {_listed(got)}"
    wanted, came = set(expected), set(got)
    for name in [name for name in got if name in wanted]:
        yield "", f"    {name}"
    for name in [name for name in expected if name not in came]:
        yield "missing", f"  - {name}"
    for name in [name for name in got if name not in wanted]:
        yield "unexpected", f"  + {name}"


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(names)}]"


def plain(outcome: Outcome) -> dict[str, Any]:
    """Give the outcome as plain values for JSON."""
    case = outcome.case
    made: dict[str, Any] = {
        "file": outcome.tests.file,
        "line": case.line,
        "name": case.name,
        "status": outcome.status,
        "events": outcome.events,
        "seconds": round(outcome.seconds, 6),
        "problems": [_plain_problem(problem) for problem in outcome.problems],
    }
    if outcome.more:
        made["more"] = outcome.more
    return made


def _plain_problem(problem: Problem) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": problem.kind, "source": problem.source, "line": problem.line}
    made["message"] = problem.message
    if problem.expected is not None and problem.got is not None:
        made["expected"] = list(problem.expected)
        made["got"] = list(problem.got)
    made["reasons"] = [
        {"rule": one.rule, **one.explanation.to_dict()} if one.explanation else {"rule": one.rule, "text": one.text}
        for one in problem.reasons
    ]
    return made
