"""An idempotency key belongs to whoever does its work, for as long as that may go on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from matcher import Message
from matcher.router.handler import FunctionTarget
from matcher.router.idempotent import MARGIN, UNBOUNDED, Once
from matcher.router.rule import Idempotent
from matcher.router.threads import Threads
from matcher.store.memory import MemoryStore
from matcher.store.records import Begun, InFlight, New
from matcher.testing import FakeClock

MESSAGE = Message(b"{}", b'{"id": "e1"}', "e1", "default", "r", "t", "1/default/r/t")


def after_a_cancelled_send(handler: Callable[..., Any], began: threading.Event, gate: threading.Event) -> Begun:
    """What is known of the key once a send of its event was cancelled."""

    async def main() -> Begun:
        clock, store, threads = FakeClock(), MemoryStore(), Threads(1)
        async with store:

            async def seen() -> Any:
                return store.seen

            to = FunctionTarget(handler, threads, shaped=False)
            sending = asyncio.create_task(Once(to, Idempotent(), "q", seen, clock, timeout=60.0).send(MESSAGE))
            await asyncio.to_thread(began.wait, 5)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            known = (await store.seen.begin(["q#e1"], clock.now(), clock.now() + 1))[0]
        gate.set()
        threads.close()
        return known

    return asyncio.run(main())


def test_a_thread_that_goes_on_keeps_its_key() -> None:
    began, gate = threading.Event(), threading.Event()

    def handler(event: bytes) -> None:
        began.set()
        gate.wait(5)

    assert after_a_cancelled_send(handler, began, gate) == InFlight(FakeClock().now() + 60.0 + MARGIN)


def test_a_coroutine_that_is_cancelled_gives_its_key_back() -> None:
    began, gate = threading.Event(), threading.Event()

    async def handler(event: bytes) -> None:
        began.set()
        await asyncio.Event().wait()

    assert after_a_cancelled_send(handler, began, gate) == New()


def test_a_lease_is_longer_than_the_timeout() -> None:
    async def seen() -> Any:
        raise AssertionError("never asked")

    to = FunctionTarget(lambda event: None, Threads(1), shaped=False)
    made = [Once(to, setting, "q", seen, FakeClock(), timeout) for setting, timeout in (
        (Idempotent(), 300.0), (Idempotent(), None), (Idempotent(lease=7.0), 300.0),
    )]  # fmt: skip
    assert [once._lease for once in made] == [305.0, UNBOUNDED, 7.0]
