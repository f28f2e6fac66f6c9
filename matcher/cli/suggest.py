"""Turn sample events into a pattern on standard output, and the reasons for it on standard error."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from matcher import events as readers
from matcher.cli.terminal import FINDINGS, OK, REFUSED, printable, say, write
from matcher.errors import EventError
from matcher.flatten import read_event
from matcher.offline.sources import expand
from matcher.offline.suggestion import Suggestion, suggest

__all__ = ["Request", "suggest_pattern"]

_INLINE = re.compile(r"\s*(\{|\[\s*[{\]])")  # "[ab]*.json" is a glob
_SHOWN = 10  # events of --not that are named


@dataclass(frozen=True, slots=True)
class Request:
    """What `matcher suggest` was asked; see its options."""

    events: tuple[str, ...]
    against: tuple[str, ...]
    form: Literal["pretty", "line", "full"]
    name: str | None
    max_values: int
    max_fields: int
    ignore: tuple[str, ...]
    only: tuple[str, ...]
    keep_volatile: bool
    optional: bool
    limit: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class _Event:
    """An event, and where it stands."""

    place: str
    text: bytes


class _Bad(Exception):
    """An event was refused, and why was said."""


def suggest_pattern(request: Request) -> int:
    """Write the pattern; give 1 if it matches an event that it should not."""
    if (*request.events, *request.against).count("-") > 1:
        raise LookupError("standard input can be only one of the sources")
    try:
        samples = _read(request.events, request.limit, "EVENT")
        against = _read(request.against, request.limit, "--not")
    except _Bad:
        return REFUSED
    if not samples:
        raise LookupError(f"no events in {', '.join(request.events)}")
    made = suggest(
        [event.text for event in samples],
        against=[event.text for event in against],
        max_values=request.max_values,
        max_fields=request.max_fields,
        ignore=request.ignore,
        only=request.only,
        keep_volatile=request.keep_volatile,
        optional=request.optional,
    )
    write(_written(made, request, against))
    if not request.quiet:
        _explain(made)
    for warning in made.warnings:
        say(warning)
    for number in made.unwanted[:_SHOWN]:
        say(f"{against[number].place}: an event of --not, which the pattern matches")
    if len(made.unwanted) > _SHOWN:
        say(f"and {len(made.unwanted) - _SHOWN:,} more events of --not are matched")
    return FINDINGS if made.unwanted else OK


def _read(sources: Iterable[str], limit: int, which: str) -> list[_Event]:
    """Read events, each checked; say which are refused."""
    found: list[_Event] = []
    refused = 0
    for place, text in _events(sources):
        if len(found) == limit:
            say(f"{which}: the first {limit:,} events are read; --limit reads more")
            break
        try:
            read_event(text)
        except EventError as error:
            say(f"{place}: {error}")
            refused += 1
            if refused == _SHOWN:
                break
        found.append(_Event(place, text))
    if refused:
        raise _Bad
    return found


def _events(sources: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for given in sources:
        if _INLINE.match(given):
            for batch in readers.batches(io.BytesIO(os.fsencode(given))):
                for number, text in batch:
                    yield f"the event {printable(given[:40])!r}" + ("" if number == 1 else f", element {number}"), text
            continue
        for source in expand([given]):
            for batch in readers.batches(source):
                for number, text in batch:
                    yield f"{source}: line {number}", text


def _written(made: Suggestion, request: Request, against: list[_Event]) -> bytes:
    shown: Any = made.pattern
    if request.form == "full":
        shown = {
            "pattern": made.pattern,
            "events": made.events,
            "fields": [
                {
                    "path": note.path,
                    "kind": note.kind,
                    "alternatives": list(note.alternatives),
                    "optional": note.optional,
                    "why": note.why,
                }
                for note in made.notes
            ],
            "unwanted": [against[number].place for number in made.unwanted],
            "warnings": list(made.warnings),
        }
        if request.name is not None:
            shown = {"name": request.name, **shown}
    elif request.name is not None:
        shown = {"name": request.name, "pattern": made.pattern}
    text = json.dumps(shown, ensure_ascii=False, indent=None if request.form == "line" else 2)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _explain(made: Suggestion) -> None:
    left = [note for note in made.notes if note.kind == "left out"]
    for note in made.notes:
        if note.kind != "left out":
            say(str(note))
    for note in left[:_SHOWN]:
        say(str(note))
    if len(left) > _SHOWN:
        say(f"and {len(left) - _SHOWN:,} more fields left out; --format full tells why")
    fields, events = len(made.notes) - len(left), made.events
    told = f"all {events:,} events match" if events > 1 else "the event matches"
    say(f"{fields:,} field{'s' * (fields != 1)}, {len(left):,} left out: {told}")
