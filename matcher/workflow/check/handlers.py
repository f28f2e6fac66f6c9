"""Check what a state does about errors: Retry and Catch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from matcher.workflow.asl.machine import Json
from matcher.workflow.check.diagnostic import Code, Place, shown
from matcher.workflow.check.fields import Fields, JSONata, JSONPath, Required, check_fields
from matcher.workflow.check.templates import assignment, jsonata_template
from matcher.workflow.check.values import each, number, one_of, result_path, some_text, text, whole

__all__ = ["LONGEST_SECONDS", "catch", "retry"]

LONGEST_SECONDS: Final = 99_999_999
_LONGEST_DELAY: Final = 31_622_400
_ANY: Final = "States.ALL"
#: The names that the language and AWS define; any other `States.` name never comes.
_RESERVED: Final = frozenset(
    f"States.{name}"
    for name in (
        "ALL BranchFailed DataLimitExceeded ExceedToleratedFailureThreshold HeartbeatTimeout Http.Socket "
        "IntrinsicFailure ItemReaderFailed NoChoiceMatched ParameterPathFailure Permissions QueryEvaluationError "
        "ResultPathMatchFailure ResultWriterFailed Runtime TaskFailed Timeout"
    ).split()
)


def _error_name(place: Place, value: Json) -> None:
    if text(place, value) and value.startswith("States.") and value not in _RESERVED:
        place.warn(
            Code.UNKNOWN_ERROR, shown(value), "a name of the language's, or one that does not begin with States."
        )


_RETRIER: Final = Fields(
    "retrier",
    {
        "ErrorEquals": Required(each(_error_name, least=1)),
        "IntervalSeconds": whole(1, LONGEST_SECONDS, fixed=True),
        "MaxAttempts": whole(0, LONGEST_SECONDS, fixed=True),
        "BackoffRate": number(1, fixed=True),
        "MaxDelaySeconds": whole(1, _LONGEST_DELAY, fixed=True),
        "JitterStrategy": one_of("FULL", "NONE"),
        "Comment": text,
    },
)
_CATCHER: Final = Fields(
    "catcher",
    {
        "ErrorEquals": Required(each(_error_name, least=1)),
        "Next": Required(some_text),
        "ResultPath": JSONPath(result_path),
        "Output": JSONata(jsonata_template),
        "Assign": assignment,
        "Comment": text,
    },
)


def retry(place: Place, value: Json) -> None:
    _handlers(place, value, _RETRIER)


def catch(place: Place, value: Json) -> None:
    _handlers(place, value, _CATCHER)


def _handlers(place: Place, value: Json, fields: Fields) -> None:
    each(lambda one, handler: _handler(one, handler, fields))(place, value)
    if isinstance(value, list):
        for index, handler in enumerate(value):
            _catch_all(place.below(index), handler, last=index == len(value) - 1)


def _handler(place: Place, value: Json, fields: Fields) -> None:
    check_fields(place, value, fields)


def _catch_all(place: Place, handler: Json, *, last: bool) -> None:
    """`States.ALL` stands alone, and in the last handler: what came behind it would never be asked."""
    names = handler.get("ErrorEquals") if isinstance(handler, Mapping) else None
    if not isinstance(names, list) or _ANY not in names:
        return
    below = place.below("ErrorEquals")
    if len(names) > 1:
        below.error(shown(names), f"{_ANY} alone, as it stands for every error")
    if not last:
        below.error(f"{_ANY} before other handlers", f"{_ANY} in the last one")
