"""Turn a seeded generator of rules and events into a workload: text in memory, or two JSON-lines files in a cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["CACHE", "Rule", "Workload", "make", "store", "text"]

Rule = tuple[str, bytes]
"""A rule as an engine gets it: its name and the text of its pattern."""

CACHE = Path(os.environ.get("MATCHER_BENCH_CACHE", Path(__file__).resolve().parent.parent / ".bench"))
"""Where generated files live, outside version control; delete it freely."""

REVISION = 3  # part of every file's name: raise it when a generator changes, or old files would be served

_BETWEEN = b'","pattern":'


def text(value: Any) -> bytes:
    """The JSON text of a pattern or an event, compact, members in the order of the dict."""
    return orjson.dumps(value)


@dataclass(frozen=True, slots=True)
class Workload:
    """Rules and events of one name, on disk. Names of rules are plain ASCII without quotes or backslashes."""

    name: str
    rules_file: Path
    events_file: Path

    def rules(self) -> Iterator[Rule]:
        """Every rule in order, read lazily: a million of them need not be in memory twice."""
        with self.rules_file.open("rb") as lines:
            for line in lines:
                name, _, rest = line.partition(_BETWEEN)
                yield name[len(b'{"name":"') :].decode("ascii"), rest[: rest.rindex(b"}")]

    def events(self) -> list[bytes]:
        """Every event in order, without its line feed."""
        return self.events_file.read_bytes().splitlines()


def make(name: str, rules: Callable[[], Iterable[tuple[str, Any]]], events: Callable[[], Iterable[bytes]]) -> Workload:
    """The workload of that name, generated into the cache unless it is there already."""
    rules_file = CACHE / f"rules-{name}.{REVISION}.jsonl"
    events_file = CACHE / f"events-{name}.{REVISION}.jsonl"
    if not (rules_file.exists() and events_file.exists()):
        store(rules_file, (_line(rule, pattern) for rule, pattern in rules()))
        store(events_file, events())
    return Workload(name, rules_file, events_file)


def store(path: Path, lines: Iterable[bytes]) -> None:
    """Write lines to `path`, which is seen whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent == CACHE:
        (CACHE / ".gitignore").write_text("*\n")
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
    part.replace(path)


def _line(name: str, pattern: Any) -> bytes:
    body = pattern if isinstance(pattern, bytes) else text(pattern)
    return b'{"name":"' + name.encode("ascii") + _BETWEEN + body + b"}"
