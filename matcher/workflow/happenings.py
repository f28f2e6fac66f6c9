"""Name what can happen to a frame, and what a transition asks of the world in return.

A driver holds an `Execution` (matcher.workflow.execution), tells it what happened to a frame, and gets Changes: it stores
them, then gives each frame in `ready` its Proceed, runs the calls, and sets the timers; their ends are the next
happenings. The first Changes come from `start`, the last ones have `ended`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from matcher.workflow.frames import Frame, Json, Result

__all__ = [
    "Call",
    "Changes",
    "Ended",
    "Event",
    "Handled",
    "Happening",
    "ItemsRead",
    "Moment",
    "Proceed",
    "Read",
    "ReadFailed",
    "ResultsWritten",
    "TaskFailed",
    "TaskStarted",
    "TaskSubmitted",
    "TaskSucceeded",
    "TimedOut",
    "Timer",
    "TimerFired",
    "Write",
    "WriteFailed",
]


@dataclass(frozen=True, slots=True)
class Proceed:
    """Enter the state that the frame stands before. Every frame in `Changes.ready` wants one."""


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A worker took an activity's task (the other resources' tasks start as they are called)."""

    worker: str = ""


@dataclass(frozen=True, slots=True)
class TaskSubmitted:
    """The service took a `.sync` or `.waitForTaskToken` request, and answered this; the result is still to come."""

    output: Json


@dataclass(frozen=True, slots=True)
class TaskSucceeded:
    output: Json


@dataclass(frozen=True, slots=True)
class TaskFailed:
    error: str | None
    cause: str | None
    #: "" where the work failed; "Schedule", "Start" or "Submit" where it could not be begun so far.
    stage: str = ""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer by the call's deadline, or (`heartbeat`) no heartbeat in time."""

    heartbeat: bool = False


@dataclass(frozen=True, slots=True)
class TimerFired:
    """`Timer.at` has come."""


@dataclass(frozen=True, slots=True)
class ItemsRead:
    """The reader's next items; `exhausted`: there are no more behind them."""

    items: list[Json]
    exhausted: bool


@dataclass(frozen=True, slots=True)
class ReadFailed:
    cause: str


@dataclass(frozen=True, slots=True)
class ResultsWritten:
    """The results are written; `output` is what the Map gives instead (`ResultWriterDetails`)."""

    output: Json


@dataclass(frozen=True, slots=True)
class WriteFailed:
    cause: str


Happening = (
    Proceed
    | TaskStarted
    | TaskSubmitted
    | TaskSucceeded
    | TaskFailed
    | TimedOut
    | TimerFired
    | ItemsRead
    | ReadFailed
    | ResultsWritten
    | WriteFailed
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a transition may know of the world: the time, and chance, both given so that a test gives its own."""

    now: float
    #: For jitter, `$random`, `States.UUID` …
    random: Random
    #: Makes the token by which a callback finds a frame's call; it must not be guessable.
    token: Callable[[Frame], str]


class Event(NamedTuple):
    """One event of a history; `matcher.workflow.history` spells it as AWS does."""

    history: int
    id: int
    previous: int
    time: float
    type: str
    details: dict[str, Json] | None


@dataclass(frozen=True, slots=True)
class Call:
    """Run a task. An answer is for `frame` and `scheduled`: where `frame.work.scheduled` is another, it is too late."""

    frame: int
    #: The event that scheduled it.
    scheduled: int
    state: str
    #: The state's Resource as written, `.sync` and `.waitForTaskToken` included.
    resource: str
    arguments: Json
    #: "" where the resource takes no callback.
    token: str
    #: When it times out, in seconds since the epoch; None: never.
    deadline: float | None
    #: Seconds between heartbeats; None: none are asked for.
    heartbeat: float | None


@dataclass(frozen=True, slots=True)
class Timer:
    """Give the frame a TimerFired at that time, in seconds since the epoch."""

    frame: int
    at: float


@dataclass(frozen=True, slots=True)
class Read:
    """Give the frame an ItemsRead with the items of `reader` (an evaluated ItemReader) from `start` on."""

    frame: int
    reader: Json
    start: int


@dataclass(frozen=True, slots=True)
class Write:
    """Write the frame's results to `writer` (an evaluated ResultWriter), then give it a ResultsWritten."""

    frame: int
    writer: Json
    results: list[Result]


class Handled(NamedTuple):
    """An error that does not end its frame: one of the state's retriers, or of its catchers, takes it."""

    frame: int
    state: str
    error: str | None
    cause: str | None
    retrier: int | None = None
    catcher: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The execution is over: SUCCEEDED, FAILED, ABORTED or TIMED_OUT."""

    status: str
    output: Json = None
    error: str | None = None
    cause: str | None = None


@dataclass(slots=True)
class Changes:
    """What one happening changed: store it whole in one transaction, then act on it."""

    #: Frames made or changed, by id.
    frames: dict[int, Frame] = field(default_factory=dict)
    #: Frames gone: their calls, timers, reads and writes are void.
    removed: list[int] = field(default_factory=list)
    #: How branches and iterations ended, for the frame that waits for them.
    results: list[Result] = field(default_factory=list)
    #: Frames whose results are all dropped.
    cleared: list[int] = field(default_factory=list)
    #: In order; ids are dense in each history.
    events: list[Event] = field(default_factory=list)
    #: Frames that want a Proceed.
    ready: list[int] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    #: Errors that were retried or caught; told for observers, there is nothing to store.
    handled: list[Handled] = field(default_factory=list)
    ended: Ended | None = None
