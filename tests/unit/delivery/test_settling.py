"""Outcomes are settled in batches; who waits for room is woken in turn, and no more often than there is room."""

import asyncio
from collections.abc import Callable

from matcher.delivery.patience import Patience
from matcher.delivery.settling import Settler
from matcher.delivery.subscription import Settings
from matcher.observe import SILENT
from matcher.store.records import Delivery, Done, Entry
from matcher.testing import FakeClock, RecordedTarget


class SlowQueue:
    """Settles when it is told to."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.batches: list[int] = []

    async def settle(self, outcomes) -> list[bool]:
        await self.open.wait()
        self.open.clear()
        self.batches.append(len(outcomes))
        return [True] * len(outcomes)


def made(limit: int) -> tuple[SlowQueue, Settler, FakeClock]:
    queue, clock = SlowQueue(), FakeClock()
    settler = Settler(queue, Patience(clock, SILENT), SILENT, limit, lambda outcomes, returned: None)  # type: ignore[arg-type]
    return queue, settler, clock


def outcome(number: int) -> Done:
    return Done(Delivery("q", number, Entry(str(number), "bus", b"{}", 0.0), None, 0.0))


def test_what_comes_while_the_store_works_is_the_next_batch() -> None:
    async def main() -> None:
        queue, settler, clock = made(10)
        settler.put(outcome(0))
        await clock.settle()
        for number in range(1, 8):
            settler.put(outcome(number))
        for left in (7, 0):
            queue.open.set()
            await clock.settle()
            assert settler.unsettled == left
        assert queue.batches == [1, 7]

    asyncio.run(main())


def test_room_is_given_in_turn_and_a_cancelled_turn_is_passed_on() -> None:
    async def main() -> None:
        queue, settler, clock = made(2)
        served: list[int] = []

        async def sender(number: int) -> None:
            await settler.room()
            served.append(number)
            settler.put(outcome(number))

        senders = [asyncio.create_task(sender(number)) for number in range(8)]
        await clock.settle()
        assert served == [0, 1]
        queue.open.set()
        await asyncio.sleep(0)
        senders[2].cancel()
        senders[4].cancel()
        for _ in range(10):
            await clock.settle()
            assert settler.unsettled <= 2
            queue.open.set()
        assert served == [0, 1, 3, 5, 6, 7]

    asyncio.run(main())


def test_many_queues_cost_no_more_than_few(run: Callable[..., None], monkeypatch) -> None:
    waits = []

    async def counted(settler: Settler, plain=Settler.room) -> None:
        waits.append(1)
        await plain(settler)

    monkeypatch.setattr(Settler, "room", counted)
    wakes = []
    monkeypatch.setattr(Settler, "_wake", lambda settler, plain=Settler._wake: (wakes.append(1), plain(settler))[1])

    async def body(place) -> None:
        target = RecordedTarget()
        for number in range(200):
            place.subscribe(target, f"t{number}", settings=Settings(concurrency=20))
        await place.put(*({"n": number} for number in range(20)))
        assert len(target.messages) == 4_000
        assert len(waits) <= 4_000
        assert len(wakes) <= 3 * 4_000

    run(body)
