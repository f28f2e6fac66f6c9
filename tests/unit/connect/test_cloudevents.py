"""CloudEvents: what comes in goes out as it was, in both modes; events of a bus become CloudEvents and come back."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent

from matcher.connect.cloudevents import from_http, to_http
from matcher.envelope import Fill, Sealed, seal
from matcher.errors import EventError

BINARY = {
    "CE-Id": "1",
    "ce-source": "/shop/orders",
    "ce-type": "order.placed",
    "ce-specversion": "1.0",
    "ce-time": "2026-01-02T03:04:05.250Z",
    "ce-subject": "o-7",
    "ce-tenant": "a%20b",
    "Content-Type": "application/json",
}
Mode = Literal["structured", "binary"]
MODES: list[Mode] = ["structured", "binary"]


def sealed(event: bytes) -> bytes:
    found = seal(event, Fill("123456789012", "eu-central-1"))
    assert isinstance(found, Sealed)
    return found.event


def test_binary_becomes_an_event() -> None:
    assert json.loads(from_http(BINARY, b'{"total": 5}')) == {
        "id": "1",
        "source": "/shop/orders",
        "detail-type": "order.placed",
        "time": "2026-01-02T03:04:05.250000Z",
        "detail": {"total": 5},
        "cloudevent": {"subject": "o-7", "tenant": "a b", "datacontenttype": "application/json"},
    }


def test_structured_becomes_the_same_event() -> None:
    told = {
        "specversion": "1.0",
        "id": "1",
        "source": "/shop/orders",
        "type": "order.placed",
        "time": "2026-01-02T03:04:05.250Z",
        "subject": "o-7",
        "tenant": "a b",
        "datacontenttype": "application/json",
        "data": {"total": 5},
    }
    made = from_http({"Content-Type": "application/cloudevents+json"}, json.dumps(told).encode())
    assert json.loads(made) == json.loads(from_http(BINARY, b'{"total": 5}'))


DATA: list[tuple[Any, str]] = [
    ({"total": 5, "é": [1, None]}, "application/json"),
    ({"data": 1}, "application/json"),
    ({"data_base64": "x"}, ""),
    ([1, 2], "application/json"),
    ("text", "application/json"),
    (True, "application/json"),
    (5, ""),
    ("text", "text/plain"),
    (b"\x00\xff", "application/octet-stream"),
    (None, ""),
]


@pytest.mark.parametrize("inward", MODES)
@pytest.mark.parametrize("outward", MODES)
@pytest.mark.parametrize(("data", "content_type"), DATA)
def test_what_comes_in_goes_out_as_it_was(data: Any, content_type: str, inward: Mode, outward: Mode) -> None:
    attributes = {"id": "1", "source": "s", "type": "t", "subject": "x", "ext": "y", "dataschema": "http://a/b"}
    if content_type:
        attributes["datacontenttype"] = content_type
    given = CloudEvent(dict(attributes), data)
    if inward == "structured":
        arrived = http.to_structured_event(given)
    else:  # as the specification has it, and the library does not for values that are no objects
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        raw = data.encode() if content_type == "text/plain" else raw
        arrived = http.to_binary_event(CloudEvent(dict(given.get_attributes()), None if data is None else raw))
    event = sealed(from_http(arrived.headers, arrived.body))
    headers, body = to_http(event, outward)
    assert ("ce-id" in headers) == (outward == "binary")
    found = http.from_http_event(http.HTTPMessage(headers, body))
    assert found.get_data() == data
    extensions = {"account": "123456789012", "region": "eu-central-1"}
    assert found.get_attributes() == given.get_attributes() | extensions


@pytest.mark.parametrize("mode", MODES)
def test_an_event_of_a_bus_comes_back(mode: Mode) -> None:
    entry = {"Source": "com.shop", "DetailType": "Order placed", "Detail": '{"total": 5}', "Resources": ["r1", "ré"]}
    found = seal(entry, Fill())
    assert isinstance(found, Sealed)
    back = json.loads(sealed(from_http(*to_http(found.event, mode))))
    assert back.pop("cloudevent") == {"datacontenttype": "application/json"}
    assert back == json.loads(found.event)


def test_a_foreign_extension_named_resources_stays_one() -> None:
    for text in ("none", "{}"):
        assert json.loads(from_http({**BINARY, "ce-resources": text}, b"{}"))["cloudevent"]["resources"] == text


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"{}"),
        ({}, b"no JSON"),
        ({}, b"[]"),
        ({name: value for name, value in BINARY.items() if name != "ce-type"}, b"{}"),
        ({**BINARY, "ce-time": "noon"}, b"{}"),
        ({**BINARY, "ce-specversion": "2.0"}, b"{}"),
        ({**BINARY, "ce-bad_name": "x"}, b"{}"),
    ],
)
def test_no_cloudevents(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(EventError, match="no CloudEvent"):
        from_http(headers, body)


@pytest.mark.parametrize(
    ("event", "part"),
    [
        (b'{"a": 1}', "'detail-type'"),
        (b'{"detail-type": "t", "source": "s", "time": "noon"}', "noon"),
        (b'{"detail-type": "t", "source": "s", "cloudevent": {"data-form": "bytes"}}', "data_base64"),
        (b"[]", "no event"),
        (b"{", "no event"),
    ],
)
def test_events_that_are_no_cloudevents(event: bytes, part: str) -> None:
    with pytest.raises(EventError) as caught:
        to_http(event)
    assert part in str(caught.value)
