"""What an observer is told of deliveries, under the names of EventBridge's metrics."""

import asyncio
import io
import json
from collections.abc import Callable

from matcher.delivery.rate import Rate
from matcher.delivery.retry import Retry
from matcher.delivery.subscription import Settings
from matcher.errors import TargetError
from matcher.observing import Counters, JsonLines, Together
from matcher.testing import FlakyTarget, RecordedTarget

Run = Callable[..., None]


def test_every_step_is_counted(run: Run) -> None:
    counters = Counters()

    async def body(place) -> None:
        down, bad = TargetError("down"), TargetError("bad", retryable=False)
        target = FlakyTarget([None, down, bad, None], clock=place.clock, takes=0.25)
        place.subscribe(target, settings=Settings(retry=Retry(base=2.0), concurrency=1))
        await place.put({"n": 1}, {"n": 2}, {"n": 3})
        await place.clock.advance(10.0)
        labels = {"bus": "bus", "rule": "rule", "target": "target"}
        found = {metric: counters.total(metric, **labels) for metric in counters.snapshot()["counts"]}
        assert {metric: value for metric, value in found.items() if value} == {
            "InvocationAttempts": 4,
            "RetryInvocationAttempts": 1,
            "Invocations": 3,
            "SuccessfulInvocationAttempts": 2,
            "FailedInvocations": 1,
        }
        assert counters.total("InvocationsSentToDlq", rule="rule") == 1
        start = counters.spread("IngestionToInvocationStartLatency", **labels)
        assert (start.count, start.longest) == (3, 0.5)
        complete = counters.spread("IngestionToInvocationCompleteLatency", **labels)
        assert (complete.count, complete.longest) == (3, 2.75)
        assert counters.spread("IngestionToInvocationSuccessLatency", **labels).count == 2
        assert counters.spread("InvocationLatency", **labels).total == 1.0

    run(body, observer=counters)


def test_waiting_for_a_rate_is_counted(run: Run) -> None:
    counters = Counters()

    async def body(place) -> None:
        place.subscribe(RecordedTarget(), settings=Settings(rate=Rate(1.0)))
        await place.put({"n": 1}, {"n": 2})
        assert counters.total("ThrottledRules", rule="rule") == 1

    run(body, observer=counters)


def test_an_event_is_found_in_the_log_by_its_correlation_id(run: Run) -> None:
    stream = io.StringIO()

    async def body(place) -> None:
        place.subscribe(
            FlakyTarget([TargetError("down"), TargetError("bad", retryable=False), None]),
            settings=Settings(retry=Retry(base=2.0), concurrency=1),
            dead_letter="dlq",
        )
        await place.put({"n": 1, "group": "g"}, {"n": 2, "group": "g"})
        await place.clock.advance(10.0)

    run(body, observer=Together(JsonLines(stream, level="debug"), Counters()))
    records = [json.loads(line) for line in stream.getvalue().splitlines()]
    first, second, third = (record for record in records if "correlation_id" in record)
    assert (first["message"], first["level"], first["correlation_id"]) == ("the attempt failed", "warning", "c1")
    assert (first["error"], first["retry_in"], first["attempt"]) == ("ERROR_FROM_TARGET: down", 2.0, 1)
    assert (second["message"], second["level"], second["correlation_id"]) == ("dead letter", "error", "c1")
    assert (second["error"], second["exhausted"], second["dead_letter_queue"]) == ("bad", "NotRetryable", "dlq")
    assert (third["message"], third["level"], third["correlation_id"]) == ("delivered", "debug", "c2")
    assert (third["event_id"], third["delivery_id"], third["group"]) == ("e2", "2/bus/rule/target", "g")


def test_deliveries_that_no_rule_takes_are_told_of_at_the_start(place) -> None:
    stream = io.StringIO()

    async def main() -> None:
        here = place(observer=JsonLines(stream))
        async with here.store:
            here.queues = ["bus/gone/target"]
            async with here.engine:
                await here.put({"n": 1})
            here.engine = here.new_engine()
            async with here.engine:
                await here.clock.settle()

    asyncio.run(main())
    (record,) = map(json.loads, stream.getvalue().splitlines())
    assert (record["message"], record["queue"], record["waiting"]) == ("deliveries wait for a rule", "bus/gone/target", 1)
