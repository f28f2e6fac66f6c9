"""Every exception of matcher, drawn as one tree.

MatcherError(Exception)
├── PatternError(ValueError)    the pattern is at fault: fix the rule
│   ├── RuleSetError            several rules of a set are, each with its PatternError
│   └── RuleFileError           a rule file is (matcher.rulefile)
├── EventError(ValueError)      the event is at fault: drop it, or send it to a dead-letter queue
│   └── RowError                an event of a column is (matcher.offline.arrow)
├── EmitError(ValueError)       a template of what to write is at fault (matcher.offline.emit)
├── QueryError(ValueError)       a path or an expression is at fault (matcher.query)
├── RuleTestsError(ValueError)  a file of rule tests is at fault (matcher.offline.testfile)
├── NoSuggestion(ValueError)    no pattern fits the sample events (matcher.offline.suggestion)
├── RouterError(ValueError)     a rule, handler, setting or call of a router is at fault: fix the program
│   └── ShapeError              what a rule makes of events for a target is, with every fault of it
├── MissingExtra(ImportError)   an optional dependency is not installed
├── TargetError                 a target did not take an event; `retryable` says whether to try again
├── StoreError                  a store could not keep or give back what it was asked to
└── WorkflowError               a workflow definition or execution is at fault
    ├── DefinitionError(ValueError)  the definition is: fix it
    ├── ExecutionFailed         an execution whose result is asked for has none
    ├── WorkflowRefusal         a call about an execution or a task can't be served (matcher.workflow.host.refusal)
    └── TaskError               a task says by what error it fails (matcher.workflow.host.tasks)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial

__all__ = [
    "DefinitionError",
    "EventError",
    "ExecutionFailed",
    "Fault",
    "MatcherError",
    "MissingExtra",
    "PatternError",
    "QueryError",
    "RouterError",
    "RuleSetError",
    "ShapeError",
    "StoreError",
    "TargetError",
    "WorkflowError",
]


class MatcherError(Exception):
    """The root: `except MatcherError` catches all that matcher raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a document.

    `at` is a JSON pointer into the document ("" is the root), or "byte N" where the text is not JSON.
    `found` is what stands there, `want` what is allowed, `hint` the right form of a common mistake ("" if none).
    """

    at: str
    found: str
    want: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"at {self.at or 'the root'}: found {self.found}; want {self.want}"
        return f"{text} ({self.hint})" if self.hint else text


class PatternError(MatcherError, ValueError):
    """A pattern that does not compile. `faults` holds every fault of it, in the order of the document."""

    def __init__(self, faults: tuple[Fault, ...] | list[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [str(fault) for fault in self.faults]
        super().__init__(lines[0] if len(lines) == 1 else f"{len(lines)} faults\n  " + "\n  ".join(lines))

    def __reduce__(self) -> tuple[type[PatternError], tuple[tuple[Fault, ...]]]:
        return PatternError, (self.faults,)


class RuleSetError(PatternError):
    """Patterns of a rule set that do not compile: `errors` holds the PatternError of each faulty rule by its name."""

    def __init__(self, errors: Mapping[Hashable, PatternError]) -> None:
        self.errors = dict(errors)
        super().__init__(tuple(fault for error in self.errors.values() for fault in error.faults))
        lines = [f"rule {name!r}: {error}" for name, error in self.errors.items()]
        self.args = ("\n".join(lines),)

    def __reduce__(self) -> tuple[type[RuleSetError], tuple[dict[Hashable, PatternError]]]:  # type: ignore[override]
        return RuleSetError, (self.errors,)


class QueryError(MatcherError, ValueError):
    """A path or an expression that does not compile. `faults` say at which character, what was found, what is allowed."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(str(fault) for fault in faults))

    def __reduce__(self) -> tuple[type[QueryError], tuple[tuple[Fault, ...]]]:
        return QueryError, (self.faults,)


class EventError(MatcherError, ValueError):
    """An event that is refused: not strict JSON, not an object, or over a limit.

    `at` is the byte offset into the event's UTF-8 text of the first byte that can't be accepted.
    """

    def __init__(self, reason: str, at: int) -> None:
        self.reason = reason
        self.at = at
        super().__init__(f"at byte {at}: {reason}")

    def __reduce__(self) -> tuple[type[EventError], tuple[str, int]]:
        return EventError, (self.reason, self.at)


class RouterError(MatcherError, ValueError):
    """A rule, a handler, a setting or a call of a router that can't be; the message says what can."""


class ShapeError(RouterError):
    """An input, an input path or an input transformer that can't be. `faults` say where, what stands there, what may."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(str(fault) for fault in faults))

    def __reduce__(self) -> tuple[type[ShapeError], tuple[tuple[Fault, ...]]]:
        return ShapeError, (self.faults,)


class MissingExtra(MatcherError, ImportError):
    """An optional dependency is missing; the message names the extra that brings it."""

    def __init__(self, extra: str) -> None:
        self.extra = extra
        super().__init__(f"this needs the extra {extra!r}: pip install 'matcher[{extra}]'")


class TargetError(MatcherError):
    """A target did not take an event.

    `retryable` says whether to try again, `retry_after` how many seconds the target asks to be left alone for, `code`
    is the error code by which a dead letter is found.
    """

    def __init__(
        self, message: str, *, retryable: bool = True, retry_after: float | None = None, code: str = ""
    ) -> None:
        self.retryable = retryable
        self.retry_after = retry_after
        self.code = code
        super().__init__(message)

    def __reduce__(self) -> tuple[Callable[..., TargetError], tuple[()]]:
        return partial(TargetError, str(self), **vars(self)), ()


class StoreError(MatcherError):
    """A store could not keep, or give back, what it was asked to."""


class WorkflowError(MatcherError):
    """A workflow definition or execution is at fault."""


class DefinitionError(WorkflowError, ValueError):
    """A workflow definition that is refused. `faults` holds every error of it (matcher.workflow.check.diagnostic)."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        lines = [str(fault) for fault in faults]
        super().__init__(lines[0] if len(lines) == 1 else f"{len(lines)} faults\n  " + "\n  ".join(lines))

    def __reduce__(self) -> tuple[type[DefinitionError], tuple[tuple[Fault, ...]]]:
        return DefinitionError, (self.faults,)


class ExecutionFailed(WorkflowError):
    """An execution has no result: `status` says how it ended (RUNNING: it has not), `error` and `cause` why."""

    def __init__(self, name: str, status: str, error: str | None = None, cause: str | None = None) -> None:
        self.name = name
        self.status = status
        self.error = error
        self.cause = cause
        why = ": ".join(text for text in (error, cause) if text)
        super().__init__(f"execution {name!r} is {status}" + (f" by {why}" if why else ""))

    def __reduce__(self) -> tuple[type[ExecutionFailed], tuple[str, str, str | None, str | None]]:
        return ExecutionFailed, (self.name, self.status, self.error, self.cause)
