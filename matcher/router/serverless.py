"""Turn an AWS Lambda invocation into dispatches, and their reports into what Lambda expects back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from matcher.errors import EventError, RouterError
from matcher.router.report import Report

__all__ = ["Answer", "answered"]

Answer = dict[str, Any]
Dispatched = Callable[[Any], Report]


def answered(dispatch: Dispatched, event: Any, *, single: bool) -> Answer:
    """Dispatch what the invocation brings.

    `single` for a record of a batch that somebody else takes apart: what fails is raised. The first failed record of a
    FIFO group fails those of the group behind it too, untried, so that they stay in order.
    """
    if single:
        return _raising(dispatch(_body(_record_of(event))))
    if not isinstance(event, Mapping):
        raise RouterError(f"an invocation brings an event, not {type(event).__name__}")
    records = event.get("Records")
    if not isinstance(records, list):
        return _raising(dispatch(event))
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in _failures(dispatch, records)]}


def _failures(dispatch: Dispatched, records: list[Any]) -> Iterator[str]:
    stopped: set[str] = set()
    for record in records:
        group = record.get("attributes", {}).get("MessageGroupId")
        if group in stopped or not _taken(dispatch, record):
            yield record["messageId"]
            if group is not None:
                stopped.add(group)


def _taken(dispatch: Dispatched, record: Mapping[str, Any]) -> bool:
    try:
        return bool(dispatch(_body(record)))
    except EventError:  # the queue's own dead-letter queue is where such a message ends
        return False


def _record_of(given: Any) -> Mapping[str, Any]:
    """A record as a mapping: Powertools wraps them, and keeps what it wraps."""
    raw = getattr(given, "raw_event", given)
    if not isinstance(raw, Mapping):
        raise RouterError(f"a record is a mapping, not {type(given).__name__}")
    return raw


def _body(record: Mapping[str, Any]) -> Any:
    """The event in a record of SQS (`body`) or Kinesis (`kinesis.data`, base64); any other record is one itself."""
    if isinstance(body := record.get("body"), str):
        return body
    match record.get("kinesis"):
        case {"data": str(data)}:
            return base64.b64decode(data)
    return record


def _raising(report: Report) -> Answer:
    report.raise_first()
    return report.to_dict()
