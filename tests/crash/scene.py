"""Say what producers put, what targets note of it, and where both write it down."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TARGETS = ("plain", "ordered", "flaky")
GROUPS = 8
#: Seconds until a store that refused is tried again.
PATIENCE = 0.02
#: Bytes of one note: a producer, the number of its event, and the end of the line.
WIDTH = len(b"%02d  %08d\n" % (0, 0))


@dataclass(frozen=True, slots=True)
class Scene:
    """One run. It is told to other processes by its place and numbers alone."""

    folder: Path
    events: int
    producers: int
    #: How many of a hundred attempts of the target `flaky` fail.
    failing: int
    seed: int

    @property
    def store(self) -> str:
        return f"sqlite:///{self.folder / 'disk' / 'events.db'}"

    def accepted(self, producer: int) -> Path:
        """Where a producer notes what was accepted."""
        return self.folder / f"accepted-{producer}"

    def refused(self, producer: int) -> Path:
        """Where a producer notes what the store could not keep, each time."""
        return self.folder / f"refused-{producer}"

    def taken(self, target: str) -> Path:
        """Where a target notes what it took."""
        return self.folder / f"taken-{target}"

    def arguments(self) -> list[str]:
        numbers = (self.events, self.producers, self.failing, self.seed)
        return [str(self.folder), *map(str, numbers)]

    @classmethod
    def of(cls, arguments: list[str]) -> Scene:
        folder, *numbers = arguments
        events, producers, failing, seed = map(int, numbers)
        return cls(Path(folder), events, producers, failing, seed)


def opened(path: Path) -> int:
    """A descriptor for notes."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def note(descriptor: int, events: Iterable[tuple[int, int]]) -> None:
    """Add notes in one write, which outlives the process."""
    os.write(descriptor, b"".join(b"%02d  %08d\n" % each for each in events))


def noted(path: Path) -> Iterator[tuple[int, int]]:
    """Every note, in order."""
    if path.exists():
        for line in path.read_bytes().splitlines():
            producer, number = line.split()
            yield int(producer), int(number)


def count(path: Path) -> int:
    return path.stat().st_size // WIDTH if path.exists() else 0
