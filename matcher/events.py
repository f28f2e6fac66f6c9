"""Turn a source of events (JSON lines, arrays, CloudTrail's records, CloudWatch's logs) into numbered raw events.

How the shape is told, from the content alone, once it is unpacked:
- What begins with `[` is an array; what begins with anything but `[` or `{` is taken as JSON lines; but as an export of
  CloudWatch where the first line begins with its timestamp. Then the event of a line is what follows the timestamp; a
  line without one goes on with the event above where that is an object still open, and else is an event of its own.
- Where the first line is a whole object, the source is JSON lines; but if nothing follows, and the object has a member
  "Records" that is an array, the events are its elements. (Where the first line is over 16 MiB, what follows is not
  looked at.) Where the first line begins with a page of log events or a record of a subscription
  (`matcher.cloudwatch` says what these are), the source is a sequence of such objects, on one line or on many: the
  events are their messages, and an object or line that is neither is one event.
- Where the first line opens more than it closes, and the next text does not begin with `{`, the source is an object
  over several lines: one event, the elements of its "Records", or the messages of a page or record. More such objects
  may follow. (A `{` next is that of an event, and the first line a broken one, unless "Records" or the log events of a
  page or record are open and the line ends in `[` or a comma.)
- UTF-16 and UTF-32 are refused as a whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Final

from matcher import cloudwatch, eventlines
from matcher.cloudwatch import Form
from matcher.errors import EventError
from matcher.eventlines import Events
from matcher.unpack import Feed, Source, SourceError, is_packed
from matcher.values import ENDED, MEMBER, SHORT, SPACE, SPACES, Walk, Window, elements

__all__ = ["BATCH_BYTES", "Batch", "Events", "Source", "SourceError", "batches", "is_packed_lines", "is_plain_lines", "open_lines", "read"]

#: Events with their numbers: that of the line, or of the element, from 1.
Batch = list[tuple[int, bytes]]
_Found = tuple[int, bytes | EventError]  # the place of an event, and its text, or why it is not taken

BATCH_BYTES: Final = 4 << 20
_LOOK: Final = 16 << 20  # how much is held to tell the shape
_BOM: Final = b"\xef\xbb\xbf"
_RECORDS: Final = b'"Records"'
_MEMBERS: Final = (_RECORDS, *cloudwatch.MEMBERS)
_STAMP_BYTES: Final = 40  # more than a timestamp of CloudWatch has
# What text of two or four bytes a character begins with: a byte order mark, or ASCII.
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_NARROW: Final = "; events are UTF-8 (iconv -t UTF-8 converts it)"


class _Shape(Enum):
    LINES = "JSON lines"
    EXPORT = "lines behind timestamps"
    LOGS = "pages and records of log events, each on a line"
    VALUES = "arrays, and objects over several lines"


def read(
    source: Source,
    batch_bytes: int = BATCH_BYTES,
    progress: Callable[[int], None] | None = None,
    line_bytes: int | None = None,
) -> Iterator[Events]:
    """Give the events of a source in batches of about `batch_bytes` bytes (one event may be larger).

    Blank lines count as lines and are left out. `progress` is told the number of bytes taken from the source, each
    time. An event whose line, or element, is over `line_bytes` bytes (None: no limit) is refused without being held,
    so memory does not grow with the source. Raises OSError if the source can't be opened, MissingExtra for zstd without
    a module for it, and, after all events that could be read, SourceError if the packing is damaged or cut off, or an
    array breaks off; or if the text is UTF-16 or UTF-32.
    """
    with Feed(source, batch_bytes, progress) as feed:
        head, shape = _look(feed)
        start = len(_BOM) if head.startswith(_BOM) else 0
        head = head[start:]
        match shape:
            case _Shape.LINES:
                yield from eventlines.plain(feed, head, start, line_bytes)
            case _Shape.EXPORT:
                yield from eventlines.exported(feed, head, start, line_bytes)
            case _:
                yield from _batched(Window(feed, head, start, line_bytes), feed.name, shape, batch_bytes)


def batches(
    source: Source, batch_bytes: int = BATCH_BYTES, progress: Callable[[int], None] | None = None
) -> Iterator[Batch]:
    """Give the events of a source with their numbers only, and without a limit; see `read`."""
    for found in read(source, batch_bytes, progress):
        yield list(zip(found.numbers, found.texts, strict=True))


def is_plain_lines(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a regular file of JSON lines, not packed, without a byte order mark. Raises OSError."""
    if not Path(path).is_file():
        Path(path).stat()  # raises where there is nothing
        return False
    with Path(path).open("rb") as file:
        start = file.read(4)
    if is_packed(start) or start.startswith(_BOM) or _is_wide(start):
        return False
    with Feed(path, 1 << 16) as feed:
        return _look(feed)[1] is _Shape.LINES


def is_packed_lines(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a regular file of JSON lines that is packed. Raises as `read` does."""
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        start = file.read(4)
    if not is_packed(start):
        return False
    with Feed(path, 1 << 16) as feed:
        return _look(feed)[1] is _Shape.LINES


def open_lines(
    source: Source, batch_bytes: int = BATCH_BYTES, progress: Callable[[int], None] | None = None
) -> tuple[Feed, bytes, int]:
    """Open a source of JSON lines: give what feeds it, its first bytes, and their place. Close the feed."""
    feed = Feed(source, batch_bytes, progress)
    head, _ = _look(feed)
    start = len(_BOM) if head.startswith(_BOM) else 0
    return feed, head[start:], start


# ---- shape ----


def _look(feed: Feed) -> tuple[bytes, _Shape]:
    """Read as much as it takes to tell the shape; give that, and the shape."""
    head = b""
    while True:
        parts, length = [head], 0
        while length <= len(head) and (piece := feed.next()):
            parts.append(piece)
            length += len(piece)
        head = b"".join(parts)
        if _is_wide(head):
            raise SourceError(f"text of {_wide_name(head)}{_NARROW}", feed.name, 1, 0)
        answer = _shape(head, ended=not length or len(head) >= _LOOK)
        if answer is not None:
            return head, answer


def _is_wide(head: bytes) -> bool:
    return head.startswith(_WIDE) or (
        len(head) >= 4 and (not any(head[0:4:2]) or not any(head[1:4:2])) and any(head[:4])
    )


def _wide_name(head: bytes) -> str:
    return "UTF-32" if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")) or head[:4].count(0) == 3 else "UTF-16"


def _shape(head: bytes, ended: bool) -> _Shape | None:
    """Tell the shape by the head of a source; None: it takes more."""
    start = len(_BOM) if head.startswith(_BOM) else 0
    space = SPACES.match(head, start)
    start = space.end() if space else start
    if start == len(head) or (len(head) < len(_BOM) and _BOM.startswith(head)):
        return _Shape.LINES if ended else None
    if head[start] == ord("["):
        return _Shape.VALUES
    if head[start] != ord("{"):
        if len(head) - start < _STAMP_BYTES and b"\n" not in head[start:] and not ended:
            return None
        return _Shape.EXPORT if cloudwatch.STAMP.match(head, start) else _Shape.LINES
    newline = head.find(b"\n", start)
    if newline < 0 and not ended:
        return None
    line = head[start : newline if newline >= 0 else len(head)]
    rest = head[newline + 1 :].lstrip(SPACE) if newline >= 0 else b""
    return _shape_of_objects(head[start:], line, rest, ended)


def _shape_of_objects(text: bytes, line: bytes, rest: bytes, ended: bool) -> _Shape | None:
    """Do as `_shape` with text that begins with an object: by its first line, and what follows."""
    walk = Walk(0)
    found = walk.go(line)
    records = Walk(0, members=(_RECORDS,)).go(line) == MEMBER
    if found == ENDED:
        form = cloudwatch.form(line[: walk.at])
        if form is not None and (rest or form is not Form.PAGE):
            return _Shape.LOGS
        if rest or not (records or form):
            return _Shape.LINES
        return _Shape.VALUES if ended else None
    if walk.inside and len(line) < len(text):  # no string goes on behind its line
        return _Shape.LINES
    if rest and not rest.startswith(b"{"):
        return _Shape.VALUES
    opened = (not rest or line.rstrip(SPACE).endswith((b"[", b","))) and (records or cloudwatch.begun(text) is not None)
    if opened and rest:
        return _Shape.VALUES
    if not ended and (not rest or line.rstrip(SPACE).endswith(b"[")):  # the first log event may be cut
        return None
    return _Shape.VALUES if opened else _Shape.LINES


# ---- values one after another, and the elements of arrays ----


def _values(window: Window) -> Iterator[_Found]:
    """Give the events of a source that is not lines."""
    while (byte := window.byte()) >= 0:
        if byte == ord("["):
            window.at += 1
            yield from _elements(window)
        elif byte == ord("{"):
            yield from _object(window)
        else:
            yield window.place, _taken(window.value(), window, "an element")
    if window.fault is not None:
        raise window.broken("")


def _taken(text: bytes | None, window: Window, what: str) -> bytes | EventError:
    return eventlines.over(window.limit or 0, what) if text is None else text


def _elements(window: Window) -> Iterator[_Found]:
    for place, text in elements(window):
        yield place, _taken(text, window, "an element")


def _messages(window: Window, form: Form) -> Iterator[_Found]:
    """Give the messages of the log events of the array whose bracket was just read."""
    for place, text in _elements(window):
        shift, message = (0, text) if isinstance(text, EventError) else cloudwatch.message(text)
        if form is not Form.CONTROL:
            yield place + shift, message


def _object(window: Window) -> Iterator[_Found]:
    """Give the events of the object that begins here."""
    place = window.place
    walk = Walk(window.at, members=_MEMBERS)
    while window.walk(walk) == MEMBER:
        form = None
        if walk.member != _RECORDS:
            form = _form(window, walk) if window.place == place else None
            if form is None or form.member != walk.member:
                continue
        window.at = walk.at
        yield from _elements(window) if form is None else _messages(window, form)
        rest = Walk(window.at, depth=1)
        window.walk(rest, keep=False)
        window.at = rest.at
        return
    yield place, _taken(window.take(walk.at, place), window, "an element")


def _form(window: Window, walk: Walk) -> Form | None:
    """Tell what the object is that begins here, walked up to an array; what is read for that stays in the window."""
    whole = Walk(walk.at, walk.depth)
    while whole.go(window.text) == SHORT and len(window.text) - window.at < _LOOK:
        forget = window.at
        if not window.grow(forget):
            break
        walk.back(forget)
        whole.back(forget)
    return cloudwatch.form(window.text[window.at : whole.at])


def _logs(window: Window) -> Iterator[_Found]:
    """Give the events of objects that end with their line at the latest."""
    while window.byte() >= 0:
        place = window.place
        text = _in_line(window)
        form = None if text is None else cloudwatch.form(text)
        if text is None or form is None:
            yield place, _taken(text, window, "a line")
            continue
        inner = Window(None, text, place)
        walk = Walk(0, members=(form.member,))
        try:
            inner.walk(walk)
            inner.at = walk.at
            yield from _messages(inner, form)
        except SourceError as fault:
            at = (fault.byte or place) - place
            yield place, EventError(f"log events that break off: {fault}", at)
    if window.fault is not None:
        raise window.broken("")


def _in_line(window: Window) -> bytes | None:
    """Take the object that begins here; or the rest of the line, where none ends in it. None: it is over the limit."""
    start = window.place
    walk = Walk(window.at)
    is_object = window.text[window.at] == ord("{")
    looked = window.at
    while True:
        found = walk.go(window.text) if is_object else SHORT
        end = walk.at if is_object else len(window.text)
        newline = window.text.find(b"\n", looked, end)
        if newline >= 0 or found == ENDED:
            return window.take(newline if newline >= 0 else end, start)
        if window.limit is not None and end - window.at > window.limit:
            window.at = end
        forget = window.at
        if not window.grow(forget):
            if window.fault is not None:
                raise window.broken("")
            return window.take(len(window.text), start)
        walk.back(forget)
        looked = end - forget


def _batched(window: Window, name: str, shape: _Shape, batch_bytes: int) -> Iterator[Events]:
    batch = Events()
    number = size = 0
    fault: SourceError | None = None
    try:
        for place, text in _logs(window) if shape is _Shape.LOGS else _values(window):
            number += 1
            batch.add(number, place, text)
            size += len(batch.texts[-1])
            if size >= batch_bytes:
                batch.end = window.place
                yield batch
                batch, size = Events(), 0
    except SourceError as error:
        fault = error
    batch.end = window.place
    if batch.numbers:
        yield batch
    if fault is not None:
        raise SourceError(f"after element {number}: {fault.strerror}", name, byte=fault.byte)
