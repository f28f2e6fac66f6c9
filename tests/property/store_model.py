"""A store as a list and a few dictionaries: what the real ones must agree with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from matcher.store.records import Appended, Dead, DeadLetter, Done, Entry, Outcome, Outgoing, Retry, Stored


@dataclass(slots=True)
class Waiting:
    """A delivery that is not settled."""

    outgoing: Outgoing
    due: float
    attempts: int = 0
    claimed: bool = False


@dataclass(slots=True)
class Model:
    """Everything in the plainest way: each question looks at all there is."""

    log: list[Stored] = field(default_factory=list)
    last: int = 0
    cursor: int = 0
    keys: dict[tuple[str, str], tuple[float, Appended]] = field(default_factory=dict)
    waiting: dict[tuple[str, int], Waiting] = field(default_factory=dict)
    letters: dict[str, DeadLetter] = field(default_factory=dict)

    def append(self, entries: list[Entry]) -> list[Appended]:
        return [self._append(entry) for entry in entries]

    def _append(self, entry: Entry) -> Appended:
        if entry.deduplication is not None:
            key = (entry.bus, entry.deduplication)
            if key in self.keys and entry.accepted < self.keys[key][0]:
                return self.keys[key][1]
            first = Appended(self.last + 1, entry.id)
            self.keys[key] = (entry.accepted + entry.deduplication_window, first)
        self.last += 1
        self.log.append(Stored(self.last, entry))
        return Appended(self.last)

    def add(self, outgoing: list[Outgoing], consumed: int) -> None:
        for each in outgoing:
            if each.position > self.cursor:
                self.waiting.setdefault((each.queue, each.position), Waiting(each, each.due))
        self.cursor = max(self.cursor, consumed)

    def group(self, waiting: Waiting) -> list[Waiting]:
        """All that are delivered one after another with it, it included."""
        one = waiting.outgoing
        if one.group is None:
            return [waiting]
        same = [
            each
            for each in self.waiting.values()
            if (each.outgoing.queue, each.outgoing.group) == (one.queue, one.group)
        ]
        return sorted(same, key=lambda each: each.outgoing.position)

    def claim(self, queue: str, limit: int, now: float, run: int) -> list[int]:
        """The positions that a claim must give, in order."""
        heads = [
            each
            for each in self.waiting.values()
            if each.outgoing.queue == queue and each.due <= now and not each.claimed and self.group(each)[0] is each
        ]
        found: list[Waiting] = []
        for head in sorted(heads, key=lambda each: (each.due, each.outgoing.position)):
            for member in self.group(head)[:run]:
                if member.claimed or member.due > now or len(found) == limit:
                    break
                member.claimed = True
                found.append(member)
        return [each.outgoing.position for each in found]

    def next_due(self, queue: str) -> float | None:
        open_heads = [
            each.due
            for each in self.waiting.values()
            if each.outgoing.queue == queue and not each.claimed and self.group(each)[0] is each
        ]
        return min(open_heads, default=None)

    def settle(self, outcome: Outcome) -> bool:
        key = (outcome.delivery.queue, outcome.delivery.position)
        if key not in self.waiting:
            return False
        match outcome:
            case Retry(due=due, attempts=attempts):
                self.waiting[key] = replace(self.waiting[key], due=due, attempts=attempts, claimed=False)
            case Done():
                del self.waiting[key]
            case Dead(letter=letter):
                del self.waiting[key]
                self.letters[letter.id] = letter
        return True

    def redrive(self, identifiers: list[str], now: float) -> int:
        letters = [self.letters.pop(identifier) for identifier in identifiers]
        self.append(
            [replace(letter.entry, accepted=now, deduplication=None, to_queue=letter.queue) for letter in letters]
        )
        return len(letters)

    def end_claims(self) -> None:
        for each in self.waiting.values():
            each.claimed = False

    def trim(self, now: float) -> int:
        needed = {position for _, position in self.waiting}
        kept = [stored for stored in self.log if stored.position > self.cursor or stored.position in needed]
        over = [key for key, (until, _) in self.keys.items() if until <= now]
        gone = max(len(self.log) - len(kept), len(over))
        self.log = kept
        for key in over:
            del self.keys[key]
        return gone

    def depths(self) -> dict[str, int]:
        queues = [queue for queue, _ in self.waiting]
        return {queue: queues.count(queue) for queue in queues}
