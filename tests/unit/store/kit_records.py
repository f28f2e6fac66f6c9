"""What every store does with dead letters, archives, replays, seen keys and itself: cases of the conformance kit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from matcher.errors import StoreError
from matcher.store.protocol import Store
from matcher.store.records import (
    Archived,
    ArchiveInfo,
    Dead,
    DeadLetterFilter,
    Finished,
    InFlight,
    Mark,
    New,
    Outgoing,
)
from tests.unit.store.making import QUEUE, entry, letter, queued, replay

ANY = DeadLetterFilter()


async def letters_are_found_by_what_they_say(store: Store) -> None:
    await queued(store, "abc")
    a, b, c = await store.queue.claim(QUEUE, 3, 1000.0)
    letters = [
        letter(a, "one", error_code="TIMEOUT", died=10.0),
        letter(b, "two", rule="other", died=20.0),
        letter(c, "one", died=30.0),
    ]
    await store.queue.settle([Dead(each, dead) for each, dead in zip((a, b, c), letters, strict=True)])
    find = store.dead_letters.find
    assert await find(ANY, "", 10) == letters
    assert await find(ANY, a.id, 1) == letters[1:2]
    assert await find(DeadLetterFilter(dead_letter_queue="one"), "", 10) == [letters[0], letters[2]]
    assert await find(DeadLetterFilter(rule="other", bus="default"), "", 10) == [letters[1]]
    assert await find(DeadLetterFilter(error_code="TIMEOUT", target="target"), "", 10) == [letters[0]]
    assert await find(DeadLetterFilter(since=20.0, until=30.0), "", 10) == [letters[1]]
    assert await find(DeadLetterFilter(bus="none"), "", 10) == []
    assert await store.dead_letters.counts() == {"one": 2, "two": 1}
    assert await store.dead_letters.get([b.id, "99/none"]) == [letters[1], None]
    with pytest.raises(StoreError, match="no dead letter's id"):
        await store.dead_letters.get(["b"])


async def letters_are_purged(store: Store) -> None:
    await queued(store, "abc")
    deliveries = await store.queue.claim(QUEUE, 3, 1000.0)
    await store.queue.settle([Dead(delivery, letter(delivery)) for delivery in deliveries])
    assert await store.dead_letters.purge([deliveries[0].id, deliveries[0].id, "99/none"]) == 1
    # The id of a letter that is gone is still a place among the others.
    assert [each.id for each in await store.dead_letters.find(ANY, deliveries[0].id, 9)] == [
        deliveries[1].id,
        deliveries[2].id,
    ]


async def letters_outlive_the_log(store: Store) -> None:
    await queued(store, "a")
    (delivery,) = await store.queue.claim(QUEUE, 1, 1000.0)
    await store.queue.settle([Dead(delivery, letter(delivery))])
    assert await store.log.trim(10, 1000.0) == 1
    await store.close()
    await store.open()
    assert await store.dead_letters.find(ANY, "", 9) == [letter(delivery)]


async def a_redriven_letter_is_addressed_to_its_queue(store: Store) -> None:
    (position,) = await queued(store, "a")
    (delivery,) = await store.queue.claim(QUEUE, 1, 1000.0)
    await store.queue.settle([Dead(delivery, letter(delivery))])
    assert await store.dead_letters.redrive([delivery.id, "99/none"], 5000.0) == 1
    (stored,) = await store.log.read(position, 10)
    assert stored.entry == replace(delivery.entry, accepted=5000.0, to_queue=QUEUE)
    assert await store.dead_letters.find(ANY, "", 9) == []
    assert await store.dead_letters.redrive([delivery.id], 5000.0) == 0


async def a_letter_without_a_queue_is_matched_anew(store: Store) -> None:
    await queued(store, "a")
    (delivery,) = await store.queue.claim(QUEUE, 1, 1000.0)
    keyed = replace(delivery.entry, deduplication="k", to_rules=("rule",))
    lone = replace(letter(delivery, exhausted="Undeliverable"), queue="", entry=keyed)
    await store.dead_letters.add([lone])
    await store.dead_letters.add([replace(lone, error_message="again")])
    assert await store.dead_letters.find(ANY, "", 9) == [lone]
    assert await store.dead_letters.redrive([lone.id], 7.0) == 1
    stored = (await store.log.read(0, 10))[-1]
    assert stored.entry == replace(keyed, accepted=7.0, deduplication=None)


async def archives_are_read_by_time(store: Store) -> None:
    times = (30.0, 10.0, 20.0, 20.0, 40.0)
    found = await store.log.append([entry(name, time) for name, time in zip("abcde", times, strict=True)])
    places = [item.position for item in found]
    await store.queue.add([], places[-1], [Archived("all", place) for place in places] + [Archived("some", places[0])])
    assert await store.log.trim(10, 0.0) == 5

    async def read(start: float, end: float, after: Mark | None = None, limit: int = 10) -> str:
        return "".join(stored.entry.id for stored in await store.archive.read("all", start, end, after, limit))

    assert await read(0.0, 100.0) == "bcdae"
    assert await read(20.0, 40.0) == "cda"
    assert await read(0.0, 100.0, Mark(20.0, places[2]), 2) == "da"
    assert await read(20.0, 100.0, Mark(5.0, 1)) == "cdae"
    assert await store.archive.read("none", 0.0, 100.0, None, 9) == []
    size = len(entry("a").body)
    assert await store.archive.infos() == [
        ArchiveInfo("all", 5, 5 * size, 10.0, 40.0),
        ArchiveInfo("some", 1, size, 30.0, 30.0),
    ]


async def archives_forget_what_is_too_old(store: Store) -> None:
    found = await store.log.append([entry(name, time) for name, time in zip("abc", (1.0, 2.0, 3.0), strict=True)])
    places = [item.position for item in found]
    await store.queue.add([], places[-1], [Archived("all", place) for place in places])
    assert await store.archive.expire("none", 9.0, 9) == 0
    assert await store.archive.expire("all", 3.0, 1) == 1
    assert await store.archive.expire("all", 3.0, 9) == 1
    assert [(info.events, info.oldest) for info in await store.archive.infos()] == [(1, 3.0)]
    assert await store.archive.expire("all", 9.0, 9) == 1
    assert await store.archive.infos() == []


async def a_replay_goes_on_where_it_was(store: Store) -> None:
    new = replay(rules=("one",), rate=50.0)
    assert await store.replays.create(new)
    assert not await store.replays.create(replace(new, bus="other"))
    sent = await store.replays.advance("again", [entry("a", replay="again")], Mark(1.0, 2))
    assert sent == replace(new, mark=Mark(1.0, 2), sent=1)
    await store.close()
    await store.open()
    assert await store.replays.get("again") == sent
    assert await store.replays.all() == [sent]
    assert [stored.entry.replay for stored in await store.log.read(0, 9)] == ["again"]
    assert await store.replays.advance("none", [entry("a")], Mark(1.0, 2)) is None


async def a_replay_advances_only_while_it_runs(store: Store) -> None:
    await store.replays.create(replay())
    paused = await store.replays.change("again", "PAUSED", among=["RUNNING"], now=600.0)
    assert paused == replay(state="PAUSED")
    assert await store.replays.advance("again", [entry("a")], Mark(1.0, 2)) == paused
    assert await store.log.last() == 0
    cancelled = await store.replays.change("again", "CANCELLED", among=["RUNNING", "PAUSED"], now=700.0)
    assert cancelled == replay(state="CANCELLED", ended=700.0)
    assert await store.replays.change("again", "RUNNING", among=["PAUSED"], now=800.0) == cancelled
    assert await store.replays.change("none", "RUNNING", among=["PAUSED"], now=800.0) is None
    assert await store.replays.delete("again")
    assert not await store.replays.delete("again")
    assert await store.replays.get("again") is None


async def replays_are_listed_as_they_were_created(store: Store) -> None:
    for name in ("b", "a", "c"):
        await store.replays.create(replay(name))
    assert [each.name for each in await store.replays.all()] == ["b", "a", "c"]


async def work_is_begun_once(store: Store) -> None:
    assert await store.seen.begin(["a", "b", "a"], 0.0, 10.0) == [New(), New(), InFlight(10.0)]
    assert await store.seen.begin(["a"], 9.0, 19.0) == [InFlight(10.0)]
    await store.seen.complete("a", b"done", 100.0)
    await store.seen.forget(["b"])
    assert await store.seen.begin(["a", "b"], 9.0, 19.0) == [Finished(b"done"), New()]
    # Whoever had "b" until 19 is taken for dead from then on, and results are forgotten at their time.
    assert await store.seen.begin(["b"], 19.0, 29.0) == [New()]
    assert await store.seen.begin(["a"], 100.0, 110.0) == [New()]


async def seen_keys_expire(store: Store) -> None:
    await store.seen.begin(["a", "b", "c"], 0.0, 10.0)
    await store.seen.complete("c", b"", 50.0)
    assert await store.seen.expire(10.0, 1) == 1
    assert await store.seen.expire(10.0, 9) == 1
    assert await store.seen.expire(10.0, 9) == 0
    assert await store.seen.begin(["c"], 10.0, 60.0) == [Finished(b"")]


async def only_one_consumes(store: Store) -> None:
    async with store.consumer():
        with pytest.raises(StoreError, match="has a consumer already"):
            async with store.consumer(wait=False):
                raise AssertionError("two consumers at once")
    async with store.consumer(wait=False):
        pass


async def a_second_consumer_waits_and_finds_no_claims(store: Store) -> None:
    await queued(store, "a")
    order = []

    async def second() -> None:
        async with store.consumer():
            order.append("second")
            assert len(await store.queue.claim(QUEUE, 1, 1000.0)) == 1

    async with store.consumer():
        await store.queue.claim(QUEUE, 1, 1000.0)
        waiting = asyncio.create_task(second())
        await store.log.last()
        order.append("first")
    await asyncio.wait_for(waiting, 10)
    assert order == ["first", "second"]


async def a_closed_store_refuses(store: Store) -> None:
    await store.log.append([entry("a")])
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="not open"):
        await store.log.append([entry("b")])
    await store.open()
    await store.open()
    assert [stored.entry.id for stored in await store.log.read(0, 9)] == ["a"]


async def a_sound_store_has_nothing_to_tell(store: Store) -> None:
    positions = await queued(store, "abc", group="g")
    await queued(store, "def")
    (head, *_) = await store.queue.claim(QUEUE, 9, 1000.0)
    await store.queue.settle([Dead(head, letter(head))])
    (last,) = await store.log.append([entry("z")])
    await store.queue.add([Outgoing("other", last.position)], last.position, [Archived("all", last.position)])
    assert await store.check() == []
    assert await store.size() > 0
    assert await store.compact() >= 0
    assert [delivery.position for delivery in await store.queue.peek(QUEUE, 0, 2)] == positions[1:]


CASES = [
    letters_are_found_by_what_they_say,
    letters_are_purged,
    letters_outlive_the_log,
    a_redriven_letter_is_addressed_to_its_queue,
    a_letter_without_a_queue_is_matched_anew,
    archives_are_read_by_time,
    archives_forget_what_is_too_old,
    a_replay_goes_on_where_it_was,
    a_replay_advances_only_while_it_runs,
    replays_are_listed_as_they_were_created,
    work_is_begun_once,
    seen_keys_expire,
    only_one_consumes,
    a_second_consumer_waits_and_finds_no_claims,
    a_closed_store_refuses,
    a_sound_store_has_nothing_to_tell,
]
