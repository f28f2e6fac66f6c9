"""A disk for SQLite that remembers every write and every sync, so that a power cut at any moment can be played back.

What was written since a file's last sync may be on the disk, or not, or in part: the disk owes nobody anything but what
it has synced.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw


@dataclass(frozen=True, slots=True)
class Write:
    file: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Delete:
    file: str


@dataclass(frozen=True, slots=True)
class Sync:
    file: str


@dataclass(frozen=True, slots=True)
class Told:
    """A word of the test's own at this moment: what was acknowledged or asked."""

    word: Any


Event = Write | Truncate | Delete | Sync | Told


@dataclass(slots=True)
class Disk:
    """What happened, in order. `room` is how many bytes more can be written to write-ahead logs; None: any number.

    Other files have room: SQLite keeps a checkpoint that fails to itself and tries again later, but apsw tells it to the
    commit that set it off, which is committed nonetheless.
    """

    events: list[Event] = field(default_factory=list)
    room: int | None = None

    def tell(self, word: Any) -> None:
        self.events.append(Told(word))

    def connect(self, path: str) -> apsw.Connection:
        return apsw.Connection(path, vfs=VFS)


VFS = "matcher-test-disk"


@contextmanager
def recording() -> Iterator[Disk]:
    """A disk, and SQLite's way to it for as long as the `with` lasts."""
    disk = Disk()
    layer = Layer(disk)
    try:
        yield disk
    finally:
        layer.unregister()


class Layer(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(VFS, "")

    def xOpen(self, name: Any, flags: list[int]) -> LayerFile:
        return LayerFile(self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.disk.events.append(Delete(Path(filename).name))
        super().xDelete(filename, syncdir)


class LayerFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary").name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        if self.disk.room is not None and self.name.endswith("-wal"):
            if len(data) > self.disk.room:
                error = apsw.FullError("the disk of the test is full")
                error.result = error.extendedresult = apsw.SQLITE_FULL
                raise error
            self.disk.room -= len(data)
        self.disk.events.append(Write(self.name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self.disk.events.append(Truncate(self.name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self.disk.events.append(Sync(self.name))
        super().xSync(flags)


Survives = Callable[[Event], bool]


def nothing_unsynced(event: Event) -> bool:
    """A disk whose cache dies with the power."""
    return False


def everything(event: Event) -> bool:
    """No power cut at all: only the process died."""
    return True


def by_chance(seed: int) -> Survives:
    """A disk that writes its cache in an order of its own."""
    chance = random.Random(seed)
    return lambda event: chance.random() < 0.5


def after_power_cut(events: list[Event], survives: Survives, folder: Path) -> None:
    """Write the files as the power cut after these events leaves them."""
    synced: dict[str, bytearray] = {}
    unsynced: dict[str, list[Event]] = {}
    for event in events:
        match event:
            case Write(file=file) | Truncate(file=file):
                unsynced.setdefault(file, []).append(event)
            case Sync(file=file):
                for change in unsynced.pop(file, []):
                    apply(change, synced.setdefault(file, bytearray()))
            case Delete(file=file):
                synced.pop(file, None)
                unsynced.pop(file, None)
    for file, changes in unsynced.items():
        for change in filter(survives, changes):
            apply(change, synced.setdefault(file, bytearray()))
    for file, content in synced.items():
        (folder / file).write_bytes(content)


def apply(event: Event, content: bytearray) -> None:
    if isinstance(event, Write):
        content.extend(bytes(max(0, event.at - len(content))))
        content[event.at : event.at + len(event.data)] = event.data
    elif isinstance(event, Truncate):
        del content[event.size :]
