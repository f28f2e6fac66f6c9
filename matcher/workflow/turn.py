"""Gather what one happening changes: events with their ids, frames made, changed and gone, and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from matcher.workflow import failure
from matcher.workflow.failure import Failure
from matcher.workflow.frames import Frame, Json, Result
from matcher.workflow.happenings import Changes, Ended, Event, Moment
from matcher.workflow.program import Step
from matcher.workflow.scene import Scene, timestamp

if TYPE_CHECKING:
    from matcher.workflow.execution import Execution

__all__ = ["Over", "Turn", "oversize", "stored_size"]

_NONE: Final[Mapping[str, Json]] = {}


def oversize(what: str) -> str:
    """The cause of States.DataLimitExceeded."""
    return (
        f"The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
    )


#: Bytes that a wide state's value may have where payloads have no limit.
_HELD: Final = 1 << 26


def _exceeds(value: Json, limit: int) -> bool:
    """Whether the value has more bytes as JSON, without writing it: it may hold the same large part a thousand times.

    Counts no more than is surely there, and stops behind the limit.
    """
    waiting = [value]
    while waiting and limit >= 0:
        part = waiting.pop()
        limit -= len(part) if isinstance(part, str) else 2 + len(part) if isinstance(part, list | dict) else 1
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return limit < 0


def stored_size(value: Json) -> int:
    """Bytes as JSON. Raises ValueError where the value is no JSON, or too deep to be stored inside a frame."""
    try:
        return len(orjson.dumps([[[[[[[[value]]]]]]]])) - 16
    except TypeError as error:
        raise ValueError(f"a value is no JSON that can be kept: {error}") from None


class Over(NamedTuple):
    """A frame that has ended: with an output, or (`failed`) by an error."""

    frame: Frame
    output: Json
    failed: bool = False
    error: str | None = None
    cause: str | None = None


class Turn:
    """The Changes of one happening in the making; the execution is kept in step with them."""

    __slots__ = ("changes", "execution", "moment", "over")

    def __init__(self, execution: Execution, moment: Moment) -> None:
        self.execution = execution
        self.moment = moment
        self.changes = Changes()
        #: Frames that have ended and whose parents are not told yet.
        self.over: list[Over] = []

    def event(self, history: int, previous: int, kind: str, details: dict[str, Json] | None = None) -> int:
        """Record an event; its id."""
        counters = self.execution.counters
        number = counters.get(history, 0) + 1
        counters[history] = number
        self.changes.events.append(Event(history, number, previous, self.moment.now, kind, details))
        return number

    def step(self, frame: Frame) -> Step:
        return self.execution.program.scopes[frame.scope].steps[frame.state]

    def put(self, frame: Frame) -> None:
        self.execution.frames[frame.id] = frame
        self.changes.frames[frame.id] = frame

    def spawn(
        self, parent: int | None, index: int, scope: str, state: str, given: Json, *, history: int, item: Json, last: int
    ) -> Frame:
        """Make a frame that stands before a state; `history` -1 gives it one of its own."""
        number = self.execution.next_frame
        self.execution.next_frame = number + 1
        if history < 0:
            frame = Frame(number, parent, index, scope, number, state, given, {}, last=last, item=item, given=given)
        else:
            frame = Frame(number, parent, index, scope, history, state, given, {}, last=last, item=item)
        self.put(frame)
        self.changes.ready.append(number)
        return frame

    def scene(self, frame: Frame) -> Scene:
        variables = frame.variables
        if frame.parent is not None:
            outer = self._outer(frame)
            if outer:
                variables = {**outer, **variables}
        return Scene(frame, variables, self._context, self.moment.now, self.moment.random, self.execution.settings.expression)

    def _outer(self, frame: Frame) -> Mapping[str, Json]:
        """Variables of the scopes around; a child execution of a distributed Map sees none of its parent's."""
        found: Mapping[str, Json] = _NONE
        while frame.parent is not None and frame.history != frame.id:
            frame = self.execution.frames[frame.parent]
            if frame.variables:
                found = {**frame.variables, **found}
        return found

    def _context(self, scene: Scene) -> dict[str, Json]:
        if self.execution.fixed is not None:
            return dict(self.execution.fixed)
        frame = scene.frame
        made = {
            **self.execution.context,
            "State": {
                "Name": frame.state,
                "EnteredTime": timestamp(frame.entered_time if frame.entered else self.moment.now),
                "RetryCount": frame.attempt,
            },
        }
        if frame.history:
            whole = made["Execution"]
            child = {"Id": f"{whole.get('Id', '')}/{frame.history}", "Name": str(frame.history)}
            made["Execution"] = {**whole, **child, "Input": self.execution.frames[frame.history].given}
        if frame.item is not None:
            made["Map"] = {"Item": frame.item}
        if scene.token:
            made["Task"] = {"Token": scene.token}
        return made

    def fits(self, frame: Frame, value: Json, what: str = "") -> None:
        """Fail where the value is larger than a payload may be; what came as input was measured then.

        `what` gave it: the state, where nothing else is named.
        """
        if value is frame.input:
            return
        limit = self.execution.settings.payload_bytes
        if (self.step(frame).wide and _exceeds(value, limit or _HELD)) or self.too_large(value):
            raise Failure(failure.DATA_LIMIT, oversize(what or frame.state))

    def holds(self, variables: Mapping[str, Json]) -> None:
        """Fail where the variables are more than may be held. They are measured only where their number could be it."""
        settings = self.execution.settings
        most, each = settings.variables_bytes, settings.payload_bytes
        if most is None or (each is not None and each * len(variables) <= most):
            return
        if stored_size(variables) > most:
            raise Failure(failure.DATA_LIMIT, f"The variables have more than {most} bytes.")

    def too_large(self, value: Json) -> bool:
        """Whether it is over the limit. Fail where it is no JSON, or too deep to be stored inside a frame."""
        try:
            size = stored_size(value)
        except ValueError as error:
            raise Failure(failure.RUNTIME, str(error), described=True) from None
        limit = self.execution.settings.payload_bytes
        return limit is not None and size > limit

    def below(self, frame: int) -> list[Frame]:
        """The frames under a frame, children before grandchildren. O(frames of the execution)."""
        children: dict[int | None, list[Frame]] = {}
        for other in self.execution.frames.values():
            children.setdefault(other.parent, []).append(other)
        found = list(children.get(frame, ()))
        for child in found:
            found += children.get(child.id, ())
        return found

    def drop_below(self, frame: int) -> None:
        for child in self.below(frame):
            self.drop(child.id)
        self.clear(frame)

    def drop(self, frame: int) -> None:
        """Forget a frame, and the results it waited for."""
        gone = self.execution.frames.pop(frame, None)
        if gone is None:
            return
        self.changes.frames.pop(frame, None)
        self.changes.removed.append(frame)
        if gone.history == frame and frame:
            self.execution.counters.pop(frame, None)
        self.clear(frame)

    def clear(self, frame: int) -> None:
        """Forget the results of a frame's branches or iterations."""
        if self.execution.results.pop(frame, None) is not None:
            self.changes.cleared.append(frame)
            # Whoever stores the changes drops first and adds then.
            self.changes.results = [result for result in self.changes.results if result.frame != frame]

    def keep(self, result: Result) -> None:
        self.execution.results.setdefault(result.frame, {})[result.index] = result
        self.changes.results.append(result)

    def finish(self, ended: Ended, kind: str, details: dict[str, Json], previous: int) -> None:
        """The execution is over; nothing more is asked for."""
        self.event(0, previous, kind, details)
        self.execution.ended = ended
        self.changes.ended = ended
        self.changes.ready.clear()


