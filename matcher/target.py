"""Say what a target is: something that takes a message, and fails by TargetError."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

__all__ = ["Message", "Target"]


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way to one target.

    `body` is what the target receives, after input shaping: JSON as UTF-8, or text where a template made text.
    `event` is the whole event as it was put. Times are seconds since the epoch.
    """

    body: bytes
    event: bytes
    event_id: str
    bus: str
    rule: str
    target: str
    #: The same for every attempt, also after a crash: what a receiver may deduplicate by.
    delivery_id: str
    #: 1 at the first attempt.
    attempt: int = 1
    #: When the event was accepted.
    accepted: float = 0.0
    #: When this attempt is given up; None: never.
    deadline: float | None = None
    correlation_id: str = ""
    #: Events of one group come in order, one at a time; None: no order.
    group: str | None = None
    #: Buses that the event has come over, the first first: "account/region/bus".
    hops: tuple[str, ...] = ()
    #: The replay that sent it; "" where none did.
    replay: str = ""


@runtime_checkable
class Target(Protocol):
    """What a rule sends events to. `matcher.testing` has the tests that every target should pass.

    A target is used from one event loop, with as many sends at a time as its rule allows.
    """

    async def send(self, message: Message) -> Any:
        """Take the message; what is returned is in the report of a dispatch, and otherwise dropped.

        Raises TargetError where the target did not take it: `retryable` says whether to try again. Any other exception
        is taken as retryable. A cancelled send must not complete later.
        """
        ...
