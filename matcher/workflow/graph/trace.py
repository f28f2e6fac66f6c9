"""Turn the history of an execution into what each state did: how often, how long, how it ended, and by which ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from matcher.workflow.graph.model import START, Edge, Kind

__all__ = ["Event", "Status", "Trace", "Visits", "duration", "moment", "told", "trace"]

Event: TypeAlias = Mapping[str, Any]


class Status(StrEnum):
    """How a state stands. Of many visits the gravest counts, in this order."""

    RUNNING = "running"
    FAILED = "failed"
    CAUGHT = "caught"
    ABORTED = "aborted"
    SUCCEEDED = "succeeded"


@dataclass(slots=True)
class Visits:
    """All visits of one state; of one in a Map there may be thousands."""

    counts: Counter[Status] = field(default_factory=Counter)
    seconds: float = 0.0
    #: Whether every visit's begin and end are known.
    timed: bool = True
    retries: int = 0
    error: str = ""
    cause: str = ""
    #: Items of a Map: how many there are, and how many ended how.
    items: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        return self.counts.total()

    @property
    def status(self) -> Status:
        return next(status for status in Status if self.counts[status])


@dataclass(slots=True)
class Trace:
    """What an execution did, state by state and way by way."""

    states: dict[str, Visits]
    ways: Counter[tuple[str, str, bool]]

    def count(self, edge: Edge) -> int:
        """How often an edge was gone along. Of rules with one target the history does not tell which held."""
        if edge.kind is Kind.END:
            visits = self.states.get(edge.source)
            return visits.counts[Status.SUCCEEDED] if visits else 0
        return self.ways[edge.source, edge.target, edge.kind is Kind.CATCH]


@dataclass(slots=True)
class _Frame:
    """One visit, and the visit of the Map or Parallel around it."""

    name: str
    kind: str
    outer: _Frame | None
    entered: float | None
    attempts: int = 0
    failed: bool = False
    closed: bool = False


@dataclass(slots=True)
class _Thread:
    """Where one line of events stands: in which visit, and which state it left last, and whether by an error."""

    frame: _Frame | None = None
    left: str = START
    caught: bool = False


#: Seconds not worth telling: most states of no task take as long.
_SHORTEST: Final = 0.001
_FAILURES: Final = ("Failed", "TimedOut")
_ATTEMPTS: Final = ("Scheduled", "MapStateStarted", "ParallelStateStarted")
_SCOPES: Final = ("MapIterationStarted", "ParallelStateStarted")
_CONTAINERS: Final = ("Map", "Parallel")
_ITERATION: Final = "MapIteration"


def trace(history: Iterable[Event]) -> Trace:
    """Read a history as AWS's GetExecutionHistory gives it, oldest event first. Linear in events."""
    reader = _Reader()
    for event in history:
        reader.take(event)
    return reader.done()


class _Reader:
    """One reading of one history: each event goes on from the thread of the event before it."""

    def __init__(self) -> None:
        self.states: dict[str, Visits] = {}
        self.ways: Counter[tuple[str, str, bool]] = Counter()
        self.threads: dict[int, _Thread] = {}
        self.frames: list[_Frame] = []
        self.latest: dict[str, _Frame] = {}
        self.ended = ""
        self.redriven = False

    def take(self, event: Event) -> None:
        kind: str = event["type"]
        before = self.threads.get(event.get("previousEventId", 0), _Thread())
        thread = _Thread(before.frame, before.left, before.caught)
        self.threads[event["id"]] = thread
        if kind.endswith("StateEntered"):
            self.enter(thread, kind.removesuffix("StateEntered"), event)
        elif kind.endswith("StateExited"):
            self.leave(thread, event)
        elif kind.startswith(_ITERATION):
            self.iterate(thread, kind.removeprefix(_ITERATION), event)
        elif kind.startswith("Execution"):
            self.end(thread, kind.removeprefix("Execution"), event)
        else:
            self.happen(thread, kind, event)
        if kind in _SCOPES:
            thread.left, thread.caught = START, False

    def enter(self, thread: _Thread, kind: str, event: Event) -> None:
        name = _details(event)["name"]
        self.ways[thread.left, name, thread.caught] += 1
        while thread.frame is not None and thread.frame.kind not in _CONTAINERS:
            thread.frame = thread.frame.outer  # a redrive goes on from the state that failed, which holds no other
        before = self.latest.get(name)
        if self.redriven and before is not None and before.failed and not before.closed:
            before.closed = True
            self.states[name].retries += 1
        thread.frame = _Frame(name, kind, thread.frame, moment(event))
        thread.frame.failed = kind == "Fail"
        self.frames.append(thread.frame)
        self.latest[name] = thread.frame
        self.states.setdefault(name, Visits())

    def leave(self, thread: _Thread, event: Event) -> None:
        name = _details(event)["name"]
        frame = thread.frame
        while frame is not None and frame.name != name:
            frame = frame.outer
        if frame is None:
            return
        self.close(frame, Status.CAUGHT if frame.failed else Status.SUCCEEDED, moment(event))
        thread.frame, thread.left, thread.caught = frame.outer, name, frame.failed

    def close(self, frame: _Frame, status: Status, left: float | None) -> None:
        frame.closed = True
        visits = self.states[frame.name]
        visits.counts[status] += 1
        visits.retries += max(frame.attempts - 1, 0)
        if frame.entered is None or left is None:
            visits.timed = False
        else:
            visits.seconds += left - frame.entered

    def iterate(self, thread: _Thread, how: str, event: Event) -> None:
        while thread.frame is not None and thread.frame.name != _details(event).get("name"):
            thread.frame = thread.frame.outer
        if thread.frame is not None:
            self.states[thread.frame.name].items[how.lower()] += 1

    def happen(self, thread: _Thread, kind: str, event: Event) -> None:
        """What befalls the state in which the thread stands; of a Map or Parallel, the one around the failing state."""
        fails, inner = kind.endswith(_FAILURES), thread.frame
        for container in _CONTAINERS:
            if kind.startswith((f"{container}State", f"{container}Run")):
                while thread.frame is not None and (
                    thread.frame.kind != container or (fails and thread.frame.failed and thread.frame.outer is not None)
                ):
                    thread.frame = thread.frame.outer
        if "state" in _details(event):  # AWS gives an EvaluationFailed the event before its state as the one before it
            thread.frame = self.latest.get(_details(event)["state"], thread.frame)
        if thread.frame is None:
            return
        if fails:
            self.fail(thread.frame, _details(event))
            self.inherit(thread.frame, inner)
        elif kind.endswith("Succeeded"):
            thread.frame.failed = False
        elif kind.endswith(_ATTEMPTS):
            thread.frame.failed = False
            thread.frame.attempts += 1
        if kind == "MapStateStarted":
            self.states[thread.frame.name].items["length"] += _details(event).get("length", 0)

    def inherit(self, frame: _Frame, inner: _Frame | None) -> None:
        """A Map or Parallel fails by an error within, which AWS tells only there."""
        visits = self.states[frame.name]
        if inner is not None and not visits.error:
            visits.error, visits.cause = self.states[inner.name].error, self.states[inner.name].cause

    def fail(self, frame: _Frame, details: Mapping[str, Any]) -> None:
        frame.failed = True
        visits = self.states[frame.name]
        if details.get("error") or details.get("cause"):
            visits.error, visits.cause = details.get("error", ""), details.get("cause", "")

    def end(self, thread: _Thread, how: str, event: Event) -> None:
        self.ended = "" if how in ("Started", "Redriven") else how
        self.redriven = self.redriven or how == "Redriven"
        frame = thread.frame or (self.frames[-1] if self.frames else None)
        if how in _FAILURES and frame is not None:
            if not self.states[frame.name].error:
                self.fail(frame, _details(event))
            while frame is not None:
                frame.failed = True
                frame = frame.outer

    def done(self) -> Trace:
        """Close what is open: an execution that ended leaves nothing running."""
        still = [(frame, self.status(frame)) for frame in self.frames if not frame.closed]
        for frame, status in still:
            self.close(frame, status, None)
        return Trace(self.states, self.ways)

    def status(self, frame: _Frame) -> Status:
        """How a visit stands that never ended: it failed, what is around it is over, or it runs."""
        if frame.failed:
            return Status.FAILED
        around = frame.outer
        while around is not None and not (around.closed or around.failed):
            around = around.outer
        return Status.ABORTED if self.ended or around is not None else Status.RUNNING


def _details(event: Event) -> Mapping[str, Any]:
    return next((part for key, part in event.items() if key.endswith("EventDetails")), {})


def moment(event: Event) -> float | None:
    """When an event was, in seconds; None where its timestamp is no time."""
    match event.get("timestamp"):
        case bool():
            return None
        case int() | float() as seconds:
            return float(seconds)
        case datetime() as instant:
            return instant.timestamp()
        case str() as text:
            try:
                return datetime.fromisoformat(text).timestamp()
            except ValueError:
                return None
    return None


def told(visits: Visits) -> list[str]:
    """What is worth telling of a state's visits, a line each."""
    told = []
    facts = [f"{visits.count} times"] if visits.count > 1 else []
    if visits.timed and visits.counts[Status.RUNNING] == 0 and visits.seconds >= _SHORTEST:
        facts.append(duration(visits.seconds))
    if visits.retries:
        facts.append("1 retry" if visits.retries == 1 else f"{visits.retries} retries")
    if facts:
        told.append(", ".join(facts))
    if visits.items:
        told.append(_items(visits.items))
    if visits.error and visits.status in (Status.FAILED, Status.CAUGHT):
        told.append(visits.error)
    return told


def _items(items: Counter[str]) -> str:
    if not items["started"]:  # of a distributed Map, whose items have histories of their own
        return f"{items['length']} items"
    facts = [f"{items[how]} {how}" for how in ("failed", "aborted") if items[how]]
    return ", ".join([f"{items['succeeded']} of {max(items['length'], items['started'])} items", *facts])


def duration(seconds: float) -> str:
    """`12 ms`, `3.4 s`, `2 min 5 s`, `3 h 20 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{seconds // 3600:,.0f} h {seconds % 3600 // 60:.0f} min"
