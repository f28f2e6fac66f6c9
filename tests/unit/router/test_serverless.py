"""The router is an AWS Lambda handler: of single events, of SQS batches, and inside Powertools' batch processing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from matcher import Router, RouterError


@pytest.fixture
def router() -> Router:
    router = Router()

    @router.rule({"source": ["shop"]})
    def handle(event) -> Any:
        if event["detail"].get("fails"):
            raise ValueError("fails")
        return event["detail"]["n"]

    return router


def record(number: int, *, group: str | None = None, body: str | None = None, **detail: Any) -> dict[str, Any]:
    event = {"source": "shop", "detail": {"n": number, **detail}}
    attributes = {} if group is None else {"MessageGroupId": group}
    return {
        "messageId": f"m{number}",
        "receiptHandle": "r",
        "body": json.dumps(event) if body is None else body,
        "attributes": attributes,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders",
        "awsRegion": "us-east-1",
    }


def test_a_single_event_is_dispatched_or_raises(router: Router) -> None:
    assert router({"source": "shop", "detail": {"n": 7}}, None)["outcomes"][0]["result"] == 7
    with pytest.raises(ValueError, match="fails"):
        router({"source": "shop", "detail": {"n": 7, "fails": True}}, None)
    with pytest.raises(RouterError, match="an invocation brings an event"):
        router(None, None)


def test_a_batch_is_answered_with_the_records_that_failed(router: Router) -> None:
    batch = {"Records": [record(1), record(2, fails=True), record(3), record(4, body="no event")]}
    assert router(batch, None) == {"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m4"}]}


def test_a_failed_record_fails_those_of_its_group_behind_it(router: Router) -> None:
    batch = [record(1, group="a", fails=True), record(2, group="b"), record(3, group="a"), record(4, group="b")]
    assert router({"Records": batch}) == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m3"}]}


def test_it_is_the_record_handler_of_powertools(router: Router) -> None:
    from aws_lambda_powertools.utilities import batch

    processor = batch.BatchProcessor(event_type=batch.EventType.SQS)
    event = {"Records": [record(1), record(2, fails=True), record(3)]}
    answer = batch.process_partial_response(event=event, record_handler=router, processor=processor, context=None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert [message["messageId"] for message in processor.success_messages] == ["m1", "m3"]


def test_records_of_streams_hold_events_too(router: Router) -> None:
    data = base64.b64encode(b'{"source": "shop", "detail": {"n": 5}}').decode()
    assert router(record={"kinesis": {"data": data}})["outcomes"][0]["result"] == 5
    assert router(record={"source": "shop", "detail": {"n": 6}})["outcomes"][0]["result"] == 6
    with pytest.raises(RouterError, match="a record is a mapping"):
        router(record=7)
