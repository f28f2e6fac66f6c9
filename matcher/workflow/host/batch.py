"""Gather the Changes of some transitions into one Save, and what is to be done once it is stored."""

from __future__ import annotations

from collections.abc import Mapping

from matcher.workflow.frames import Calling, Fanning, Frame, Pausing, Reading, Result, Writing
from matcher.workflow.happenings import Call, Changes, Event, Read, Timer, Write
from matcher.workflow.host.records import Save
from matcher.workflow.host.told import Waiting
from matcher.workflow.service import service

__all__ = ["Batch"]


class Batch:
    """Changes in the making. What a later transition of the same batch undid is neither stored nor done."""

    def __init__(self, execution: int, stored: Mapping[int, Frame]) -> None:
        self._execution = execution
        #: Frames as the journal has them.
        self._stored = stored
        self._frames: dict[int, Frame] = {}
        self._removed: set[int] = set()
        self._cleared: set[int] = set()
        self._results: dict[tuple[int, int], Result] = {}
        self._events: list[Event] = []
        self._calls: list[Call] = []
        self._timers: list[Timer] = []
        self._reads: list[Read] = []
        self._writes: list[Write] = []
        #: What came from outside and can't be asked for again, in order; of these, the letters.
        self.heard: list[Waiting] = []
        self.letters: list[int] = []
        #: Calls that are over, once it is saved: (frame, call).
        self.left: list[tuple[int, Calling]] = []
        self.transitions = 0

    def add(self, changes: Changes) -> None:
        self.transitions += 1
        self._events += changes.events
        self._frames.update(changes.frames)
        for number in changes.removed:
            self._frames.pop(number, None)
            self._removed.add(number)
        for number in changes.cleared:
            self._cleared.add(number)
            self._results = {key: result for key, result in self._results.items() if key[0] != number}
        for result in changes.results:
            self._results[result.frame, result.index] = result
        self._calls += changes.calls
        self._timers += changes.timers
        self._reads += changes.reads
        self._writes += changes.writes

    def save(self, now: float) -> Save:
        """What is to be stored; the end and the next frame's number are the host's to add."""
        self.left = self._left()
        return Save(
            self._execution,
            {number: (frame, self._stored.get(number)) for number, frame in self._frames.items()},
            [number for number in self._removed if number in self._stored],
            list(self._cleared),
            list(self._results.values()),
            self._events,
            tokens=[
                (call.token, call.frame, call.scheduled, _activity(call.resource), call.arguments)
                for call in self.calls
                if call.token
            ],
            void=[work.token for _, work in self.left if work.token],
            letters=self.letters,
            now=now,
        )

    def _left(self) -> list[tuple[int, Calling]]:
        """Calls that frames waited for and do not any more."""
        found = []
        for number in (*self._frames, *self._removed):
            before = self._stored.get(number)
            if before is not None and isinstance(before.work, Calling):
                frame = self._frames.get(number)
                if not _same_call(frame, before.work.scheduled):
                    found.append((number, before.work))
        return found

    @property
    def calls(self) -> list[Call]:
        return [call for call in self._calls if _same_call(self._frames.get(call.frame), call.scheduled)]

    @property
    def timers(self) -> list[Timer]:
        return [timer for timer in self._timers if _pauses(self._frames.get(timer.frame), timer.at)]

    @property
    def reads(self) -> list[Read]:
        return [read for read in self._reads if _reads(self._frames.get(read.frame))]

    @property
    def writes(self) -> list[Write]:
        return [write for write in self._writes if _writes(self._frames.get(write.frame))]

    @property
    def frames(self) -> Mapping[int, Frame]:
        return self._frames

    @property
    def removed(self) -> set[int]:
        return self._removed

    @property
    def events(self) -> list[Event]:
        return self._events


def _activity(resource: str) -> str:
    return resource if service(resource).family == "Activity" else ""


def _same_call(frame: Frame | None, scheduled: int) -> bool:
    return frame is not None and isinstance(frame.work, Calling) and frame.work.scheduled == scheduled


def _pauses(frame: Frame | None, at: float) -> bool:
    return frame is not None and isinstance(frame.work, Pausing) and frame.work.until == at


def _reads(frame: Frame | None) -> bool:
    if frame is None:
        return False
    return isinstance(frame.work, Reading) or (isinstance(frame.work, Fanning) and frame.work.reading)


def _writes(frame: Frame | None) -> bool:
    return frame is not None and isinstance(frame.work, Writing)
