"""Keep dead letters, archived events, replays and seen keys in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from matcher.store.memory_state import MemoryState
from matcher.store.records import (
    ArchiveInfo,
    Begun,
    DeadLetter,
    DeadLetterFilter,
    Entry,
    Finished,
    InFlight,
    Mark,
    New,
    Replay,
    ReplayState,
    Stored,
)
from matcher.store.shared import changed_replay, letter_key, redriven

__all__ = ["MemoryArchive", "MemoryDeadLetters", "MemoryReplays", "MemorySeen"]


class MemoryDeadLetters:
    """See `protocol.DeadLetters`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def add(self, letters: Sequence[DeadLetter]) -> None:
        with self._state as state:
            state.add_letters(letters)

    async def find(self, chosen: DeadLetterFilter, after: str, limit: int) -> list[DeadLetter]:
        with self._state as state:
            start = bisect_right(state.letter_keys, letter_key(after)) if after else 0
            letters = (state.letters[key] for key in islice(state.letter_keys, start, None))
            return list(islice(filter(chosen.takes, letters), limit))

    async def get(self, identifiers: Sequence[str]) -> list[DeadLetter | None]:
        with self._state as state:
            return [state.letters.get(letter_key(identifier)) for identifier in identifiers]

    async def redrive(self, identifiers: Sequence[str], now: float) -> int:
        with self._state as state:
            letters = state.take_letters(identifiers)
            state.keep([redriven(letter, now) for letter in letters])
            return len(letters)

    async def purge(self, identifiers: Sequence[str]) -> int:
        with self._state as state:
            letters = state.take_letters(identifiers)
            state.bytes -= sum(len(letter.entry.body) for letter in letters)
            return len(letters)

    async def counts(self) -> dict[str, int]:
        with self._state as state:
            return dict(sorted(Counter(letter.dead_letter_queue for letter in state.letters.values()).items()))


class MemoryArchive:
    """See `protocol.Archive`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def read(self, archive: str, start: float, end: float, after: Mark | None, limit: int) -> list[Stored]:
        with self._state as state:
            held = state.archives.get(archive)
            if held is None:
                return []
            first = bisect_left(held.marks, Mark(start, 0))
            if after is not None:
                first = max(first, bisect_right(held.marks, after))
            marks = held.marks[first : min(first + limit, bisect_left(held.marks, Mark(end, 0)))]
            return [Stored(mark.position, held.entries[mark]) for mark in marks]

    async def expire(self, archive: str, before: float, limit: int) -> int:
        with self._state as state:
            held = state.archives.get(archive)
            if held is None:
                return 0
            going = held.marks[: min(limit, bisect_left(held.marks, Mark(before, 0)))]
            del held.marks[: len(going)]
            for mark in going:
                state.bytes -= len(held.entries.pop(mark).body)
            return len(going)

    async def infos(self) -> list[ArchiveInfo]:
        with self._state as state:
            return [
                ArchiveInfo(
                    name,
                    len(held.marks),
                    sum(len(entry.body) for entry in held.entries.values()),
                    held.marks[0].accepted,
                    held.marks[-1].accepted,
                )
                for name, held in sorted(state.archives.items())
                if held.marks
            ]


class MemoryReplays:
    """See `protocol.Replays`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def create(self, replay: Replay) -> bool:
        with self._state as state:
            return state.replays.setdefault(replay.name, replay) is replay

    async def get(self, name: str) -> Replay | None:
        with self._state as state:
            return state.replays.get(name)

    async def all(self) -> list[Replay]:
        with self._state as state:
            return list(state.replays.values())

    async def advance(self, name: str, entries: Sequence[Entry], mark: Mark) -> Replay | None:
        with self._state as state:
            replay = state.replays.get(name)
            if replay is not None and replay.state == "RUNNING":
                state.append(entries)
                replay = state.replays[name] = replace(replay, mark=mark, sent=replay.sent + len(entries))
            return replay

    async def change(
        self, name: str, state: ReplayState, *, among: Sequence[ReplayState], now: float, error: str = ""
    ) -> Replay | None:
        with self._state as known:
            replay = known.replays.get(name)
            if replay is not None and replay.state in among:
                replay = known.replays[name] = changed_replay(replay, state, now, error)
            return replay

    async def delete(self, name: str) -> bool:
        with self._state as state:
            return state.replays.pop(name, None) is not None


class MemorySeen:
    """See `protocol.Seen`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def begin(self, keys: Sequence[str], now: float, until: float) -> list[Begun]:
        with self._state as state:
            return [_begin(state, key, now, until) for key in keys]

    async def complete(self, key: str, result: bytes, until: float) -> None:
        with self._state as state:
            state.seen.set(key, Finished(result), until)

    async def forget(self, keys: Sequence[str]) -> None:
        with self._state as state:
            for key in keys:
                state.seen.forget(key)

    async def expire(self, now: float, limit: int) -> int:
        with self._state as state:
            return state.seen.expire(now, limit)


def _begin(state: MemoryState, key: str, now: float, until: float) -> Begun:
    known = state.seen.get(key, now)
    if known is None:
        state.seen.set(key, InFlight(until), until)
    return known or New()
