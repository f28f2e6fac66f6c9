"""Turn a PutEvents entry (`Source`, `DetailType`, `Detail` …) into an event, its detail's text as it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from matcher.envelope.answer import MALFORMED, Sealed, refuse, reject
from matcher.envelope.fields import Fill, checked_detail_type, checked_resources, checked_source, checked_time, quoted
from matcher.envelope.strict import object_text
from matcher.errors import EventError
from matcher.quotas import Quotas

__all__ = ["NAMES", "is_entry", "seal"]

NAMES: Final = frozenset({"Source", "DetailType", "Detail", "Time", "Resources", "EventBusName", "TraceHeader"})
_TRACE_LENGTH: Final = 500


def is_entry(given: Mapping[str, Any]) -> bool:
    """Say whether an object is a PutEvents entry, one without a required field too."""
    return "Source" in given or "DetailType" in given or "Detail" in given


def seal(given: Mapping[str, Any], fill: Fill, quotas: Quotas) -> Sealed:
    """Make the event. Raises RefusedEntry."""
    for name in given.keys() - NAMES:
        refuse(name, f"an entry has {', '.join(sorted(NAMES))}.")
    source = checked_source("Source", given.get("Source"), quotas)
    detail_type = checked_detail_type("DetailType", given.get("DetailType"), quotas)
    detail = _detail(given.get("Detail"), quotas.nesting - 1)  # the event is one level more
    resources = checked_resources("Resources", given.get("Resources") or (), quotas)
    time = fill.time() if given.get("Time") is None else checked_time("Time", given["Time"])
    event_id = fill.make_id()
    event = b'{"version":"0","id":"%b","detail-type":%b,"source":%b,"account":%b,"time":"%b","region":%b' % (
        event_id.encode(),
        detail_type,
        source,
        quoted("account", fill.account),
        time.encode(),
        quoted("region", fill.region),
    )
    event += b',"resources":%b,"detail":%b}' % (resources, detail)
    return Sealed(event, event_id, _bus(given.get("EventBusName")), _trace(given.get("TraceHeader")))


def _detail(value: Any, nesting: int) -> bytes:
    if value is None or value == "":
        refuse("Detail", "Detail is a required argument.")
    try:
        return object_text(value, nesting)
    except (EventError, TypeError) as error:
        return bytes(reject(MALFORMED, f"Detail is malformed. Reason: {error}."))


def _bus(value: Any) -> str | None:
    """The name of a bus that is given by name or by ARN (`arn:aws:events:us-east-1:000000000000:event-bus/orders`)."""
    if value is None:
        return None
    quoted("EventBusName", value)
    name = str(value)
    if not name.startswith("arn:"):
        return name
    return name.partition(":event-bus/")[2] or str(refuse("EventBusName", "an ARN of a bus has `:event-bus/name`."))


def _trace(value: Any) -> str:
    if value is None:
        return ""
    quoted("TraceHeader", value)
    if len(value) > _TRACE_LENGTH:
        refuse("TraceHeader", f"it has {len(value)} characters, over {_TRACE_LENGTH}.")
    return str(value)
