"""Tasks of the engine begin in the next round, also where the loop's own factory would run them at once."""

import asyncio
from collections.abc import Callable

from matcher.testing import RecordedTarget


def test_the_factory_of_the_loop_is_not_asked(run: Callable[..., None]) -> None:
    made: list[str] = []

    def factory(loop, work, **named):
        made.append(work.__qualname__)
        return asyncio.Task(work, loop=loop, **named)

    async def body(place) -> None:
        asyncio.get_running_loop().set_task_factory(factory)
        target = RecordedTarget()
        place.subscribe(target)
        await place.put(*({"n": number} for number in range(2_000)))
        assert len(target.messages) == 2_000
        assert made == []

    run(body)
