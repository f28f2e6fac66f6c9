"""Turn a file, a path or standard input into its bytes, piece by piece, unpacked if they are gzip or zstd."""

from __future__ import annotations

import os
import sys
import zlib
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
    """`step`: packed bytes taken at once, so few that even data made to swell fills no more than some 32 MiB."""

    name: str
    fresh: Callable[[], Any]
    error: type[Exception]
    step: int


class Feed:
    """The unpacked bytes of a source. Once they have ended, `fault` says what cut them short, if anything did.

    `size` is that of a piece, in bytes; a pipe gives what it has. `progress` is told how many bytes were taken from
    the source each time, before unpacking. Close it, or use it in a `with` statement; an open file given is left open.
    """

    def __init__(self, source: Source, size: int, progress: Callable[[int], None] | None = None) -> None:
        self.fault: str | None = None
        self._resources = ExitStack()
        self.name, self._file = self._open(source)
        self._pieces = _unpacked(self._raw(size, progress), size)

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


def _unpacked(raw: Iterator[bytes], size: int) -> Iterator[bytes]:
    start = b""
    while len(start) < _MAGIC and (piece := next(raw, b"")):
        start += piece
    if not is_packed(start):
        if start:
            yield start
        yield from raw
        return
    packing = _gzip() if start.startswith(GZIP) else _zstd()
    yield from _joined(_members(start, raw, packing), size)


def _gzip() -> _Packing:
    return _Packing("gzip", lambda: zlib.decompressobj(31), zlib.error, 16 << 10)


def _zstd() -> _Packing:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]

        return _Packing("zstd", zstd.ZstdDecompressor, zstd.ZstdError, 1 << 10)
    except ImportError:
        pass
    try:
        import zstandard
    except ImportError:
        raise MissingExtra("cli") from None
    return _Packing("zstd", lambda: zstandard.ZstdDecompressor().decompressobj(), zstandard.ZstdError, 1 << 10)


def _members(start: bytes, raw: Iterator[bytes], packing: _Packing) -> Iterator[bytes]:
    """Unpack one member (of gzip) or frame (of zstd) after the other."""
    unpacker: Any = None
    taken, piece = 0, start
    while piece:
        for at in range(0, len(piece), packing.step):
            rest = piece[at : at + packing.step]
            while rest:
                if unpacker is None:
                    rest = rest.lstrip(b"\0")  # members may be padded
                    if not rest:
                        break
                    unpacker = packing.fresh()
                try:
                    plain = unpacker.decompress(rest)
                except packing.error as error:
                    raise SourceError(f"damaged {packing.name} data near byte {taken + at} ({error})") from None
                if plain:
                    yield plain
                ended = unpacker.eof
                rest = unpacker.unused_data if ended else b""
                unpacker = None if ended else unpacker
        taken += len(piece)
        piece = next(raw, b"")
    if unpacker is not None:
        raise SourceError(f"the {packing.name} data is cut off at byte {taken}")


def _joined(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Join small pieces; give those before a fault before it is raised."""
    parts: list[bytes] = []
    length = 0
    try:
        for piece in pieces:
            parts.append(piece)
            length += len(piece)
            if length >= size:
                yield b"".join(parts)
                parts, length = [], 0
    except SourceError:
        if parts:
            yield b"".join(parts)
        raise
    if parts:
        yield b"".join(parts)
