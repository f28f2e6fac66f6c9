"""Say what a store keeps for a router, as small protocols that an embedded database or a distributed log can meet.

The way of an event through a store:

    put ── Log.append ──▶ log ── Log.read ──▶ match ── Queue.add ──▶ queues ── Queue.claim ──▶ targets ── Queue.settle
           (durable)                         (deliveries, archived events and the cursor: one step)

Whoever puts events needs only `Log.append`, from any process. What comes after it is done by one consumer at a time, who
holds `Store.consumer()`; everything that a person does from outside (redrive, replay, skip) goes by the log or by
records, so that it works beside a running consumer.

Durability: a method that is *durable* returns when what it wrote survives a power cut. The others survive the death of
the process, and a power cut takes them back together with all that built on them: the cursor goes back with the
deliveries, so the worst is that events are delivered again.

Atomicity: each call is all or nothing, and sees whole calls of others.

Every method takes or gives lists, so that one round trip, transaction or fsync covers many. Whatever a store cannot do
(no space, no file, damage) raises StoreError and leaves it usable; nothing is dropped silently. Methods may be called
from any event loop. n is the number of records in the store, k the length of the argument or the answer.

On NATS JetStream: the log is a stream and a position its sequence; `append` is a publish with Nats-Msg-Id; a queue is a
stream of references by work-queue policy, `claim` a pull with ack wait = `lease`, `extend` in-progress acks, `settle`
ack, nak with delay, or term after the letter was published; a group is a subject of its own, with max ack pending 1;
`consumer` is a key of a bucket with a time to live; records (replays, seen) are key-value buckets.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from matcher.store.records import (
    Appended,
    Archived,
    ArchiveInfo,
    Begun,
    DeadLetter,
    DeadLetterFilter,
    Delivery,
    Depth,
    Entry,
    HeldGroup,
    Mark,
    Outcome,
    Outgoing,
    Replay,
    ReplayState,
    Stored,
)

__all__ = ["Archive", "DeadLetters", "Log", "Queue", "Replays", "Seen", "Store"]


class Log(Protocol):
    """Events in the order in which they were accepted, until nobody needs them."""

    async def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Keep the entries, in order; the answers are in the same order. Durable. O(k log n).

        An entry with a deduplication key that its bus has seen within the window, in this call or before, is not kept.
        """
        ...

    async def read(self, after: int, limit: int) -> list[Stored]:
        """The first `limit` entries at positions greater than `after`, in order. O(log n + k)."""
        ...

    async def wait(self, after: int) -> None:
        """Return once there is an entry after that position, whoever appended it; cancel it to give up."""
        ...

    async def cursor(self) -> int:
        """The position up to which the consumer has taken entries (`Queue.add`); 0 at first. O(1)."""
        ...

    async def last(self) -> int:
        """The position of the last entry that was ever appended; 0: none. O(log n)."""
        ...

    async def trim(self, limit: int, now: float) -> int:
        """Forget up to `limit` entries that the cursor has passed and no delivery refers to, and as many deduplication
        keys whose window is over at `now`; the greater of the two numbers. O(k log n). The consumer calls it now and
        then, until it gives less than `limit`."""
        ...


class Queue(Protocol):
    """Deliveries by queue: a queue per target of a rule, made by first use. They refer to entries, and copy none."""

    async def add(self, deliveries: Sequence[Outgoing], consumed: int, archived: Sequence[Archived] = ()) -> None:
        """In one step, queue the deliveries, archive entries, and move the cursor to `consumed`. O(k log n).

        All positions lie after the cursor and up to `consumed`; what lies up to the cursor was added before and is
        passed over, so adding again does nothing. The same delivery twice is one.
        """
        ...

    async def claim(self, queue: str, limit: int, now: float, *, run: int = 1, lease: float = 60.0) -> list[Delivery]:
        """Take up to `limit` deliveries whose time has come, earliest due first, which no other claim holds.
        O(log n + k + what is claimed of this queue).

        Of a group only the head is given, and with `run` up to that many of the same group, one after the other in the
        list: the caller delivers them in this order, and gives back (`release`) the rest of a run whose head fails.
        `limit` counts all. A claim lasts until it is settled or released, `lease` seconds pass (a store with exclusive
        consumers may never end it), or the consumer ends; the delivery may then be claimed again.
        """
        ...

    async def settle(self, outcomes: Sequence[Outcome]) -> list[bool]:
        """End claims: Done forgets the delivery, Retry puts it back with a due time, Dead stores its letter instead.

        For each, whether the delivery was still there; if not, nothing was done. It need not be claimed: whoever skips a
        held group settles its head so. The next of a group can be claimed once its head is done or dead. O(k log n).
        """
        ...

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Give claims back untouched: they can be claimed again at once. O(k)."""
        ...

    async def extend(self, deliveries: Sequence[Delivery], lease: float) -> None:
        """Hold claims for `lease` more seconds from now. O(k)."""
        ...

    async def next_due(self, queues: Sequence[str]) -> list[float | None]:
        """For each queue when its earliest delivery that no claim holds can be claimed; None: there is none.
        O(log n + what is claimed) each."""
        ...

    async def depths(self) -> list[Depth]:
        """Every queue in which something waits, by name. O(queues × log n)."""
        ...

    async def held(self, queue: str, limit: int) -> list[HeldGroup]:
        """Groups whose head has failed at least once, longest waiting first. For people: O(n of that queue)."""
        ...

    async def peek(self, queue: str, after: int, limit: int, group: str | None = None) -> list[Delivery]:
        """Deliveries of a queue (and group) at positions after that one, in order, claimed or not, without claiming."""
        ...


class DeadLetters(Protocol):
    """Events that could not be delivered, until a person or a program decides what becomes of them."""

    async def add(self, letters: Sequence[DeadLetter]) -> None:
        """Keep letters that belong to no delivery; one whose id is there already is left as it is. Durable. O(k log n).
        Letters of deliveries come by `Queue.settle`."""
        ...

    async def find(self, chosen: DeadLetterFilter, after: str, limit: int) -> list[DeadLetter]:
        """Letters in the order of their entries' positions, after that id ("": from the first), which may be gone.
        O(log n + looked at)."""
        ...

    async def get(self, identifiers: Sequence[str]) -> list[DeadLetter | None]:
        """The letters of those ids, None where there is none. O(k log n)."""
        ...

    async def redrive(self, identifiers: Sequence[str], now: float) -> int:
        """In one step, append the letters' entries to the log, addressed to their queues and accepted now, and forget
        the letters; how many there were. Durable. O(k log n)."""
        ...

    async def purge(self, identifiers: Sequence[str]) -> int:
        """Forget letters; how many there were. O(k log n)."""
        ...

    async def counts(self) -> dict[str, int]:
        """How many letters each dead-letter queue holds. O(n)."""
        ...


class Archive(Protocol):
    """Copies of events by archive and time, kept as long as their archive says. They come by `Queue.add`."""

    async def read(self, archive: str, start: float, end: float, after: Mark | None, limit: int) -> list[Stored]:
        """Events accepted in start ≤ time < end, in the order of time and then position, after a mark.
        O(log n + k)."""
        ...

    async def expire(self, archive: str, before: float, limit: int) -> int:
        """Forget up to `limit` events accepted before that time; how many went. O(k log n)."""
        ...

    async def infos(self) -> list[ArchiveInfo]:
        """Every archive that holds something, by name. O(archives × log n)."""
        ...


class Replays(Protocol):
    """Replays and how far they have come, by name."""

    async def create(self, replay: Replay) -> bool:
        """Keep it, unless there is one of that name (False). Durable."""
        ...

    async def get(self, name: str) -> Replay | None: ...

    async def all(self) -> list[Replay]:
        """All, in the order of their creation."""
        ...

    async def advance(self, name: str, entries: Sequence[Entry], mark: Mark) -> Replay | None:
        """In one step, append the entries to the log and note that all up to the mark is sent. Durable.

        Only while its state is RUNNING: otherwise nothing is appended, and the answer tells the state. None: no such
        replay. So a crash neither loses nor doubles an event of a replay.
        """
        ...

    async def change(
        self, name: str, state: ReplayState, *, among: Sequence[ReplayState], now: float, error: str = ""
    ) -> Replay | None:
        """Give it another state if its state is among those; the replay as it then is. None: no such replay. Durable.

        `ended` becomes `now` with CANCELLED, COMPLETED and FAILED, and None with others.
        """
        ...

    async def delete(self, name: str) -> bool:
        """Forget it; whether it was there."""
        ...


class Seen(Protocol):
    """Keys of work that is done at most once, and its results: idempotency records."""

    async def begin(self, keys: Sequence[str], now: float, until: float) -> list[Begun]:
        """For each key, New: it is the caller's from now on, and in flight for others until then; or what is known.
        One key twice in a call is New once, and then InFlight. O(k log n)."""
        ...

    async def complete(self, key: str, result: bytes, until: float) -> None:
        """Remember the result until then. Durable, so that work done once is not done again after a power cut."""
        ...

    async def forget(self, keys: Sequence[str]) -> None:
        """The work failed: the next may try. O(k log n)."""
        ...

    async def expire(self, now: float, limit: int) -> int:
        """Forget up to `limit` records whose time is over; how many went. O(k log n)."""
        ...


class Store(Protocol):
    """All of it in one place. `async with store:` opens and closes it."""

    @property
    def log(self) -> Log: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def replays(self) -> Replays: ...
    @property
    def seen(self) -> Seen: ...

    async def open(self) -> None:
        """Make it usable: create or migrate what is there. Once open, opening again does nothing."""
        ...

    async def close(self) -> None:
        """Finish what was asked, and let go. Claims end. What is asked of it after that raises StoreError."""
        ...

    async def __aenter__(self) -> Store: ...
    async def __aexit__(self, *exception: object) -> None: ...

    def consumer(self, *, wait: bool = True) -> AbstractAsyncContextManager[None]:
        """Be the one consumer for the length of a `with`; every claim ends with it.

        Where another is (also in another process), waits for its end or, with `wait=False`, raises StoreError. The death
        of a consumer's process ends it.
        """
        ...

    async def check(self) -> list[str]:
        """What is damaged or does not fit together, a sentence each; none: all is well. Reads all there is."""
        ...

    async def compact(self) -> int:
        """Give space that is not used back to the system; how many bytes."""
        ...

    async def size(self) -> int:
        """Bytes that it occupies."""
        ...
