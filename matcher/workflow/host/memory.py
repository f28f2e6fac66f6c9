"""Keep executions in memory, for one host in one process: what ends with the process, and tests."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice

from matcher.store.bell import Bell
from matcher.workflow.frames import Frame, Json, Result
from matcher.workflow.happenings import Event
from matcher.workflow.host.records import (
    ActivityTask,
    Begin,
    Letter,
    LetterKind,
    Loaded,
    Notice,
    Record,
    Save,
    Standing,
    as_begun,
)
from matcher.workflow.host.refusal import already_exists, no_task, not_in_state
from matcher.workflow.host.resuming import wake

__all__ = ["MemoryJournal"]


@dataclass(slots=True)
class _Kept:
    """One execution."""

    record: Record
    frames: dict[int, Frame] = field(default_factory=dict)
    results: dict[int, dict[int, Result]] = field(default_factory=dict)
    events: dict[int, list[Event]] = field(default_factory=dict)
    next_frame: int = 0


@dataclass(slots=True)
class _Token:
    """A call that waits for an answer; `input` is an activity's task that no worker has taken."""

    execution: int
    frame: int
    scheduled: int


class MemoryJournal:
    """See `Journal`. Of executions that have ended it keeps the newest `keep` (None: all)."""

    def __init__(self, keep: int | None = 10_000) -> None:
        self._keep = keep
        self._kept: dict[int, _Kept] = {}
        self._names: dict[tuple[str, str], int] = {}
        self._over: OrderedDict[int, None] = OrderedDict()
        self._definitions: dict[str, str] = {}
        self._tokens: dict[str, _Token] = {}
        self._waiting: dict[str, OrderedDict[str, Json]] = {}
        self._letters: dict[int, Letter] = {}
        self._numbers = count(1)
        self._letter = count(1)
        self._notices: dict[int, Notice] = {}
        self._notice = count(1)
        self._last = 0
        self._bell = Bell()
        self._owned = False

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def own(self) -> bool:
        if self._owned:
            return False
        self._owned = True
        return True

    async def disown(self) -> None:
        self._owned = False

    async def define(self, key: str, definition: str) -> None:
        self._definitions[key] = definition

    async def definition(self, key: str) -> str | None:
        return self._definitions.get(key)

    async def begin(self, begin: Begin) -> tuple[Record, bool]:
        found = self._names.get((begin.machine, begin.name))
        if found is not None:
            return self._again(self._kept[found].record, begin), False
        number = next(self._numbers)
        record = Record(
            number,
            begin.machine,
            begin.definition,
            begin.name,
            "RUNNING",
            begin.input,
            begin.started,
            deadline=begin.deadline,
            correlation=begin.correlation,
        )
        self._kept[number] = _Kept(record)
        self._names[begin.machine, begin.name] = number
        self._send(number, "start")
        return record, True

    def _again(self, record: Record, begin: Begin) -> Record:
        if record.status != "RUNNING" or record.input != begin.input:
            raise already_exists(begin.machine, begin.name)
        return record

    async def save(self, save: Save) -> None:
        kept = self._kept[save.execution]
        for number in save.removed:
            kept.frames.pop(number, None)
        for number, (frame, _) in save.frames.items():
            kept.frames[number] = frame
        for number in save.cleared:
            kept.results.pop(number, None)
        for result in save.results:
            kept.results.setdefault(result.frame, {})[result.index] = result
        for event in save.events:
            kept.events.setdefault(event.history, []).append(event)
        if save.next_frame is not None:
            kept.next_frame = save.next_frame
        for token in save.void:
            self._void(token)
        for token, number, scheduled, activity, given in save.tokens:
            self._tokens[token] = _Token(save.execution, number, scheduled)
            if activity:
                self._waiting.setdefault(activity, OrderedDict())[token] = given
                self._bell.ring()
        for letter in save.letters:
            self._letters.pop(letter, None)
        self._close(kept, save)

    def _void(self, token: str) -> None:
        self._tokens.pop(token, None)
        for waiting in self._waiting.values():
            waiting.pop(token, None)

    def _close(self, kept: _Kept, save: Save) -> None:
        record = kept.record
        if save.reopened:
            record = replace(
                record,
                status="RUNNING",
                stopped=None,
                error=None,
                cause=None,
                redrives=record.redrives + 1,
                deadline=save.deadline,
            )
            self._over.pop(record.id, None)
        if save.ended is not None:
            end = save.ended
            record = replace(
                record, status=end.status, stopped=save.now, output=end.output, error=end.error, cause=end.cause
            )
            self._over[record.id] = None
            if end.status == "SUCCEEDED":  # nothing will be redriven
                kept.frames.clear()
                kept.results.clear()
        kept.record = record
        for status in save.notices:
            number = next(self._notice)
            self._notices[number] = Notice(number, as_begun(record) if status == "RUNNING" else record)
        while self._keep is not None and len(self._over) > self._keep:
            self._forget(next(iter(self._over)))

    def _forget(self, number: int) -> None:
        del self._over[number]
        gone = self._kept.pop(number).record
        del self._names[gone.machine, gone.name]

    async def load(self, execution: int) -> Loaded | None:
        kept = self._kept.get(execution)
        if kept is None:
            return None
        counters = {history: events[-1].id for history, events in kept.events.items() if events}
        results = {number: dict(found) for number, found in kept.results.items()}
        return Loaded(kept.record, dict(kept.frames), results, counters, kept.next_frame)

    async def running(self) -> list[Standing]:
        found = []
        for kept in self._kept.values():
            if kept.record.status == "RUNNING" and kept.next_frame:
                times = [wake(frame) for frame in kept.frames.values()]
                if kept.record.deadline is not None:
                    times.append(kept.record.deadline)
                found.append(Standing(kept.record.id, min(times, default=0.0)))
        return found

    async def post(self, execution: int, kind: LetterKind, content: Json = None) -> None:
        status = self._kept[execution].record.status
        if (status == "RUNNING") is (kind == "redrive") or (kind == "redrive" and status == "SUCCEEDED"):
            raise not_in_state(kind, status)
        self._send(execution, kind, content)

    def _send(
        self, execution: int, kind: LetterKind, content: Json = None, frame: int = 0, scheduled: int = 0
    ) -> None:
        number = next(self._letter)
        self._letters[number] = Letter(number, execution, kind, frame, scheduled, content)
        self._last = number
        self._bell.ring()

    async def answer(self, token: str, kind: LetterKind, content: Json = None) -> None:
        found = self._tokens.get(token)
        if found is None:
            raise no_task()
        self._send(found.execution, kind, content, found.frame, found.scheduled)
        if kind in ("success", "failure"):
            self._void(token)

    async def letters(self, after: int, limit: int) -> list[Letter]:
        found = []
        for number, letter in self._letters.items():
            if number > after:
                found.append(letter)
                if len(found) == limit:
                    break
        return found

    async def wait(self, after: int) -> int:
        await self._bell.until(lambda: self._last > after)
        return self._last

    async def take(self, activity: str, worker: str) -> ActivityTask | None:
        waiting = self._waiting.get(activity)
        if not waiting:
            return None
        token, given = waiting.popitem(last=False)
        found = self._tokens[token]
        self._send(found.execution, "taken", worker, found.frame, found.scheduled)
        return ActivityTask(token, given)

    async def wait_for_task(self, activity: str) -> None:
        await self._bell.until(lambda: bool(self._waiting.get(activity)))

    async def notices(self, limit: int) -> list[Notice]:
        return list(islice(self._notices.values(), limit))

    async def noticed(self, notices: Sequence[int]) -> None:
        for number in notices:
            self._notices.pop(number, None)

    async def find(self, machine: str, name: str) -> Record | None:
        number = self._names.get((machine, name))
        return None if number is None else self._kept[number].record

    async def list(self, machine: str, status: str | None, before: int | None, limit: int) -> list[Record]:
        found: list[Record] = []
        for number in reversed(self._kept):
            record = self._kept[number].record
            fits = record.machine == machine and status in (None, record.status)
            if fits and (before is None or number < before):
                found.append(record)
                if len(found) == limit:
                    break
        return found

    async def purge(self, before: float, limit: int) -> int:
        busy = {letter.execution for letter in self._letters.values()}
        busy |= {notice.record.id for notice in self._notices.values()}
        ended = ((number, self._kept[number].record.stopped) for number in self._over if number not in busy)
        gone = list(islice((number for number, stopped in ended if stopped is not None and stopped < before), limit))
        for number in gone:
            self._forget(number)
        return len(gone)

    async def history(self, execution: int, history: int, after: int, limit: int) -> Sequence[Event]:
        kept = self._kept.get(execution)
        return [] if kept is None else kept.events.get(history, [])[after : after + limit]
