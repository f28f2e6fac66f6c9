"""Turn a file into a lock between processes, which the system takes back from one that dies."""

from __future__ import annotations

import os
import sys

from matcher.errors import StoreError

__all__ = ["FileLock"]


class FileLock:
    """Held by at most one open of the file. The file stays: removing it would let two hold locks of one name."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None
        self._held = False

    def take(self, *, wait: bool = False) -> bool:
        """Take it, if it is free or after those who wait already; whether it is ours now."""
        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
            except OSError as error:
                raise StoreError(f"{self._path}: the lock can't be opened ({error})") from error
        self._held = _lock(self._file, wait=wait)
        return self._held

    def leave(self) -> None:
        """Let others have it, and keep the file open for the next time."""
        if self._file is not None and self._held:
            self._held = False
            _unlock(self._file)

    def close(self) -> None:
        """Let go of it and of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file, self._held = None, False


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, *, wait: bool) -> bool:
        # Waiting, it tries once a second for ten seconds, and is then as good as not taken.
        try:
            msvcrt.locking(file, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
