"""Packed sources are unpacked beside the caller: in order, ahead by little, told of faults, and nothing is left behind."""

from __future__ import annotations

import gc
import gzip
import io
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from matcher.events import SourceError, batches, read
from matcher.unpack import Feed

LINES = b"".join(b'{"n": %d, "text": "%x"}\n' % (n, n * 2654435761 % 2**64) for n in range(40_000))
PACKS: list[Callable[[bytes], bytes]] = [gzip.compress, zstandard.compress]


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "matcher-unpack"]


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    gc.collect()
    assert threads() == []


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("size", [1, 1000, 1 << 16, 1 << 22])
def test_the_pieces_are_the_text(pack: Callable[[bytes], bytes], size: int, tmp_path: Path) -> None:
    data = LINES if size > 1 else LINES[:2000]
    path = tmp_path / "packed"
    path.write_bytes(pack(data))
    for source in (path, io.BytesIO(pack(data))):
        with Feed(source, size) as feed:
            assert b"".join(iter(feed.next, b"")) == data
            assert feed.fault is None
            assert feed.next() == b""


def test_it_is_done_by_a_thread_while_the_caller_works(tmp_path: Path) -> None:
    path = tmp_path / "packed.gz"
    path.write_bytes(gzip.compress(LINES * 10))
    with Feed(path, 1 << 16) as feed:
        feed.next()
        assert threads() == ["matcher-unpack"]
        deadline = time.monotonic() + 20
        unpacking = feed._pieces.gi_frame.f_locals["unpacking"]  # type: ignore[attr-defined]
        while unpacking._held < 2 << 16 and time.monotonic() < deadline:
            time.sleep(0.01)
        held = unpacking._held
        assert held >= 2 << 16  # though nothing was asked for
        time.sleep(0.1)
        assert unpacking._held == held < 1 << 20  # and it waits there


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_a_reader_that_leaves_early_leaves_no_thread(tmp_path: Path, taken: int) -> None:
    path = tmp_path / "packed.gz"
    path.write_bytes(gzip.compress(LINES * 10))
    found = read(path, 1 << 14)
    for _ in range(taken):
        next(found)
    found.close()  # type: ignore[attr-defined]
    assert threads() == []
    dropped = read(path, 1 << 14)
    next(dropped)
    del dropped
    gc.collect()
    assert threads() == []


def test_many_sources_one_after_another(tmp_path: Path) -> None:
    path = tmp_path / "small.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n'))
    for _ in range(200):
        assert list(batches(path)) == [[(1, b'{"a": 1}')]]
    assert threads() == []


def test_a_packed_pipe_gives_its_events_as_they_come() -> None:
    out, into = os.pipe()
    packer = zlib.compressobj(wbits=31)
    with os.fdopen(out, "rb") as reader, os.fdopen(into, "wb", buffering=0) as writer:
        found = batches(reader)
        timer = threading.Timer(20, writer.close)
        writer.write(packer.compress(b'{"a": 1}\n') + packer.flush(zlib.Z_SYNC_FLUSH))
        timer.start()
        assert next(found) == [(1, b'{"a": 1}')]
        writer.write(packer.compress(b'{"a": 2}\n') + packer.flush(zlib.Z_SYNC_FLUSH))
        assert next(found) == [(2, b'{"a": 2}')]
        assert timer.is_alive()
        timer.cancel()
        writer.write(packer.flush())
        writer.close()
        assert list(found) == []


class Failing(io.RawIOBase):
    """A source that fails after some bytes, as a disk or a network may."""

    name = "failing"

    def __init__(self, data: bytes) -> None:
        self.data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        if piece := self.data.read(1000):
            return piece
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("pack", PACKS)
def test_a_source_that_fails_is_told_after_what_was_read(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(LINES)
    found = []
    with pytest.raises(SourceError, match=r"^failing: line [0-9]+: Input/output error$") as caught:
        for batch in batches(Failing(packed[: len(packed) // 2])):
            found += batch
    assert found == list(enumerate(LINES.splitlines(), 1))[: len(found)]
    assert len(found) > 10_000
    assert caught.value.line == len(found) + 1
    assert caught.value.byte == sum(len(text) + 1 for _, text in found)


def test_any_error_of_unpacking_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> Iterator[bytes]:
        yield b'{"a": 1}\n'
        raise MemoryError("no room")

    monkeypatch.setattr("matcher.unpack._members", failing)
    found = batches(io.BytesIO(gzip.compress(b"")), 1)
    assert next(found) == [(1, b'{"a": 1}')]
    with pytest.raises(MemoryError, match="no room"):
        next(found)


def test_an_error_of_progress_reaches_the_caller(tmp_path: Path) -> None:
    path = tmp_path / "packed.gz"
    path.write_bytes(gzip.compress(LINES))

    def stop(_: int) -> None:
        assert threading.current_thread() is threading.main_thread()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(batches(path, progress=stop))


@pytest.mark.parametrize(
    ("behind", "told"),
    [
        (b"\n", "is no gzip"),
        (b"junk that is longer than a header", "is no gzip"),
        (b"\0\0\0junk", "is no gzip"),
        (gzip.compress(b'{"a": 3}')[:-4], "cut off"),
    ],
)
def test_members_and_what_is_behind_them(behind: bytes, told: str) -> None:
    whole = gzip.compress(b'{"a": 1}\n') + gzip.compress(b'{"a": 2}\n')
    for source in (io.BytesIO(whole + behind), Failing(whole + behind)):
        found: list[tuple[int, bytes]] = []
        with pytest.raises(SourceError) as caught:
            for batch in batches(source):
                found += batch
        assert found == [(1, b'{"a": 1}'), (2, b'{"a": 2}')]
        assert caught.value.line == 3
        if isinstance(source, io.BytesIO):
            assert told in str(caught.value)
    if told == "is no gzip":
        at = len(whole) + len(behind) - len(behind.lstrip(b"\0"))
        with pytest.raises(SourceError, match=f"from byte {at} on is no gzip"):
            list(batches(io.BytesIO(whole + behind)))
