"""Say what a rule, a bus and the settings of a target are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

from matcher.delivery.breaker import Breaker
from matcher.delivery.rate import Rate
from matcher.delivery.retry import Retry
from matcher.errors import RouterError
from matcher.router.event import Event

__all__ = ["DEFAULT_BUS", "Bus", "GroupLike", "Idempotent", "Rule", "TargetSettings", "checked_name"]

DEFAULT_BUS = "default"
_NAME = re.compile(r"[A-Za-z0-9._\-]{1,128}")
GroupLike = str | Callable[[Event], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is registered."""

    name: str
    bus: str
    #: As it was given; None: the rule takes what no other rule of its bus matches.
    pattern: Any
    #: The names of its targets, in the order of their registration.
    targets: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Bus:
    """A bus with settings of its own. A rule on a bus that was not declared makes one with the router's settings."""

    name: str
    #: Where events that are put to it come from, unless they say so themselves.
    account: str | None = None
    region: str | None = None
    #: The dead-letter queue of targets that name none.
    dead_letter: str | None = None

    def __post_init__(self) -> None:
        checked_name("a bus", self.name, also="/")


@dataclass(frozen=True, slots=True)
class Idempotent:
    """A handler's work is done once for each key, and its result remembered."""

    #: A path into the event, whose value is the key; `$.id` is the event itself.
    key: str = "$.id"
    #: Seconds for which a result is remembered.
    expires: float = 3_600.0
    #: Seconds after which work that neither ended nor failed (its process died) may begin anew; None: a little more
    #: than the target's timeout, or an hour where it has none.
    lease: float | None = None

    def __post_init__(self) -> None:
        if self.expires <= 0 or (self.lease is not None and self.lease <= 0):
            raise RouterError(f"expires and lease are seconds above 0, not {self.expires!r} and {self.lease!r}")


class TargetSettings(TypedDict, total=False):
    """How events reach one target. `dispatch` uses the shaping, `timeout` of `async` targets and `idempotent` alone."""

    #: The target's name; else the function's, or that of the target's class.
    target_name: str
    #: When to try again; EventBridge's 185 retries within a day unless given. False: never.
    retry: Retry | bool
    #: The queue of events that it did not take; else the bus's, else the router's.
    dead_letter: str | None
    #: What the target receives instead of the event: a constant, ...
    input: Any
    #: ... the value at a path, ...
    input_path: str
    #: ... a template filled from paths ({"InputPathsMap": {...}, "InputTemplate": "..."}), ...
    input_transformer: Any
    #: ... or what a function makes of the parsed event (JSON values).
    transform: Callable[[Any], Any]
    #: Events with the same group come one at a time and in order: a path, or a function of the event.
    group: GroupLike
    #: Work is done once a key: True (by the event's id), a path, or an Idempotent.
    idempotent: Idempotent | str | bool
    #: Seconds for one attempt.
    timeout: float | None
    #: Sends at a time.
    concurrency: int
    #: Sends a second.
    rate: Rate | float
    #: When to leave a failing target alone.
    breaker: Breaker | None


def checked_name(what: str, name: str, also: str = "") -> str:
    """Give the name. Raises RouterError for one that can't be part of a queue's name, `bus/rule/target`."""
    plain = name
    for character in also:
        plain = plain.replace(character, "-")
    if not _NAME.fullmatch(plain):
        raise RouterError(f"{what} has a name of 1 to 128 of A-Z a-z 0-9 . _ -, not {name!r}")
    return name
