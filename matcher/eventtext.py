"""Turn an event in any form that users hold it in into the bytes that the core scans."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from matcher.errors import EventError

__all__ = ["text_of"]


def text_of(event: bytes | bytearray | memoryview | str | Mapping[str, Any]) -> bytes:
    """Give an event's JSON text. Raises EventError for what can't be JSON, TypeError for what is no event at all."""
    match event:
        case bytes():
            return event if type(event) is bytes else bytes(event)
        case str():
            try:
                return event.encode()
            except UnicodeEncodeError as error:
                at = len(event[: error.start].encode())
                raise EventError("a lone surrogate, which UTF-8 can't hold", at) from None
        case bytearray() | memoryview():
            return bytes(event)
        case Mapping():
            return _dumped(event)
        case _:
            raise TypeError(f"an event is bytes, str or a dict, not {type(event).__name__}")


def _dumped(event: Mapping[str, Any]) -> bytes:
    try:
        text = orjson.dumps(event if type(event) is dict else dict(event))
        if b"null" in text:  # which orjson also writes for NaN and the infinities
            json.dumps(event, allow_nan=False, default=lambda _: None)
        return text
    except (TypeError, ValueError, RecursionError) as error:
        reason = str(error)
    try:  # integers beyond 64 bits, which orjson does not write
        return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        raise EventError(f"a dict that is no JSON: {reason}", 0) from None
