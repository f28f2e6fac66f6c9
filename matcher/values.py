"""Turn text that comes piece by piece into its JSON values one by one: whole ones, or the elements of arrays.

Only brackets and strings are followed; whether a value is JSON is for the one who reads it. A value over the window's
limit is passed over without being held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from matcher.unpack import Feed, SourceError

__all__ = ["ENDED", "MEMBER", "SHORT", "SPACE", "SPACES", "Walk", "Window", "elements"]

SHORT: Final = 0  # what a walk came to: the end of the text,
ENDED: Final = 1  # that of the value,
MEMBER: Final = 2  # or the bracket of an array that one of the members looked for begins with

SPACE: Final = b" \t\r\n"
SPACES: Final = re.compile(rb"[ \t\r\n]*")
# Up to the next bracket outside strings, and with it; possessive throughout, so it never goes back.
_RUN: Final = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+[{}\[\]]?', re.DOTALL)
_INSIDE: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)  # a string, up to its end
_WORD: Final = re.compile(rb'[^\s,\[\]{}"]*+')
_QUOTE: Final = 0x22


def _string_end(text: bytes, at: int) -> int:
    """Give the place of the quote that ends a string from within, or how far it can be followed."""
    end = text.find(b'"', at)
    end = len(text) if end < 0 else end
    if text.find(b"\\", at, end) < 0:
        return end
    found = _INSIDE.match(text, at)
    return found.end() if found else at


def _word_end(text: bytes, at: int) -> int:
    found = _WORD.match(text, at)
    return found.end() if found else at


class Walk:
    """How far the brackets of one value were followed; `go` goes on where it stopped once there is more text.

    With `members` it stops behind the bracket of an array that a member of the outmost object, named so, begins with;
    then `member` is its name. `inside`: it stands within a string.
    """

    __slots__ = ("at", "depth", "inside", "mark", "member", "members")

    def __init__(self, at: int, depth: int = 0, members: tuple[bytes, ...] = ()) -> None:
        self.at = self.mark = at  # mark: behind the last bracket
        self.depth = depth
        self.inside = False
        self.members = members
        self.member = b""

    def go(self, text: bytes) -> int:
        while True:
            if self.inside and not self._leave(text):
                return SHORT
            found = _RUN.match(text, self.at)
            end = found.end() if found else self.at
            last = text[end - 1] if end > self.at else 0
            self.at = end
            if last == 0x7B or last == 0x5B:
                self.depth += 1
                if self.members and self.depth == 2 and last == 0x5B and self._names(text, end - 1):
                    self.mark = end
                    return MEMBER
            elif last == 0x7D or last == 0x5D:
                self.depth -= 1
                if self.depth <= 0:
                    return ENDED
            elif end < len(text) and text[end] == _QUOTE:  # a string that does not end in this text
                self.inside = True
                self.at += 1
                continue
            else:
                return SHORT
            self.mark = end

    def _leave(self, text: bytes) -> bool:
        """Go to the end of the string; tell whether it is there."""
        self.at = _string_end(text, self.at)
        if self.at >= len(text) or text[self.at] != _QUOTE:
            return False
        self.at += 1
        self.inside = False
        return True

    def _names(self, text: bytes, end: int) -> bool:
        """Tell whether the text from behind the last bracket ends in a name looked for, and a colon."""
        before = text[max(self.mark, 0) : end].rstrip(SPACE)  # below 0: bytes there are forgotten
        if not before.endswith(b":"):
            return False
        before = before[:-1].rstrip(SPACE)
        for name in self.members:
            if before.endswith(name):
                rest = before[: -len(name)].rstrip(SPACE)
                if not rest or rest.endswith(b","):
                    self.member = name
                    return True
        return False

    def back(self, count: int) -> None:
        """Follow the text as bytes before it are forgotten."""
        self.at -= count
        self.mark -= count


class Window:
    """The part of a source that is being read: `at` is the next byte of `text`, `gone` the count of bytes before it.

    A value of more than `limit` bytes (None: any number) is not held.
    """

    __slots__ = ("at", "feed", "gone", "limit", "text")

    def __init__(self, feed: Feed | None, text: bytes, gone: int = 0, limit: int | None = None) -> None:
        self.feed = feed  # None: the text is all there is
        self.text = text
        self.at = 0
        self.gone = gone
        self.limit = limit

    @property
    def place(self) -> int:
        """The place of the next byte in the source."""
        return self.gone + self.at

    @property
    def fault(self) -> str | None:
        """What cut the source short, if anything did."""
        return None if self.feed is None else self.feed.fault

    def grow(self, keep: int) -> bool:
        """Forget what is before `keep`, and read at least as much as is left, so that no byte is read over often."""
        parts = [self.text[keep:]]
        wanted, got = len(parts[0]), 0
        while got <= wanted and self.feed is not None and (piece := self.feed.next()):
            parts.append(piece)
            got += len(piece)
        self.text = b"".join(parts)
        self.at -= keep
        self.gone += keep
        return got > 0

    def byte(self) -> int:
        """Give the next byte that is no space, and stand on it; -1 at the end."""
        while True:
            spaces = SPACES.match(self.text, self.at)
            self.at = spaces.end() if spaces else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow(self.at):
                return -1

    def broken(self, wanted: str) -> SourceError:
        """Make the error for what stands here instead."""
        if self.fault is not None:
            return SourceError(self.fault, byte=self.place)
        if self.byte() < 0:
            return SourceError(f"the text ends within a value, at byte {self.place}", byte=self.place)
        found = chr(self.text[self.at])
        return SourceError(f"at byte {self.place}: found {found!r}; want {wanted}", byte=self.place)

    def walk(self, walk: Walk, keep: bool = True) -> int:
        """Follow brackets to the end of the value, or to a member; raise if the source ends first.

        `at` stays where the value begins until it is over the limit; then, or without `keep`, it goes with the walk.
        """
        while (found := walk.go(self.text)) == SHORT:
            if not keep or (self.limit is not None and walk.at - self.at > self.limit):
                self.at = walk.at
            forget = self.at
            if not self.grow(forget):
                self.at = len(self.text)
                raise self.broken("")
            walk.back(forget)
        return found

    def value(self) -> bytes | None:
        """Take the value that begins here; None: it was over the limit."""
        start = self.place
        if self.text[self.at] in b"{[":
            walk = Walk(self.at)
            self.walk(walk)
            return self.take(walk.at, start)
        return self.take(self._scalar(), start)

    def take(self, end: int, start: int) -> bytes | None:
        """Take the text up to `end`, of a value that began at the place `start`; None: it is over the limit."""
        begin, self.at = self.at, end
        if self.limit is not None and self.place - start > self.limit:
            return None
        return self.text[begin:end]

    def _scalar(self) -> int:
        """Find the end of the string, number or word that begins here."""
        string = self.text[self.at] == _QUOTE
        end = self.at + string
        while True:
            end = _string_end(self.text, end) if string else _word_end(self.text, end)
            if end < len(self.text) and not (string and self.text[end] != _QUOTE):
                break
            if self.limit is not None and end - self.at > self.limit:
                self.at = end
            end -= self.at
            if not self.grow(self.at):
                if string or self.fault is not None:
                    self.at = len(self.text)
                    raise self.broken("")
                return end
        if not string and end == self.at:
            raise self.broken("a value")
        return end + string


def elements(window: Window) -> Iterator[tuple[int, bytes | None]]:
    """Give the elements of the array whose bracket was just read, each with its place; None: over the limit."""
    if window.byte() == ord("]"):
        window.at += 1
        return
    while True:
        if window.byte() < 0:
            raise window.broken("an element")
        place = window.place
        yield place, window.value()
        match window.byte():
            case 0x5D:
                window.at += 1
                return
            case 0x2C:
                window.at += 1
            case _:
                raise window.broken("',' or ']' after an element")
