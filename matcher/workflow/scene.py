"""Hold what the expressions of one state may see beside their document: variables, the context object, the moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TypeAlias

from matcher.query.jsonata import BOUNDS, Bounds
from matcher.workflow.frames import Frame, Json

__all__ = ["Evaluator", "Scene", "Settings", "constant", "timestamp"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What an execution may cost; the defaults are those of AWS Step Functions where it has one."""

    #: Bytes of a state's input or output as JSON; None: any.
    payload_bytes: int | None = 256 * 1024
    #: Bytes of the variables of one machine, branch or iteration together (AWS: of an execution); None: any.
    variables_bytes: int | None = 10 * 1024 * 1024
    #: Events of one history; None: any.
    history_events: int | None = 25_000
    #: Iterations of an inline Map at a time where MaxConcurrency is 0.
    inline_concurrency: int = 40
    #: Child executions of a distributed Map at a time where MaxConcurrency is 0.
    distributed_concurrency: int = 1_000
    #: Items that a reader is asked for at a time.
    read_items: int = 1_000
    #: Seconds that a task may take where it has no TimeoutSeconds (AWS: 99999999).
    task_seconds: float | None = None
    #: What one JSONata expression may cost.
    expression: Bounds = BOUNDS


class Scene:
    """What a state's expressions see. The context object is built when one asks for it."""

    __slots__ = ("_context", "bounds", "frame", "make_context", "now", "random", "spent", "token", "variables")

    def __init__(
        self,
        frame: Frame,
        variables: Mapping[str, Json],
        make_context: Callable[[Scene], dict[str, Json]],
        now: float,
        random: Random,
        bounds: Bounds,
    ) -> None:
        self.frame = frame
        self.variables = variables
        self.make_context = make_context
        self.now = now
        self.random = random
        self.bounds = bounds
        self.token = ""
        #: Seconds that JSONata has taken, of this scene and of those of its items.
        self.spent = [0.0]
        self._context: dict[str, Json] | None = None

    def of_item(self, item: Json) -> Scene:
        """The scene of a Map's item selector: the same, with the item in its context."""
        made = Scene(self.frame, self.variables, self.make_context, self.now, self.random, self.bounds)
        made.spent = self.spent
        made._context = {**self.context, "Map": {"Item": item}}
        return made

    @property
    def context(self) -> dict[str, Json]:
        if self._context is None:
            self._context = self.make_context(self)
        return self._context


#: A compiled field: its document (in JSONPath what `$` is, in JSONata what `$states` is) and the scene make its value.
Evaluator: TypeAlias = Callable[[Json, Scene], Json]


def constant(value: Json) -> Evaluator:
    """The evaluator of what is the same for every document."""
    return lambda _document, _scene: value


def timestamp(seconds: float) -> str:
    """A time as the context object and histories spell it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
