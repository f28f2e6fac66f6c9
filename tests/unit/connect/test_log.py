"""Log: a line a message, whole, readable, and kept apart from what a full disk tore."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from matcher.connect import conformance
from matcher.connect.conformance import Bench, Mood, Received, message
from matcher.connect.log import Log
from matcher.errors import TargetError
from matcher.target import Target


class LogBench:
    """A file; whose descriptor is closed under the target's hands where it is to fail."""

    ordered = True
    largest = 1_000_000
    moods: frozenset[Mood] = frozenset({"failing"})

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self) -> Target:
        self.stream = Torn(self.path.open("ab", buffering=0))
        return Log(self.stream, envelope=True)

    async def received(self) -> Sequence[Received]:
        lines = [json.loads(line) for line in self.path.read_bytes().splitlines()]
        # the bodies' own spelling, which json.loads has lost
        texts = [line.partition(b'"body":')[2][:-1] for line in self.path.read_bytes().splitlines()]
        return [Received(text, line["delivery-id"]) for line, text in zip(lines, texts, strict=True)]

    async def become(self, mood: Mood) -> None:
        self.stream.full = mood == "failing"

    async def reached(self) -> None:
        raise AssertionError("a file is never silent")

    async def close(self) -> None:
        self.stream.file.close()


class Torn:
    """A disk that takes a few bytes more, and then no other."""

    def __init__(self, file: Any, room: int = 0) -> None:
        self.file = file
        self.full = False
        self.room = room

    def write(self, text: Any) -> int:
        if not self.full:
            return int(self.file.write(text))
        if self.room == 0:
            raise OSError(28, "No space left on device")
        written = int(self.file.write(text[: self.room]))
        self.room = 0
        return written

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_is_a_good_target(check: Callable[[Bench], Awaitable[None]], tmp_path: Path) -> None:
    asyncio.run(check(LogBench(tmp_path / "log.jsonl")))


@pytest.mark.parametrize("sync", [False, True])
def test_lines_are_appended(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('"old"\n')

    async def main() -> None:
        log = Log(path, sync=sync)
        await asyncio.gather(*(log.send(message(b'{"n":%d}' % number)) for number in range(100)))
        await log.aclose()

        await log.send(message(b'{"n":100}'))
        await log.aclose()

    asyncio.run(main())
    assert path.read_text().splitlines() == ['"old"', *(f'{{"n":{number}}}' for number in range(101))]


def test_lines_that_come_together_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)

    async def main() -> None:
        log = Log(tmp_path / "log.jsonl", sync=True)
        await asyncio.gather(*(log.send(message(b"1")) for _ in range(100)))
        assert len(synced) <= 2
        await log.send(message(b"2"))
        assert len(synced) <= 3
        await log.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{\n  "a": "x\\ny"\r\n}\n', '{   "a": "x\\ny"  } '),
        (b'"one"\n"two"', json.dumps('"one"\n"two"')),
        (b"no JSON", '"no JSON"'),
        (b"\xff", json.dumps("\ufffd", ensure_ascii=False)),
    ],
)
def test_every_line_can_be_read(body: bytes, line: str) -> None:
    stream = io.BytesIO()
    asyncio.run(Log(stream).send(message(body)))
    assert stream.getvalue().decode() == line + "\n"
    json.loads(stream.getvalue())


def test_a_line_that_a_full_disk_tore_spoils_no_other() -> None:
    file = io.BytesIO()
    stream = Torn(file, room=5)
    log = Log(stream)  # type: ignore[arg-type]

    async def main() -> None:
        stream.full = True
        for _ in range(2):
            with pytest.raises(TargetError, match="No space left") as caught:
                await log.send(message(b'{"first": 1}'))
            assert caught.value.retryable
        stream.full = False
        await log.send(message(b'{"first": 1}'))
        await log.send(message(b'{"second": 2}'))

    asyncio.run(main())
    assert file.getvalue().decode().splitlines() == ['{"fir', '{"first": 1}', '{"second": 2}']


def test_a_stream_stays_open(tmp_path: Path) -> None:
    stream = io.BytesIO()
    log = Log(stream)
    asyncio.run(log.aclose())
    assert not stream.closed
