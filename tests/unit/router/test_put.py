"""What is put is accepted durably, entry by entry, or its producer is told why not."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import orjson
import pytest

from matcher import Backlog, Bus, Deduplication, Router, RouterError, StoreError
from matcher.store.memory import MemoryStore
from matcher.testing import FakeClock

ENTRY = {"Source": "shop", "DetailType": "order", "Detail": '{"n":1}'}


def accepted(router: Router) -> list[Any]:
    """The entries in the log."""

    async def read() -> Any:
        return [stored.entry for stored in await (await router._opened.get()).log.read(0, 10_000)]

    return router._background.run(read())


def test_each_entry_has_its_answer_in_order() -> None:
    router = Router()
    result = router.put(ENTRY, {"Source": "shop"}, {"any": "object"}, b"[]")
    assert [entry.ok for entry in result] == [True, False, True, False]
    assert result.failed_entry_count == 2
    assert not result
    assert len(result) == 4
    first, _, third = result.event_ids[:3]
    assert result.to_dict() == {
        "FailedEntryCount": 2,
        "Entries": [
            {"EventId": first},
            {
                "ErrorCode": "InvalidArgument",
                "ErrorMessage": "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
            },
            {"EventId": third},
            {
                "ErrorCode": "InvalidArgument",
                "ErrorMessage": "The event is malformed: at byte 0: an event must be a JSON object.",
            },
        ],
    }
    entries = accepted(router)
    assert [entry.id for entry in entries] == [first, third]
    event = orjson.loads(entries[0].body)
    assert (event["id"], event["source"], event["account"], event["detail"]) == (first, "shop", "000000000000", {"n": 1})
    assert entries[1].body == b'{"any":"object"}'


def test_entries_come_one_by_one_or_in_lists() -> None:
    router = Router()
    assert len(router.put(ENTRY, ENTRY)) == len(router.put([ENTRY, ENTRY])) == len(router.put((ENTRY,), ENTRY)) == 2
    assert router.put().to_dict() == {"FailedEntryCount": 0, "Entries": []}


def test_entries_go_to_the_bus_that_they_name() -> None:
    router = Router(buses=["orders", Bus("eu", account="111122223333", region="eu-west-1")])
    arn = "arn:aws:events:us-east-1:000000000000:event-bus/orders"
    result = router.put(ENTRY, {**ENTRY, "EventBusName": "eu"}, {**ENTRY, "EventBusName": arn}, bus="orders")
    assert result
    assert [entry.bus for entry in accepted(router)] == ["orders", "eu", "orders"]
    event = orjson.loads(accepted(router)[1].body)
    assert (event["account"], event["region"]) == ("111122223333", "eu-west-1")


def test_a_bus_that_is_not_declared_is_refused_where_buses_are() -> None:
    result = Router(buses=["orders"]).put({**ENTRY, "EventBusName": "ordres"})
    assert result.entries[0].error_code == "ResourceNotFoundException"
    assert Router().put({**ENTRY, "EventBusName": "any"})
    assert not Router().put({**ENTRY, "EventBusName": "a bus"})


def test_quotas_are_those_of_the_profile() -> None:
    router = Router(quotas="aws")
    with pytest.raises(RouterError, match="11 entries in one call; at most 10"):
        router.put([ENTRY] * 11)
    assert router.put({**ENTRY, "Source": "aws.ec2"}).entries[0].error_code == "NotAuthorizedForSourceException"
    assert len(Router().put([ENTRY] * 11)) == 11
    with pytest.raises(RouterError, match="quotas is one of open, aws, or Quotas, not 'none'"):
        Router(quotas="none")


def test_duplicates_by_id_are_answered_with_the_first() -> None:
    clock = FakeClock()
    router = Router(deduplication=Deduplication("id", window=60), clock=clock)
    event = {"id": "e1", "source": "shop", "detail-type": "order", "detail": {}}
    first, second, other = router.put(event, {**event, "detail": {"n": 2}}, {**event, "id": "e2"})
    assert (first.event_id, first.duplicate) == ("e1", False)
    assert (second.event_id, second.duplicate) == ("e1", True)
    assert not other.duplicate
    clock._passed += 61
    assert not router.put(event).entries[0].duplicate
    assert len(accepted(router)) == 3


def test_duplicates_by_content_differ_in_id_and_time_alone() -> None:
    router = Router(deduplication=Deduplication("content"))
    first, second, other = router.put(ENTRY, ENTRY, {**ENTRY, "Detail": '{"n":2}'})
    assert (second.event_id, second.duplicate, other.duplicate) == (first.event_id, True, False)
    huge = {"n": 123456789012345678901}
    assert [entry.duplicate for entry in router.put(huge, huge)] == [False, True]
    with pytest.raises(RouterError, match='by "id" or "content", not by \'hash\''):
        Deduplication("hash")  # type: ignore[arg-type]


def test_a_deduplication_id_is_the_producers_own() -> None:
    router = Router()
    first = router.put(ENTRY, deduplication_id="order-7").entries[0]
    second = router.put(ENTRY, deduplication_id="order-7").entries[0]
    assert (second.event_id, second.duplicate) == (first.event_id, True)
    with pytest.raises(RouterError, match="names one event, and this put has 2 entries"):
        router.put(ENTRY, ENTRY, deduplication_id="x")


def test_options_of_a_put_are_kept() -> None:
    router = Router()
    router.put(ENTRY, group="g", correlation_id="c")
    router.put({**ENTRY, "TraceHeader": "t"})
    (first, second) = accepted(router)
    assert (first.group, first.correlation_id) == ("g", "c")
    assert (second.group, second.correlation_id) == (None, "t")


def test_what_can_not_be_stored_is_raised() -> None:
    router = Router(MemoryStore(max_bytes=1_000))
    with pytest.raises(StoreError):
        router.put([ENTRY] * 100)
    assert accepted(router) == []


def test_a_full_backlog_refuses_where_that_is_the_setting() -> None:
    router = Router(backlog=Backlog(limit=3, when_full="refuse"), clock=FakeClock())
    assert router.put([ENTRY] * 2)
    result = router.put(ENTRY, ENTRY, b"[]")
    assert [entry.error_code for entry in result] == ["ThrottlingException"] * 2 + ["InvalidArgument"]
    assert router.put(ENTRY)
    for wrong in ({"limit": 0}, {"when_full": "drop"}):
        with pytest.raises(RouterError):
            Backlog(**wrong)


def test_a_full_backlog_waits_for_room(run) -> None:
    async def body(router: Router, clock: FakeClock) -> None:
        gate, taken = asyncio.Event(), []

        @router.rule({"source": ["shop"]}, concurrency=1, timeout=None)
        async def handle(detail) -> None:
            await gate.wait()
            taken.append(detail["n"])

        await router.aput([ENTRY] * 3)
        waiting = asyncio.create_task(router.aput(ENTRY))
        await clock.advance(5)
        assert not waiting.done()
        gate.set()
        await clock.advance(5)
        assert waiting.result()
        assert taken == [1] * 4

    run(body, backlog=Backlog(limit=3))


def test_a_handler_does_not_wait_for_the_room_that_it_holds() -> None:
    router = Router(backlog=Backlog(limit=1))
    done = threading.Semaphore(0)

    @router.rule({"source": ["shop"]})
    def first(event: bytes) -> None:
        router.put({**ENTRY, "Source": "second"}, {**ENTRY, "Source": "second"})
        done.release()

    @router.rule({"source": ["shop"]})
    async def other(event: bytes) -> None:
        await router.aput({**ENTRY, "Source": "second"}, {**ENTRY, "Source": "second"})
        done.release()

    with router:
        router.put(ENTRY)
        assert done.acquire(timeout=5) and done.acquire(timeout=5)
        router.drain()


def test_threads_put_at_once(tmp_path) -> None:
    router = Router(f"sqlite:///{tmp_path}/events.db")
    results: list[Any] = []

    def produce(number: int) -> None:
        details = [orjson.dumps({"n": [number, turn]}).decode() for turn in range(5)]
        results.extend(router.put({**ENTRY, "Detail": detail}) for detail in details)

    threads = [threading.Thread(target=produce, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(results)
    details = [orjson.loads(entry.body)["detail"]["n"] for entry in accepted(router)]
    assert sorted(details) == [[number, turn] for number in range(4) for turn in range(5)]
    assert [turn for number, turn in details if number == 0] == list(range(5))
    router.stop()


def test_a_store_is_named_by_its_url() -> None:
    for wrong in ("redis://x", "sqlite://host/x.db", "sqlite:///", "events.db"):
        with pytest.raises(RouterError, match="a store is sqlite:///file.db"):
            Router(wrong)
    Router("memory://")
