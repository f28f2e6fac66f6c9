"""Sqs, Sns and EventBridge over HTTP: good targets, batches, order and keys, what is tried again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from matcher.connect import conformance
from matcher.connect.aws import EventBridge, Sns, Sqs
from matcher.connect.conformance import Bench, Mood, Received, message
from matcher.errors import TargetError
from matcher.target import Target
from tests.unit.connect.cloud import KEYS, Cloud, cloud

ALL_MOODS: frozenset[Mood] = frozenset({"well", "failing", "refusing", "silent"})


@pytest.fixture
def aws() -> Iterator[Cloud]:
    with cloud() as made:
        yield made


def settings(aws: Cloud) -> dict[str, Any]:
    return {"endpoint_url": aws.url, **KEYS}


def taken(aws: Cloud, queue: str) -> list[dict[str, Any]]:
    """All messages of a queue, which are then gone."""
    found: list[dict[str, Any]] = []
    while batch := aws.client("sqs").receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
    ).get("Messages"):
        found += batch
        handles = [{"Id": str(place), "ReceiptHandle": each["ReceiptHandle"]} for place, each in enumerate(batch)]
        aws.client("sqs").delete_message_batch(QueueUrl=queue, Entries=handles)
    return found


def new_queue(aws: Cloud, name: str) -> str:
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    return str(aws.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def arn_of(aws: Cloud, queue: str) -> str:
    found = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


class AwsBench:
    """A service whose messages end in an SQS queue."""

    largest = 200_000
    moods = ALL_MOODS

    def __init__(self, kind: str, suffix: str) -> None:
        self.kind = kind
        self.suffix = suffix
        self.ordered = bool(suffix)
        self.all: list[Received] = []

    async def open(self) -> Target:
        self.stack = ExitStack()
        self.aws = self.stack.enter_context(cloud())
        self.queue = new_queue(self.aws, "far" + self.suffix)
        self.target = self._target()
        return self.target

    def _target(self) -> Sqs | Sns | EventBridge:
        if self.kind == "sqs":
            return Sqs(self.queue, **settings(self.aws))
        if self.kind == "sns":
            return Sns(new_topic(self.aws, "topic" + self.suffix, arn_of(self.aws, self.queue)), **settings(self.aws))
        return EventBridge(source="shop", detail_type="Order", **settings(self.aws))

    async def received(self) -> Sequence[Received]:
        if self.kind == "eventbridge":  # which spells events anew, so what it was given is looked at
            return [Received(entry["Detail"].encode(), None) for entry in put(self.aws)]
        self.all += await asyncio.to_thread(lambda: [self._read(each) for each in taken(self.aws, self.queue)])
        return self.all

    def _read(self, each: dict[str, Any]) -> Received:
        return Received(each["Body"].encode(), each["MessageAttributes"]["delivery-id"]["StringValue"])

    async def become(self, mood: Mood) -> None:
        self.aws.mood = mood

    async def reached(self) -> None:
        await asyncio.to_thread(self.aws.web.reached.wait)

    async def close(self) -> None:
        await self.target.aclose()
        await asyncio.to_thread(self.stack.close)


def new_topic(aws: Cloud, name: str, queue_arn: str) -> str:
    attributes = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
    topic = str(aws.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"])
    raw = {"RawMessageDelivery": "true"}
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=raw)
    return topic


def new_rule(aws: Cloud, queue_arn: str) -> None:
    events = aws.client("events")
    events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": queue_arn, "InputPath": "$.detail"}])


BENCHES = {
    "eventbridge": ("eventbridge", ""),
    "sqs": ("sqs", ""),
    "sqs.fifo": ("sqs", ".fifo"),
    "sns": ("sns", ""),
    "sns.fifo": ("sns", ".fifo"),
}


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", BENCHES)
def test_it_is_a_good_target(kind: str, check: Callable[[Bench], Awaitable[None]]) -> None:
    asyncio.run(check(AwsBench(*BENCHES[kind])))


def sending(target: Any, *messages: Any) -> list[Any]:
    """Send at a time; what comes back, exceptions too."""

    async def main() -> list[Any]:
        try:
            return await asyncio.gather(*map(target.send, messages), return_exceptions=True)
        finally:
            await target.aclose()

    return asyncio.run(main())


def test_what_is_sent_together_shares_calls(aws: Cloud) -> None:
    queue = new_queue(aws, "q")
    target = Sqs(queue, **settings(aws))
    found = sending(target, *(message(b"%d" % number, number) for number in range(25)))
    assert len(set(found)) == 25
    assert len(aws.calls) == 3
    assert len(sending(target, message(b"25", 25))) == 1, "a target that was closed takes messages again"
    assert sorted(int(each["Body"]) for each in taken(aws, queue)) == list(range(26))


def test_a_call_is_no_larger_than_the_service_takes(aws: Cloud) -> None:
    queue = new_queue(aws, "q")
    body = b'"' + b"x" * 100_000 + b'"'
    sending(Sqs(queue, **settings(aws)), *(message(body, number) for number in range(5)))
    assert len(aws.calls) == 3
    assert len(taken(aws, queue)) == 5


def test_ids_go_with_a_message(aws: Cloud) -> None:
    queue = new_queue(aws, "q")
    sending(Sqs(queue, **settings(aws)), message(b"1", correlation_id="c-1"))
    (found,) = taken(aws, queue)
    told = {name: value["StringValue"] for name, value in found["MessageAttributes"].items()}
    assert told == {"delivery-id": "delivery-1", "event-id": "event-1", "correlation-id": "c-1"}


def test_groups_and_keys_of_a_fifo_queue(aws: Cloud) -> None:
    queue = new_queue(aws, "q.fifo")
    long = "bus/rule/target " + "x" * 200
    sending(
        Sqs(queue, **settings(aws)),
        message(b"1", 1, group="g"),
        message(b"2", 1, attempt=2, group="g"),
        message(b"3", 3),
        message(b"4", 4, group=long, delivery_id=long),
    )
    found = {each["Body"]: each["Attributes"] for each in taken(aws, queue)}
    assert found.keys() == {"1", "3", "4"}
    assert (found["1"]["MessageGroupId"], found["1"]["MessageDeduplicationId"]) == ("g", "delivery-1")
    assert found["3"]["MessageGroupId"] == "delivery-3"
    assert len(found["4"]["MessageGroupId"]) == len(found["4"]["MessageDeduplicationId"]) == 64


def test_one_entry_of_a_batch_may_fail(aws: Cloud) -> None:
    queue = new_queue(aws, "q")
    good, bad = sending(Sqs(queue, **settings(aws)), message(b"1", 1), message(b"\xff", 2))
    assert isinstance(good, str)
    assert isinstance(bad, TargetError)
    assert (bad.retryable, bad.code) == (False, "INVALID_PARAMETER")
    assert [each["Body"] for each in taken(aws, queue)] == ["1"]


def test_a_queue_that_is_not_there(aws: Cloud) -> None:
    (error,) = sending(Sqs(new_queue(aws, "q") + "-no", **settings(aws)), message(b"1"))
    assert (error.retryable, error.code) == (False, "NO_RESOURCE")


def test_a_service_that_is_not_there() -> None:
    with cloud() as aws:
        target = Sqs(new_queue(aws, "q"), **settings(aws))
    (error,) = sending(target, message(b"1"))
    assert (error.retryable, error.code) == (True, "CONNECTION_FAILURE")


def test_a_client_of_ones_own(aws: Cloud) -> None:
    queue = new_queue(aws, "q")
    (found,) = sending(Sqs(queue, client=aws.client("sqs")), message(b"1"))
    assert isinstance(found, str)
    assert len(taken(aws, queue)) == 1


ORDER = {
    "source": "com.shop",
    "detail-type": "Order",
    "time": "2026-01-02T03:04:05Z",
    "resources": ["r1"],
    "detail": {"total": 1.5},
}


def put(aws: Cloud) -> list[dict[str, Any]]:
    return [entry for call in aws.calls for entry in json.loads(call.body)["Entries"]]


def test_an_event_goes_on_to_eventbridge(aws: Cloud) -> None:
    body = json.dumps(ORDER).encode()
    shaped = b'{"sum": 1.50}'
    found = sending(
        EventBridge("default", **settings(aws)),
        message(body, event=body),
        message(shaped, event=body),
        message(b'{"plain": 1}', event=b'{"plain": 1}'),
        message(b"5", event=body),
        message(b"text", event=body),
    )
    assert [isinstance(each, str) for each in found] == [True, True, False, False, False]
    assert [error.code for error in found[2:]] == ["INVALID_PARAMETER"] * 3
    assert not any(error.retryable for error in found[2:])
    same = {"EventBusName": "default", "Source": "com.shop", "DetailType": "Order", "Resources": ["r1"]}
    sent = [{name: value for name, value in entry.items() if name not in ("Time", "Detail")} for entry in put(aws)]
    assert sent == [same, same]
    assert [entry["Detail"] for entry in put(aws)] == ['{"total":1.5}', '{"sum": 1.50}']
    assert {entry["Time"] for entry in put(aws)} == {1_767_323_045.0}


def test_events_without_an_envelope_get_one(aws: Cloud) -> None:
    body = b'{"plain": 1, "time": "noon"}'
    (found,) = sending(EventBridge(source="s", detail_type="t", **settings(aws)), message(body, event=body))
    assert isinstance(found, str)
    (entry,) = put(aws)
    assert (entry["Source"], entry["DetailType"], entry["Detail"]) == ("s", "t", body.decode())
    assert "Time" not in entry


def test_an_event_reaches_a_rule_of_the_bus(aws: Cloud) -> None:
    queue = new_queue(aws, "q")
    new_rule(aws, arn_of(aws, queue))
    sending(EventBridge(source="shop", detail_type="t", **settings(aws)), message(b'{"n": 1}'))
    assert [json.loads(each["Body"])["detail"] for each in taken(aws, queue)] == [{"n": 1}]


@pytest.mark.parametrize(("mood", "retryable"), [("failing", True), ("refusing", False)])
def test_which_failures_of_eventbridge_are_tried_again(aws: Cloud, mood: Mood, retryable: bool) -> None:
    aws.mood = mood
    (error,) = sending(EventBridge(source="s", detail_type="t", **settings(aws)), message(b"{}"))
    assert error.retryable is retryable
