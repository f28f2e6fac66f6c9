"""Turn files, directories and globs into the list of event files that they mean."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["SUFFIXES", "SourceFault", "expand"]

#: What a file in a directory must end in to be read: these, each also with .gz or .zst behind it.
SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".log")
_PACKED: Final = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class SourceFault:
    """A source that can't be read, or not to its end; what was read before stands.

    `line` and `byte` say how far it was read, where that is known.
    """

    source: str
    reason: str
    line: int | None = None
    byte: int | None = None

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


def expand(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Give the files that paths, directories (all of it, sorted) and globs mean, each once; "-" stays.

    What names nothing is kept as it is, so that reading it says why.
    """
    found: dict[str, None] = {}
    for path in paths:
        found.update(dict.fromkeys(_expanded(os.fspath(path))))
    return list(found)


def _expanded(path: str) -> Iterator[str]:
    if path != "-" and Path(path).is_dir():
        yield from sorted(_walk(path))
    elif glob.has_magic(path) and not Path(path).exists():
        yield from sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207  # Path.glob takes no absolute ones
    else:
        yield path


def _walk(directory: str) -> Iterator[str]:
    for folder, _, names in os.walk(directory):
        yield from (str(Path(folder, name)) for name in names if _is_events(name))


def _is_events(name: str) -> bool:
    plain = name.lower()
    for packed in _PACKED:
        plain = plain.removesuffix(packed)
    return plain.endswith(SUFFIXES)
