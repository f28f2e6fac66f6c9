"""Turn messages into lines of JSON at the end of a file, or on a stream."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import IO, Any

import orjson

from matcher.errors import TargetError
from matcher.target import Message

__all__ = ["Log", "one_line"]


class Log:
    """A target that writes each message's body as one line, whole before `send` returns.

    `to` is a path, whose file is made and appended to (also by other processes), or a binary stream. With `sync`, a line
    is on the disk when `send` returns, and lines that come meanwhile share the next sync. With `envelope`, a line tells
    of the delivery, too: `{"event-id", "bus", "rule", "target", "delivery-id", "attempt", "body"}`.

    Text that is no JSON is written as a JSON string, so that every line can be read.
    """

    def __init__(self, to: str | Path | IO[bytes], *, sync: bool = False, envelope: bool = False) -> None:
        self._path = Path(to) if isinstance(to, str | Path) else None
        self._file: Any = None if self._path else to
        self._open()
        self._envelope = envelope
        self._torn = False
        self._syncing = asyncio.Lock() if sync else None
        self._written = 0
        self._synced = 0

    async def send(self, message: Message) -> None:
        """Write one line. Raises TargetError where the file can't take it: it may, when there is room again."""
        line = _line(message, self._envelope)
        try:
            self._open()
            self._write(b"\n" + line if self._torn else line)
            if self._syncing is not None:
                await self._sync(self._syncing)
        except OSError as error:
            raise TargetError(f"the log can't be written: {error}", code="ERROR_FROM_TARGET") from error

    def _open(self) -> None:
        if self._file is None and self._path is not None:
            self._file = self._path.open("ab", buffering=0)

    def _write(self, text: bytes) -> None:
        """A full disk can take a part of a line; the next line then starts on a line of its own."""
        rest = memoryview(text)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._torn = self._torn or len(rest) < len(text)
            raise
        if self._path is None:
            self._file.flush()
        self._torn = False
        self._written += 1

    async def _sync(self, syncing: asyncio.Lock) -> None:
        """Wait until what is written now is on the disk; whoever comes while one sync runs shares the next."""
        mine = self._written
        async with syncing:
            if self._synced < mine:
                upto = self._written
                await asyncio.to_thread(os.fsync, self._file.fileno())
                self._synced = upto

    async def aclose(self) -> None:
        """Close the file, which the next message opens again; a stream is its owner's to close."""
        if self._path is not None and self._file is not None:
            self._file.close()
            self._file = None


def _line(message: Message, envelope: bool) -> bytes:
    body = one_line(message.body)
    if not envelope:
        return body + b"\n"
    told = {
        "event-id": message.event_id,
        "bus": message.bus,
        "rule": message.rule,
        "target": message.target,
        "delivery-id": message.delivery_id,
        "attempt": message.attempt,
        "body": orjson.Fragment(body),
    }
    return orjson.dumps(told) + b"\n"


def one_line(body: bytes) -> bytes:
    """JSON on one line (between its tokens a line end is white space, within them JSON has none); other text as a string."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.dumps(body.decode(errors="replace"))
    return body.replace(b"\r", b" ").replace(b"\n", b" ")
