"""Name the errors that a state may fail with, and carry one from where it arises to where it is retried or caught."""

from __future__ import annotations

from typing import Final

import orjson

from matcher.workflow.frames import Json

__all__ = ["FATAL", "UNLISTED", "Failure", "plain", "shown"]

ALL: Final = "States.ALL"
DATA_LIMIT: Final = "States.DataLimitExceeded"
HEARTBEAT: Final = "States.HeartbeatTimeout"
INTRINSIC: Final = "States.IntrinsicFailure"
NO_CHOICE: Final = "States.NoChoiceMatched"
QUERY: Final = "States.QueryEvaluationError"
READER: Final = "States.ItemReaderFailed"
RESULT_PATH: Final = "States.ResultPathMatchFailure"
RUNTIME: Final = "States.Runtime"
TASK_FAILED: Final = "States.TaskFailed"
TIMEOUT: Final = "States.Timeout"
TOLERATED: Final = "States.ExceedToleratedFailureThreshold"
WRITER: Final = "States.ResultWriterFailed"

#: What no retrier and no catcher takes, by whatever name: the machine itself is wrong.
FATAL: Final = frozenset({RUNTIME})
#: What `States.ALL` does not take; it must be named.
UNLISTED: Final = frozenset({RUNTIME, DATA_LIMIT})


class Failure(Exception):
    """A state failed by `error`, for `cause`. It never leaves the interpreter: it is retried, caught, or ends the frame.

    `described`: the cause still wants AWS's opening words, which name the state and the event that entered it.
    `location` is the field whose JSONata failed; None where none did.
    """

    def __init__(self, error: str | None, cause: str | None, *, described: bool = False, location: str | None = None) -> None:
        self.error = error
        self.cause = cause
        self.described = described
        self.location = location
        super().__init__(error, cause)


def shown(value: Json) -> str:
    """A value as a cause shows it: compact JSON."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return f"a value of type {type(value).__name__}"


def plain(value: Json) -> str:
    """As `shown`, a text without quotes."""
    return str(value) if isinstance(value, str) else shown(value)
