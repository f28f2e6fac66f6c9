"""Turn text that comes piece by piece into the events of its lines, each with its number and place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from matcher.cloudwatch import STAMP
from matcher.errors import EventError
from matcher.unpack import Feed, SourceError
from matcher.values import ENDED, SPACE, Walk

__all__ = ["Events", "exported", "over", "plain"]

_FIRST: Final = b"!"  # the least of what a line begins with that is not blank, and not indented


@dataclass(slots=True)
class Events:
    """Some events of a source, in order: parallel lists.

    `numbers` are those of the lines, or of the elements, from 1; `offsets` the bytes where they begin in the text of
    the source (unpacked). `refused` holds, by their place in the lists, those that were not taken; their text is empty.
    `end` is the byte up to which the source's text is read with them.
    """

    numbers: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    refused: dict[int, EventError] = field(default_factory=dict)
    end: int = 0

    def add(self, number: int, offset: int, text: bytes | EventError) -> None:
        if isinstance(text, EventError):
            self.refused[len(self.texts)] = text
            text = b""
        self.numbers.append(number)
        self.offsets.append(offset)
        self.texts.append(text)

    def judge(self, answers: list[Any]) -> list[Any]:
        """Put the errors of the events that were not taken in the places of their answers."""
        for at, error in self.refused.items():
            answers[at] = error
        return answers


def over(limit: int, what: str) -> EventError:
    """Make the error for a line, or an element, over the limit."""
    return EventError(f"{what} of more than the limit of {limit} bytes (Limits.line_bytes)", limit)


class _Lines:
    """The lines of a source, cut at newlines: `next` gives as many whole ones as the next piece ends.

    `number` counts the lines given before, and `at` is the place of the first one given.
    """

    def __init__(self, feed: Feed, head: bytes, at: int, limit: int | None) -> None:
        self.number = 0
        self.at = at
        self._next_number, self._next_at = 0, at
        self._feed = feed
        self._limit = limit
        self._piece = head
        self._unended: list[bytes] = []
        self._held = 0
        self.passed = 0  # bytes of the one line given, where it is over the limit and not held; 0 else
        self._blank = True

    def next(self) -> list[bytes]:
        """Give whole lines; one that is empty, with `passed`, for a line over the limit. [] at the end."""
        self.number, self.at, self.passed = self._next_number, self._next_at, 0
        while True:
            piece, self._piece = self._piece or self._feed.next(), b""
            if not piece:
                return self._last()
            end = piece.rfind(b"\n")
            if end >= 0 and not self._is_over():
                return self._given(b"".join([*self._unended, piece[:end]]).split(b"\n"), piece[end + 1 :])
            if end >= 0:
                end = piece.find(b"\n")
                self._drop(piece[:end])
                self._piece = piece[end + 1 :]
                return self._skipped(1)
            self._hold(piece)

    def _is_over(self) -> bool:
        return self._limit is not None and self._held > self._limit

    def _hold(self, piece: bytes) -> None:
        if self._is_over():
            self._drop(piece)
            return
        self._unended.append(piece)
        self._held += len(piece)
        if self._is_over():
            unended, self._unended, self._held, self._blank = self._unended, [], 0, True
            for part in unended:
                self._drop(part)

    def _drop(self, piece: bytes) -> None:
        self._held += len(piece)
        self._blank = self._blank and not piece.strip(SPACE)

    def _given(self, lines: list[bytes], rest: bytes) -> list[bytes]:
        self._next_number = self.number + len(lines)
        self._next_at = self.at + sum(map(len, lines)) + len(lines)
        self._unended, self._held = ([rest], len(rest)) if rest else ([], 0)
        if self._is_over():
            self._unended, self._blank = [], not rest.strip(SPACE)
        return lines

    def _skipped(self, newline: int) -> list[bytes]:
        self._next_number = self.number + 1
        self._next_at = self.at + self._held + newline
        self.passed = 0 if self._blank else self._held
        self._held = 0
        return [b""]

    def _last(self) -> list[bytes]:
        if self._feed.fault is not None:
            reason = f"line {self.number + 1}: {self._feed.fault}"
            raise SourceError(reason, self._feed.name, self.number + 1, self.at)
        if self._is_over():
            return self._skipped(0)
        last, self._unended, self._held = self._unended, [], 0
        if last:
            lines = self._given([b"".join(last)], b"")
            self._next_at -= 1
            return lines
        return []

    @property
    def end(self) -> int:
        """The place behind the lines given."""
        return self._next_at


def plain(feed: Feed, head: bytes, at: int, limit: int | None) -> Iterator[Events]:
    """Give the lines of a source that are not blank. `at` is the place of `head`, its first piece."""
    lines = _Lines(feed, head, at, limit)
    while given := lines.next():
        found = Events(end=lines.end)
        if lines.passed and limit is not None:
            found.add(lines.number + 1, lines.at, over(limit, "a line"))
        else:
            _fill(found, lines, given, limit)
        if found.numbers:
            yield found


def _fill(found: Events, lines: _Lines, given: list[bytes], limit: int | None) -> None:
    first, at = lines.number + 1, lines.at
    if min(given) >= _FIRST and (limit is None or max(map(len, given)) <= limit):
        found.numbers = list(range(first, first + len(given)))
        found.texts = given
        for line in given:
            found.offsets.append(at)
            at += len(line) + 1
        return
    for number, line in enumerate(given, first):
        if line and (line[0] > 32 or line.strip(SPACE)):
            found.add(number, at, line if limit is None or len(line) <= limit else over(limit, "a line"))
        at += len(line) + 1


class _Message:
    """The message of an export that is being read; it may go on over lines."""

    __slots__ = ("_limit", "_parts", "_size", "_walk", "number", "offset")

    def __init__(self, number: int, offset: int, text: bytes | None, limit: int | None) -> None:
        self.number = number
        self.offset = offset
        self._limit = limit
        self._parts: list[bytes] = []
        self._walk = Walk(0)
        self._size = 0
        if text is None:
            self._over()
        else:
            self._parts.append(text)
            self._size = len(text)

    def _over(self) -> None:
        self._parts.clear()
        self._size = -1

    def takes(self, line: bytes) -> bool:
        """Take the line if the message is an object still open."""
        if self._size < 0 or not self._is_open():
            return False
        self._parts.append(line)
        self._size += 1 + len(line)
        if self._limit is not None and self._size > self._limit:
            del self._parts[:-1]
            self._walk.at = 0
        return True

    def _is_open(self) -> bool:
        """Follow the brackets of the last line; a string has to end where its line does."""
        walk = self._walk
        if len(self._parts) == 1 and walk.depth == 0 and not self._parts[0].lstrip(SPACE).startswith(b"{"):
            return False
        walk.at = walk.mark = 0
        return walk.go(self._parts[-1]) != ENDED and not walk.inside

    def event(self) -> bytes | EventError:
        if self._limit is not None and not 0 <= self._size <= self._limit:
            return over(self._limit, "a line")
        return b"\n".join(self._parts)


def exported(feed: Feed, head: bytes, at: int, limit: int | None) -> Iterator[Events]:
    """Give the messages of an export of CloudWatch that are not blank; see `plain`."""
    lines = _Lines(feed, head, at, limit)
    message: _Message | None = None
    while given := lines.next():
        found = Events()
        at = lines.at
        for number, line in enumerate(given, lines.number + 1):
            stamp = STAMP.match(line)
            if lines.passed:
                _end(found, message)
                message = _Message(number, at, None, limit)
            elif stamp or message is None or (line.strip(SPACE) and not message.takes(line)):
                _end(found, message)
                long = limit is not None and len(line) > limit
                shift = stamp.end() if stamp and not long else 0
                message = _Message(number, at + shift, None if long else line[shift:], limit)
            at += len(line) + 1
        found.end = lines.end if message is None else message.offset
        if found.numbers:
            yield found
    found = Events(end=lines.end)
    _end(found, message)
    if found.numbers:
        yield found


def _end(found: Events, message: _Message | None) -> None:
    if message is not None:
        text = message.event()
        if isinstance(text, EventError) or text.strip(SPACE):
            found.add(message.number, message.offset, text)
