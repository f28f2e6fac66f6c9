"""Turn what became of one event's targets in a dispatch into a report that a caller can test, raise or show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import orjson

from matcher.errors import TargetError

__all__ = ["Called", "Outcome", "Report", "Status", "Took"]

#: "handled": an exception handler took the error.
Status = Literal["done", "handled", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target."""

    rule: str
    target: str
    status: Status
    #: What the target returned, or the exception handler that took its error.
    result: Any
    #: What it raised; None where it did not.
    error: Exception | None
    seconds: float


class Called(Protocol):
    """What a report needs to know of whom was called."""

    @property
    def rule(self) -> str: ...
    @property
    def target(self) -> str: ...


#: One outcome as it is recorded: outcomes proper are made when somebody looks.
Took = tuple[Called, Status, Any, Exception | None, float]


class Report:
    """The outcome of each target of one event, in the order in which rules were first added.

    It is true unless a target failed; so it is true, and empty, where no rule matched.
    """

    __slots__ = ("_took",)

    def __init__(self, took: list[Took]) -> None:
        self._took = took

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(self)

    def __iter__(self) -> Iterator[Outcome]:
        for call, status, result, error, seconds in self._took:
            yield Outcome(call.rule, call.target, status, result, error, seconds)

    def __len__(self) -> int:
        return len(self._took)

    def __bool__(self) -> bool:
        return all(took[1] != "failed" for took in self._took)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self if outcome.status == "failed")

    @property
    def results(self) -> list[Any]:
        """What each target returned; None for those that failed."""
        return [took[2] for took in self._took]

    def raise_first(self) -> None:
        """Raise the error of the first target that failed, if any did."""
        for _, status, _, error, _ in self._took:
            if status == "failed" and error is not None:
                raise error

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: results that are none are given as text."""
        return {"ok": bool(self), "outcomes": [_told(outcome) for outcome in self]}

    def __repr__(self) -> str:
        told = ", ".join(f"{outcome.rule}/{outcome.target}: {outcome.status}" for outcome in self)
        return f"<Report {told or 'nothing matched'}>"


def _told(outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {"rule": outcome.rule, "target": outcome.target, "status": outcome.status}
    if outcome.error is None:
        told["result"] = _plain(outcome.result)
    else:
        code = outcome.error.code if isinstance(outcome.error, TargetError) else ""
        told["error"] = {"type": type(outcome.error).__name__, "code": code, "message": str(outcome.error)}
    told["seconds"] = outcome.seconds
    return told


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))
