"""Turn frames and results into the rows of a journal, and back.

A frame that waits for others is stored each time that one of them ends: what it was given, and the items of its Map, stand
aside in a row of their own, which is written only when they change.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

import orjson

from matcher.workflow.frames import Fanning, Frame, Json, Reading, Result, Writing, dump, load

__all__ = ["aside", "decoded", "decoded_result", "encoded", "encoded_result"]

_RESULT: Final = tuple(field.name for field in fields(Result))


def encoded(frame: Frame, stored: Frame | None) -> tuple[bytes, bytes | None]:
    """The frame's row, and the one aside where there has to be one and it is not that of `stored`."""
    parts = aside(frame)
    if parts is None:
        return orjson.dumps(dump(frame)), None
    before = None if stored is None else aside(stored)
    same = before is not None and all(one is other for one, other in zip(parts, before, strict=True))
    return orjson.dumps(dump(_bare(frame))), None if same else orjson.dumps(parts)


def aside(frame: Frame) -> tuple[Json, ...] | None:
    """What of a frame that waits for others stands aside."""
    match frame.work:
        case Fanning() as fan:
            return frame.input, frame.variables, frame.item, fan.items, fan.settings
        case Reading(fan) | Writing(fan):
            return frame.input, frame.variables, frame.item, fan.items, fan.settings
    return None


def _bare(frame: Frame) -> Frame:
    return _with(frame, (None, {}, None, None, None))


def _with(frame: Frame, parts: tuple[Any, ...]) -> Frame:
    given, variables, item, items, settings = parts
    work = frame.work
    if isinstance(work, Fanning):
        made: Any = replace(work, items=items, settings=settings)
    else:
        assert isinstance(work, Reading | Writing)
        made = replace(work, fan=replace(work.fan, items=items, settings=settings))
    return replace(frame, input=given, variables=variables, item=item, work=made)


def decoded(row: bytes, beside: bytes | None) -> Frame:
    frame = load(orjson.loads(row))
    if aside(frame) is None:
        return frame
    assert beside is not None
    return _with(frame, tuple(orjson.loads(beside)))


def encoded_result(result: Result) -> bytes:
    return orjson.dumps([getattr(result, name) for name in _RESULT])


def decoded_result(row: bytes) -> Result:
    return Result(*orjson.loads(row))
