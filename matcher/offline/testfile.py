"""Turn a file of rule tests, YAML or JSON, into cases; every fault of it is told at once, with its line.

    rules: rules.json                # or several files, or {name: pattern}; or `rule:` with one pattern (or its file)
    cases:
      - name: a big order is reviewed
        event: {detail: {total: 2000}}   # or a file, a glob, JSON text, or a list of these; `line` picks one of a file
        matches: [review-big-order]      # the exact set; or `match: true|false`, of the rule that `rule` names, or any
      - name: a small order is not
        event: events/small.jsonl
        match: false
        rule: review-big-order
        because: detail.total            # what must be a reason of the miss; a list: all of them; or {rule: path}

Paths are relative to the file. Every event that a case names is checked. More keys: `description` of the file or a case,
`validate` (strict or structural) and `rules-format` (see matcher.rulefile) of the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from matcher.errors import EventError, Fault, MatcherError, PatternError
from matcher.flatten import read_event
from matcher.offline.testdoc import Broken, LineFault, Node, read_json, read_yaml, steps
from matcher.pattern.parse import parse
from matcher.rulefile import FORMATS, RulesFormat
from matcher.ruleset import Validate

__all__ = ["Because", "Case", "EventFiles", "InlineEvent", "RuleTests", "RuleTestsError", "load_tests"]

_FILE_KEYS: Final = ("rules", "rule", "rules-format", "validate", "description", "cases")
_CASE_KEYS: Final = ("name", "description", "event", "line", "matches", "match", "rule", "because")


class RuleTestsError(MatcherError, ValueError):
    """A file of rule tests that can't be run; `faults` holds every fault of it, in the order of the lines."""

    def __init__(self, file: str, faults: Iterable[LineFault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{file}:{one.line}: {one.fault}" for one in self.faults))

    def __reduce__(self) -> tuple[type[RuleTestsError], tuple[str, tuple[LineFault, ...]]]:
        return RuleTestsError, (self.file, self.faults)


@dataclass(frozen=True, slots=True)
class InlineEvent:
    """An event that stands in the test file: its JSON, and its line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class EventFiles:
    """Events in files: a path, directory or glob, relative to the test file; and the line that names it."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Because:
    """What must have kept a rule from matching.

    `rule` is None where the file has one rule, or the case names it. Each of `paths` (names joined by ".", or a JSON
    pointer) must be a field that was not met; with `exact` there must be no other.
    """

    rule: str | None
    paths: tuple[str, ...]
    exact: bool
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Either `matches` (the exact names) or `match` is set; `number` picks a line or element of a file."""

    name: str
    line: int
    events: tuple[InlineEvent | EventFiles, ...]
    number: int | None = None
    matches: tuple[str, ...] | None = None
    match: bool | None = None
    rule: str | None = None
    because: tuple[Because, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class RuleTests:
    """A file of rule tests. Its rules are `patterns` (name and JSON text), or those of `rule_files` (relative to it)."""

    file: str
    cases: tuple[Case, ...]
    patterns: tuple[tuple[str, str], ...] = ()
    rule_files: tuple[str, ...] = ()
    rules_format: RulesFormat = "auto"
    validate: Validate = "strict"
    description: str = ""

    def beside(self, path: str) -> str:
        """Give a path relative to the file as one that can be opened."""
        folder = os.path.dirname(self.file)  # noqa: PTH120  # pathlib would turn ./- into -, which is standard input
        joined = os.path.join(folder, path) if folder or path != "-" else "./-"  # noqa: PTH118
        head, up, rest = joined.rpartition("..")
        short = os.path.normpath(head + up)
        # Shorter to read; but another place where a link to a directory stands before a "..".
        same = up and rest.startswith(os.sep) and Path(short).is_dir() and os.path.samefile(short, head + up)  # noqa: PTH121
        return os.path.join(short, rest.lstrip(os.sep)) if same else joined  # noqa: PTH118


def load_tests(path: str | os.PathLike[str]) -> RuleTests:
    """Read a file of rule tests: JSON if it is named so, else YAML.

    Raises OSError, RuleTestsError with every fault, and MissingExtra for YAML without a module for it.
    """
    file = os.fspath(path)
    data = Path(path).read_bytes()
    faults: list[LineFault] = []
    made = None
    try:
        text = data.decode("utf-8-sig")
        root = (read_json if file.lower().endswith(".json") else read_yaml)(text, faults)
        made = _Reading(file, root, faults).tests()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.append(LineFault(line, Fault(f"byte {error.start}", "bytes that are not UTF-8", "UTF-8 text")))
    except Broken as broken:
        faults.append(broken.fault)
    if faults or made is None:
        raise RuleTestsError(file, sorted(faults, key=lambda one: one.line))
    return made


class _Reading:
    """One document on its way to cases."""

    def __init__(self, file: str, root: Node, faults: list[LineFault]) -> None:
        self.file = file
        self.root = root
        self.faults = faults
        self.names: dict[str, int] = {}

    def fault(self, at: str, node: Node | int, found: str, want: str, hint: str = "") -> None:
        line = node if isinstance(node, int) else node.line
        self.faults.append(LineFault(line, Fault(at, found, want, hint)))

    def tests(self) -> RuleTests | None:
        root = self.root
        if not self._is(root, "", "object", "an object with rules and cases"):
            return None
        self._keys(root, "", _FILE_KEYS)
        top: dict[str, Node] = root.value
        patterns, files = self._rules(top)
        validate = self._word(top, "validate", ("strict", "structural"), "strict")
        rules_format = self._word(top, "rules-format", FORMATS, "auto")
        cases = top.get("cases")
        if cases is None:
            self.fault("", root, "no cases", "a list of cases under the key 'cases'")
            return None
        if not self._is(cases, "/cases", "array", "a list of cases"):
            return None
        if not cases.value:
            self.fault("/cases", cases, "no case", "at least one")
        made = [self._case(node, f"/cases/{number}") for number, node in enumerate(cases.value)]
        return RuleTests(
            self.file,
            tuple(case for case in made if case is not None),
            patterns,
            files,
            cast(RulesFormat, rules_format),
            cast(Validate, validate),
            self._string(top, "", "description"),
        )

    # ---- parts of it ----

    def _is(self, node: Node, at: str, kind: str, want: str) -> bool:
        if node.kind != kind:
            self.fault(at, node, node.shown(), want)
        return node.kind == kind

    def _keys(self, node: Node, at: str, allowed: tuple[str, ...]) -> None:
        for key in node.value:
            if key not in allowed:
                self.fault(at, node.lines[key], f"the key {key!r}", f"one of {', '.join(allowed)}", near(key, allowed))

    def _string(self, members: dict[str, Node], at: str, key: str) -> str:
        node = members.get(key)
        return node.value if node is not None and self._is(node, f"{at}/{key}", "string", "a string") else ""

    def _word(self, members: dict[str, Node], key: str, words: tuple[str, ...], usual: str) -> str:
        node = members.get(key)
        if node is None:
            return usual
        if node.kind != "string" or node.value not in words:
            hint = near(node.value, words) if node.kind == "string" else ""
            self.fault(f"/{key}", node, node.shown(), f"one of {', '.join(words)}", hint)
            return usual
        return str(node.value)

    def _rules(self, top: dict[str, Node]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        if ("rules" in top) == ("rule" in top):
            found = "both 'rules' and 'rule'" if "rules" in top else "neither 'rules' nor 'rule'"
            self.fault("", self.root.lines.get("rule", self.root.line), found, "one of them")
            return (), ()
        if "rule" in top:
            return self._rule(top["rule"])
        node = top["rules"]
        want = "the path of a file of rules, a list of such paths, or an object {name: pattern}"
        if node.kind == "string" and node.value:
            return (), (node.value,)
        if node.kind == "array" and node.value:
            return (), tuple(self._path(inner, f"/rules/{number}") for number, inner in enumerate(node.value))
        if node.kind == "object" and node.value:
            return tuple(
                (name, self._pattern(inner, f"/rules/{_step(name)}")) for name, inner in node.value.items()
            ), ()
        self.fault("/rules", node, node.shown(), want)
        return (), ()

    def _rule(self, node: Node) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        if node.kind == "string" and node.value and not node.value.lstrip().startswith("{"):
            return (), (node.value,)
        return (("rule", self._pattern(node, "/rule")),), ()

    def _path(self, node: Node, at: str) -> str:
        if node.kind == "string" and node.value:
            return str(node.value)
        self.fault(at, node, node.shown(), "the path of a file")
        return ""

    def _pattern(self, node: Node, at: str) -> str:
        """Give the text of a pattern; its own faults are told with the line of this file, where that is known."""
        is_text = node.kind == "string" and node.value.lstrip().startswith("{")
        if not is_text and node.kind != "object":
            self.fault(at, node, node.shown(), "a pattern: an object, or a string that holds one as JSON")
            return "{}"
        text = str(node.value) if is_text else node.text()
        try:
            parse(text)
        except PatternError as error:
            for one in error.faults:
                where = f"{at} ({one.at})" if is_text else at + one.at
                self.fault(where, node.line_at(steps(one.at)), one.found, one.want, one.hint)
        return text

    # ---- cases ----

    def _case(self, node: Node, at: str) -> Case | None:
        if not self._is(node, at, "object", "a case: an object with name, event, and matches or match"):
            return None
        self._keys(node, at, _CASE_KEYS)
        members: dict[str, Node] = node.value
        self._expects(node, at)
        number = None
        events = self._events(node, at)
        if "line" in members:
            number = self._number(members["line"], f"{at}/line")
            if len(events) != 1 or not isinstance(events[0], EventFiles):
                self.fault(f"{at}/line", members["line"], "a line", "no line, where the event is not one file")
        return Case(
            self._name(node, at),
            node.line,
            events,
            number,
            self._matches(members["matches"], f"{at}/matches") if "matches" in members else None,
            self._flag(members["match"], f"{at}/match") if "match" in members else None,
            self._string(members, at, "rule") or None,
            self._because(node, at),
            self._string(members, at, "description"),
        )

    def _name(self, node: Node, at: str) -> str:
        name = self._string(node.value, at, "name")
        if "name" not in node.value:
            self.fault(at, node, "a case without a name", "a name that says what it shows")
        elif not name.strip() and node.value["name"].kind == "string":
            self.fault(f"{at}/name", node.value["name"], "an empty name", "a name that says what it shows")
        elif "\n" in name:
            self.fault(f"{at}/name", node.value["name"], "a name of several lines", "a name of one line")
        elif name in self.names:
            hint = f"it first stands in line {self.names[name]}"
            self.fault(f"{at}/name", node.value["name"], f"the name {name!r} again", "each name once", hint)
        elif name:
            self.names[name] = node.line
        return name

    def _expects(self, node: Node, at: str) -> None:
        keys = node.value
        if ("matches" in keys) == ("match" in keys):
            found = "both 'matches' and 'match'" if "match" in keys else "neither 'matches' nor 'match'"
            self.fault(at, node, found, "one of them, which says what is expected")
        if "rule" in keys and "matches" in keys:
            self.fault(f"{at}/rule", keys["rule"], "'rule' beside 'matches'", "'rule' only beside 'match'")
        if "because" in keys and "match" in keys and keys["match"].kind == "true":
            self.fault(f"{at}/because", keys["because"], "'because' beside match: true", "'because' only for a miss")

    def _number(self, node: Node, at: str) -> int | None:
        if node.kind == "number" and node.value.isdigit() and 0 < len(node.value) <= 18 and int(node.value):
            return int(node.value)
        self.fault(at, node, node.shown(), "the number of a line or element, from 1")
        return None

    def _flag(self, node: Node, at: str) -> bool:
        if node.kind not in ("true", "false"):
            self.fault(at, node, node.shown(), "true or false")
        return node.kind == "true"

    def _matches(self, node: Node, at: str) -> tuple[str, ...]:
        if not self._is(node, at, "array", "a list of the names of rules, [] for none"):
            return ()
        names: dict[str, None] = {}
        for number, inner in enumerate(node.value):
            if self._is(inner, f"{at}/{number}", "string", "the name of a rule"):
                if inner.value in names:
                    self.fault(f"{at}/{number}", inner, f"the name {inner.value!r} again", "each name once")
                names[inner.value] = None
        return tuple(names)

    def _events(self, node: Node, at: str) -> tuple[InlineEvent | EventFiles, ...]:
        want = "an event (an object), a path, a glob, JSON text, or a list of these"
        event = node.value.get("event")
        if event is None:
            self.fault(at, node, "a case without an event", f"{want} under the key 'event'")
            return ()
        if event.kind != "array":
            return self._event(event, f"{at}/event", want)
        if not event.value:
            self.fault(f"{at}/event", event, "no event", "at least one")
        made: list[Any] = []
        for number, inner in enumerate(event.value):
            made += self._event(inner, f"{at}/event/{number}", want)
        return tuple(made)

    def _event(self, node: Node, at: str, want: str) -> tuple[InlineEvent | EventFiles, ...]:
        if node.kind == "object":
            return (InlineEvent(node.text(), node.line),)
        if node.kind != "string" or not node.value.strip():
            self.fault(at, node, node.shown(), want)
            return ()
        if not node.value.lstrip().startswith("{"):
            return (EventFiles(node.value, node.line),)
        try:
            read_event(node.value)
        except EventError as error:
            self.fault(at, node, f"JSON text that is refused {error}", "an event as JSON")
        return (InlineEvent(node.value, node.line),)

    def _because(self, node: Node, at: str) -> tuple[Because, ...]:
        because = node.value.get("because")
        at = f"{at}/because"
        if because is None:
            return ()
        if because.kind != "object":
            return (self._reason(because, at, None),)
        listed = node.value.get("matches")
        names = listed.value if listed is not None and listed.kind == "array" else ()
        expected = {inner.value for inner in names if inner.kind == "string"}
        made = []
        for name, inner in because.value.items():
            if name in expected:
                line = because.lines[name]
                self.fault(f"{at}/{_step(name)}", line, f"a reason why {name!r} misses", "none: it is among 'matches'")
            made.append(self._reason(inner, f"{at}/{_step(name)}", name))
        if not made:
            self.fault(at, because, "an empty object", "a path, a list of paths, or {rule: path}")
        return tuple(made)

    def _reason(self, node: Node, at: str, rule: str | None) -> Because:
        inner = node.value if node.kind == "array" else (node,)
        if not inner or any(one.kind != "string" or not one.value for one in inner):
            self.fault(at, node, node.shown(), "a path such as detail.total or /detail/total, or a list of paths")
            return Because(rule, (), False, node.line)
        return Because(rule, tuple(one.value for one in inner), node.kind == "array", node.line)


def near(name: str, known: Iterable[str]) -> str:
    """Ask whether the nearest of the known names was meant; "" if none is near."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else ""


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
