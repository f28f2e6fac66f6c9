"""Describe what a journal keeps of executions, and what processes tell each other about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from matcher.errors import ExecutionFailed
from matcher.workflow.frames import Frame, Json, Result
from matcher.workflow.happenings import Ended, Event

__all__ = ["ActivityTask", "Begin", "Letter", "LetterKind", "Loaded", "Notice", "Record", "Save", "Standing", "Status", "as_begun"]

Status: TypeAlias = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
LetterKind: TypeAlias = Literal["start", "success", "failure", "heartbeat", "taken", "stop", "redrive"]


@dataclass(frozen=True, slots=True)
class Begin:
    """What is asked for by who starts an execution; its name is unique among those of its machine."""

    machine: str
    #: The key of the definition that it runs, also after the machine has got another one.
    definition: str
    name: str
    input: Json
    started: float
    #: When the machine's TimeoutSeconds will have passed.
    deadline: float | None = None
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """An execution as DescribeExecution tells it. Times are seconds since the epoch."""

    id: int
    machine: str
    definition: str
    name: str
    status: str
    input: Json
    started: float
    stopped: float | None = None
    output: Json = None
    error: str | None = None
    cause: str | None = None
    redrives: int = 0
    deadline: float | None = None
    correlation: str = ""

    def result(self) -> Json:
        """The output. Raises ExecutionFailed where it has not succeeded."""
        if self.status != "SUCCEEDED":
            raise ExecutionFailed(self.name, self.status, self.error, self.cause)
        return self.output


def as_begun(record: Record) -> Record:
    """The execution as it was before it ended."""
    return replace(record, status="RUNNING", stopped=None, output=None, error=None, cause=None)


@dataclass(frozen=True, slots=True)
class Notice:
    """An execution as it was when it had just begun or ended, which somebody wants to be told."""

    id: int
    record: Record


@dataclass(frozen=True, slots=True)
class Letter:
    """Something told to an execution from outside: kept until what it leads to is stored, in one transaction with it."""

    id: int
    execution: int
    kind: LetterKind
    #: The call that an answer is for.
    frame: int = 0
    scheduled: int = 0
    #: An output, {"error", "cause"}, or a worker's name.
    content: Json = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a host must know of a running execution without loading it: when it wants to be woken.

    In seconds since the epoch: 0 is at once, infinity when it is told something.
    """

    execution: int
    wake: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that goes on with an execution."""

    record: Record
    frames: dict[int, Frame]
    results: dict[int, dict[int, Result]]
    counters: dict[int, int]
    next_frame: int


@dataclass(frozen=True, slots=True)
class ActivityTask:
    """A task of an activity, as GetActivityTask gives it to a worker."""

    token: str
    input: Json


@dataclass(slots=True)
class Save:
    """What some transitions of one execution changed, to be stored whole or not at all."""

    execution: int
    #: Made or changed frames, each with what was stored of it before (None: nothing).
    frames: dict[int, tuple[Frame, Frame | None]] = field(default_factory=dict)
    removed: Sequence[int] = ()
    #: Frames whose results are dropped, before `results` are added.
    cleared: Sequence[int] = ()
    results: Sequence[Result] = ()
    events: Sequence[Event] = ()
    #: None where it did not change.
    next_frame: int | None = None
    #: Calls that a token names from now on: (token, frame, scheduled, activity or "", input).
    tokens: Sequence[tuple[str, int, int, str, Json]] = ()
    #: Tokens that name nothing any more.
    void: Sequence[str] = ()
    #: Letters that are dealt with.
    letters: Sequence[int] = ()
    #: The time of the last transition.
    now: float = 0.0
    ended: Ended | None = None
    #: It had ended, and runs again.
    reopened: bool = False
    #: When the machine's TimeoutSeconds will have passed, where it is reopened.
    deadline: float | None = None
    #: Notices of the execution as it is then: "RUNNING", or how it ended.
    notices: Sequence[str] = ()
