"""Hold a running execution in memory, and apply what it is told, one transition after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from matcher.workflow.execution import Execution, advance, redrive, start, stop, time_out
from matcher.workflow.frames import Calling, Frame, Json, Pausing
from matcher.workflow.happenings import (
    Changes,
    Ended,
    Happening,
    Moment,
    Proceed,
    TaskFailed,
    TaskStarted,
    TaskSucceeded,
)
from matcher.workflow.host.batch import Batch
from matcher.workflow.host.records import Letter, Loaded, Record, Save
from matcher.workflow.host.resuming import asking
from matcher.workflow.host.told import Overdue, Told, Waiting
from matcher.workflow.program import Program
from matcher.workflow.scene import Settings, timestamp

__all__ = ["Live", "Names", "context"]

#: Transitions of one execution that are stored together: an endless loop of a machine's states shares the host.
MOST_TRANSITIONS = 256


@dataclass(frozen=True, slots=True)
class Names:
    """How ARNs are made."""

    region: str = "local"
    account: str = "000000000000"

    def machine(self, name: str) -> str:
        return f"arn:aws:states:{self.region}:{self.account}:stateMachine:{name}"

    def execution(self, machine: str, name: str) -> str:
        return f"arn:aws:states:{self.region}:{self.account}:execution:{machine}:{name}"


@dataclass(slots=True)
class Live:
    """One execution: `execution` is ahead of the journal, `stored` is what the journal has of it."""

    record: Record
    execution: Execution
    stored: dict[int, Frame] = field(default_factory=dict)
    queue: deque[Waiting] = field(default_factory=deque)
    #: Whether a pump empties the queue.
    pumped: bool = False
    #: The next frame's number as the journal has it.
    stored_next: int = 0
    #: Whether it runs, or runs again, since the last save.
    began: bool = False
    reopened: bool = False

    @classmethod
    def of(cls, loaded: Loaded, program: Program, names: Names, settings: Settings) -> Live:
        made = Execution(program, context(loaded.record, names), settings)
        made.frames.update(loaded.frames)
        made.results.update(loaded.results)
        made.counters.update(loaded.counters)
        made.next_frame = loaded.next_frame
        if loaded.record.status != "RUNNING":
            record = loaded.record
            made.ended = Ended(record.status, record.output, record.error, record.cause)
        return cls(loaded.record, made, dict(loaded.frames), stored_next=loaded.next_frame)

    def run(self, moment: Moment) -> Batch:
        """Apply what waits, and what follows from it without anything from outside."""
        batch = Batch(self.record.id, self.stored)
        while self.queue and batch.transitions < MOST_TRANSITIONS:
            waiting = self.queue.popleft()
            if isinstance(waiting, Letter):
                batch.heard.append(waiting)
                batch.letters.append(waiting.id)
                changes = self._read(waiting, moment)
            else:
                if waiting.scheduled:
                    batch.heard.append(waiting)
                changes = self._hear(waiting, moment)
            if changes is not None:
                batch.add(changes)
                self.queue.extend(Told(frame, Proceed()) for frame in changes.ready)
        return batch

    def _hear(self, told: Told, moment: Moment) -> Changes | None:
        if isinstance(told.happening, Overdue):
            deadline = self.record.deadline
            return None if deadline is None or moment.now < deadline else time_out(self.execution, moment)
        frame = self.execution.frames.get(told.frame)
        if frame is None or not _waits(frame, told):
            return None
        return advance(self.execution, told.frame, told.happening, moment)

    def _read(self, letter: Letter, moment: Moment) -> Changes | None:
        match letter.kind:
            case "start":
                if self.execution.next_frame:
                    return None
                self.began = True
                return start(self.execution, self.record.input, moment)
            case "stop":
                return stop(self.execution, letter.content.get("error"), letter.content.get("cause"), moment)
            case "redrive":
                return self._redrive(moment)
            case "heartbeat":
                return None
        return self._hear(Told(letter.frame, _answer(letter), letter.scheduled), moment)

    def _redrive(self, moment: Moment) -> Changes | None:
        if self.execution.ended is None:
            return None
        changes = redrive(self.execution, moment)
        limit = self.execution.program.machine.timeout_seconds
        self.began = self.reopened = True
        self.record = replace(
            self.record,
            status="RUNNING",
            stopped=None,
            error=None,
            cause=None,
            redrives=self.record.redrives + 1,
            deadline=None if limit is None else moment.now + limit,
        )
        return changes

    def saved(self, batch: Batch, now: float, *, notify: bool = False) -> Save:
        """What the journal is to store of a batch; with notices, if `notify`, of an execution that began or ended."""
        save = batch.save(now)
        if notify and self.began:
            save.notices = ["RUNNING"]
        if self.execution.next_frame != self.stored_next:
            save.next_frame = self.execution.next_frame
        if self.record.status == "RUNNING" and self.execution.ended is not None:
            save.ended = self.execution.ended
            save.void = [*save.void, *(work.token for _, work in self.calling() if work.token)]
            if notify:
                save.notices = [*save.notices, save.ended.status]
        if self.reopened:
            save.reopened, save.deadline = True, self.record.deadline
        return save

    def calling(self) -> list[tuple[int, Calling]]:
        """The calls that frames wait for."""
        frames = self.execution.frames.values()
        return [(frame.id, frame.work) for frame in frames if isinstance(frame.work, Calling)]

    def keep(self, batch: Batch, now: float) -> bool:
        """The journal has stored it; whether the execution ended by it."""
        self.began = self.reopened = False
        for number in batch.removed:
            self.stored.pop(number, None)
        self.stored.update(batch.frames)
        self.stored_next = self.execution.next_frame
        ended = self.execution.ended
        if ended is None or self.record.status != "RUNNING":
            return False
        self.record = replace(
            self.record, status=ended.status, stopped=now, output=ended.output, error=ended.error, cause=ended.cause
        )
        return True


def _waits(frame: Frame, told: Told) -> bool:
    if told.asked is not None:
        return asking(frame) == told.asked
    if told.scheduled:
        return isinstance(frame.work, Calling) and frame.work.scheduled == told.scheduled
    if told.until is not None:
        return isinstance(frame.work, Pausing) and frame.work.until == told.until
    return True


def _answer(letter: Letter) -> Happening:
    match letter.kind:
        case "success":
            return TaskSucceeded(letter.content)
        case "failure":
            return TaskFailed(letter.content.get("error"), letter.content.get("cause"))
    return TaskStarted(letter.content)


def context(record: Record, names: Names) -> Mapping[str, Json]:
    """`Execution` and `StateMachine` of the context object."""
    return {
        "Execution": {
            "Id": names.execution(record.machine, record.name),
            "Input": record.input,
            "StartTime": timestamp(record.started),
            "Name": record.name,
            "RoleArn": "",
            "RedriveCount": record.redrives,
        },
        "StateMachine": {"Id": names.machine(record.machine), "Name": record.machine},
    }
