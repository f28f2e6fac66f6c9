"""Turn a file, a path or standard input into its bytes, piece by piece, unpacked if they are gzip or zstd."""

from __future__ import annotations

import os
import stat
import sys
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

from matcher.errors import MissingExtra

__all__ = ["GZIP", "Feed", "Source", "SourceError", "is_packed"]

#: A path, "-" for standard input, or a file open for reading bytes.
Source: TypeAlias = "str | os.PathLike[str] | BinaryIO"

GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_SKIPPABLE: Final = b"\x2a\x4d\x18"  # after a byte 0x50 to 0x5f: a frame that carries no data
_ZSTD_FIRST: Final = frozenset({_ZSTD[0], *range(0x50, 0x60)})
_MAGIC: Final = 4


class SourceError(OSError):
    """A source that cannot be read to its end; the message names the source, the place, and what is wrong.

    `strerror` is the message without the name, which is `filename`. `line` is the line that could not be read, from 1,
    and `byte` the place in the text (unpacked) up to which it was; None: unknown.
    """

    def __init__(self, reason: str, name: str = "", line: int | None = None, byte: int | None = None) -> None:
        super().__init__(reason)
        self.strerror = reason
        self.filename = name or None
        self.line = line
        self.byte = byte

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}" if self.filename else str(self.strerror)

    def __reduce__(self) -> tuple[type[SourceError], tuple[str, str, int | None, int | None]]:
        return SourceError, (self.strerror or "", self.filename or "", self.line, self.byte)


@dataclass(frozen=True, slots=True)
class _Packing:
    """A way of packing.

    `step`: packed bytes taken at once, so few that even data made to swell fills no more than some 32 MiB. `first`:
    the bytes that a member, or frame, may begin with.
    """

    name: str
    fresh: Callable[[], Any]
    error: type[Exception]
    step: int
    first: frozenset[int]


class Feed:
    """The unpacked bytes of a source. Once they have ended, `fault` says what cut them short, if anything did.

    `size` is that of a piece, in bytes; a pipe gives what it has. `progress` is told how many bytes were taken from
    the source each time, before unpacking. Close it, or use it in a `with` statement; an open file given is left open.
    Unpacking is done by a thread of its own, while the caller works on the pieces before; the source is read, and
    `progress` called, by the caller's.
    """

    def __init__(self, source: Source, size: int, progress: Callable[[int], None] | None = None) -> None:
        self.fault: str | None = None
        self._resources = ExitStack()
        self.name, self._file = self._open(source)
        self._pieces = self._unpacked(self._raw(size, progress), size)

    def _open(self, source: Source) -> tuple[str, Any]:
        if source == "-":
            return "standard input", sys.stdin.buffer
        if isinstance(source, str | os.PathLike):
            return os.fspath(source), self._resources.enter_context(Path(source).open("rb", buffering=0))
        return str(getattr(source, "name", "the source")), source

    def _raw(self, size: int, progress: Callable[[int], None] | None) -> Iterator[bytes]:
        read = getattr(self._file, "read1", self._file.read)
        while piece := read(size):
            if progress is not None:
                progress(len(piece))
            yield piece

    def _unpacked(self, raw: Iterator[bytes], size: int) -> Iterator[bytes]:
        start = b""
        while len(start) < _MAGIC and (piece := next(raw, b"")):
            start += piece
        if not is_packed(start):
            if start:
                yield start
            yield from raw
            return
        packing = _gzip() if start.startswith(GZIP) else _zstd()
        unpacking = Unpacking(start, raw, packing, size, self._is_file())
        self._resources.callback(unpacking.close)
        while piece := unpacking.next():
            yield piece

    def _is_file(self) -> bool:
        """Tell whether reading gives what there is at once."""
        try:
            return stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)
        except (AttributeError, OSError, ValueError):
            return False

    def next(self) -> bytes:
        """Give the next piece; b"" at the end."""
        if self.fault is None:
            try:
                return next(self._pieces, b"")
            except SourceError as error:
                self.fault = str(error)
            except OSError as error:
                self.fault = error.strerror or str(error)
        return b""

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()


def is_packed(start: bytes) -> bool:
    """Tell by its first four bytes whether a source is gzip or zstd."""
    return start.startswith((GZIP, _ZSTD)) or (start[1:_MAGIC] == _SKIPPABLE and 0x50 <= start[0] <= 0x5F)


def _gzip() -> _Packing:
    return _Packing("gzip", lambda: zlib.decompressobj(31), zlib.error, 16 << 10, frozenset(GZIP[:1]))


def _zstd() -> _Packing:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]

        return _Packing("zstd", zstd.ZstdDecompressor, zstd.ZstdError, 1 << 10, _ZSTD_FIRST)
    except ImportError:
        pass
    try:
        import zstandard
    except ImportError:
        raise MissingExtra("cli") from None
    return _Packing(
        "zstd", lambda: zstandard.ZstdDecompressor().decompressobj(), zstandard.ZstdError, 1 << 10, _ZSTD_FIRST
    )


class Unpacking:
    """Packed bytes that a thread unpacks, in pieces of about `size` bytes; no more is begun while two sizes wait.

    The caller of `next` reads: `ahead`, as soon as the thread has begun with what was read last; else, as with a pipe,
    only where it would have to wait for the thread, and the thread for it. So the thread never waits for a source, and
    `close` ends it soon.
    """

    def __init__(self, start: bytes, raw: Iterator[bytes], packing: _Packing, size: int, ahead: bool) -> None:
        self._raw = raw
        self._packing = packing
        self._size = size
        self._reads_ahead = ahead
        self._state = threading.Condition()
        self._packed = deque([start])  # b"" is the end
        self._plain: deque[bytes] = deque()
        self._held = 0  # bytes in it
        self._starved = False  # the thread waits for packed bytes
        self._closed = self._done = False
        self._error: BaseException | None = None
        self._unread: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="matcher-unpack", daemon=True)
        self._thread.start()

    # ---- the caller's side ----

    def next(self) -> bytes:
        """Give the next piece; b"" at the end. Raises what unpacking or reading raised, after all pieces before."""
        while True:
            with self._state:
                if not self._reads():
                    if self._plain:
                        piece = self._plain.popleft()
                        self._held -= len(piece)
                        self._state.notify()
                        return piece
                    if self._done:
                        break
                    self._state.wait()
                    continue
            self._give(self._read())
        error = self._unread or self._error
        if error is not None:
            raise error
        return b""

    def _reads(self) -> bool:
        if self._packed or self._done:
            return False
        return self._reads_ahead or (self._starved and not self._plain)

    def _read(self) -> bytes:
        if self._unread is not None:
            return b""
        try:
            return next(self._raw, b"")
        except OSError as error:
            self._unread = error  # told once what was read is unpacked
            return b""

    def _give(self, piece: bytes) -> None:
        with self._state:
            self._packed.append(piece)
            self._state.notify()

    def close(self) -> None:
        """End the thread, and wait for its end."""
        with self._state:
            self._closed = True
            self._state.notify()
        if threading.current_thread() is not self._thread:  # where the garbage collector runs in it
            self._thread.join()

    # ---- the thread's side ----

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._unpack()
        except BaseException as raised:  # noqa: BLE001  # the caller raises it
            error = raised
        with self._state:
            self._error, self._done = error, True
            self._state.notify()

    def _unpack(self) -> None:
        parts: list[bytes] = []
        length = 0
        try:
            for piece in _members(self._taken(parts), self._packing):
                parts.append(piece)
                length = len(piece) + (length if len(parts) > 1 else 0)
                if length >= self._size:
                    self._put(parts)
                if self._closed:
                    return
        finally:
            self._put(parts)

    def _put(self, parts: list[bytes]) -> None:
        """Have the pieces taken as one; wait while too many are."""
        if not parts:
            return
        piece = b"".join(parts)
        parts.clear()
        with self._state:
            while self._held >= 2 * self._size and not self._closed:
                self._state.wait()
            self._plain.append(piece)
            self._held += len(piece)
            self._state.notify()

    def _taken(self, parts: list[bytes]) -> Iterator[bytes]:
        """Give what the caller read; before waiting for more, have the pieces taken that there are."""
        while True:
            with self._state:
                short = not self._packed
            if short:
                self._put(parts)
            with self._state:
                self._starved = not self._packed
                while not self._packed and not self._closed:
                    self._state.notify()
                    self._state.wait()
                self._starved = False
                piece = b"" if self._closed else self._packed.popleft()
                self._state.notify()
            if not piece:
                return
            yield piece


def _members(raw: Iterator[bytes], packing: _Packing) -> Iterator[bytes]:
    """Unpack one member (of gzip) or frame (of zstd) after the other."""
    unpacker: Any = None
    taken = members = 0
    fresh = False  # another member was begun, and nothing of it was taken
    for piece in raw:
        for at in range(0, len(piece), packing.step):
            rest = piece[at : at + packing.step]
            end = taken + at + len(rest)
            while rest:
                if unpacker is None:
                    rest = rest.lstrip(b"\0")  # members may be padded
                    if not rest:
                        break
                    unpacker = packing.fresh()
                    members += 1
                    fresh = members > 1
                    if fresh and rest[0] not in packing.first:
                        raise SourceError(_damage(packing.name, end - len(rest), fresh, f"found {rest[:4]!r}"))
                try:
                    plain = unpacker.decompress(rest)
                except packing.error as error:
                    raise SourceError(_damage(packing.name, end - len(rest), fresh, str(error))) from None
                fresh = False
                if plain:
                    yield plain
                ended = unpacker.eof
                rest = unpacker.unused_data if ended else b""
                unpacker = None if ended else unpacker
        taken += len(piece)
    if unpacker is not None:
        raise SourceError(f"the {packing.name} data is cut off at byte {taken}")


def _damage(name: str, byte: int, fresh: bool, error: str) -> str:
    if fresh:
        return f"damaged {name} data: what follows from byte {byte} on is no {name} ({error})"
    return f"damaged {name} data near byte {byte} ({error})"
