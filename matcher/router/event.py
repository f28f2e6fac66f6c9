"""Turn an event's bytes into what a handler reads: a mapping that is parsed on first use, and the context of a delivery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from matcher.target import Message
from matcher.transform.text import read

__all__ = ["Context", "Event", "context_of", "parsed"]


def parsed(text: bytes) -> Any:
    """Give the JSON value of a text; a text that is no JSON (a template may make one) is given as str."""
    try:
        return read(text)
    except ValueError:
        return text.decode(errors="replace")


class Event(Mapping[str, Any]):
    """An event as a read-only mapping. Nothing is parsed before a member is asked for; `raw` is the text itself."""

    __slots__ = ("_members", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._members: dict[str, Any] | None = None

    def members(self) -> dict[str, Any]:
        """The whole event as a dict, which all readers of this event share: not to be changed."""
        members = self._members
        if members is None:
            members = self._members = parsed(self.raw)
        return members

    def __getitem__(self, name: str) -> Any:
        return self.members()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members())

    def __len__(self) -> int:
        return len(self.members())

    def __repr__(self) -> str:
        return f"Event({self.raw.decode(errors='replace')})"

    @property
    def id(self) -> str:
        return str(self.get("id", ""))

    @property
    def source(self) -> str:
        return str(self.get("source", ""))

    @property
    def detail_type(self) -> str:
        return str(self.get("detail-type", ""))

    @property
    def account(self) -> str:
        return str(self.get("account", ""))

    @property
    def region(self) -> str:
        return str(self.get("region", ""))

    @property
    def time(self) -> str:
        return str(self.get("time", ""))

    @property
    def resources(self) -> list[str]:
        return list(self.get("resources", ()))

    @property
    def detail(self) -> Any:
        """The detail; None where the event has none."""
        return self.get("detail")


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler may ask about the delivery of its event. Times are seconds since the epoch."""

    event_id: str
    bus: str
    rule: str
    target: str
    #: The same for every attempt, also after a crash.
    delivery_id: str
    #: 1 at the first attempt.
    attempt: int
    accepted: float
    #: When this attempt is given up; None: never.
    deadline: float | None
    correlation_id: str
    group: str | None
    hops: tuple[str, ...]
    #: The replay that sent the event; "" where none did.
    replay: str


def context_of(message: Message) -> Context:
    return Context(
        message.event_id,
        message.bus,
        message.rule,
        message.target,
        message.delivery_id,
        message.attempt,
        message.accepted,
        message.deadline,
        message.correlation_id,
        message.group,
        message.hops,
        message.replay,
    )
