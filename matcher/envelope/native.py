"""Turn an event, or any JSON object, into an event with all that an envelope has; what is complete is not touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from matcher.envelope.answer import INVALID, MALFORMED, Refused, RefusedEntry, Sealed, refuse, reject
from matcher.envelope.fields import Fill, checked_detail_type, checked_resources, checked_source, checked_time
from matcher.envelope.strict import object_text
from matcher.quotas import Quotas
from matcher.transform.text import read

__all__ = ["seal"]

_ENVELOPE: Final = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")


def seal(given: Any, fill: Fill, quotas: Quotas) -> Sealed:
    """Make the event. Raises RefusedEntry."""
    if isinstance(given, Mapping) and not isinstance(given.get("time", ""), str):
        given = {**given, "time": checked_time("time", given["time"])}
    try:
        text = object_text(given, quotas.nesting)
        members = given if isinstance(given, Mapping) else read(text)
    except (TypeError, ValueError) as error:  # an EventError is a ValueError
        raise RefusedEntry(Refused(INVALID, f"The event is malformed: {error}.")) from None
    if "source" not in members or "detail-type" not in members:
        return Sealed(text, _given_id(members) or fill.make_id())
    _check(members, quotas)
    event_id = _given_id(members) or fill.make_id()
    missing = [name for name in _ENVELOPE if name not in members]
    return Sealed(_filled(text, missing, event_id, fill) if missing else text, event_id)


def _given_id(members: Mapping[str, Any]) -> str:
    """The producer's own id; "" where there is none that is one."""
    found = members.get("id")
    return found if isinstance(found, str) else ""


def _check(members: Mapping[str, Any], quotas: Quotas) -> None:
    checked_source("source", members["source"], quotas)
    checked_detail_type("detail-type", members["detail-type"], quotas)
    checked_resources("resources", members.get("resources", ()), quotas)
    if not isinstance(members.get("time", ""), str):
        refuse("time", "time is a text such as 2026-11-26T13:41:20Z.")
    if "id" in members and not _given_id(members):
        refuse("id", "id is a text that is not empty.")
    if not isinstance(members.get("detail", {}), Mapping):
        reject(MALFORMED, "Detail is malformed. Reason: detail is an object.")


def _filled(text: bytes, missing: list[str], event_id: str, fill: Fill) -> bytes:
    """Put what is missing before what is there, whose text stays as it is."""
    values = {
        "version": "0",
        "id": event_id,
        "account": fill.account,
        "time": fill.time(),
        "region": fill.region,
        "resources": [],
        "detail": {},
    }
    front = orjson.dumps({name: values[name] for name in missing})
    return front[:-1] + b"," + text[text.index(b"{") + 1 :]
