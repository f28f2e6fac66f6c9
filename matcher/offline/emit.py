"""Turn a template of what to emit, and answers, into JSON lines or rows.

Two forms of template:
- a JSON value: a string that begins with `/` is a JSON pointer (RFC 6901) into the event, `$rule`, `$rules`, `$source`,
  `$line`, `$byte`, `$event` and `$error` are what their names say, `$$` and `$/` at the beginning of a string stand for
  a plain `$` and `/`; all else stands for itself: {"rule": "$rule", "order": "/detail/orderId", "kind": "order"};
- a list: rule,line,/detail/orderId, which is {"rule": "$rule", "line": "$line", "/detail/orderId": "/detail/orderId"}.

A template that names `$rule` gives a line for each rule of an event, else each event gives one. What is not there
(a pointer that finds nothing, the rule of an event that none matches) is null. Refused events are left out, unless the
template names `$error`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

import orjson

from matcher.errors import EventError, MatcherError
from matcher.offline.answers import Answer

__all__ = ["DEFAULT", "REFUSED", "EmitError", "Row", "Template", "find", "pointer", "rows"]

VARIABLES: Final = ("rule", "rules", "source", "line", "byte", "event", "error")
#: What is emitted of a match, and of a refused event, where no template is given.
DEFAULT: Final = '{"source": "$source", "line": "$line", "byte": "$byte", "rules": "$rules"}'
REFUSED: Final = '{"source": "$source", "line": "$line", "byte": "$byte", "error": "$error"}'

# A number whose text may say more than its double.
_LONG_NUMBER: Final = re.compile(rb"[:\[,]\s*-?(?:[0-9.]{17,}|[0-9.]+[eE])")
_REMEMBERED: Final = 4096  # texts of names that are kept
_MISSING: Final = object()

Tokens: TypeAlias = "tuple[str, ...]"


class EmitError(MatcherError, ValueError):
    """A template that can't be used; the message says where, what was found, and what is allowed."""


def pointer(text: str) -> Tokens:
    """Give the tokens of a JSON pointer (RFC 6901). Raises EmitError."""
    if text and not text.startswith("/"):
        raise EmitError(f"found the pointer {text!r}; want it to begin with /")
    if bad := re.search(r"~(?![01])", text):
        raise EmitError(f"found the pointer {text!r} with a ~ at {bad.start()}; want ~0 (for ~) or ~1 (for /)")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:])


def find(document: Any, tokens: Tokens, default: Any = None) -> Any:
    """Give what a pointer finds in a document; `default` where there is nothing."""
    for token in tokens:
        if isinstance(document, dict):
            if token not in document:
                return default
            document = document[token]
        elif isinstance(document, list):
            place = int(token) if token.isascii() and token.isdigit() and (token == "0" or token[0] != "0") else -1  # noqa: S105
            if not 0 <= place < len(document):
                return default
            document = document[place]
        else:
            return default
    return document


@dataclass(slots=True)
class Row:
    """What is emitted at once: an event, and one of its rules where the template names `$rule`."""

    source: str
    line: int
    byte: int | None
    text: bytes | None
    rule: Any
    rules: list[Any] | None
    error: EventError | None
    _document: Any = _MISSING

    def select(self, tokens: Tokens) -> Any:
        """Give what a pointer finds in the event; None where there is nothing, or the event is no JSON."""
        if self._document is _MISSING:
            self._document = _parsed(self.text) if self.error is None else None
        return find(self._document, tokens)

    def spelled(self, tokens: Tokens) -> bytes:
        """Give its JSON; a number that is no double keeps its own text."""
        value = self.select(tokens)
        if value is None:
            return b"null"
        if isinstance(value, float | dict | list) and self.text is not None and _LONG_NUMBER.search(self.text):
            value = find(_spelled(self.text), tokens)
        return dumped(value)


def _spelled(text: bytes) -> Any:
    """Read JSON with numbers as they are written; None for what is none."""
    try:
        return json.loads(text, parse_int=orjson.Fragment, parse_float=orjson.Fragment)
    except (ValueError, RecursionError):
        return None


def _parsed(text: bytes | None) -> Any:
    try:
        return orjson.loads(text or b"null")
    except orjson.JSONDecodeError:  # a number beyond doubles; or "structural" did not check what no rule reads
        return _spelled(text or b"null")


def dumped(value: Any) -> bytes:
    """Give a value's JSON."""
    try:
        return orjson.dumps(value)
    except (orjson.JSONEncodeError, TypeError):  # a lone surrogate, a name that is no JSON
        return json.dumps(value, default=str).encode()


def spaced(values: Iterable[Any]) -> bytes:
    """Give the JSON of a list."""
    return b"[%b]" % b", ".join(map(dumped, values))


Part: TypeAlias = Callable[[Row], bytes]


class Template:
    """A template, ready for use. `checked`: events that are not refused are known to be JSON. Raises EmitError."""

    def __init__(self, text: str, *, checked: bool = True) -> None:
        self.tree = _tree(text)
        self._checked = checked
        self.names: set[str] = set()
        self.selects = False
        form: list[bytes] = []
        self._parts: list[Part] = []
        self._remembered: dict[Any, bytes] = {}
        self._compile(self.tree, form)
        self._form = b"".join(form) + b"\n"
        #: Whether the events' texts are needed.
        self.texts = self.selects or "event" in self.names

    def line(self, row: Row) -> bytes:
        """Give the JSON line of a row."""
        return self._form % tuple([part(row) for part in self._parts])

    def columns(self) -> dict[str, Any]:
        """Give what each member of a template that is an object stands for. Raises EmitError for any other."""
        if not isinstance(self.tree, dict) or not self.tree:
            raise EmitError("columns need a template that is an object with a member for each, or a list of names")
        return self.tree

    def _compile(self, node: Any, form: list[bytes]) -> None:
        match node:
            case dict():
                for number, (name, value) in enumerate(node.items()):
                    form.append((b", " if number else b"{") + _plain(name) + b": ")
                    self._compile(value, form)
                form.append(b"}" if node else b"{}")
            case list():
                form.append(b"[")
                for number, value in enumerate(node):
                    form.append(b", " if number else b"")
                    self._compile(value, form)
                form.append(b"]")
            case str() if node[:1] in {"/", "$"} and node[:2] not in {"$$", "$/"}:
                form.append(b"%b")
                self._parts.append(self._part(node))
            case str():
                form.append(_plain(literal(node)))
            case _:
                form.append(_plain(node))

    def _part(self, text: str) -> Part:
        if text.startswith("/"):
            tokens = pointer(text)
            self.selects = True
            return lambda row: row.spelled(tokens)
        name = variable(text)
        self.names.add(name)
        match name:
            case "line":
                return lambda row: b"%d" % row.line
            case "byte":
                return lambda row: b"null" if row.byte is None else b"%d" % row.byte
            case "source":
                return lambda row: self._known(row.source)
            case "rule":
                return lambda row: self._known(row.rule)
            case "rules":
                return lambda row: b"null" if row.rules is None else self._known(tuple(row.rules))
            case "error":
                return lambda row: b"null" if row.error is None else dumped(str(row.error))
            case _:
                return lambda row: event_text(row.text, checked=self._checked and row.error is None)

    def _known(self, value: Any) -> bytes:
        known = self._remembered.get(value)
        if known is None:
            known = spaced(value) if isinstance(value, tuple) else dumped(value)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[value] = known
        return known


def event_text(text: bytes | None, *, checked: bool) -> bytes:
    """Give an event's JSON on one line; of what is no JSON (unless that is `checked`) its text as a string."""
    if text is None:
        return b"null"
    if not checked and not _is_json(text):
        return dumped(text.decode("utf-8", "replace"))
    if b"\n" in text and not _LONG_NUMBER.search(text):
        return dumped(_parsed(text))
    return text.replace(b"\n", b" ").strip()  # within JSON it stands between tokens alone


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def rows(source: str, answers: Iterable[Answer], *, by_rule: bool, errors: bool, every: bool) -> Iterator[Row]:
    """Give what is emitted: `by_rule` a row for each rule, `errors` refused events too, `every` unmatched ones too."""
    for line, byte, answer, text in answers:
        if isinstance(answer, EventError):
            if errors:
                yield Row(source, line, byte, text, None, None, answer)
        elif not answer:
            if every:
                yield Row(source, line, byte, text, None, [], None)
        elif by_rule:
            row = Row(source, line, byte, text, None, answer, None)
            for row.rule in answer:  # the same row, so that the event is parsed once: use it before the next
                yield row
        else:
            yield Row(source, line, byte, text, None, answer, None)


# ---- reading a template ----


def _tree(text: str) -> Any:
    stripped = text.strip()
    if not stripped.startswith(("{", "[", '"')):
        return _listed(stripped)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise EmitError(f"the template is not JSON at character {error.pos + 1}: {error.msg}") from None


def _listed(text: str) -> dict[str, str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not name:
            raise EmitError(f"found an empty name in {text!r}; want names and pointers, as rule,line,/detail/id")
        if names.count(name) > 1:
            raise EmitError(f"found {name!r} twice in {text!r}")
    return {name.removeprefix("$"): name if name.startswith(("/", "$")) else f"${name}" for name in names}


def variable(text: str) -> str:
    """Give the name of a variable. Raises EmitError where there is none of that name."""
    name = text[1:]
    if name not in VARIABLES:
        close = get_close_matches(name, VARIABLES, 1)
        hint = f" (did you mean ${close[0]}?)" if close else ""
        raise EmitError(
            f"found {text!r}; want one of {', '.join('$' + known for known in VARIABLES)}, or a JSON pointer{hint}"
        )
    return name


def literal(text: str) -> str:
    """Give the text that a string of a template stands for."""
    return text[1:] if text[:2] in {"$$", "$/"} else text


def _plain(value: Any) -> bytes:
    return dumped(value).replace(b"%", b"%%")
