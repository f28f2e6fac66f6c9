"""How many events a second reach the one handler among 1,000 that is theirs, in matcher and in its peers?

`python -m bench.router_peers` prints one table. The job is the same for all: bytes in, the handler of the event's source
and detail type is called with the parsed event. Peers that dispatch by a name are given source and detail type as that
name; only matcher and moto look at the event by patterns. Each peer's handlers are counted before it is timed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from time import perf_counter
from typing import Any

import orjson

from bench.measure import Local, Rate, Runner, interleave
from bench.report import Table, markdown, plain, rate
from bench.router_work import Job, job, key_of

#: Events of one round of a peer that takes milliseconds for each.
FEW = 20
#: What every handler adds one to.
handled = [0]


def take(_event: Any) -> None:
    handled[0] += 1


class Looped:
    """An `async` call, awaited one after another on one loop."""

    def __init__(self, name: str, call: Callable[[bytes], Coroutine[Any, Any, Any]], events: Sequence[bytes]) -> None:
        self.name = name
        self._call = call
        self._events = events
        self.loop = asyncio.new_event_loop()

    def run(self, seconds: float) -> float:
        return self.loop.run_until_complete(self._run(seconds))

    async def _run(self, seconds: float) -> float:
        done, start = 0, perf_counter()
        while (elapsed := perf_counter() - start) < seconds or not done:
            for event in self._events:
                await self._call(event)
            done += len(self._events)
        return done / (perf_counter() - start) if elapsed else 0.0


def matcher_dispatch(work: Job) -> Runner:
    from matcher import Router

    router = Router()
    for name, pattern in work.patterns():
        router.rule(pattern, name=name)(take)
    return Local("matcher dispatch", router.dispatch, work.events)


def matcher_bytes(work: Job) -> Runner:
    """What is left where the handler has no need of the parsed event."""
    from matcher import Router

    def handler(event: bytes) -> None:
        take(event)

    router = Router()
    for name, pattern in work.patterns():
        router.rule(pattern, name=name)(handler)
    return Local("matcher dispatch, handlers of bytes", router.dispatch, work.events)


def matcher_adispatch(work: Job) -> Runner:
    from matcher import Router

    async def handler(event: dict[str, Any]) -> None:
        take(event)

    router = Router()
    for name, pattern in work.patterns():
        router.rule(pattern, name=name)(handler)
    return Looped("matcher adispatch, async handlers", router.adispatch, work.events)


def blinker(work: Job) -> Runner:
    from blinker import Namespace

    signals = Namespace()
    for key in work.keys:
        signals.signal(str(key)).connect(take, weak=False)

    def send(event: bytes) -> None:
        parsed = orjson.loads(event)
        signals.signal(str(key_of(parsed))).send(parsed)

    return Local("blinker", send, work.events)


def pyee(work: Job) -> Runner:
    from pyee.base import EventEmitter

    emitter = EventEmitter()
    for key in work.keys:
        emitter.on(str(key), take)

    def emit(event: bytes) -> None:
        parsed = orjson.loads(event)
        emitter.emit(str(key_of(parsed)), parsed)

    return Local("pyee", emit, work.events)


def faststream(work: Job) -> Runner:
    from faststream.nats import NatsBroker, TestNatsBroker

    broker = NatsBroker()
    logging.getLogger("faststream").setLevel(logging.ERROR)

    async def handler(event: dict[str, Any]) -> None:
        take(event)

    def subject(key: tuple[str, str]) -> str:
        return ".".join(key).replace(" ", "-")

    for key in work.keys:
        broker.subscriber(subject(key))(handler)

    async def publish(event: bytes) -> None:
        parsed = orjson.loads(event)
        await broker.publish(parsed, subject(key_of(parsed)))

    runner = Looped("FastStream, in-memory broker", publish, work.events[:FEW])
    runner.loop.run_until_complete(TestNatsBroker(broker).__aenter__())
    return runner


def celery(work: Job) -> Runner:
    from celery import Celery

    app = Celery(set_as_current=False, broker="memory://")
    app.conf.update(task_always_eager=True, task_store_eager_result=False)
    tasks = {key: app.task(take, name=str(key)) for key in work.keys}

    def delay(event: bytes) -> None:
        parsed = orjson.loads(event)
        tasks[key_of(parsed)].delay(parsed)

    return Local("Celery, eager", delay, work.events)


def moto(work: Job) -> Runner:
    """PutEvents to rules whose target is a queue each: the queue that took the event is the handler."""
    import boto3
    from moto import mock_aws

    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
    mock_aws().start()
    bus, queues = boto3.client("events"), boto3.client("sqs")
    queue = queues.create_queue(QueueName="handler")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for name, pattern in work.patterns():
        bus.put_rule(Name=name, EventPattern=orjson.dumps(pattern).decode())
        bus.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": arn}])

    def put(event: bytes) -> None:
        parsed = orjson.loads(event)
        detail = orjson.dumps(parsed["detail"]).decode()
        entry = {"Source": parsed["source"], "DetailType": parsed["detail-type"], "Detail": detail}
        bus.put_events(Entries=[entry])
        for message in queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            take(message)

    return Local("moto, put_events", put, work.events[:FEW])


PEERS = (matcher_dispatch, matcher_bytes, matcher_adispatch, blinker, pyee, faststream, celery, moto)


def checked(work: Job) -> Iterator[Runner]:
    """Every peer that is there, once each of its events has come to one handler."""
    for peer in PEERS:
        try:
            runner = peer(work)
        except ImportError as error:
            print(f"{peer.__name__} is absent: {error}", file=sys.stderr)
            continue
        before, events = handled[0], runner._events  # type: ignore[attr-defined]
        rounds = round(runner.run(1e-9) and 1)
        assert handled[0] - before == len(events) * rounds, runner.name
        yield runner


def compared(rounds: int, seconds: float) -> Table:
    runners = list(checked(job()))
    gc.collect()
    figures = interleave(runners, rounds, seconds)
    ours = figures[runners[0].name].best
    rows = [(name, rate(found.best), _ratio(ours, found)) for name, found in figures.items()]
    heads = ("router", "events/s", "matcher dispatch is")
    return Table("1,000 rules, events of 929 bytes, one handler each", heads, rows)


def _ratio(ours: float, found: Rate) -> str:
    return f"{ours / found.best:,.1f} x"


if __name__ == "__main__":
    table = compared(rounds=5, seconds=1.0)
    print(plain(table) if "--markdown" not in sys.argv else markdown(table))
