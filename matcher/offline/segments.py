"""Turn a packed file of JSON lines into segments of its text, each a file in memory that the core's threads can read.

So a packed log is matched as a plain one is, and no object of Python is made for a line.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from matcher import events
from matcher.unpack import SourceError

__all__ = ["Segments", "are_there"]

_SEGMENT: Final = 8 << 20  # bytes of a segment at least, but for the last one
_PIECE: Final = 4 << 20


def are_there() -> bool:
    """Tell whether this system has files in memory (Linux)."""
    return hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")  # noqa: PTH112  # of no Path at import


class Segments:
    """The whole lines behind byte `start` of a source's text, some megabytes at a time.

    Where a line is over `limit` bytes, what is beyond them is passed over: a segment ends with that line, cut to one
    byte too many, so that who reads it refuses it. Close it.
    """

    def __init__(self, source: str, limit: int | None, start: int, progress: Callable[[int], None] | None) -> None:
        self._limit = limit
        self._feed, head, at = events.open_lines(source, _PIECE, progress)
        self._file = os.memfd_create("matcher-segment", os.MFD_CLOEXEC)
        self._held = head  # the beginning of a line that has not ended
        self._next = at  # its place
        self._pass(start - at)
        #: Where the segment begins in the source's text.
        self.base = self._next

    def _pass(self, count: int) -> None:
        """Pass over the text before a place that was reached in an earlier run."""
        while count > 0 and self._held:
            passed = min(count, len(self._held))
            self._next += passed
            count -= passed
            self._held = self._held[passed:] or self._feed.next()

    def next(self, line: int) -> str | None:
        """Give the path of the next segment, which stands until the one after it; None at the end.

        `line`: that of the segment's first, for the SourceError that is raised where the source can't be read on.
        """
        self.base = self._next
        text = self._whole()
        if not text:
            if self._feed.fault is not None:
                raise SourceError(f"line {line}: {self._feed.fault}", self._feed.name, line, self._next)
            return None
        os.ftruncate(self._file, 0)
        at = 0
        while at < len(text):
            at += os.pwrite(self._file, memoryview(text)[at:], at)
        return f"/proc/self/fd/{self._file}"

    def _whole(self) -> bytes:
        """Take whole lines, and what is behind the last newline at the end of a source that is whole; b"": no more."""
        parts, self._held = [self._held], b""
        size = unended = len(parts[0])  # `unended`: bytes behind the last newline, as far as pieces were looked at
        newline = parts[0].rfind(b"\n") + 1
        unended -= newline
        last = 0 if newline else -1  # the part with the last newline
        while size < _SEGMENT or last < 0:
            if self._limit is not None and unended > self._limit and last < 0:
                return self._cut(b"".join(parts))
            piece = self._feed.next()
            if not piece:
                return self._rest(parts, last, newline)
            parts.append(piece)
            size += len(piece)
            found = piece.rfind(b"\n") + 1
            unended = len(piece) - found if found else unended + len(piece)
            if found:
                last, newline = len(parts) - 1, found
        self._held = b"".join([parts[last][newline:], *parts[last + 1 :]])
        return self._taken(b"".join([*parts[:last], parts[last][:newline]]))

    def _taken(self, text: bytes) -> bytes:
        self._next += len(text)
        return text

    def _rest(self, parts: list[bytes], last: int, newline: int) -> bytes:
        """Take what is left at the end; of a source that was cut short no line that is not whole."""
        if self._feed.fault is None:
            return self._taken(b"".join(parts))
        return self._taken(b"".join([*parts[:last], parts[last][:newline]])) if last >= 0 else b""

    def _cut(self, text: bytes) -> bytes:
        """Take the beginning of a line that is too long, and pass over the rest of it."""
        self._next += len(text)
        while piece := self._feed.next():
            end = piece.find(b"\n") + 1
            self._next += end or len(piece)
            if end:
                self._held = piece[end:]
                break
        return text[: (self._limit or 0) + 1] + b"\n"

    @property
    def end(self) -> int:
        """The place behind the segment given last."""
        return self._next

    def close(self) -> None:
        """Let go of the source and the memory."""
        self._feed.__exit__()
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
