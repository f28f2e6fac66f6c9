"""What every store's log does: cases of the conformance kit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from matcher.store.protocol import Store
from matcher.store.records import Appended, Done, Entry, Outgoing, Stored
from tests.unit.store.making import QUEUE, entry, queued


async def an_entry_comes_back_as_it_was(store: Store) -> None:
    full = Entry(
        "a",
        "orders",
        b'{"a": "\xc3\xa4"}\n',
        1234567.875,
        group="g",
        deduplication="key",
        deduplication_window=7.5,
        correlation_id="c",
        hops=("1/eu/a", "1/eu/b"),
        replay="again",
        to_rules=("one", "two"),
        to_queue=QUEUE,
    )
    plain = Entry("b", "orders", b"", 0.1)
    assert await store.log.append([full, plain]) == [Appended(1), Appended(2)]
    assert await store.log.read(0, 10) == [Stored(1, full), Stored(2, plain)]


async def positions_grow_and_reading_pages(store: Store) -> None:
    first = await store.log.append([entry(name) for name in "abc"])
    second = await store.log.append([entry("d")])
    positions = [item.position for item in [*first, *second]]
    assert positions == sorted(set(positions))
    assert positions[0] > 0
    assert [stored.entry.id for stored in await store.log.read(positions[0], 2)] == ["b", "c"]
    assert [stored.position for stored in await store.log.read(0, 100)] == positions
    assert await store.log.read(positions[-1], 5) == []
    assert await store.log.last() == positions[-1]


async def nothing_appended_is_nothing(store: Store) -> None:
    assert await store.log.append([]) == []
    assert await store.log.last() == 0
    assert await store.log.cursor() == 0
    assert await store.log.read(0, 1) == []


async def many_are_appended_at_once(store: Store) -> None:
    found = await store.log.append([entry(str(number)) for number in range(1000)])
    assert [item.position for item in found] == list(range(1, 1001))
    assert [stored.entry.id for stored in await store.log.read(989, 100)] == [str(n) for n in range(989, 1000)]


async def a_duplicate_within_the_window_is_not_kept(store: Store) -> None:
    first = entry("a", 100.0, deduplication="k", deduplication_window=10.0)
    (kept,) = await store.log.append([first])
    late = [replace(first, id="b", accepted=109.0), replace(first, id="c", accepted=110.0)]
    again = await store.log.append(late)
    assert again[0] == Appended(kept.position, duplicate_of="a")
    assert again[1].duplicate_of is None
    assert again[1].position > kept.position
    # The window of what was kept last counts.
    assert (await store.log.append([replace(first, id="d", accepted=119.0)]))[0].duplicate_of == "c"
    assert [stored.entry.id for stored in await store.log.read(0, 10)] == ["a", "c"]


async def duplicates_are_told_apart_by_bus_and_key(store: Store) -> None:
    one = entry("a", deduplication="k")
    found = await store.log.append(
        [one, replace(one, id="b"), replace(one, id="c", bus="other"), replace(one, id="d", deduplication="l")]
    )
    assert [item.duplicate_of for item in found] == [None, "a", None, None]


async def what_is_waited_for_is_there_at_once(store: Store) -> None:
    (found,) = await store.log.append([entry("a")])
    await asyncio.wait_for(store.log.wait(found.position - 1), 10)


async def an_append_wakes_who_waits(store: Store) -> None:
    waiting = [asyncio.create_task(store.log.wait(0)) for _ in range(3)]
    given_up = asyncio.create_task(store.log.wait(0))
    await store.log.last()
    given_up.cancel()
    assert not any(task.done() for task in waiting)
    await store.log.append([entry("a")])
    await asyncio.wait_for(asyncio.gather(*waiting), 10)
    assert isinstance((await asyncio.gather(given_up, return_exceptions=True))[0], asyncio.CancelledError)


async def what_nothing_refers_to_is_trimmed(store: Store) -> None:
    positions = await queued(store, "abc")
    await store.queue.add([Outgoing("other", positions[1])], positions[-1])  # before the cursor: passed over
    (extra,) = await store.log.append([entry("d")])
    deliveries = await store.queue.claim(QUEUE, 3, 1000.0)
    await store.queue.settle([Done(deliveries[0]), Done(deliveries[2])])
    assert await store.log.trim(100, 0.0) == 2
    assert [stored.position for stored in await store.log.read(0, 10)] == [positions[1], extra.position]
    assert await store.log.trim(100, 0.0) == 0


async def an_entry_that_one_queue_needs_stays(store: Store) -> None:
    (position,) = [item.position for item in await store.log.append([entry("a")])]
    await store.queue.add([Outgoing("one", position), Outgoing("two", position)], position)
    await store.queue.settle([Done(delivery) for delivery in await store.queue.claim("one", 1, 0.0)])
    assert await store.log.trim(10, 0.0) == 0
    await store.queue.settle([Done(delivery) for delivery in await store.queue.claim("two", 1, 0.0)])
    assert await store.log.trim(10, 0.0) == 1


async def an_entry_without_deliveries_is_trimmed_once_it_is_consumed(store: Store) -> None:
    found = await store.log.append([entry("a"), entry("b")])
    assert await store.log.trim(10, 0.0) == 0
    await store.queue.add([], found[0].position)
    assert await store.log.trim(10, 0.0) == 1
    assert [stored.entry.id for stored in await store.log.read(0, 10)] == ["b"]


async def trimming_goes_on_where_a_crash_stopped_it(store: Store) -> None:
    await queued(store, "abcde")
    await store.queue.settle([Done(delivery) for delivery in (await store.queue.claim(QUEUE, 5, 1000.0))[1:4]])
    await store.close()
    await store.open()
    assert await store.log.trim(2, 0.0) + await store.log.trim(2, 0.0) + await store.log.trim(2, 0.0) == 3
    assert [stored.entry.id for stored in await store.log.read(0, 10)] == ["a", "e"]


async def positions_never_come_twice(store: Store) -> None:
    (position,) = await queued(store, "a")
    await store.queue.settle([Done(delivery) for delivery in await store.queue.claim(QUEUE, 1, 1000.0)])
    assert await store.log.trim(10, 0.0) == 1
    await store.close()
    await store.open()
    assert (await store.log.append([entry("b")]))[0].position > position
    assert await store.log.last() > position


async def deduplication_keys_are_trimmed_when_their_window_is_over(store: Store) -> None:
    keyed = [entry(name, deduplication=name, deduplication_window=10.0) for name in "abc"]
    await store.log.append(keyed)
    assert await store.log.trim(2, 109.0) == 0
    assert await store.log.trim(2, 110.0) == 2
    assert await store.log.trim(2, 110.0) == 1
    # Gone is gone: what comes with the time of before the end of the window is new.
    assert (await store.log.append([replace(keyed[0], id="d", accepted=109.0)]))[0].duplicate_of is None


CASES = [
    an_entry_comes_back_as_it_was,
    positions_grow_and_reading_pages,
    nothing_appended_is_nothing,
    many_are_appended_at_once,
    a_duplicate_within_the_window_is_not_kept,
    duplicates_are_told_apart_by_bus_and_key,
    what_is_waited_for_is_there_at_once,
    an_append_wakes_who_waits,
    what_nothing_refers_to_is_trimmed,
    an_entry_that_one_queue_needs_stays,
    an_entry_without_deliveries_is_trimmed_once_it_is_consumed,
    trimming_goes_on_where_a_crash_stopped_it,
    positions_never_come_twice,
    deduplication_keys_are_trimmed_when_their_window_is_over,
]
