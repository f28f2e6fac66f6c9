"""Turn files of events into entries that a router accepts, and its answers into lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from matcher import events
from matcher.cli.listing import count, json_lines
from matcher.cli.terminal import FINDINGS, OK, say
from matcher.cli.where import with_router
from matcher.envelope import size
from matcher.errors import EventError, RouterError
from matcher.quotas import Quotas
from matcher.router.answers import EntryResult
from matcher.router.router import Router

__all__ = ["Request", "put_events"]

#: Events, and their bytes, that are accepted by one call, unless the router's quotas are less.
BATCH: Final = 500
BATCH_BYTES: Final = 4 << 20
_Placed = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What `matcher put` was asked."""

    where: str
    events: tuple[str, ...]
    bus: str | None
    group: str | None
    entries: bool
    as_json: bool


def put_events(request: Request) -> int:
    """Put every event; give 1 if some were refused."""
    return with_router(request.where, lambda router: _put(router, request), create=True)


async def _put(router: Router, request: Request) -> int:
    accepted = refused = 0
    for batch in _batches(request, router._putting.quotas):
        good = [each for each in batch if not isinstance(each[1], EventError)]
        answers = iter(await router.aput([event for _, event in good], bus=request.bus, group=request.group))
        results = [_refused(event) if isinstance(event, EventError) else next(answers) for _, event in batch]
        accepted += sum(result.ok for result in results)
        refused += sum(not result.ok for result in results)
        _tell(batch, results, request.as_json)
    if not request.as_json:
        print(f"{count(accepted, 'event')} accepted" + (f", {refused:,} refused" if refused else ""))
    return FINDINGS if refused else OK


def _refused(error: EventError) -> EntryResult:
    return EntryResult(error_code="InvalidArgument", error_message=str(error))


def _tell(batch: list[_Placed], results: list[EntryResult], as_json: bool) -> None:
    if as_json:
        json_lines({"at": at, **result.to_dict()} for (at, _), result in zip(batch, results, strict=True))
        return
    for (at, _), result in zip(batch, results, strict=True):
        if not result.ok:
            say(f"{at}: {result.error_code}: {result.error_message}")


def _batches(request: Request, quotas: Quotas) -> Iterator[list[_Placed]]:
    """Events by calls, none of which is over the router's quotas because of others than itself."""
    batch: list[_Placed] = []
    most, room = quotas.entries or BATCH, quotas.call_bytes or BATCH_BYTES
    held = 0
    for given in request.events:
        for at, event in _read(given):
            entry = _entry(event) if request.entries and isinstance(event, bytes) else event
            length = 0 if isinstance(entry, EventError) else size(entry)
            if len(batch) == most or (batch and held + length > room):
                yield batch
                batch, held = [], 0
            batch.append((at, entry))
            held += length
    if batch:
        yield batch


def _read(given: str) -> Iterator[_Placed]:
    """The events of a file with their places; what begins as JSON does is an event itself."""
    if given.lstrip().startswith("{"):
        yield "the event", given.encode(errors="surrogateescape")
        return
    for found in events.read(given):
        for place, (number, text) in enumerate(zip(found.numbers, found.texts, strict=True)):
            yield f"{given}:{number}", found.refused.get(place, text)


def _entry(text: bytes) -> Mapping[str, Any] | EventError:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return EventError(error.msg, error.pos)
    if not isinstance(value, dict) or not {"Source", "DetailType", "Detail"} & value.keys():
        raise RouterError("--entries wants entries of PutEvents: Source, DetailType, Detail, …")
    return value
