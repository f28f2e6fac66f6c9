"""Connectors behind a router's rules: shaped bodies arrive, failures are retried as the far end says, or become dead letters."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any, Unpack

import pytest

from matcher import Router
from matcher.connect.aws import Sqs
from matcher.connect.cloudevents import from_http, to_http
from matcher.connect.http import Http
from matcher.connect.log import Log
from matcher.delivery.retry import Retry
from matcher.router.report import Report
from matcher.router.rule import TargetSettings
from matcher.store.records import DeadLetter
from tests.unit.connect.cloud import KEYS, cloud
from tests.unit.connect.web import Reply, Request, Web

EVENT = {"source": "shop", "detail-type": "Order", "detail": {"id": "o-1", "total": 5}}


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


def delivered(to: Any, *events: Any, pattern: Any = None, **settings: Unpack[TargetSettings]) -> list[DeadLetter]:
    """Let a router with one rule, named `notify`, send the events to the target; what it did not take."""
    router = Router()
    router.add_rule("notify", pattern or {"source": ["shop"]})
    router.add_target("notify", to, **settings)

    async def main() -> list[DeadLetter]:
        async with router:
            assert await router.aput(*events)
            await router.adrain()
            await to.aclose()
            return await router.dead_letters().alist()

    return asyncio.run(main())


def test_a_shaped_body_reaches_an_endpoint_on_the_second_attempt(web: Web) -> None:
    replies = iter([Reply(503, headers={"Retry-After": "0"}), Reply(200)])
    web.answer = lambda _: next(replies)
    template = '{"text": "order <id>", "rule": <aws.events.rule-name>}'
    letters = delivered(
        Http(web.url + "/orders/*", path_parameters=["$.detail.id"]),
        EVENT,
        retry=Retry(base=0.001, longest=0.001),
        input_transformer={"paths": {"id": "$.detail.id"}, "template": template},
    )
    assert letters == []
    assert [request.path for request in web.requests] == ["/orders/o-1", "/orders/o-1"]
    assert [json.loads(request.body) for request in web.requests] == [{"text": "order o-1", "rule": "notify"}] * 2
    assert len({request.headers["idempotency-key"] for request in web.requests}) == 1


def test_what_an_endpoint_refuses_is_a_dead_letter_with_its_code(web: Web) -> None:
    web.answer = lambda _: Reply(404, b"gone")
    (letter,) = delivered(Http(web.url), EVENT)
    assert (letter.error_code, letter.attempts, letter.error_message) == ("NO_RESOURCE", 1, "the endpoint answered 404: gone")


def test_an_event_without_the_part_that_is_asked_for_is_a_dead_letter(web: Web) -> None:
    (letter,) = delivered(Http(web.url), EVENT, input_path="$.detail.none")
    assert (letter.error_code, letter.exhausted) == ("INVALID_PARAMETER", "NotRetryable")
    assert web.requests == []


def test_groups_stay_in_order_in_a_fifo_queue() -> None:
    with cloud() as aws:
        client = aws.client("sqs")
        queue = client.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        to = Sqs(queue, endpoint_url=aws.url, **KEYS)
        events = [{**EVENT, "detail": {"customer": str(n % 2), "n": n}} for n in range(8)]
        assert delivered(to, *events, group="$.detail.customer", input_path="$.detail.n") == []
        found: dict[str, list[str]] = {"0": [], "1": []}
        while batch := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages"):
            for each in batch:
                found[each["Attributes"]["MessageGroupId"]].append(each["Body"])
                client.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    assert found == {"0": ["0", "2", "4", "6"], "1": ["1", "3", "5", "7"]}


def test_a_cloudevent_is_put_and_sent_on() -> None:
    stream = io.BytesIO()
    headers = {"ce-id": "1", "ce-source": "shop", "ce-type": "Order", "ce-specversion": "1.0", "content-type": "application/json"}
    pattern = {"source": ["shop"], "cloudevent": {"datacontenttype": [{"prefix": "application/"}]}}
    assert delivered(Log(stream), from_http(headers, b'{"total": 5}'), pattern=pattern) == []
    sent, body = to_http(stream.getvalue(), "binary")
    assert sent["ce-id"] == "1"
    assert json.loads(body) == {"total": 5}


def test_dispatch_answers_with_what_the_endpoint_said(web: Web) -> None:
    def answer(request: Request) -> Reply:
        return Reply(200, request.body[::-1])

    web.answer = answer
    router = Router()
    router.add_rule("notify", {"source": ["shop"]})
    to = Http(web.url)
    router.add_target("notify", to, input="[1]")

    async def main() -> Report:
        report = await router.adispatch(EVENT)
        await to.aclose()
        return report

    (outcome,) = asyncio.run(main())
    assert (outcome.result.status, outcome.result.body) == (200, b"]1[")
