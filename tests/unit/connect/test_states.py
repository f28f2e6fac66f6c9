"""Workflows put events, start each other, send requests and messages; what becomes of them comes back as events."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from matcher import Context, Router
from matcher.connect import states
from matcher.connect.states import aws_services, http_invoke, put_events, start_execution, status_events
from matcher.testing import FakeClock
from matcher.workflow import TaskError, Workflow
from matcher.workflow.host.memory import MemoryJournal
from matcher.workflow.workflows import Workflows
from tests.unit.workflow.host.making import machine, task, until

PUT = "arn:aws:states:::events:putEvents"
START = "arn:aws:states:::states:startExecution"
ARN = "arn:aws:states:local:000000000000"


def test_unknown_names_are_none():
    with pytest.raises(AttributeError, match="nothing"):
        states.nothing  # noqa: B018


def test_an_event_starts_a_workflow_that_puts_events_and_its_statuses_are_events():
    """The correlation id goes from the event to the execution, to what it puts, and to its status."""

    async def main():
        heard = []
        router = Router()
        entry = {"Source": "shop", "DetailType": "Paid", "Detail": {"order.$": "$.order"}, "Resources": ["order/1"]}
        flow = Workflow.load(
            machine(task(PUT, Parameters={"Entries": [entry]})), name="pay", tasks=put_events(router), status=status_events(router)
        )

        @router.rule({"source": ["shop", "aws.states"], "detail-type": [{"anything-but": "Ordered"}]})
        def hear(event, context: Context) -> None:
            heard.append((event, context.correlation_id))

        router.add_rule("start", {"detail-type": ["Ordered"]})
        router.add_target("start", flow, input_path="$.detail")
        async with router, flow:
            await router.aput({"Source": "shop", "DetailType": "Ordered", "Detail": {"order": 7}}, correlation_id="c-7")
            await until(lambda: len(heard) == 3)
        assert {correlation for _, correlation in heard} == {"c-7"}
        found = {event["detail"].get("status", event["detail-type"]): event for event, _ in heard}
        (execution, pay) = found["Paid"]["resources"][1:]
        assert (found["Paid"]["detail"], pay) == ({"order": 7}, f"{ARN}:stateMachine:pay")
        for status in ("RUNNING", "SUCCEEDED"):
            event = found[status]
            assert (event["source"], event["resources"]) == ("aws.states", [execution])
            assert event["detail-type"] == "Step Functions Execution Status Change"
            assert event["detail"]["executionArn"] == execution
            assert json.loads(event["detail"]["input"]) == {"order": 7}
        assert found["RUNNING"]["detail"]["stopDate"] is found["RUNNING"]["detail"]["output"] is None
        assert json.loads(found["SUCCEEDED"]["detail"]["output"])["FailedEntryCount"] == 0

    asyncio.run(main())


def test_a_refused_entry_fails_the_task():
    async def main():
        async with Router() as router:
            flow = Workflow.load(machine(task(PUT, Parameters={"Entries": [{"Source": "shop"}]})), tasks=put_events(router))
            async with flow:
                record = await flow.arun({})
            assert record.error == "EventBridge.FailedEntry"
            assert json.loads(record.cause)["FailedEntryCount"] == 1

    asyncio.run(main())


def test_statuses_that_the_router_refuses_are_told_again():
    class Full:
        def __init__(self):
            self.left, self.events = 2, []

        async def aput(self, event, **_settings):
            if self.left:
                self.left -= 1
                raise OSError("full")
            self.events.append(event["detail"]["status"])
            return [True]

    async def main():
        clock, router = FakeClock(), Full()
        flow = Workflow.load(machine({"Type": "Pass"}), status=status_events(router), clock=clock)
        async with flow:
            await flow.astart({})
            await clock.advance(5)
        assert router.events == ["RUNNING", "SUCCEEDED"]

    asyncio.run(main())


def _parent(suffix, **more):
    given = {"StateMachineArn": f"{ARN}:stateMachine:child", "Input": {"n.$": "$.n"}, **more}
    return machine(task(START + suffix, Parameters=given))


async def _family(suffix, child=None, **more):
    workflows = Workflows(MemoryJournal())
    workflows.add("child", child or machine({"Type": "Pass", "Result": {"done": True}}))
    workflows.add("parent", _parent(suffix, **more))
    for resource, made in start_execution(workflows).items():
        workflows.tasks.add(resource, made)
    return workflows


@pytest.mark.parametrize(("suffix", "output"), [(".sync", '{"done":true}'), (".sync:2", {"done": True})])
def test_a_child_is_waited_for(suffix, output):
    async def main():
        workflows = await _family(suffix)
        async with workflows:
            await workflows.start("parent", {"n": 1}, "p", correlation_id="c-1")
            result = (await workflows.wait("parent", "p")).result()
            assert (result["Status"], result["Output"]) == ("SUCCEEDED", output)
            (child,) = await workflows.list("child")
            assert (child.input, child.correlation) == ({"n": 1}, "c-1")
            assert result["ExecutionArn"] == f"{ARN}:execution:child:{child.name}"

    asyncio.run(main())


def test_a_child_may_go_on_alone_or_fail_its_parent():
    async def main():
        workflows = await _family("", Name="kid")
        async with workflows:
            await workflows.start("parent", {"n": 1}, "p")
            assert (await workflows.wait("parent", "p")).result()["ExecutionArn"] == f"{ARN}:execution:child:kid"
            await workflows.wait("child", "kid")
            await workflows.start("parent", {"n": 2}, "q")
            assert (await workflows.wait("parent", "q")).error == "StepFunctions.ExecutionAlreadyExistsException"
        workflows = await _family(".sync:2", {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}})
        async with workflows:
            await workflows.start("parent", {"n": 1}, "p")
            record = await workflows.wait("parent", "p")
            assert (record.error, json.loads(record.cause)["Error"]) == ("States.TaskFailed", "E")

    asyncio.run(main())


def test_a_call_made_again_finds_the_child_that_it_started():
    async def main():
        journal, hold = MemoryJournal(), machine({"Type": "Wait", "Seconds": 5})
        clock = FakeClock()
        for _ in range(2):
            workflows = Workflows(journal, clock=clock)
            workflows.add("child", hold)
            workflows.add("parent", _parent(".sync:2"))
            workflows.tasks.add(START, start_execution(workflows)[START])
            async with workflows:
                await workflows.start("parent", {"n": 1}, "p")
                await clock.advance(3)
        workflows = Workflows(journal, clock=clock)
        workflows.tasks.add(START, start_execution(workflows)[START])
        async with workflows:
            await clock.advance(3)
            assert (await workflows.describe("parent", "p")).result()["Status"] == "SUCCEEDED"
            assert len(await workflows.list("child")) == 1

    asyncio.run(main())


def _asked(given, answer, **more):
    """What a request looks like, and what the task makes of its answer."""
    seen = []

    def reply(request):
        seen.append(request)
        return answer

    async def main():
        async with httpx.AsyncClient(transport=httpx.MockTransport(reply)) as client:
            flow = Workflow.load(machine(task("arn:aws:states:::http:invoke")), tasks=http_invoke(client, **more))
            async with flow:
                return await flow.arun(given)

    return asyncio.run(main()), *seen


def test_http_is_invoked():
    given = {"Method": "POST", "ApiEndpoint": "https://shop.test/orders", "QueryParameters": {"a": "1"}, "RequestBody": {"n": 1}}
    record, request = _asked({**given, "Headers": {"X-One": "1"}}, httpx.Response(201, json={"id": 5}))
    assert (request.method, str(request.url), request.content) == ("POST", "https://shop.test/orders?a=1", b'{"n":1}')
    assert (request.headers["x-one"], request.headers["content-type"]) == ("1", "application/json")
    result = record.result()
    assert (result["StatusCode"], result["StatusText"], result["ResponseBody"]) == (201, "Created", {"id": 5})
    assert result["Headers"]["content-type"] == ["application/json"]


def test_http_errors_have_their_names_and_forms_their_encoding():
    given = {"Method": "POST", "ApiEndpoint": "https://shop.test/", "RequestBody": {"a": "x y", "b": 1}}
    form = {**given, "Transform": {"RequestBodyEncoding": "URL_ENCODED"}, "Authentication": {"ConnectionArn": "c"}}
    record, request = _asked(form, httpx.Response(404, text="gone"), connections={"c": {"Authorization": "Bearer 1"}})
    assert (record.error, record.cause) == ("States.Http.StatusCode.404", "gone")
    assert (request.content, request.headers["authorization"]) == (b"a=x+y&b=1", "Bearer 1")
    record, *_ = _asked(form, httpx.Response(200))
    assert (record.error, "no connection 'c'" in record.cause) == ("States.Runtime", True)


def test_aws_is_called(monkeypatch):
    from botocore.exceptions import ClientError

    class Client:
        def send_message(self, **given):
            if given["QueueUrl"] == "gone":
                raise ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue", "Message": "no"}}, "SendMessage")
            return {"MessageId": given["MessageBody"], "ResponseMetadata": {}}

    monkeypatch.setattr("matcher.connect.states.aws.service", lambda *_given: Client())
    send = aws_services()["arn:aws:states:::sqs:sendMessage"]
    assert send({"QueueUrl": "q", "MessageBody": {"a": 1}}) == {"MessageId": '{"a":1}'}
    with pytest.raises(TaskError, match=r"Sqs.NonExistentQueueException: no"):
        send({"QueueUrl": "gone", "MessageBody": "x"})
