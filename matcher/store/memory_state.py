"""Hold what a store in memory knows, behind one lock, with the steps that several of its faces share."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import RLock

from matcher.errors import StoreError
from matcher.store.bell import Bell
from matcher.store.expiring import Expiring
from matcher.store.memory_queue import MemoryQueue
from matcher.store.records import Appended, Archived, DeadLetter, Entry, Finished, InFlight, Mark, Replay
from matcher.store.shared import letter_key

__all__ = ["MemoryState"]


@dataclass(slots=True)
class ArchivedEvents:
    """The events of one archive. Marks come almost in order, so that inserting one moves few others."""

    entries: dict[Mark, Entry] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)

    def add(self, mark: Mark, entry: Entry) -> None:
        self.entries[mark] = entry
        insort(self.marks, mark)


@dataclass(slots=True)
class MemoryState:
    """Entered as a context: one thread at a time, and only while the store is open."""

    max_bytes: int | None
    lock: RLock = field(default_factory=RLock)
    open: bool = False
    consuming: bool = False
    bell: Bell = field(default_factory=Bell)
    #: Of all bodies in the log, the archives and the dead letters.
    bytes: int = 0
    entries: dict[int, Entry] = field(default_factory=dict)
    last: int = 0
    cursor: int = 0
    #: What came first, by bus and deduplication key.
    keys: Expiring[Appended] = field(default_factory=Expiring)
    queues: dict[str, MemoryQueue] = field(default_factory=dict)
    #: Deliveries by the position that they refer to.
    references: Counter[int] = field(default_factory=Counter)
    #: Positions that the cursor has passed and nothing refers to.
    free: deque[int] = field(default_factory=deque)
    letters: dict[tuple[int, str], DeadLetter] = field(default_factory=dict)
    #: The keys of `letters`, sorted.
    letter_keys: list[tuple[int, str]] = field(default_factory=list)
    archives: dict[str, ArchivedEvents] = field(default_factory=dict)
    replays: dict[str, Replay] = field(default_factory=dict)
    seen: Expiring[InFlight | Finished] = field(default_factory=Expiring)

    def __enter__(self) -> MemoryState:
        self.lock.acquire()
        if not self.open:
            self.lock.release()
            raise StoreError("the store is not open")
        return self

    def __exit__(self, *exception: object) -> None:
        self.lock.release()

    def reserve(self, size: int) -> None:
        """Count bytes that are about to be kept; StoreError where they are more than may be."""
        if self.max_bytes is not None and size > 0 and self.bytes + size > self.max_bytes:
            raise StoreError(f"{self.bytes} + {size} bytes of events are over the store's limit of {self.max_bytes}")
        self.bytes += size

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Keep entries at the end of the log, but for duplicates."""
        self.reserve(sum(len(entry.body) for entry in entries))
        return self.keep(entries)

    def keep(self, entries: Sequence[Entry]) -> list[Appended]:
        """The same for entries whose bytes are counted already."""
        found = [self._append(entry) for entry in entries]
        self.bell.ring()
        return found

    def _append(self, entry: Entry) -> Appended:
        if entry.deduplication is not None:
            key = f"{entry.bus}\0{entry.deduplication}"
            first = self.keys.get(key, entry.accepted)
            if first is not None:
                self.bytes -= len(entry.body)
                return first
            until = entry.accepted + entry.deduplication_window
            self.keys.set(key, Appended(self.last + 1, entry.id), until)
        self.last += 1
        self.entries[self.last] = entry
        return Appended(self.last)

    def consume(self, position: int) -> None:
        """Move the cursor there."""
        passed = range(self.cursor + 1, position + 1)
        self.free.extend(place for place in passed if place not in self.references)
        self.cursor = position

    def unrefer(self, position: int) -> None:
        """One delivery less refers to that position."""
        self.references[position] -= 1
        if not self.references[position]:
            del self.references[position]
            self.free.append(position)

    def trim(self, limit: int) -> int:
        """Forget up to `limit` entries that nobody needs; how many went."""
        free = [self.free.popleft() for _ in range(min(limit, len(self.free)))]
        for position in free:
            self.bytes -= len(self.entries.pop(position).body)
        return len(free)

    def keep_archived(self, archived: Iterable[Archived]) -> None:
        """Copy entries of the log to archives."""
        chosen = [(item.archive, item.position, self.entries[item.position]) for item in archived]
        self.reserve(sum(len(entry.body) for _, _, entry in chosen))
        for archive, position, entry in chosen:
            self.archives.setdefault(archive, ArchivedEvents()).add(Mark(entry.accepted, position), entry)

    def add_letters(self, letters: Sequence[DeadLetter]) -> None:
        """Keep letters, but for those that are there already. None is refused: what they hold was accepted before."""
        for letter in letters:
            key = (letter.position, letter.queue)
            if key not in self.letters:
                self.letters[key] = letter
                self.bytes += len(letter.entry.body)
                insort(self.letter_keys, key)

    def take_letters(self, identifiers: Sequence[str]) -> list[DeadLetter]:
        """Remove letters and give them, in that order; their bytes stay counted."""
        found = [self.letters.pop(key) for key in map(letter_key, identifiers) if key in self.letters]
        for letter in found:
            del self.letter_keys[bisect_left(self.letter_keys, (letter.position, letter.queue))]
        return found

    def release_all(self) -> None:
        """End every claim."""
        for queue in self.queues.values():
            queue.release_all()
