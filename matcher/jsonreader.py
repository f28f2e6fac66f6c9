"""Read JSON text with care: no recursion, and the byte offset of the first byte that can't be accepted."""

from __future__ import annotations

import re
from typing import Any, Final

from matcher.limits import Limits

__all__ = ["JsonFault", "NumberText", "Reader"]


class NumberText(str):
    """A JSON number as it was spelled."""

    __slots__ = ()


class JsonFault(ValueError):
    """Text that is not strict JSON. `at` is the byte offset of the first byte that can't be accepted.

    For Python values that JSON cannot hold `at` is 0 and `pointer` says where they stand.
    """

    def __init__(self, reason: str, at: int, pointer: str | None = None) -> None:
        self.reason = reason
        self.at = at
        self.pointer = pointer
        super().__init__(f"at byte {at}: {reason}" if pointer is None else f"at {pointer or 'the root'}: {reason}")


_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NUMBER_START: Final = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:(?<=[0-9])[eE][+-]?)?")
_RUN: Final = re.compile(r'[^"\\\x00-\x1f]*')
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
_HEX: Final = re.compile(r"[0-9a-fA-F]{0,4}")
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: Final[dict[str, tuple[str, bool | None]]] = {
    "t": ("true", True),
    "f": ("false", False),
    "n": ("null", None),
}


class Reader:
    """One reading of one text; `document` gives its value."""

    def __init__(self, text: bytes | str, limits: Limits) -> None:
        self.limits = limits
        self.not_utf8 = False
        try:
            self.text = text.decode() if isinstance(text, bytes) else text.encode().decode()
        except UnicodeDecodeError as error:  # read what comes before: a fault there is the first
            self.text = error.object[: error.start].decode()
            self.not_utf8 = True
        except UnicodeEncodeError as error:
            self.text = text[: error.start] if isinstance(text, str) else ""
            self.not_utf8 = True

    def document(self) -> Any:
        """Read one value and refuse what follows it."""
        value, position = self.value(self.skip(0))
        position = self.skip(position)
        if position < len(self.text) or self.not_utf8:
            raise self.fault("text after the value", position)
        return value

    def fault(self, reason: str, position: int) -> JsonFault:
        """Make the fault of the character at `position`; at the end of the text the text itself is what is short."""
        if position >= len(self.text):
            reason = "not valid UTF-8" if self.not_utf8 else "the text ends too early"
        return JsonFault(reason, len(self.text[:position].encode()))

    def skip(self, position: int) -> int:
        """Pass white space."""
        return _SPACE.match(self.text, position).end()  # type: ignore[union-attr]

    def value(self, position: int) -> tuple[Any, int]:
        """Read a value without recursion: `frames` holds the open containers, `made` the members of the inmost."""
        text = self.text
        frames: list[tuple[list[Any], str | None]] = []  # an open container's members; the name, if it is an object
        made: list[Any] = []
        name: str | None = None
        while True:
            opener = text[position : position + 1]
            if opener and opener in "{[":
                if len(frames) >= self.limits.nesting:
                    raise self.fault(f"nesting over {self.limits.nesting} (limit nesting)", position)
                frames.append((made, name))
                made = []
                position = self.skip(position + 1)
                if text[position : position + 1] != ("}" if opener == "{" else "]"):
                    name, position = self.name(position) if opener == "{" else (None, position)
                    continue
                value: Any = () if opener == "{" else []
                position += 1
                made, name = frames.pop()
            else:
                value, position = self.scalar(position)
            while frames:
                made.append(value if name is None else (name, value))
                position = self.skip(position)
                mark = text[position : position + 1]
                if mark == ",":
                    position = self.skip(position + 1)
                    if name is not None:
                        name, position = self.name(position)
                    break
                if mark != ("]" if name is None else "}"):
                    raise self.fault(f"want a comma or {']' if name is None else '}'}", position)
                position += 1
                value = made if name is None else tuple(made)
                made, name = frames.pop()
            else:
                return value, position

    def name(self, position: int) -> tuple[str, int]:
        """Read a member's name and the colon."""
        start = position
        if self.text[position : position + 1] != '"':
            raise self.fault("want a member name in double quotes", position)
        name, position = self.string(position)
        limit = self.limits.name_length
        units = len(name) + len(_ASTRAL.findall(name))  # as AWS counts: UTF-16
        if limit is not None and units > limit:
            raise self.fault(f"a name of {units} characters, over {limit} (limit name_length)", start)
        position = self.skip(position)
        if self.text[position : position + 1] != ":":
            raise self.fault("want a colon", position)
        return name, self.skip(position + 1)

    def scalar(self, position: int) -> tuple[Any, int]:
        """Read a string, a number, true, false or null."""
        first = self.text[position : position + 1]
        if first == '"':
            return self.string(position)
        if first in _LITERALS:
            word, value = _LITERALS[first]
            for character in word:
                if self.text[position : position + 1] != character:
                    raise self.fault(f"want {word}", position)
                position += 1
            return value, position
        if first == "-" or (first and first in "0123456789"):
            return self.number(position)
        raise self.fault("want a JSON value", position)

    def number(self, position: int) -> tuple[NumberText, int]:
        """Read a number and keep its spelling."""
        start = position
        found = _NUMBER.match(self.text, position)
        end = found.end() if found else position
        if found is None or self.text[end : end + 1] in tuple("0123456789.eE"):
            raise self.fault("not a JSON number", _NUMBER_START.match(self.text, position).end())  # type: ignore[union-attr]
        spelled = self.text[start:end]
        limit = self.limits.number_digits
        if limit is not None and len(spelled) > limit:
            digits = sum(character.isdigit() for character in spelled)
            if digits > limit:
                raise self.fault(f"a number of {digits} digits, over {limit} (limit number_digits)", start)
        return NumberText(spelled), end

    def string(self, position: int) -> tuple[str, int]:
        """Read a string and its escapes; a lone surrogate is refused."""
        text = self.text
        parts: list[str] = []
        position += 1
        while True:
            end = _RUN.match(text, position).end()  # type: ignore[union-attr]
            parts.append(text[position:end])
            mark = text[end : end + 1]
            if mark == '"':
                return "".join(parts), end + 1
            if mark != "\\":
                raise self.fault("a control character in a string", end)
            letter = text[end + 1 : end + 2]
            if letter == "u":
                decoded, position = self.unicode(end)
                parts.append(decoded)
            elif letter in _ESCAPES:
                parts.append(_ESCAPES[letter])
                position = end + 2
            else:
                raise self.fault("no such escape", end if letter else len(text))

    def unicode(self, position: int) -> tuple[str, int]:
        r"""Read `\uXXXX`, and the second half if it is a surrogate's first."""
        unit = self.unit(position, position)
        if not 0xD800 <= unit <= 0xDFFF:
            return chr(unit), position + 6
        if unit <= 0xDBFF and self.text[position + 6 : position + 8] == "\\u":
            low = self.unit(position + 6, position)
            if 0xDC00 <= low <= 0xDFFF:
                return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)), position + 12
        raise self.fault("a lone surrogate", position)

    def unit(self, position: int, start: int) -> int:
        """Read the four hexadecimal digits of the escape at `position`; `start` is where its character starts."""
        digits = _HEX.match(self.text, position + 2).group()  # type: ignore[union-attr]
        if len(digits) < 4:
            raise self.fault(
                "want four hexadecimal digits", start if position + 2 + len(digits) < len(self.text) else len(self.text)
            )
        return int(digits, 16)
