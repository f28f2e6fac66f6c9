"""Turn whole lines into a file that never holds half of one, whatever stops the writing."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["Draft", "Sink"]

_FLAGS: Final = os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Draft:
    """A file under a name of its own beside the one that it will have: readers see the old file or the new one."""

    def __init__(self, path: str | os.PathLike[str], mark: str = "") -> None:
        self.path = Path(os.path.realpath(path))
        self.draft = self.path.with_name(f"{self.path.name}.{os.getpid()}{mark}.part")
        try:
            self.number = os.open(self.draft, _FLAGS | os.O_RDWR | os.O_TRUNC, 0o666)
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from None
        if self.path.exists() and hasattr(os, "fchmod"):
            os.fchmod(self.number, stat.S_IMODE(self.path.stat().st_mode))

    def publish(self) -> None:
        """Give it its name."""
        os.close(self.number)
        self.draft.replace(self.path)

    def discard(self) -> None:
        """Leave the file as it was before."""
        os.close(self.number)
        self.draft.unlink(missing_ok=True)


class Sink:
    """A file to write lines to: a path, or a file that is open for writing bytes (which is left open).

    A path is written as a `Draft`, which `close` publishes. With `resumed` (a length in bytes; 0 is a beginning) it is
    written in place, behind so many bytes. A write that fails takes back what is left of a broken line, where the file
    is a regular one, and raises OSError.
    """

    def __init__(self, target: str | os.PathLike[str] | BinaryIO, *, resumed: int | None = None) -> None:
        self.length = 0
        self._draft: Draft | None = None
        self._file: BinaryIO | None = None
        if not isinstance(target, str | os.PathLike):
            self._file = target
            self._number = _number(target)
        elif resumed is not None:
            self._number = _opened_at(Path(target), resumed)
            self.length = resumed
        elif Path(target).exists() and not Path(target).is_file():  # a device, a pipe
            self._number = os.open(target, os.O_WRONLY)
        else:
            self._draft = Draft(target)
            self._number = self._draft.number
        self.regular = self._number >= 0 and stat.S_ISREG(os.fstat(self._number).st_mode)

    def write(self, data: bytes) -> None:
        """Write whole lines."""
        view = memoryview(data)
        sent = 0
        try:
            while sent < len(view):
                sent += self._send(view[sent:])
        except BaseException:
            whole = data.rfind(b"\n", 0, sent) + 1
            if self.regular:
                with suppress(OSError):
                    end = os.lseek(self._number, 0, os.SEEK_CUR) - (sent - whole)
                    os.ftruncate(self._number, end)
                    os.lseek(self._number, end, os.SEEK_SET)
            self.length += whole
            raise
        self.length += sent

    def _send(self, view: memoryview) -> int:
        if self._number >= 0:
            return os.write(self._number, view)
        assert self._file is not None
        return self._file.write(view)

    def sync(self) -> None:
        """Make sure that what was written outlasts a loss of power."""
        if self.regular:
            os.fsync(self._number)

    def close(self) -> None:
        """End the file; what was written stands under its own name from now on."""
        if self._draft is not None:
            self._draft.publish()
        elif self._file is None and self._number >= 0:
            os.close(self._number)
        self._draft = None
        self._number = -1

    def abandon(self) -> None:
        """End the file and leave the one of its name as it was; what was written in place stands."""
        if self._draft is not None:
            self._draft.discard()
            self._draft = None
            self._number = -1
        self.close()


def _opened_at(path: Path, length: int) -> int:
    number = os.open(path, _FLAGS | os.O_WRONLY, 0o666)
    try:
        if stat.S_ISREG(os.fstat(number).st_mode):
            if (found := os.fstat(number).st_size) < length:
                raise OSError(f"{path}: has {found} bytes, the checkpoint is of {length}: it was changed since")
            os.ftruncate(number, length)
            os.lseek(number, length, os.SEEK_SET)
        elif length:
            raise OSError(f"{path}: can't be written on from where a run stopped: it is no regular file")
    except BaseException:
        os.close(number)
        raise
    return number


def _number(file: BinaryIO) -> int:
    try:
        file.flush()
        return file.fileno()
    except (OSError, AttributeError, ValueError):
        return -1
