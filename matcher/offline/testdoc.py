"""Turn YAML or JSON text into a tree of JSON values that know their line, with every fault of the text.

Of YAML this takes what JSON can say, as YAML 1.2 reads it: plain `yes`, `no`, `on` and dates are strings, `true`, `false`
and `null` are not. Where readers of YAML disagree on a number (`0x1F`, `012`, `1_000`, `.5`) or JSON has none (`.nan`),
it is refused rather than guessed. Numbers keep their spelling. Anchors, aliases and merge keys (`<<`) work.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final, NoReturn

from matcher.errors import Fault, MissingExtra

__all__ = ["NESTING", "Broken", "LineFault", "Node", "read_json", "read_yaml", "steps"]

NESTING: Final = 128  # objects and arrays inside one another
_EXPANDED: Final = 1_000_000  # values of a tree, those that aliases repeat counted each time

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DOUBTFUL: Final = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_WORDS: Final = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], "null"),
    **dict.fromkeys(["true", "True", "TRUE"], "true"),
    **dict.fromkeys(["false", "False", "FALSE"], "false"),
}
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_YAML_TAG: Final = "tag:yaml.org,2002:"
_SPACES: Final = re.compile(r"[ \t\r\n]*")
_LITERAL: Final = re.compile(r"true|false|null")


@dataclass(frozen=True, slots=True)
class LineFault:
    """A fault of a document and the line (from 1) where it stands."""

    line: int
    fault: Fault

    def __str__(self) -> str:
        return f"line {self.line}: {self.fault}"


class Broken(Exception):
    """Text that ends being YAML or JSON at some place."""

    def __init__(self, line: int, found: str, want: str) -> None:
        super().__init__(found)
        self.fault = LineFault(line, Fault(f"line {line}", found, want))


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value: `kind` is object, array, string, number, true, false or null.

    `value` is a dict of nodes, a tuple of nodes, or the text of a string or number; `lines` holds those of the keys of
    an object; `size` counts the values in it, itself too.
    """

    kind: str
    value: Any
    line: int
    lines: dict[str, int] = field(default_factory=dict)
    size: int = 1

    def text(self) -> str:
        """Give the value as JSON, numbers as they were spelled."""
        match self.kind:
            case "object":
                return "{" + ", ".join(f"{json.dumps(key)}: {node.text()}" for key, node in self.value.items()) + "}"
            case "array":
                return "[" + ", ".join(node.text() for node in self.value) + "]"
            case "string":
                return json.dumps(self.value)
            case "number":
                return str(self.value)
            case word:
                return word

    def shown(self) -> str:
        """Name what stands here, in a few words."""
        match self.kind:
            case "object" | "array":
                return f"an {self.kind}" if self.value else f"an empty {self.kind}"
            case "string":
                return f"the string {_short(json.dumps(self.value, ensure_ascii=False))}"
            case "number":
                return f"the number {_short(self.value)}"
            case word:
                return word

    def line_at(self, keys: Iterable[str]) -> int:
        """Give the line of what a path of keys and positions leads to, as far as it leads."""
        node, line = self, self.line
        for key in keys:
            if node.kind == "object" and key in node.value:
                node, line = node.value[key], node.lines.get(key, node.line)
            elif node.kind == "array" and key.isdigit() and int(key) < len(node.value):
                node = node.value[int(key)]
                line = node.line
            else:
                break
        return line


def steps(pointer: str) -> list[str]:
    """Give the names that a JSON pointer is made of."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


class _Frame:
    """An object or array that has begun."""

    def __init__(self, kind: str, line: int, anchor: str | None = None, *, is_key: bool = False) -> None:
        self.kind = kind
        self.line = line
        self.anchor = anchor
        self.is_key = is_key
        self.members: dict[str, Node] = {}
        self.lines: dict[str, int] = {}
        self.elements: list[Node] = []
        self.merged: list[Node] = []
        self.key: str | None = None
        self.waits = False  # for the value of a key; `key` is then None if that key is refused
        self.merges = False

    def step(self) -> str:
        """Give the step of a JSON pointer to what comes next; "" before a key is known."""
        if self.kind == "array":
            return f"/{len(self.elements)}"
        key = "<<" if self.merges else self.key
        return "" if key is None else "/" + key.replace("~", "~0").replace("/", "~1")

    def node(self) -> Node:
        if self.kind == "array":
            return Node("array", tuple(self.elements), self.line, {}, 1 + sum(node.size for node in self.elements))
        for source in self.merged:
            for key, node in source.value.items():
                if key not in self.members:
                    self.members[key] = node
                    self.lines[key] = source.lines.get(key, source.line)
        size = 1 + sum(node.size for node in self.members.values())
        return Node("object", self.members, self.line, self.lines, size)


class _Builder:
    """The tree, put together from the outside in; faults are noted and the rest goes on."""

    def __init__(self, faults: list[LineFault]) -> None:
        self.faults = faults
        self.frames: list[_Frame] = []
        self.root: Node | None = None
        self.swollen = False

    def fault(self, line: int, found: str, want: str, hint: str = "") -> None:
        at = "".join(frame.step() for frame in self.frames)
        self.faults.append(LineFault(line, Fault(at, found, want, hint)))

    def begin(self, kind: str, line: int, anchor: str | None = None) -> None:
        if len(self.frames) >= NESTING:
            raise Broken(line, f"more than {NESTING} objects and arrays inside one another", "less nesting")
        frame = self.frames[-1] if self.frames else None
        is_key = frame is not None and frame.kind == "object" and not frame.waits
        self.frames.append(_Frame(kind, line, anchor, is_key=is_key))

    def end(self) -> Node:
        frame = self.frames.pop()
        node = frame.node()
        if frame.is_key:
            self.fault(frame.line, f"an {frame.kind} as a key", "a string as a key")
            self.frames[-1].waits = True
            self.frames[-1].key = None
        else:
            self.put(node)
        return node

    def put(self, node: Node) -> None:
        if node.size > _EXPANDED and not self.swollen:
            self.swollen = True
            raise Broken(node.line, f"aliases that make more than {_EXPANDED:,} values", "fewer repetitions")
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        if frame.kind == "array":
            frame.elements.append(node)
            return
        if frame.merges:
            self._merge(frame, node)
        elif frame.key is not None:
            frame.members[frame.key] = node
        frame.waits = frame.merges = False
        frame.key = None

    def key(self, key: str, line: int, *, plain: bool = False) -> None:
        """Take a key; a second one of the same name is refused, and its value dropped."""
        frame = self.frames[-1]
        frame.waits, frame.key = True, key
        if plain and key == "<<":
            frame.key, frame.merges = None, True
        elif key in frame.lines:
            self.fault(line, f"the key {key!r} again", "each key once", f"it first stands in line {frame.lines[key]}")
            frame.key = None
        else:
            frame.lines[key] = line

    def _merge(self, frame: _Frame, node: Node) -> None:
        sources = node.value if node.kind == "array" else (node,)
        for source in sources:
            if source.kind == "object":
                frame.merged.append(source)
            else:
                self.fault(node.line, source.shown(), "an object, or several, to merge")


# ---- YAML ----


def read_yaml(text: str, faults: list[LineFault]) -> Node:
    """Read one YAML document; add what is wrong with it to `faults`. Raises Broken, and MissingExtra("cli")."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise MissingExtra("cli") from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if _SURROGATE.search(text):  # as JSON spells an emoji; libyaml refuses it
        loader = yaml.SafeLoader
    builder = _Builder(faults)
    anchors: dict[str, Node | None] = {}  # None: begun, and not ended yet
    try:
        documents = 0
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Broken(event.start_mark.line + 1, "a second document", "one document")
            _take(yaml, event, builder, anchors)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found = ", ".join(part for part in (error.context, error.problem) if part)
        raise Broken(mark.line + 1 if mark else 1, f"text that is not YAML: {found}", "YAML") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        raise Broken(line, f"a character that YAML does not allow ({error.reason})", "YAML") from None
    if builder.root is None:
        raise Broken(1, "nothing", "rules and cases")
    return builder.root


def _take(yaml: Any, event: Any, builder: _Builder, anchors: dict[str, Node | None]) -> None:
    line = event.start_mark.line + 1
    match event:
        case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
            kind = "object" if isinstance(event, yaml.MappingStartEvent) else "array"
            if event.tag not in (None, "!", _YAML_TAG + ("map" if kind == "object" else "seq")):
                builder.fault(line, f"the tag {event.tag}", "values that JSON has")
            builder.begin(kind, line, event.anchor)
            if event.anchor:
                anchors[event.anchor] = None
        case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
            anchor = builder.frames[-1].anchor
            node = builder.end()
            if anchor:
                anchors[anchor] = node
        case yaml.AliasEvent():
            known = anchors.get(event.anchor)
            if known is None:
                why = "an alias inside what it names" if event.anchor in anchors else "an alias of no anchor"
                raise Broken(line, f"{why}: *{event.anchor}", "an anchor that stands before it")
            _place(builder, known, line, plain=False)
        case yaml.ScalarEvent():
            node = _scalar(event, line, builder)
            if event.anchor:
                anchors[event.anchor] = node
            _place(builder, node, line, plain=event.style in (None, ""))


def _place(builder: _Builder, node: Node, line: int, *, plain: bool) -> None:
    frame = builder.frames[-1] if builder.frames else None
    if frame is None or frame.kind == "array" or frame.waits:
        builder.put(node)
    elif node.kind == "string":
        builder.key(node.value, line, plain=plain)
    else:
        builder.fault(line, f"{node.shown()} as a key", "a string as a key", "put it in quotes")
        frame.waits, frame.key = True, None


def _scalar(event: Any, line: int, builder: _Builder) -> Node:
    text: str = event.value
    tag = event.tag
    if tag not in (None, "!", _YAML_TAG + "str"):
        builder.fault(line, f"the tag {tag}", "values that JSON has")
    if tag is not None or event.style not in (None, ""):
        return Node("string", text, line)
    if text in _WORDS:
        return Node(_WORDS[text], "", line)
    if _NUMBER.fullmatch(text):
        return Node("number", text, line)
    if _DOUBTFUL.fullmatch(text):
        builder.fault(line, text, "a number as JSON writes it", f'"{text}" in quotes is a string')
    return Node("string", text, line)


# ---- JSON ----


def read_json(text: str, faults: list[LineFault]) -> Node:
    """Read one JSON value; add what is wrong with it to `faults`. Raises Broken where it is not JSON."""
    return _Json(text, faults).read()


class _Json:
    def __init__(self, text: str, faults: list[LineFault]) -> None:
        self.text = text
        self.at = 0
        self.builder = _Builder(faults)
        self.newlines = [found.start() for found in re.finditer("\n", text)]

    def read(self) -> Node:
        builder = self.builder
        self._value()
        while builder.frames:
            frame = builder.frames[-1]
            close = "}" if frame.kind == "object" else "]"
            begun = bool(frame.lines or frame.elements)
            found = self._next()
            if found == close:
                self.at += 1
                builder.end()
                continue
            if begun:
                if found != ",":
                    self._fail(f"a comma or {close}")
                self.at += 1
                self._next()
            if frame.kind == "object":
                self._key()
            self._value()
        if self._next():
            self._fail("nothing after the value")
        assert builder.root is not None
        return builder.root

    def _next(self) -> str:
        spaces = _SPACES.match(self.text, self.at)
        self.at = spaces.end() if spaces else self.at
        return self.text[self.at : self.at + 1]

    def _line(self) -> int:
        return bisect_right(self.newlines, self.at - 1) + 1

    def _key(self) -> None:
        if self._next() != '"':
            self._fail("a key in double quotes")
        line = self._line()
        key = self._string()
        if self._next() != ":":
            self._fail("a colon")
        self.at += 1
        self.builder.key(key, line)

    def _string(self) -> str:
        try:
            value, self.at = scanstring(self.text, self.at + 1, True)
        except json.JSONDecodeError as error:
            self.at = error.pos
            self._fail(f"JSON ({error.msg})")
        return str(value)

    def _value(self) -> None:
        found, line = self._next(), self._line()
        if found in ("{", "["):
            self.at += 1
            self.builder.begin("object" if found == "{" else "array", line)
        elif found == '"':
            self.builder.put(Node("string", self._string(), line))
        else:
            word = _LITERAL.match(self.text, self.at) or _NUMBER.match(self.text, self.at)
            if not word:
                self._fail("a JSON value")
            self.at = word.end()
            kind = word.group() if word.group()[0] in "tfn" else "number"
            self.builder.put(Node(kind, word.group() if kind == "number" else "", line))

    def _fail(self, want: str) -> NoReturn:
        found = repr(self.text[self.at : self.at + 12]) if self.at < len(self.text) else "the end"
        raise Broken(self._line(), found, want)
