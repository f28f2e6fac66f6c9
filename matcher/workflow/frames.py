"""Describe where an execution stands as plain data: a tree of frames, each in one state of one scope of the machine.

The root, each branch of a Parallel and each iteration of a Map is a frame. A frame is frozen; a transition makes another
that shares what did not change, so that a store may tell by identity (`new.input is old.input`) what to write again.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

__all__ = ["Calling", "Fanning", "Frame", "Json", "Pausing", "Reading", "Result", "Work", "Writing", "dump", "load"]

Json = Any


@dataclass(frozen=True, slots=True)
class Calling:
    """A task is under way. An answer is for it if it names the frame and `scheduled`; any other comes too late."""

    #: The event that scheduled it.
    scheduled: int
    #: What the task was called with, in the history's TaskScheduled too.
    arguments: Json
    #: What a callback names this call by; "" where the resource takes none.
    token: str
    #: When the task times out, in seconds since the epoch; None: never.
    deadline: float | None
    #: Seconds between heartbeats; None: none are asked for.
    heartbeat: float | None


@dataclass(frozen=True, slots=True)
class Pausing:
    """A timer is under way: a Wait state's, or a retrier's delay (`retry`). A TimerFired ends it."""

    until: float
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Fanning:
    """Branches or iterations are under way; how they end is kept beside the frames, by index, as it comes."""

    #: Frames started: the next index.
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    #: Frames at a time; 0 is no bound.
    concurrency: int = 0
    #: Items from position `base` on; None for a Parallel.
    items: list[Json] | None = None
    base: int = 0
    #: The next item; one iteration takes one, or a batch.
    position: int = 0
    #: There are no items behind `items`.
    exhausted: bool = True
    #: A reader was asked for more items and has not answered.
    reading: bool = False
    #: Evaluated bounds and arguments of the Map, by the names of its fields.
    settings: dict[str, Json] | None = None

    @property
    def active(self) -> int:
        """Frames started and not ended."""
        return self.started - self.succeeded - self.failed

    @property
    def end(self) -> int:
        """The position behind the last item at hand."""
        return self.base + len(self.items or ())


@dataclass(frozen=True, slots=True)
class Reading:
    """A Map's item reader was asked for its first items. An ItemsRead answers."""

    fan: Fanning


@dataclass(frozen=True, slots=True)
class Writing:
    """A Map's results are being written. A ResultsWritten answers."""

    fan: Fanning


@dataclass(frozen=True, slots=True)
class Result:
    """How one branch or iteration ended: with an output, or (`failed`) by an error that its Map tolerates."""

    frame: int
    index: int
    output: Json
    failed: bool = False
    error: str | None = None
    cause: str | None = None
    #: What it was given; None unless a result writer wants it.
    input: Json = None


Work = Calling | Pausing | Fanning | Reading | Writing


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of control. All of it is JSON, or a dataclass of JSON."""

    id: int
    #: The frame that waits for this one; None for the root.
    parent: int | None
    #: The branch's or the item's index in its parent.
    index: int
    #: The scope of the machine: "" is the top, then `/state/branch` for each Parallel or Map around.
    scope: str
    #: The history its events go to: 0 is the execution's, another number is the frame id of the child execution of a
    #: distributed Map, of which AWS keeps a history of its own.
    history: int
    #: The state that it is in, or is about to enter (`entered` is 0).
    state: str
    #: That state's input, as it came.
    input: Json
    #: Variables assigned in this scope.
    variables: dict[str, Json]
    #: What the state waits for; None: a Proceed.
    work: Work | None = None
    #: The event that entered the state, and when.
    entered: int = 0
    entered_time: float = 0.0
    #: The last event of this frame: the next one's previousEventId.
    last: int = 0
    #: Attempts so far of each retrier of the state, and of all of them.
    retries: tuple[int, ...] = ()
    attempt: int = 0
    #: The iteration's item, for `$$.Map.Item`; None outside.
    item: Json = None
    #: The input of the child execution that the frame is; None of any other.
    given: Json = None


_WORKS: Final = {kind.__name__: kind for kind in (Calling, Pausing, Fanning, Reading, Writing)}


def dump(frame: Frame) -> dict[str, Json]:
    """A frame as JSON; `load` reads it back."""
    return {**_shallow(frame), "work": None if frame.work is None else _dump_work(frame.work)}


def _dump_work(work: Work) -> dict[str, Json]:
    made = {"kind": type(work).__name__, **_shallow(work)}
    if isinstance(work, Reading | Writing):
        made["fan"] = _shallow(work.fan)
    return made


def _shallow(value: Any) -> dict[str, Json]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def load(data: dict[str, Json]) -> Frame:
    """What `dump` made, as a frame again."""
    work = data["work"]
    if work is not None:
        members = {name: value for name, value in work.items() if name != "kind"}
        if "fan" in members:
            members["fan"] = Fanning(**members["fan"])
        work = _WORKS[work["kind"]](**members)
    return Frame(**{**data, "work": work, "retries": tuple(data["retries"])})
