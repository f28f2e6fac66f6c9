"""How many events a second does one core dispatch to the one function that 1,000 rules choose, and how many does a match?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.conftest import Timed
from bench.router_work import Job, job
from matcher import Context, Event, Router


@pytest.fixture(scope="module")
def work() -> Job:
    return job()


def of_bytes(event: bytes) -> int:
    return len(event)


def of_dict(event: dict[str, Any]) -> str:
    return str(event["id"])


def of_event(event: Event) -> int:
    return len(event.raw)


def of_context(event: bytes, context: Context) -> str:
    assert event
    return context.event_id


def router(work: Job, handler: Callable[..., Any]) -> Router:
    """A router whose rules all have that handler; each event of the job has one outcome."""
    made = Router()
    for name, pattern in work.patterns():
        made.rule(pattern, name=name)(handler)
    for event in work.events:
        (outcome,) = made.dispatch(event)
        assert outcome.status == "done"
        assert outcome.result is not None
    return made


def test_match_alone(timed: Timed, work: Job) -> None:
    timed(router(work, of_bytes).match, work.events, len(work.keys))


@pytest.mark.parametrize("handler", [of_bytes, of_event, of_dict, of_context])
def test_dispatch(timed: Timed, work: Job, handler: Callable[..., Any]) -> None:
    timed(router(work, handler).dispatch, work.events, len(work.keys))  # type: ignore[arg-type]
