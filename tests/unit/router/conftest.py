"""A router in memory on a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from matcher import Router
from matcher.testing import FakeClock

Body = Callable[[Router, FakeClock], Awaitable[None]]


@pytest.fixture
def run() -> Callable[..., None]:
    """Runs a body with a router, which is started before and stopped after it."""

    def run(body: Body, *, prepare: Callable[[Router], Any] = lambda router: None, **settings: Any) -> None:
        async def main() -> None:
            clock = FakeClock()
            router = Router(clock=clock, chance=lambda: 1.0, **settings)
            prepare(router)
            async with router:
                await body(router, clock)

        asyncio.run(main())

    return run
