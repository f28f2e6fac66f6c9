"""Turn CloudEvents 1.0, structured or binary, into events of a bus, and events into CloudEvents; needs the extra.

    router.put(from_http(request.headers, await request.body()))
    headers, body = to_http(event, mode="binary")

| event | CloudEvent |
|---|---|
| `id`, `source`, `time` | the same |
| `detail-type` | `type` |
| `detail` | `data`; other data than a JSON object is in a member of `detail`: `data`, or for bytes `data_base64` |
| `account`, `region`, `resources` | extensions of these names; `resources` as JSON text |
| `cloudevent` | all other attributes (`subject`, `dataschema`, `datacontenttype`, extensions), and the form of the data |

What comes in goes out as it was. A structured CloudEvent can as well be put as it is: any JSON object is an event.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from matcher.errors import EventError, MissingExtra
from matcher.transform.text import read, write

try:
    from cloudevents.core.bindings import http
    from cloudevents.core.exceptions import BaseCloudEventException
    from cloudevents.core.v1.event import CloudEvent
except ImportError:
    raise MissingExtra("cloudevents") from None

__all__ = ["from_http", "to_http"]

_SAME: Final = ("id", "source", "account", "region")
#: The attributes that stand elsewhere in an event.
_PLACED: Final = frozenset({*_SAME, "specversion", "type", "time"})
#: A member of `cloudevent` that no attribute can be named as: how other data than an object is kept.
_FORM: Final = "data-form"
_FAULTS: Final = (BaseCloudEventException, ValueError, TypeError, AttributeError, KeyError)


def from_http(headers: Mapping[str, str], body: bytes) -> bytes:
    """Read a CloudEvent of an HTTP request or response, in either mode. Raises EventError.

    What an envelope has and a CloudEvent lacks (account, region) is left to the router to fill in.
    """
    try:
        found = http.from_http_event(http.HTTPMessage({name.lower(): value for name, value in headers.items()}, body))
        attributes = found.get_attributes()
        form, detail = _detail(found.get_data())
        others = {name: value for name, value in attributes.items() if name not in _PLACED} | form
        return write(
            {name: attributes[name] for name in _SAME if name in attributes}
            | {"detail-type": attributes["type"], "time": _spelled(attributes["time"])}
            | _resources(others)
            | {"detail": detail, "cloudevent": others}
        )
    except _FAULTS as error:
        raise EventError(f"no CloudEvent: {error}", 0) from error


def _resources(others: dict[str, Any]) -> dict[str, list[Any]]:
    """Take the extension out that `to_http` makes; another of that name stays one."""
    try:
        found = read(str(others["resources"]).encode())
    except (KeyError, ValueError):
        return {}
    if not isinstance(found, list):
        return {}
    del others["resources"]
    return {"resources": found}


def _detail(data: Any) -> tuple[dict[str, str], dict[str, Any]]:
    match data:
        case dict():
            return {}, data
        case None:
            return {_FORM: "none"}, {}
        case bytes():
            return {_FORM: "bytes"}, {"data_base64": base64.b64encode(data).decode()}
    return {_FORM: "value"}, {"data": data}


def _spelled(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def to_http(event: bytes, mode: Literal["structured", "binary"] = "structured") -> tuple[dict[str, str], bytes]:
    """Write an event as a CloudEvent: the headers and the body of an HTTP request. Raises EventError."""
    try:
        members = read(event)
        others = dict(members.get("cloudevent", {"datacontenttype": "application/json"}))
        data = _data(members.get("detail", {}), others.pop(_FORM, ""))
        attributes = {
            "specversion": "1.0",
            "type": members["detail-type"],
            **{name: members[name] for name in _SAME if name in members},
            **({"time": datetime.fromisoformat(members["time"])} if "time" in members else {}),
            **({"resources": write(members["resources"]).decode()} if members.get("resources") else {}),
            **others,
        }
        if mode == "structured":
            written = http.to_structured_event(CloudEvent(attributes, data))
        else:  # the library spells values of JSON that are no objects as Python does
            written = http.to_binary_event(CloudEvent(attributes, _body(data, attributes.get("datacontenttype", ""))))
    except _FAULTS as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise EventError(f"no event that can be a CloudEvent: {reason}", 0) from error
    return dict(written.headers), written.body


def _data(detail: Any, form: str) -> Any:
    match form:
        case "none":
            return None
        case "bytes":
            return base64.b64decode(detail["data_base64"])
        case "value":
            return detail["data"]
    return detail


def _body(data: Any, content_type: str) -> bytes | None:
    if data is None or isinstance(data, bytes):
        return data
    text = isinstance(data, str) and content_type != "" and "json" not in content_type
    return data.encode() if text else write(data)
