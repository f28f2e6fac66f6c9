"""Turn a file of rules into (name, pattern text) pairs; the text is kept as written, number spelling and all.

Three formats:
- `map`: one JSON object, {name: pattern};
- `lines`: an object {"name": ..., "pattern": ...} a line (other members are ignored), or an array of such objects;
- `pattern`: one pattern; its rule has the name of the file, without what follows the first dot.
A pattern of `map` and `lines` is an object, or a string that holds the pattern's JSON. A name that comes twice has both
patterns (OR).

How `auto` tells them apart: several values, an array, or an object with a string "name" and a member "pattern" are
`lines`. One object is a `pattern` if any member is an array, if all its names are those of an event's envelope ("source",
"detail", ...), or if no member could be a pattern; else a `map`. So {"detail": {"state": ["on"]}} is one pattern.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

from matcher.errors import Fault, PatternError

__all__ = ["ENVELOPE", "FORMATS", "RuleFileError", "RulesFormat", "parse_rules", "read_rules"]

RulesFormat = Literal["auto", "map", "lines", "pattern"]
FORMATS: Final = ("auto", "map", "lines", "pattern")

#: The members of an EventBridge event.
ENVELOPE: Final = frozenset(
    ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "replay-name"]
)

_SPACES: Final = re.compile(r"[ \t\r\n]*")


class RuleFileError(PatternError):
    """A file of rules that can't be read as one; `file` is its name, and the fault says where."""

    def __init__(self, file: str, fault: Fault) -> None:
        super().__init__((fault,))
        self.file = file
        self.args = (f"{file}: {fault}",)

    def __reduce__(self) -> tuple[type[RuleFileError], tuple[str, Fault]]:  # type: ignore[override]
        return RuleFileError, (self.file, self.faults[0])


@dataclass(frozen=True, slots=True)
class _Value:
    """A JSON value and the text it was read from; members come with duplicates."""

    plain: Any
    text: str
    start: int


def read_rules(path: str | os.PathLike[str], rules_format: RulesFormat = "auto") -> list[tuple[str, str]]:
    """Read the rules of a file ("-": standard input) as (name, pattern's JSON text), in the order of the file.

    Patterns are not compiled. Raises OSError, and RuleFileError for what is not JSON or not of the format.
    """
    file = os.fspath(path)
    data = sys.stdin.buffer.read() if file == "-" else Path(path).read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleFileError(file, Fault(f"byte {error.start}", "bytes that are not UTF-8", "UTF-8 text")) from None
    stem = "rule" if file == "-" else Path(file).name.lstrip(".").split(".")[0] or file
    return parse_rules(text, rules_format, file=file, stem=stem)


def parse_rules(
    text: str, rules_format: RulesFormat = "auto", *, file: str = "rules", stem: str = "rule"
) -> list[tuple[str, str]]:
    """Do the same with text; `file` is its name in errors, `stem` the name of a rule that has none."""
    reader = _Reader(text, file)
    values = list(reader.values())
    if not values:
        reader.fail(0, "nothing", "rules")
    match _format_of(values, reader) if rules_format == "auto" else rules_format:
        case "lines":
            return _of_lines(values, reader)
        case "map":
            reader.only(values)
            return [(name, reader.pattern(value, name)) for name, value in reader.members(values[0])]
        case "pattern":
            reader.only(values)
            return [(stem, values[0].text)]
        case other:
            raise ValueError(f"rules_format is one of {', '.join(FORMATS)}, not {other!r}")


def _format_of(values: list[_Value], reader: _Reader) -> RulesFormat:
    first = values[0].plain
    if len(values) > 1 or isinstance(first, list):
        return "lines"
    if not isinstance(first, dict):
        reader.fail(values[0].start, _kind(first), "an object")
    if isinstance(first.get("name"), str) and "pattern" in first:
        return "lines"
    if not first:
        return "map"
    if any(isinstance(plain, list) for plain in first.values()) or ENVELOPE.issuperset(first):
        return "pattern"
    return "map" if any(_may_be_pattern(plain) for plain in first.values()) else "pattern"


def _of_lines(values: list[_Value], reader: _Reader) -> list[tuple[str, str]]:
    if len(values) == 1 and isinstance(values[0].plain, list):
        values = list(reader.elements(values[0]))
    rules = []
    for value in values:
        if not isinstance(value.plain, dict):
            reader.fail(value.start, _kind(value.plain), 'an object {"name": ..., "pattern": ...}')
        members = dict(reader.members(value))
        for name in ("name", "pattern"):
            if name not in members:
                reader.fail(value.start, f"an object without {name!r}", 'an object {"name": ..., "pattern": ...}')
        name = members["name"].plain
        if not isinstance(name, str):
            reader.fail(members["name"].start, _kind(name), "a string as the rule's name")
        rules.append((name, reader.pattern(members["pattern"], name)))
    return rules


def _may_be_pattern(plain: Any) -> bool:
    return isinstance(plain, dict) or (isinstance(plain, str) and plain.lstrip().startswith("{"))


def _kind(plain: Any) -> str:
    match plain:
        case dict():
            return "an object"
        case list():
            return "an array"
        case str():
            return "a string"
        case bool() | None:
            return json.dumps(plain)
        case _:
            return "a number"


class _Reader:
    """JSON text as values that know the text they were read from."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._decode = json.JSONDecoder().raw_decode

    def fail(self, at: int, found: str, want: str) -> NoReturn:
        line = self._text.count("\n", 0, at) + 1
        column = at - (self._text.rfind("\n", 0, at) + 1) + 1
        raise RuleFileError(self._file, Fault(f"line {line}, column {column}", found, want)) from None

    def values(self) -> Iterator[_Value]:
        """Give the values of the text, one after another."""
        at = self._skip(0)
        while at < len(self._text):
            value = self._value(at)
            yield value
            at = self._skip(at + len(value.text))

    def only(self, values: list[_Value]) -> None:
        """Refuse all but one object."""
        if len(values) > 1:
            self.fail(values[1].start, "a second value", "one object")
        if not isinstance(values[0].plain, dict):
            self.fail(values[0].start, _kind(values[0].plain), "an object")

    def members(self, value: _Value) -> Iterator[tuple[str, _Value]]:
        """Give the members of an object, in order, duplicates and all."""
        at = self._skip(value.start + 1)
        while self._text[at] != "}":
            name, at = scanstring(self._text, at + 1, True)
            member = self._value(self._skip(self._skip(at) + 1))  # behind the colon
            yield name, member
            at = self._skip(member.start + len(member.text))
            at = self._skip(at + 1) if self._text[at] == "," else at

    def elements(self, value: _Value) -> Iterator[_Value]:
        """Give the elements of an array."""
        at = self._skip(value.start + 1)
        while self._text[at] != "]":
            element = self._value(at)
            yield element
            at = self._skip(at + len(element.text))
            at = self._skip(at + 1) if self._text[at] == "," else at

    def pattern(self, value: _Value, name: str) -> str:
        """Give the text of a pattern that is an object, or a string that holds one."""
        if isinstance(value.plain, str):
            return value.plain
        if not isinstance(value.plain, dict):
            self.fail(value.start, f"{_kind(value.plain)} as the pattern of rule {name!r}", "an object")
        return value.text

    def _skip(self, at: int) -> int:
        spaces = _SPACES.match(self._text, at)
        return spaces.end() if spaces else at

    def _value(self, at: int) -> _Value:
        try:
            plain, end = self._decode(self._text, at)
        except json.JSONDecodeError as error:
            self.fail(
                error.pos,
                repr(self._text[error.pos : error.pos + 12]) if error.pos < len(self._text) else "the end",
                f"JSON ({error.msg})",
            )
        except RecursionError:
            self.fail(at, "nesting beyond what can be read", "a pattern")
        return _Value(plain, self._text[at:end], at)
