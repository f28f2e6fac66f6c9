"""Turn files, directories and globs into the list of event files that they mean."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from errno import EISDIR, ENOENT
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

__all__ = ["SUFFIXES", "SourceFault", "check", "expand", "is_events"]

#: What a file in a directory must end in to be read: these, each also with .gz or .zst behind it; or .gz or .zst alone
#: behind a name without a dot, as CloudWatch writes them (000000.gz).
SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".log")
_PACKED: Final = (".gz", ".zst")
_NO_EVENTS: Final = (
    f"a directory without files of events (names in {' '.join(SUFFIXES)}, with {' '.join(_PACKED)} or not)"
)


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


def expand(paths: Iterable[str | os.PathLike[str]], fault: Callable[[SourceFault], None] | None = None) -> list[str]:
    """Give the files that paths, directories (with all in them, sorted) and globs mean, each once; "-" stays.

    In a directory the files with names of events (`is_events`) are meant; hidden files and directories, pipes, devices
    and links to directories are left out, so that no loop of links is followed. `**` in a glob stands for any
    directories, and follows no link either. A file that links name too comes under the first of its names.

    What can't be read, or means no file (a broken link, a glob that nothing fits), is kept as it is, so that reading it
    says why (see `check`); a directory without event files adds nothing. With `fault`, that is told of both instead.
    """
    found: dict[str, str] = {}
    for path in [os.fspath(path) for path in paths]:
        files = _expanded(path)
        if not files and fault is not None:
            fault(SourceFault(path, _NO_EVENTS))
        for file in files:
            found.setdefault(file if file == "-" else os.path.realpath(file), file)
    return [file for file in found.values() if fault is None or _is_sound(file, fault)]


def check(path: str) -> None:
    """Raise OSError, and say why, where a path is nothing that can be read; the rest shows when it is opened."""
    if path == "-":
        return
    try:
        is_directory = stat.S_ISDIR(Path(path).stat().st_mode)
    except FileNotFoundError:
        if Path(path).is_symlink():
            raise FileNotFoundError(ENOENT, f"a broken link to {Path(path).readlink()}", path) from None
        if glob.has_magic(path):
            raise FileNotFoundError(ENOENT, "no file fits this glob", path) from None
        raise
    if is_directory:
        os.scandir(path).close()  # raises where it can't be listed
        raise IsADirectoryError(EISDIR, _NO_EVENTS, path)


def is_events(name: str) -> bool:
    """Tell by the name of a file in a directory whether it holds events."""
    plain = name.lower()
    for packed in _PACKED:
        plain = plain.removesuffix(packed)
    return plain.endswith(SUFFIXES) or (plain != name.lower() and "." not in plain)


def _is_sound(path: str, fault: Callable[[SourceFault], None]) -> bool:
    try:
        check(path)
    except OSError as error:
        fault(SourceFault(path, error.strerror or str(error)))
        return False
    return True


def _expanded(path: str) -> list[str]:
    if path == "-":
        return [path]
    if _is_directory(path):
        return _held(path)
    if glob.has_magic(path) and not os.path.lexists(path):
        return _globbed(path) or [path]
    return [path]


def _is_directory(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # Path.is_dir raises where a directory above can't be searched


def _held(directory: str) -> list[str]:
    """Give the event files in a directory, and what can't be looked into."""
    return sorted(file for file, sound in _walk(directory) if not sound or is_events(Path(file).name))


def _walk(directory: str) -> Iterator[tuple[str, bool]]:
    """Give the files below a directory, and broken links; and the directories that can't be listed, with False."""
    folders = [directory]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                visible = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError:
            yield folder, False
            continue
        for entry in visible:
            path = str(Path(folder, entry.name))
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif _may_be_file(path):
                yield path, True


def _may_be_file(path: str) -> bool:
    """Tell whether a path is a regular file, or unknown: a broken link, or gone by now."""
    try:
        return stat.S_ISREG(Path(path).stat().st_mode)
    except OSError:
        return True


def _globbed(pattern: str) -> list[str]:
    parts = Path(pattern).parts
    found: list[str] = []
    if "**" not in parts:
        for path in glob.glob(pattern):  # noqa: PTH207  # Path.glob takes no absolute ones
            if _is_directory(path):
                found += _held(path)
            elif _may_be_file(path):
                found.append(path)
        return sorted(found)
    at = parts.index("**")
    above = str(Path(*parts[:at]))
    for base in glob.glob(above) if glob.has_magic(above) else [above]:  # noqa: PTH207
        for file, sound in _walk(base) if _is_directory(base) else ():
            if not sound or _fits(Path(file).relative_to(base).parts, parts[at:]):
                found.append(file)
    return sorted(found)


def _fits(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether the parts of a path fit those of a glob; a last `**` stands for all files of events."""
    if not wanted:
        return not names
    if wanted[0] != "**":
        return bool(names) and fnmatchcase(names[0], wanted[0]) and _fits(names[1:], wanted[1:])
    rest = wanted[1:]
    if not rest:
        return bool(names) and is_events(names[-1])
    return any(_fits(names[count:], rest) for count in range(len(names)))
