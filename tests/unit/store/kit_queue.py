"""What every store's queues do: cases of the conformance kit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from matcher.errors import StoreError
from matcher.store.protocol import Store
from matcher.store.records import Archived, Dead, Delivery, Depth, Done, Outgoing, Retry
from tests.unit.store.making import QUEUE, claimed, entry, letter, names, queued


async def what_is_due_is_claimed_once_earliest_first(store: Store) -> None:
    positions = [item.position for item in await store.log.append([entry(name) for name in "abcd"])]
    times = (300.0, 100.0, 200.0, 900.0)
    outgoing = [Outgoing(QUEUE, place, due=due) for place, due in zip(positions, times, strict=True)]
    await store.queue.add(outgoing, positions[-1])
    assert await claimed(store, 2, now=300.0) == "bc"
    assert await claimed(store, 2, now=300.0) == "a"
    assert await claimed(store, 2, now=300.0) == ""
    assert await claimed(store, 2, now=900.0) == "d"


async def a_delivery_tells_all(store: Store) -> None:
    full = entry("a", 50.0, group="other", hops=("x",))
    (appended,) = await store.log.append([full])
    await store.queue.add([Outgoing(QUEUE, appended.position, "g", 60.0)], appended.position)
    (found,) = await store.queue.claim(QUEUE, 1, 60.0)
    assert found == Delivery(QUEUE, appended.position, full, "g", 60.0, receipt=found.receipt)
    assert found.id == f"{appended.position}/{QUEUE}"
    assert await store.queue.settle([Retry(found, 80.0, 1, 61.0, "no")]) == [True]
    (again,) = await store.queue.claim(QUEUE, 1, 80.0)
    assert again == replace(found, due=80.0, attempts=1, first_attempt=61.0, error="no", receipt=again.receipt)
    assert again.id == found.id


async def adding_again_does_nothing(store: Store) -> None:
    (position,) = await queued(store, "a")
    await store.queue.settle([Done(delivery) for delivery in await store.queue.claim(QUEUE, 1, 1000.0)])
    await store.queue.add([Outgoing(QUEUE, position)], position)
    assert await claimed(store) == ""
    assert await store.log.cursor() == position
    later = [item.position for item in await store.log.append([entry("b"), entry("c")])]
    both = [Outgoing(QUEUE, later[0]), Outgoing(QUEUE, later[0]), Outgoing(QUEUE, position)]
    await store.queue.add(both, later[1])
    await store.queue.add([], later[0])
    assert await claimed(store) == "b"
    assert await store.log.cursor() == later[1]


async def what_cannot_be_added_changes_nothing(store: Store) -> None:
    positions = [item.position for item in await store.log.append([entry("a"), entry("b")])]
    with pytest.raises(StoreError, match="want none beyond what is consumed, 1"):
        await store.queue.add([Outgoing(QUEUE, place) for place in positions], positions[0])
    with pytest.raises(StoreError, match="want at most that of the last entry, 2"):
        await store.queue.add([Outgoing(QUEUE, positions[0])], positions[1] + 1)
    assert await store.queue.depths() == []
    assert await store.log.cursor() == 0


async def what_is_done_is_gone(store: Store) -> None:
    await queued(store, "abc")
    deliveries = await store.queue.claim(QUEUE, 2, 1000.0)
    assert await store.queue.settle([Done(delivery) for delivery in deliveries]) == [True, True]
    assert await store.queue.settle([Done(deliveries[0])]) == [False]
    assert await claimed(store) == "c"
    assert [depth.waiting for depth in await store.queue.depths()] == [1]


async def one_outcome_of_each_kind_together(store: Store) -> None:
    await queued(store, "abcd")
    a, b, c, d = await store.queue.claim(QUEUE, 4, 1000.0)
    outcomes = [Done(a), Retry(b, 2000.0, 1, 1000.0, "later"), Dead(c, letter(c)), Done(a), Retry(a, 1.0, 1, 1.0)]
    assert await store.queue.settle(outcomes) == [True, True, True, False, False]
    await store.queue.release([d])
    assert await claimed(store, now=1999.0) == "d"
    assert await claimed(store, now=2000.0) == "b"
    assert await store.dead_letters.get([c.id]) == [letter(c)]


async def what_is_released_can_be_claimed_again(store: Store) -> None:
    await queued(store, "abc")
    first = await store.queue.claim(QUEUE, 2, 1000.0)
    await store.queue.extend(first, 60.0)
    await store.queue.release(first[:1])
    assert await claimed(store) == "ac"


async def claims_end_with_the_store(store: Store) -> None:
    await queued(store, "ab")
    await queued(store, "cd", group="g")
    assert await claimed(store, run=2) == "abcd"
    await store.close()
    await store.open()
    assert await claimed(store, run=2) == "abcd"


async def a_claim_that_is_given_up_holds_nothing(store: Store) -> None:
    await queued(store, "ab")
    giving_up = asyncio.create_task(store.queue.claim(QUEUE, 2, 1000.0))
    await asyncio.sleep(0)
    giving_up.cancel()
    # A memory store has its answer at once; then the claim is whoever's asked for it.
    (found,) = await asyncio.gather(giving_up, return_exceptions=True)
    if isinstance(found, list):
        await store.queue.release(found)
    await store.log.last()
    assert await claimed(store) == "ab"


async def queues_do_not_mix(store: Store) -> None:
    positions = [item.position for item in await store.log.append([entry("a"), entry("b")])]
    await store.queue.add([Outgoing("x", positions[0]), Outgoing("y", positions[1])], positions[1])
    assert await claimed(store, queue="z") == ""
    assert await claimed(store, queue="y") == "b"
    assert await claimed(store, queue="x") == "a"


async def only_the_head_of_a_group_is_claimed(store: Store) -> None:
    await queued(store, "abc", group="g")
    await queued(store, "xy")
    assert await claimed(store) == "axy"
    assert await claimed(store) == ""


async def the_next_of_a_group_follows_its_head(store: Store) -> None:
    await queued(store, "abc", group="g")
    (head,) = await store.queue.claim(QUEUE, 9, 1000.0)
    await store.queue.settle([Retry(head, 2000.0, 1, 1000.0)])
    assert await claimed(store, now=1999.0) == ""
    (head,) = await store.queue.claim(QUEUE, 9, 2000.0)
    await store.queue.settle([Done(head)])
    (head,) = await store.queue.claim(QUEUE, 9, 2000.0)
    assert names([head]) == "b"
    await store.queue.settle([Dead(head, letter(head))])
    assert await claimed(store) == "c"


async def a_group_grows_while_its_head_is_under_way(store: Store) -> None:
    await queued(store, "a", group="g")
    (head,) = await store.queue.claim(QUEUE, 9, 1000.0)
    await queued(store, "b", group="g")
    assert await claimed(store) == ""
    await store.queue.settle([Done(head)])
    await queued(store, "c", group="g")
    assert await claimed(store, run=5) == "bc"


async def a_run_of_a_group_comes_in_order(store: Store) -> None:
    await queued(store, "abcd", group="g", due=100.0)
    await queued(store, "xy", group="h", due=200.0)
    found = await store.queue.claim(QUEUE, 4, 1000.0, run=3)
    assert names(found) == "abcx"
    await store.queue.settle([Done(found[0])])
    assert await claimed(store, run=3) == ""
    # The second fails: the rest of the run goes back, and waits behind it.
    await store.queue.settle([Retry(found[1], 3000.0, 1, 1000.0)])
    await store.queue.release(found[2:3])
    assert await claimed(store, run=3) == ""
    assert await claimed(store, now=3000.0, run=3) == "bcd"


async def a_run_stops_at_what_is_not_due(store: Store) -> None:
    positions = [item.position for item in await store.log.append([entry(name) for name in "abc"])]
    times = (100.0, 200.0, 100.0)
    outgoing = [Outgoing(QUEUE, place, "g", due) for place, due in zip(positions, times, strict=True)]
    await store.queue.add(outgoing, positions[-1])
    assert await claimed(store, now=100.0, run=3) == "a"


async def a_held_group_is_seen_and_skipped(store: Store) -> None:
    await queued(store, "abc", group="g")
    await queued(store, "x", group="h")
    a, x = await store.queue.claim(QUEUE, 9, 1000.0)
    assert await store.queue.held(QUEUE, 9) == []
    await store.queue.settle([Retry(a, 5000.0, 1, 1000.0, "broken"), Done(x)])
    (held,) = await store.queue.held(QUEUE, 9)
    assert (held.head.entry.id, held.head.error, held.head.due, held.waiting) == ("a", "broken", 5000.0, 3)
    assert await store.queue.settle([Dead(held.head, letter(held.head, exhausted="Skipped"))]) == [True]
    assert await store.queue.held(QUEUE, 9) == []
    assert await claimed(store) == "b"


async def when_the_next_is_due(store: Store) -> None:
    positions = [item.position for item in await store.log.append([entry(name) for name in "abc"])]
    await store.queue.add(
        [
            Outgoing(QUEUE, positions[0], due=5.0),
            Outgoing(QUEUE, positions[1], due=7.0),
            Outgoing("x", positions[2], due=9.0),
        ],
        positions[-1],
    )
    assert await store.queue.next_due([QUEUE, "x", "none"]) == [5.0, 9.0, None]
    (first,) = await store.queue.claim(QUEUE, 1, 5.0)
    assert await store.queue.next_due([QUEUE]) == [7.0]
    await store.queue.settle([Retry(first, 6.0, 1, 5.0)])
    assert await store.queue.next_due([QUEUE]) == [6.0]
    await store.queue.claim(QUEUE, 2, 7.0)
    assert await store.queue.next_due([QUEUE]) == [None]


async def depths_tell_what_waits_and_since_when(store: Store) -> None:
    found = await store.log.append([entry("a", 10.0), entry("b", 20.0), entry("c", 30.0)])
    a, b, c = (item.position for item in found)
    await store.queue.add([Outgoing("y", a), Outgoing("x", b), Outgoing("x", c)], c)
    assert await store.queue.depths() == [Depth("x", 2, 20.0), Depth("y", 1, 10.0)]
    await store.queue.settle([Done(delivery) for delivery in await store.queue.claim("y", 1, 100.0)])
    await store.queue.claim("x", 2, 100.0)
    assert await store.queue.depths() == [Depth("x", 2, 20.0)]


async def peeking_claims_nothing(store: Store) -> None:
    positions = await queued(store, "ab", group="g")
    await queued(store, "c")
    assert names(await store.queue.peek(QUEUE, 0, 9)) == "abc"
    assert names(await store.queue.peek(QUEUE, positions[0], 1)) == "b"
    assert names(await store.queue.peek(QUEUE, 0, 9, "g")) == "ab"
    assert names(await store.queue.peek(QUEUE, 0, 9, "none")) == names(await store.queue.peek("none", 0, 9)) == ""
    assert await claimed(store) == "ac"


async def many_groups_and_queues_at_once(store: Store) -> None:
    found = await store.log.append([entry(str(number)) for number in range(600)])
    outgoing = [
        Outgoing(f"q{item.position % 2}", item.position, None if item.position % 3 else f"g{item.position % 7}", 1.0)
        for item in found
    ]
    await store.queue.add(outgoing, found[-1].position)
    delivered: dict[str, list[int]] = {"q0": [], "q1": []}
    for queue, positions in delivered.items():
        while batch := await store.queue.claim(queue, 64, 1.0, run=4):
            assert await store.queue.settle([Done(delivery) for delivery in batch]) == [True] * len(batch)
            positions.extend(delivery.position for delivery in batch)
    assert sorted(delivered["q0"] + delivered["q1"]) == [item.position for item in found]
    for item in outgoing:
        group = [
            place for place in delivered[item.queue] if item.group and place % 3 == 0 and f"g{place % 7}" == item.group
        ]
        assert group == sorted(group)
    assert await store.queue.depths() == []


async def archived_events_come_with_the_cursor(store: Store) -> None:
    (found,) = await store.log.append([entry("a")])
    with pytest.raises(StoreError):
        await store.queue.add([], found.position, [Archived("all", found.position + 1)])
    assert await store.archive.infos() == []
    await store.queue.add([], found.position, [Archived("all", found.position), Archived("all", found.position)])
    await store.queue.add([], found.position, [Archived("all", found.position)])
    assert [info.events for info in await store.archive.infos()] == [1]


CASES = [
    what_is_due_is_claimed_once_earliest_first,
    a_delivery_tells_all,
    adding_again_does_nothing,
    what_cannot_be_added_changes_nothing,
    what_is_done_is_gone,
    one_outcome_of_each_kind_together,
    what_is_released_can_be_claimed_again,
    claims_end_with_the_store,
    a_claim_that_is_given_up_holds_nothing,
    queues_do_not_mix,
    only_the_head_of_a_group_is_claimed,
    the_next_of_a_group_follows_its_head,
    a_group_grows_while_its_head_is_under_way,
    a_run_of_a_group_comes_in_order,
    a_run_stops_at_what_is_not_due,
    a_held_group_is_seen_and_skipped,
    when_the_next_is_due,
    depths_tell_what_waits_and_since_when,
    peeking_claims_nothing,
    many_groups_and_queues_at_once,
    archived_events_come_with_the_cursor,
]
