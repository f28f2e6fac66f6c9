"""Turn what CloudWatch Logs writes around events (exports, pages of the command line, subscriptions) into the events.

A form is told by its members, so that an ordinary event that has a member "events" or "logEvents" stays one:

- A line of an export to S3 begins with a timestamp like `2026-01-02T03:04:05.678Z` and one space.
- A page (`aws logs filter-log-events`, `get-log-events`) is an object of "events" and of nothing else but
  "searchedLogStreams", "nextToken", "NextToken", "nextForwardToken", "nextBackwardToken" and "ResponseMetadata". "events"
  is an array of log events; where it is empty, one of the other members is there.
- A record of a subscription is an object whose "messageType" is "DATA_MESSAGE" or "CONTROL_MESSAGE", with a string
  "logGroup" and an array "logEvents" of log events that have an "id". A control message holds no events.
- A log event is an object of a string "message", a whole number "timestamp", and of nothing else but "ingestionTime",
  "eventId", "logStreamName", "id" and "extractedFields".

An object too large to be held, cut off, or no JSON in a later part has a form by what is before its first log event,
and by that one.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final

import orjson

from matcher.errors import EventError
from matcher.values import ENDED, MEMBER, SPACES, Walk

__all__ = ["MEMBERS", "STAMP", "Form", "begun", "form", "message"]

#: The names of the arrays that hold log events, as they are spelled in a text.
MEMBERS: Final = (b'"events"', b'"logEvents"')
#: What a line of an export to S3 begins with.
STAMP: Final = re.compile(rb"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](?:\.[0-9]{1,9})?Z ")

_PAGE: Final = frozenset(
    ("events", "searchedLogStreams", "nextToken", "NextToken", "nextForwardToken", "nextBackwardToken",
     "ResponseMetadata")
)  # fmt: skip
_LOG_EVENT: Final = frozenset(
    ("message", "timestamp", "ingestionTime", "eventId", "logStreamName", "id", "extractedFields")
)
_TYPES: Final = ("DATA_MESSAGE", "CONTROL_MESSAGE")
_MESSAGE: Final = re.compile(rb'"message"[ \t\r\n]*:[ \t\r\n]*"')
_BROKEN: Final = 'a log event without a string "message"'


class Form(Enum):
    """What an object of log events is."""

    PAGE = "page"
    RECORD = "record"
    CONTROL = "control message"

    @property
    def member(self) -> bytes:
        """The name of the array that holds the log events, as it is spelled in the text."""
        return MEMBERS[self is not Form.PAGE]


def form(text: bytes) -> Form | None:
    """Tell what an object is; None: no log events. Where the text is cut off, its beginning tells."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return begun(text)
    if not isinstance(value, dict):
        return None
    if (record := _record(value)) is not None:
        return record
    found = value.get("events")
    page = isinstance(found, list) and value.keys() <= _PAGE and all(map(_is_log_event, found))
    return Form.PAGE if page and (found or len(value) > 1) else None


def begun(text: bytes) -> Form | None:
    """Do as `form` with what is before the first log event, and with that one, which has to be whole."""
    walk = Walk(0, members=MEMBERS)
    if walk.go(text) != MEMBER:
        return None
    space = SPACES.match(text, walk.at)
    first = Walk(space.end() if space else walk.at)
    begin = first.at
    if not text.startswith(b"{", begin) or first.go(text) != ENDED:
        return None
    try:
        value, log_event = orjson.loads(text[: walk.at] + b"]}"), orjson.loads(text[begin : first.at])
    except ValueError:
        return None
    if not _is_log_event(log_event):
        return None
    if walk.member == MEMBERS[1]:
        return _record({**value, "logEvents": [log_event]})
    return Form.PAGE if value.keys() <= _PAGE else None


def message(text: bytes) -> tuple[int, bytes | EventError]:
    """Give the message of a log event, and where it begins in the text: behind the quote; or why it has none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return 0, EventError(f"a log event that is no JSON ({error.msg})", len(error.doc[: error.pos].encode()))
    told = value.get("message") if isinstance(value, dict) else None
    if not isinstance(told, str):
        return 0, EventError(_BROKEN, 0)
    at = 0
    for found in _MESSAGE.finditer(text):  # of two members the last one counts
        at = found.end()
    return at, told.encode()


def _is_log_event(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("message"), str)
        and type(value.get("timestamp")) is int
        and value.keys() <= _LOG_EVENT
    )


def _record(value: dict[str, Any]) -> Form | None:
    found = value.get("logEvents")
    if (
        value.get("messageType") not in _TYPES
        or not isinstance(value.get("logGroup"), str)
        or not isinstance(found, list)
        or not all(_is_log_event(each) and "id" in each for each in found)
    ):
        return None
    return Form.RECORD if value["messageType"] == _TYPES[0] else Form.CONTROL
