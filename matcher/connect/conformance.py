"""Say what every target must do, as checks that its own tests run.

    @pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
    def test_it_is_a_good_target(check):
        asyncio.run(check(MyBench()))

A bench holds a target and what receives on its far end: a real server on this machine, not a mock. All bodies are JSON
objects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from matcher.errors import TargetError
from matcher.target import Message, Target

__all__ = ["CHECKS", "Bench", "Mood", "Received", "message"]

#: What the far end does with what it gets: take it, fail in a way that may pass, refuse it for good, or never answer.
Mood = Literal["well", "failing", "refusing", "silent"]
_MANY: Final = 50
_AFTER: Final = b'{"after": true}'


@dataclass(frozen=True, slots=True)
class Received:
    """One message as the far end has it; `key` is what it may deduplicate by, None where it can't."""

    body: bytes
    key: str | None


class Bench(Protocol):
    """A target and its far end, new for each check."""

    #: Whether the far end keeps the order of messages of one group.
    ordered: bool
    #: Bytes of the largest body that the far end takes.
    largest: int
    #: The moods that the far end can be put in, besides "well".
    moods: frozenset[Mood]

    async def open(self) -> Target:
        """Start the far end, and give the target that sends to it."""
        ...

    async def received(self) -> Sequence[Received]:
        """All that has arrived, in its order where `ordered`."""
        ...

    async def become(self, mood: Mood) -> None:
        """Change what the far end does from now on."""
        ...

    async def reached(self) -> None:
        """Wait until a message has reached the silent far end."""
        ...

    async def close(self) -> None: ...


def message(body: bytes, number: int = 1, **changes: Any) -> Message:
    """Make a message; those with the same number have the same delivery id."""
    told = {
        "body": body,
        "event": b'{"id":"%d","detail":{"n":%d}}' % (number, number),
        "event_id": f"event-{number}",
        "bus": "default",
        "rule": "rule",
        "target": "target",
        "delivery_id": f"delivery-{number}",
    }
    return Message(**{**told, **changes})


async def takes_a_message(bench: Bench, target: Target) -> None:
    """A body arrives as it is, once."""
    assert isinstance(target, Target)
    await target.send(message(b'{"a": [1, null]}'))
    assert [each.body for each in await bench.received()] == [b'{"a": [1, null]}']


async def takes_many_at_once(bench: Bench, target: Target) -> None:
    """Messages that are sent at a time arrive, each once, and no call answers for another."""
    bodies = [b'{"n":%d}' % number for number in range(_MANY)]
    await asyncio.gather(*(target.send(message(body, number)) for number, body in enumerate(bodies)))
    assert sorted(each.body for each in await bench.received()) == sorted(bodies)


async def keeps_the_order_of_a_group(bench: Bench, target: Target) -> None:
    """What is sent one after another arrives in that order, where the far end keeps one; else it arrives."""
    bodies = [b'{"n":%d}' % number for number in range(5)]
    for number, body in enumerate(bodies):
        await target.send(message(body, number, group="g"))
    found = [each.body for each in await bench.received()]
    assert (found if bench.ordered else sorted(found)) == bodies


async def takes_any_script(bench: Bench, target: Target) -> None:
    """Text beyond ASCII, and what JSON escapes, arrives byte for byte."""
    body = '{"text": "Ωμέγα 😀 \\u0000 \\" \\\\ <&>"}'.encode()
    await target.send(message(body))
    assert [each.body for each in await bench.received()] == [body]


async def takes_a_large_body(bench: Bench, target: Target) -> None:
    """The largest body that the far end takes arrives whole."""
    body = b'{"x":"' + b"x" * (bench.largest - 8) + b'"}'
    await target.send(message(body))
    assert [len(each.body) for each in await bench.received()] == [bench.largest]


async def passes_a_key(bench: Bench, target: Target) -> None:
    """Both attempts of a delivery carry one key, or arrive as one; another delivery carries another."""
    first, second = b'{"n":1}', b'{"n":2}'
    await target.send(message(first, 1))
    await target.send(message(first, 1, attempt=2))
    await target.send(message(second, 2))
    keys: dict[bytes, set[str | None]] = {first: set(), second: set()}
    for each in await bench.received():
        keys[each.body].add(each.key)
    assert len(keys[first]) == len(keys[second]) == 1
    assert keys[first] != keys[second] or keys[first] == {None}


async def may_be_tried_again(bench: Bench, target: Target) -> None:
    """A failure that may pass is a TargetError that says so, and when it has passed the target takes messages."""
    await bench.become("failing")
    error = await _failure(target)
    assert error.retryable
    assert error.code
    assert str(error)
    await bench.become("well")
    await target.send(message(_AFTER, 2))
    assert _AFTER in [each.body for each in await bench.received()]


async def gives_up_where_that_is_right(bench: Bench, target: Target) -> None:
    """What will be refused each time is a TargetError that is not retryable."""
    await bench.become("refusing")
    error = await _failure(target)
    assert not error.retryable
    assert error.code
    assert str(error)


async def can_be_cancelled(bench: Bench, target: Target) -> None:
    """A cancelled send ends at once, and harms no later one."""
    await bench.become("silent")
    task = asyncio.create_task(target.send(message(b'{"cancelled": true}')))
    await bench.reached()
    assert not task.done(), "the far end is silent, and yet the send ended"
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await bench.become("well")
    await target.send(message(_AFTER, 2))
    assert _AFTER in [each.body for each in await bench.received()]


async def _failure(target: Target) -> TargetError:
    try:
        await target.send(message(b"{}"))
    except TargetError as error:
        return error
    raise AssertionError("a send failed on the far end, and no TargetError was raised")


def _check(of: Callable[[Bench, Target], Awaitable[None]], mood: Mood = "well") -> Callable[[Bench], Awaitable[None]]:
    async def check(bench: Bench) -> None:
        if mood != "well" and mood not in bench.moods:
            return
        target = await bench.open()
        try:
            await of(bench, target)
        finally:
            await bench.close()

    check.__name__, check.__doc__ = of.__name__, of.__doc__
    return check


#: Each opens the bench, checks one thing, and closes it. Those of moods that the far end can't have pass it by.
CHECKS: Final = (
    _check(takes_a_message),
    _check(takes_many_at_once),
    _check(keeps_the_order_of_a_group),
    _check(takes_any_script),
    _check(takes_a_large_body),
    _check(passes_a_key),
    _check(may_be_tried_again, "failing"),
    _check(gives_up_where_that_is_right, "refusing"),
    _check(can_be_cancelled, "silent"),
)
