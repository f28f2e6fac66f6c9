"""Turn a source of events (JSON lines, an array, CloudTrail's records, packed or not) into numbered raw events.

How the shape is told, from the content alone:
- What begins with `[` is an array; what begins with anything but `[` or `{` is taken as JSON lines.
- Where the first line is a whole object, the source is JSON lines; but if nothing follows, and the object has a member
  "Records" that is an array, the events are its elements. (Where the first line is over 16 MiB, what follows is not
  looked at.)
- Where the first line opens more than it closes, and the next text does not begin with `{`, the source is an object
  over several lines: one event, or the elements of its "Records". More such objects may follow. (A `{` next is that of
  an event, and the first line a broken one, unless "Records" is open and the line ends in `[` or a comma.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from matcher.unpack import Feed, Source, SourceError, is_packed

__all__ = ["BATCH_BYTES", "Batch", "Source", "SourceError", "batches", "is_plain_lines"]

#: Events with their numbers: that of the line, or of the element, from 1.
Batch = list[tuple[int, bytes]]

BATCH_BYTES: Final = 4 << 20
_LOOK: Final = 16 << 20  # how much is held to tell the shape
_SPACE: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"

_SHORT: Final = 0  # what a walk came to: the end of the text,
_ENDED: Final = 1  # that of the value,
_RECORDS: Final = 2  # or the bracket of "Records"

_SPACES: Final = re.compile(rb"[ \t\r\n]*")
# Up to the next bracket outside strings, and with it; possessive throughout, so it never goes back.
_RUN: Final = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+[{}\[\]]?', re.DOTALL)
_SCALAR: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s,\[\]{}"]++', re.DOTALL)


def batches(
    source: Source, batch_bytes: int = BATCH_BYTES, progress: Callable[[int], None] | None = None
) -> Iterator[Batch]:
    """Give the events of a source in batches of about `batch_bytes` bytes (one event may be larger).

    Blank lines count as lines and are left out. `progress` is told the number of bytes taken from the source, each
    time. Memory does not grow with the source, but with its largest event. Raises OSError if the source can't be
    opened, MissingExtra for zstd without a module for it, and, after all events that could be read, SourceError if the
    packing is damaged or cut off, or an array breaks off.
    """
    with Feed(source, batch_bytes, progress) as feed:
        head, lines = _look(feed)
        head = head.removeprefix(_BOM)
        yield from _lines(feed, head) if lines else _batched(_Window(feed, head), batch_bytes)


def is_plain_lines(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a regular file of JSON lines, not packed, without a byte order mark. Raises OSError."""
    if not Path(path).is_file():
        Path(path).stat()  # raises where there is nothing
        return False
    with Path(path).open("rb") as file:
        start = file.read(4)
    if is_packed(start) or start.startswith(_BOM):
        return False
    with Feed(path, 1 << 16) as feed:
        return _look(feed)[1]


# ---- shape ----


def _look(feed: Feed) -> tuple[bytes, bool]:
    """Read as much as it takes to tell the shape; give that, and whether it is JSON lines."""
    head = b""
    while True:
        parts, length = [head], 0
        while length <= len(head) and (piece := feed.next()):
            parts.append(piece)
            length += len(piece)
        head = b"".join(parts)
        answer = _is_lines(head, ended=not length or len(head) >= _LOOK)
        if answer is not None:
            return head, answer


def _is_lines(head: bytes, ended: bool) -> bool | None:
    """Tell JSON lines from other shapes; None: it takes more."""
    start = len(_BOM) if head.startswith(_BOM) else 0
    space = _SPACES.match(head, start)
    start = space.end() if space else start
    if start == len(head) or (len(head) < len(_BOM) and _BOM.startswith(head)):
        return True if ended else None
    if head[start] != ord("{"):
        return head[start] != ord("[")
    newline = head.find(b"\n", start)
    if newline < 0 and not ended:
        return None
    line = head[start : newline if newline >= 0 else len(head)]
    rest = head[newline + 1 :].lstrip(_SPACE) if newline >= 0 else b""
    walk = _Walk(0)
    found = walk.go(line)
    if found == _SHORT and walk.at < len(line) and newline >= 0:  # it ends within a string
        return True
    records = _Walk(0, records=True).go(line) == _RECORDS
    if found == _ENDED and (rest or not records):
        return True
    if not rest:
        return not records if ended else None
    return rest.startswith(b"{") and not (records and line.rstrip(_SPACE).endswith((b"[", b",")))


# ---- JSON lines ----


def _lines(feed: Feed, head: bytes) -> Iterator[Batch]:
    number = 0  # of lines ended so far
    unended: list[bytes] = []
    piece = head
    while piece:
        end = piece.rfind(b"\n")
        if end < 0:
            unended.append(piece)
        else:
            lines = b"".join([*unended, piece[:end]]).split(b"\n")
            unended = [piece[end + 1 :]]
            batch = [
                (number + n, line) for n, line in enumerate(lines, 1) if line and (line[0] > 32 or line.strip(_SPACE))
            ]
            number += len(lines)
            if batch:
                yield batch
        piece = feed.next()
    if feed.fault is not None:
        raise SourceError(f"{feed.name}: line {number + 1}: {feed.fault}")
    last = b"".join(unended)
    if last.strip(_SPACE):
        yield [(number + 1, last)]


# ---- values one after another, and the elements of arrays ----


class _Walk:
    """How far the brackets of one value were followed; `go` goes on where it stopped once there is more text.

    With `records` it stops behind the bracket of a member "Records" of the outmost object.
    """

    __slots__ = ("at", "depth", "mark", "records")

    def __init__(self, at: int, depth: int = 0, records: bool = False) -> None:
        self.at = self.mark = at  # mark: behind the last bracket
        self.depth = depth
        self.records = records

    def go(self, text: bytes) -> int:
        run = _RUN.match
        while True:
            found = run(text, self.at)
            end = found.end() if found else self.at
            last = text[end - 1] if end > self.at else 0
            self.at = end
            if last == 0x7B or last == 0x5B:
                self.depth += 1
                if self.records and self.depth == 2 and last == 0x5B and _names_records(text, self.mark, end - 1):
                    return _RECORDS
            elif last == 0x7D or last == 0x5D:
                self.depth -= 1
                if self.depth <= 0:
                    return _ENDED
            else:
                return _SHORT
            self.mark = end

    def back(self, count: int) -> None:
        """Follow the text as bytes before it are forgotten."""
        self.at -= count
        self.mark -= count


def _names_records(text: bytes, start: int, end: int) -> bool:
    """Tell whether the text from behind a bracket to the next ends in the member name "Records" and a colon."""
    name = text.rfind(b'"Records"', start, end)
    if name < 0 or text[name + 9 : end].strip(_SPACE) != b":":
        return False
    before = text[start:name].rstrip(_SPACE)
    return before.endswith(b",") or not before


class _Window:
    """The part of a source that is being read: `at` is the next byte of `text`, `gone` the count of bytes before it."""

    __slots__ = ("at", "feed", "gone", "text")

    def __init__(self, feed: Feed, text: bytes) -> None:
        self.feed = feed
        self.text = text
        self.at = 0
        self.gone = 0

    def grow(self, keep: int) -> bool:
        """Forget what is before `keep`, and read at least as much as is left, so that no byte is read over often."""
        parts = [self.text[keep:]]
        wanted, got = len(parts[0]), 0
        while got <= wanted and (piece := self.feed.next()):
            parts.append(piece)
            got += len(piece)
        self.text = b"".join(parts)
        self.at -= keep
        self.gone += keep
        return got > 0

    def byte(self) -> int:
        """Give the next byte that is no space, and stand on it; -1 at the end."""
        while True:
            spaces = _SPACES.match(self.text, self.at)
            self.at = spaces.end() if spaces else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow(self.at):
                return -1

    def broken(self, wanted: str) -> SourceError:
        """Make the error for what stands here instead."""
        if self.feed.fault is not None:
            return SourceError(self.feed.fault)
        if self.byte() < 0:
            return SourceError(f"the text ends within a value, at byte {self.gone + self.at}")
        found = chr(self.text[self.at])
        return SourceError(f"at byte {self.gone + self.at}: found {found!r}; want {wanted}")

    def walk(self, walk: _Walk, keep: bool = True) -> int:
        """Follow brackets to the end of the value, from the text kept; raise if the source ends first."""
        while (found := walk.go(self.text)) == _SHORT:
            forget = self.at if keep else walk.at
            if not self.grow(forget):
                self.at = len(self.text)
                raise self.broken("")
            walk.back(forget)
        return found

    def value(self) -> bytes:
        """Take the value that begins here."""
        if self.text[self.at] in b"{[":
            walk = _Walk(self.at)
            self.walk(walk)
            return self.take(walk.at)
        while True:
            found = _SCALAR.match(self.text, self.at)
            if found and found.end() < len(self.text):
                return self.take(found.end())
            if (not found and self.text[self.at] != 0x22) or not self.grow(self.at):
                break
        if not found and self.text[self.at] == 0x22:
            self.at = len(self.text)
        if not found or self.feed.fault is not None:
            raise self.broken("a value")
        return self.take(found.end() - found.start())

    def take(self, end: int) -> bytes:
        taken = self.text[self.at : end]
        self.at = end
        return taken


def _values(window: _Window) -> Iterator[bytes]:
    """Give the events of a source that is not JSON lines."""
    while (byte := window.byte()) >= 0:
        if byte == ord("["):
            window.at += 1
            yield from _elements(window)
        elif byte == ord("{"):
            walk = _Walk(window.at, records=True)
            if window.walk(walk) == _ENDED:
                yield window.take(walk.at)
                continue
            window.at = walk.at
            yield from _elements(window)
            rest = _Walk(window.at, depth=1)
            window.walk(rest, keep=False)
            window.at = rest.at
        else:
            yield window.value()
    if window.feed.fault is not None:
        raise SourceError(window.feed.fault)


def _elements(window: _Window) -> Iterator[bytes]:
    """Give the elements of the array whose bracket was just read."""
    if window.byte() == ord("]"):
        window.at += 1
        return
    while True:
        if window.byte() < 0:
            raise window.broken("an element")
        yield window.value()
        match window.byte():
            case 0x5D:
                window.at += 1
                return
            case 0x2C:
                window.at += 1
            case _:
                raise window.broken("',' or ']' after an element")


def _batched(window: _Window, batch_bytes: int) -> Iterator[Batch]:
    batch: Batch = []
    number = size = 0
    fault: SourceError | None = None
    try:
        for value in _values(window):
            number += 1
            batch.append((number, value))
            size += len(value)
            if size >= batch_bytes:
                yield batch
                batch, size = [], 0
    except SourceError as error:
        fault = error
    if batch:
        yield batch
    if fault is not None:
        raise SourceError(f"{window.feed.name}: after element {number}: {fault}")
