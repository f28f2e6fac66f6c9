"""Turn what a store keeps into frozen records: events, deliveries and their outcomes, dead letters, replays, results."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "Appended",
    "ArchiveInfo",
    "Archived",
    "Begun",
    "Dead",
    "DeadLetter",
    "DeadLetterFilter",
    "Delivery",
    "Depth",
    "Done",
    "Entry",
    "ExhaustedCondition",
    "Finished",
    "HeldGroup",
    "InFlight",
    "Mark",
    "New",
    "Outcome",
    "Outgoing",
    "Replay",
    "ReplayState",
    "Retry",
    "Stored",
]

ExhaustedCondition: TypeAlias = Literal[
    "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "NotRetryable", "Skipped", "Undeliverable"
]
"""Why nothing more is tried. The first two are Amazon EventBridge's; `Skipped` is a person's word, `Undeliverable` an
event whose rule is gone, or that could not be matched at all."""

ReplayState: TypeAlias = Literal["RUNNING", "PAUSED", "CANCELLED", "COMPLETED", "FAILED"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it was accepted. Times are seconds since the epoch, here and everywhere in a store."""

    #: The event's id; a replayed or redriven event keeps it.
    id: str
    bus: str
    body: bytes
    accepted: float
    #: Named by who put it; a subscription may choose another one for its own deliveries.
    group: str | None = None
    #: Two entries of one bus with the same key are one where the second comes within `deduplication_window` seconds.
    deduplication: str | None = None
    deduplication_window: float = 300.0
    correlation_id: str = ""
    #: Buses that the event has come over, the first first: "account/region/bus".
    hops: tuple[str, ...] = ()
    #: The replay that sent it; "" where none did.
    replay: str = ""
    #: Rules of the bus that alone may match it (a replay to chosen rules); None: all of them.
    to_rules: tuple[str, ...] | None = None
    #: The one queue that it goes to, unmatched (a redrive); None: the queues of the rules that match.
    to_queue: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry and its position in the log: later ones have greater positions, and no position comes twice."""

    position: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of an entry that was appended."""

    #: Of the entry, or, where it is a duplicate, of the one that came first.
    position: int
    #: The id of the event that came first with the same deduplication key; None: this is new.
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery to be made: the log's entry at `position`, to a queue (one target of one rule: "bus/rule/target")."""

    queue: str
    position: int
    #: Deliveries of one queue and group are claimed in the order of their positions, one after another.
    group: str | None = None
    #: Not before; queues hand out by this time. The time at which the entry was accepted keeps them fair.
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Archived:
    """An entry of the log that goes to an archive too."""

    archive: str
    position: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that was claimed, with its entry. `attempts` counts those before this claim."""

    queue: str
    position: int
    entry: Entry
    group: str | None
    due: float
    attempts: int = 0
    #: When it was first tried; None: never yet.
    first_attempt: float | None = None
    #: What the last attempt failed by.
    error: str = ""
    #: The store's own handle, meaningless to others.
    receipt: Hashable = None

    @property
    def id(self) -> str:
        """The same for every attempt and after every crash, and no other delivery's: what receivers deduplicate by."""
        return f"{self.position}/{self.queue}"


@dataclass(frozen=True, slots=True)
class Done:
    """The target took it."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Retry:
    """To be tried again from `due` on; `attempts` and `first_attempt` are what the next claim tells."""

    delivery: Delivery
    due: float
    attempts: int
    first_attempt: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that one target did not take, and why: EventBridge's dead-letter attributes, under their names.

    RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE, RETRY_ATTEMPTS and EXHAUSTED_RETRY_CONDITION there.
    """

    #: Of the entry in the log.
    position: int
    #: The queue that it came from, and that a redrive brings it back to; "": none, a redrive matches it anew.
    queue: str
    dead_letter_queue: str
    rule: str
    target: str
    entry: Entry
    error_code: str
    error_message: str
    attempts: int
    exhausted: ExhaustedCondition
    first_attempt: float | None
    died: float

    @property
    def id(self) -> str:
        """`Delivery.id` of the delivery that died."""
        return f"{self.position}/{self.queue}"


@dataclass(frozen=True, slots=True)
class Dead:
    """Nothing more is tried: the delivery goes, the letter stays."""

    delivery: Delivery
    letter: DeadLetter


Outcome: TypeAlias = Done | Retry | Dead


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters are meant; None: whatever it is."""

    dead_letter_queue: str | None = None
    bus: str | None = None
    rule: str | None = None
    target: str | None = None
    error_code: str | None = None
    #: Died at this time or later.
    since: float | None = None
    #: Died before this time.
    until: float | None = None

    def takes(self, letter: DeadLetter) -> bool:
        """Whether it means that letter."""
        wanted = (self.dead_letter_queue, self.bus, self.rule, self.target, self.error_code)
        found = (letter.dead_letter_queue, letter.entry.bus, letter.rule, letter.target, letter.error_code)
        return (
            all(want is None or want == has for want, has in zip(wanted, found, strict=True))
            and (self.since is None or letter.died >= self.since)
            and (self.until is None or letter.died < self.until)
        )


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits in a queue: deliveries that are not settled yet, claimed ones included."""

    queue: str
    waiting: int
    #: When the oldest of them was accepted.
    oldest: float


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """A group whose head failed and holds those behind it until it is delivered, dies or is skipped."""

    head: Delivery
    #: Deliveries of the group, its head included.
    waiting: int


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in an archive, between two events."""

    accepted: float
    position: int


@dataclass(frozen=True, slots=True)
class ArchiveInfo:
    """What an archive holds."""

    archive: str
    events: int
    bytes: int
    oldest: float
    newest: float


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay of the events of an archive that were accepted in start ≤ time < end, and how far it has come."""

    name: str
    archive: str
    #: The bus that the events go to.
    bus: str
    start: float
    end: float
    created: float
    #: Rules that alone may match them; None: all of the bus.
    rules: tuple[str, ...] | None = None
    #: Events a second; None: as fast as it goes.
    rate: float | None = None
    state: ReplayState = "RUNNING"
    #: Events up to here are sent.
    mark: Mark | None = None
    sent: int = 0
    ended: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class New:
    """The key was not known: its work is the caller's now, to complete or forget."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """Somebody works on the key until then; from then on it counts as forgotten."""

    until: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The work was done before, with this result."""

    result: bytes


Begun: TypeAlias = New | InFlight | Finished
