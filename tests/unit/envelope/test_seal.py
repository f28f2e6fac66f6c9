"""Entries of a put: what is filled in, what is kept as it is, what is refused and by which code."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import RuleSet
from matcher.envelope import Fill, Refused, Sealed, check_call, moment, seal, size
from matcher.errors import RouterError
from matcher.quotas import AWS, OPEN, Quotas

FILL = Fill("123456789012", "eu-central-1", now=lambda: 1_767_323_045.9, make_id=lambda: "made")
ENVELOPE = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}


def entry(**changes: Any) -> dict[str, Any]:
    made = {"Source": "com.shop", "DetailType": "Order", "Detail": '{"total": 1.10}', **changes}
    return {name: value for name, value in made.items() if value is not ...}


def sealed(given: Any, quotas: Quotas = OPEN) -> Sealed:
    found = seal(given, FILL, quotas)
    assert isinstance(found, Sealed), found
    return found


def event(given: Any, quotas: Quotas = OPEN) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(sealed(given, quotas).event)
    return made


def refused(given: Any, quotas: Quotas = OPEN) -> Refused:
    found = seal(given, FILL, quotas)
    assert isinstance(found, Refused), found
    return found


def test_an_entry_becomes_an_event() -> None:
    found = sealed(entry(Resources=["r1", None, "r2"], EventBusName="orders", TraceHeader="Root=1-5759e988"))
    assert json.loads(found.event) == {
        "version": "0",
        "id": "made",
        "detail-type": "Order",
        "source": "com.shop",
        "account": "123456789012",
        "time": "2026-01-02T03:04:05Z",
        "region": "eu-central-1",
        "resources": ["r1", "r2"],
        "detail": {"total": 1.1},
    }
    assert b'"detail":{"total": 1.10}' in found.event, "the text of the detail is kept"
    assert (found.event_id, found.bus, found.trace) == ("made", "orders", "Root=1-5759e988")


def test_by_default_an_event_has_its_own_id_and_the_time_of_now() -> None:
    made = seal(entry(), Fill())
    assert isinstance(made, Sealed)
    members = json.loads(made.event)
    assert uuid.UUID(members["id"]).version == 4
    assert members["id"] == made.event_id
    now = datetime.now(UTC)
    assert now - timedelta(minutes=1) < datetime.fromisoformat(members["time"]) <= now
    assert (members["account"], members["region"]) == ("000000000000", "us-east-1")


def test_a_detail_may_be_an_object() -> None:
    assert event(entry(Detail={"a": [1, "é"]}))["detail"] == {"a": [1, "é"]}


def test_a_bus_may_be_named_by_its_arn() -> None:
    assert sealed(entry()).bus is None
    assert sealed(entry(EventBusName="arn:aws:events:us-east-1:1:event-bus/team/orders")).bus == "team/orders"
    assert "event-bus" in refused(entry(EventBusName="arn:aws:sqs:us-east-1:1:orders")).message


@pytest.mark.parametrize("name", ["Source", "DetailType", "Detail"])
@pytest.mark.parametrize("value", [None, "", ...])
def test_what_an_entry_must_have(name: str, value: Any) -> None:
    want = Refused("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument.")
    assert refused(entry(**{name: value})) == want


@pytest.mark.parametrize(
    ("changes", "code", "part"),
    [
        ({"Detail": "{"}, "MalformedDetail", "Detail is malformed. Reason: at byte 1"),
        ({"Detail": "[]"}, "MalformedDetail", "must be a JSON object"),
        ({"Detail": '{}, "source": "aws.s3", "x": {}'}, "MalformedDetail", "at byte 2"),
        ({"Detail": '{"a": NaN}'}, "MalformedDetail", "at byte 6"),
        ({"Detail": {"a": {1}}}, "MalformedDetail", "not JSON serializable"),
        ({"Detail": 5}, "MalformedDetail", "not int"),
        ({"Detail": '{"a":' * 1000 + "1" + "}" * 1000}, "MalformedDetail", "nesting"),
        ({"Source": 5}, "InvalidArgument", "Source is a text, not int"),
        ({"Source": "\ud800"}, "InvalidArgument", "lone surrogate"),
        ({"Resources": "arn"}, "InvalidArgument", "Resources is a list of texts, not str"),
        ({"Resources": ["a", 5]}, "InvalidArgument", "Resources[1]"),
        ({"Time": "yesterday"}, "InvalidArgument", "'yesterday' is no time"),
        ({"EventBusName": 5}, "InvalidArgument", "EventBusName"),
        ({"TraceHeader": "x" * 501}, "InvalidArgument", "501 characters"),
        ({"Detailtype": "Order"}, "InvalidArgument", "an entry has Detail, DetailType"),
    ],
)
def test_what_an_entry_may_not_have(changes: dict[str, Any], code: str, part: str) -> None:
    found = refused(entry(**changes))
    assert found.code == code
    assert part in found.message


def test_limits_of_aws_are_settings() -> None:
    found = refused(entry(Source="aws.s3"), AWS)
    assert found.code == "NotAuthorizedForSourceException"
    assert found.message.startswith("Not authorized for the source. ")
    assert event(entry(Source="aws.s3"))["source"] == "aws.s3"
    assert "129 characters" in refused(entry(DetailType="x" * 129), AWS).message
    assert "2049 characters" in refused(entry(Resources=["x" * 2049]), AWS).message
    assert event(entry(DetailType="x" * 129))["detail-type"] == "x" * 129


def test_an_entry_of_just_the_size_that_is_allowed() -> None:
    given = entry(Detail='{"a":"' + "é" * 100 + '"}', Time=0, Resources=["rrr"])
    assert size(given) == 8 + 5 + 8 + 200 + 14 + 3
    assert event(given, Quotas(entry_bytes=238))
    assert "238 bytes, over 237" in refused(given, Quotas(entry_bytes=237)).message


def test_the_size_of_other_objects_is_that_of_their_text() -> None:
    assert size(b'{"a":1}') == size({"a": 1}) == size('{"a":1}') == 7
    assert size(5) == 0  # type: ignore[arg-type]
    assert size(entry(Resources=5)) == size(entry(Resources="arn")) == size(entry())


def test_a_call_has_limits_of_its_own() -> None:
    check_call([entry()] * 10, AWS)
    with pytest.raises(RouterError, match="11 entries in one call; at most 10"):
        check_call([entry()] * 11, AWS)
    big = entry(Detail=json.dumps({"a": "x" * 600_000}))
    check_call([big], AWS)
    with pytest.raises(RouterError, match="over the limit: 1200[0-9]{3} bytes, at most 1048576"):
        check_call([big, big], AWS)
    check_call([big] * 11, OPEN)


def test_an_event_gets_what_it_lacks_and_keeps_its_text() -> None:
    found = sealed(b'  {"source": "a", "detail-type": "t", "id": "mine", "detail": {"x": 1.10}}')
    members = json.loads(found.event)
    assert members.keys() == ENVELOPE
    assert (members["id"], found.event_id, members["account"]) == ("mine", "mine", "123456789012")
    assert found.event.endswith(b'"detail": {"x": 1.10}}')
    assert event({"source": "a", "detail-type": "t"})["detail"] == {}


def test_an_event_too_deep_for_python_is_refused() -> None:
    deep = b'{"a":' * 200_000 + b"1" + b"}" * 200_000
    assert "limit of 1000 levels" in refused(deep).message
    assert "recursion limit" in refused(deep, Quotas(nesting=300_000)).message


def test_a_complete_event_is_not_touched() -> None:
    text = sealed(entry()).event.replace(b'"id":"made"', b'"id": "other"')
    assert sealed(text) == Sealed(text, "other")


@pytest.mark.parametrize("given", [b'{"a": 1, "id": 5}', '{"source": "push", "ref": "main"}', {"detail-type": 5}])
def test_any_other_object_is_an_event_as_it_is(given: Any) -> None:
    found = sealed(given)
    assert found.event_id == "made"
    assert json.loads(found.event) == (given if isinstance(given, dict) else json.loads(given))


def test_a_raw_object_is_known_by_its_own_id() -> None:
    assert sealed({"id": "i-1"}).event_id == "i-1"
    assert sealed(b'{"id": "i-1", "n": 1e999}').event_id == "i-1"


@pytest.mark.parametrize(
    ("given", "code", "part"),
    [
        (b'{"a": 01}', "InvalidArgument", "at byte 7"),
        (b"[]", "InvalidArgument", "must be a JSON object"),
        (5, "InvalidArgument", "not int"),
        ({"a": {1}}, "InvalidArgument", "not JSON serializable"),
        ({"source": "", "detail-type": "t"}, "InvalidArgument", "source is a required argument"),
        ({"source": "s", "detail-type": 5}, "InvalidArgument", "detail-type is a text"),
        ({"source": "s", "detail-type": "t", "detail": []}, "MalformedDetail", "detail is an object"),
        ({"source": "s", "detail-type": "t", "id": ""}, "InvalidArgument", "id is a text"),
        ({"source": "s", "detail-type": "t", "resources": {}}, "InvalidArgument", "resources is a list"),
        (b'{"source": "s", "detail-type": "t", "time": 5}', "InvalidArgument", "time is a text"),
        ({"source": "s", "detail-type": "t", "time": []}, "InvalidArgument", "no time"),
    ],
)
def test_what_an_event_may_not_be(given: Any, code: str, part: str) -> None:
    found = refused(given)
    assert found.code == code
    assert part in found.message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:04:05Z"),
        (1_767_323_045, "2026-01-02T03:04:05Z"),
        (1_767_323_045.5, "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02t03:04:05.25-01:30", "2026-01-02T04:34:05Z"),
        ("2026-01-02 03:04:05Z", "2026-01-02T03:04:05Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
    ],
)
def test_times(value: Any, text: str) -> None:
    assert moment(value) == text
    assert event({"source": "s", "detail-type": "t", "time": value})["time"] in (text, value)


@pytest.mark.parametrize("value", [True, None, "", "2026-01-02", "2026-01-02T03:04:05", 1e300, float("nan"), "9" * 5000, 253_402_300_800, "0001-01-01T00:00:00+01:00"])
def test_no_times(value: Any) -> None:
    with pytest.raises(ValueError, match="is no time"):
        moment(value)


TEXTS = st.text(min_size=1, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DETAILS = st.dictionaries(st.text(), JSON, max_size=4)


@given(TEXTS, TEXTS, DETAILS, st.booleans())
def test_what_is_accepted_can_be_matched_and_says_what_was_put(
    source: str, detail_type: str, detail: dict[str, Any], as_text: bool
) -> None:
    found = sealed(entry(Source=source, DetailType=detail_type, Detail=json.dumps(detail) if as_text else detail))
    members = json.loads(found.event)
    assert (members["source"], members["detail-type"], members["detail"]) == (source, detail_type, detail)
    assert RuleSet({"all": {"id": ["made"]}}).match(found.event) == ["all"]
    assert sealed(found.event).event == found.event


NAMED = st.sampled_from(sorted({*ENVELOPE, "Source", "DetailType", "Detail", "Time", "EventBusName", "Resources"}))


@given(st.dictionaries(NAMED | st.text(max_size=3), JSON | st.text(max_size=5), max_size=8), st.booleans())
def test_no_object_raises_and_none_loses_a_member(given: dict[str, Any], as_text: bool) -> None:
    check_call([given], AWS)
    found = seal(json.dumps(given) if as_text else given, FILL)
    if isinstance(found, Refused):
        assert found.code in {"InvalidArgument", "MalformedDetail"}
        assert found.message
        return
    RuleSet().match(found.event)  # which raises for what can't be matched
    members = json.loads(found.event)
    if as_text or not {"Source", "DetailType", "Detail"} & given.keys():
        kept = {name: value for name, value in given.items() if name != "time"}
        assert kept == {name: members[name] for name in kept}
    assert members.keys() >= ENVELOPE or not {"source", "detail-type"} <= members.keys()
