"""Sources of every shape and packing give the same events, whatever the size of their pieces."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
import tracemalloc
import types
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from matcher import EventError, RuleSet, events, values
from matcher.errors import MissingExtra
from matcher.events import SourceError, batches, is_plain_lines

LINES = b'{"a": 1}\n\n  {"a": "x\\"]}"}\r\n \t\r\n{"b": [1, {"c": "}"}]}'
NUMBERED = [(1, b'{"a": 1}'), (3, b'  {"a": "x\\"]}"}\r'), (5, b'{"b": [1, {"c": "}"}]}')]


class Trickle(io.RawIOBase):
    """A source that gives a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data = io.BytesIO(data)
        self.size = size

    def read(self, size: int = -1) -> bytes:
        return self.data.read(min(self.size, size) if size >= 0 else self.size)


def read(data: bytes, size: int = events.BATCH_BYTES) -> list[tuple[int, bytes]]:
    return [event for batch in batches(Trickle(data, size), batch_bytes=size) for event in batch]


def until_fault(data: bytes) -> tuple[list[tuple[int, bytes]], str]:
    found: list[tuple[int, bytes]] = []
    with pytest.raises(SourceError) as error:
        for batch in batches(io.BytesIO(data)):
            found += batch
    return found, str(error.value)


SHAPES = {
    "lines": (LINES, NUMBERED),
    "nothing": (b"", []),
    "blanks": (b" \n\t\r\n ", []),
    "bom": (b'\xef\xbb\xbf{"a": 1}\n{"b": 2}', [(1, b'{"a": 1}'), (2, b'{"b": 2}')]),
    "words": (b"hello\n1\n", [(1, b"hello"), (2, b"1")]),
    "array": (b' [{"a":[1,"]"]} ,\n{}, 3,"x\\",", null,[2]]\n', list(enumerate(
        [b'{"a":[1,"]"]}', b"{}", b"3", b'"x\\","', b"null", b"[2]"], 1))),
    "empty array": (b" [ ] ", []),
    "two arrays": (b"[1,2]\n[3]", [(1, b"1"), (2, b"2"), (3, b"3")]),
    "records": (b'{"Records":[{"a":1},{"b":2}]}', [(1, b'{"a":1}'), (2, b'{"b":2}')]),
    "records amid members": (
        b'{"x":{"Records":[1]},"y":"Records","Records" : [{"a":1}],"z":[{"Records":[2]}]}\n',
        [(1, b'{"a":1}')],
    ),
    "records over lines": (b'{\n  "Records": [\n    {"a": 1},\n    {"b": 2}\n  ]\n}\n', [(1, b'{"a": 1}'), (2, b'{"b": 2}')]),
    "records open on line 1": (b'{"Records": [\n{"a": 1},\n{"b": 2}]}', [(1, b'{"a": 1}'), (2, b'{"b": 2}')]),
    "records, none": (b'{"Records":[]}', []),
    "lines of records": (
        b'{"Records":[{"a":1}]}\n{"Records":[]}\n',
        [(1, b'{"Records":[{"a":1}]}'), (2, b'{"Records":[]}')],
    ),
    "records that are no array": (b'{"Records":{"a":[1]}}', [(1, b'{"Records":{"a":[1]}}')]),
    "records deeper": (b'{"a":{"Records":[1]}}', [(1, b'{"a":{"Records":[1]}}')]),
    "an escaped name": (b'{"x\\"Records":[1]}', [(1, b'{"x\\"Records":[1]}')]),
    "one object over lines": (b'\n{\n  "a": {\n    "b": "}"\n  }\n}\n', [(1, b'{\n  "a": {\n    "b": "}"\n  }\n}')]),
    "objects over lines": (b'{\n"a": 1\n}\n{\n"b": 2\n}', [(1, b'{\n"a": 1\n}'), (2, b'{\n"b": 2\n}')]),
    "a first line cut off": (b'{"a": {"b": 1\n{"a": 2}\n', [(1, b'{"a": {"b": 1'), (2, b'{"a": 2}')]),
    "a first line cut off in a string": (b'{"a": "b\n{"a": 2}\n', [(1, b'{"a": "b'), (2, b'{"a": 2}')]),
    "one line cut off": (b'{"a": 1, ', [(1, b'{"a": 1, ')]),
    "junk behind an object": (b'{"a": 1} }\n{}', [(1, b'{"a": 1} }'), (2, b"{}")]),
}  # fmt: skip
PACKINGS = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "members": lambda data: gzip.compress(data[:7]) + gzip.compress(b"") + gzip.compress(data[7:]) + b"\0" * 5,
    "frames": lambda data: (
        b"\x50\x2a\x4d\x18\x02\0\0\0xx" + zstandard.compress(data[:7]) + zstandard.compress(data[7:])
    ),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_in_every_packing(shape: str, packing: str) -> None:
    data, expected = SHAPES[shape]
    packed = PACKINGS[packing](data)
    for size in (1, 3, 16, events.BATCH_BYTES):
        assert read(packed, size) == expected


@given(
    st.lists(
        st.recursive(
            st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
        )
    ),
    st.integers(1, 64),
    st.sampled_from([None, 1]),
)
def test_an_array_of_anything_gives_its_elements(values: list[object], size: int, indent: int | None) -> None:
    data = json.dumps(values, indent=indent, ensure_ascii=False).encode()
    assert [json.loads(text) for _, text in read(data, size)] == values
    wrapped = b'{"Records": ' + data + b', "more": "}"}'
    assert [json.loads(text) for _, text in read(wrapped, size)] == values


@given(st.lists(st.dictionaries(st.text(), st.text() | st.lists(st.none())), min_size=1), st.integers(1, 64))
def test_lines_and_documents_of_objects(values: list[object], size: int) -> None:
    lines = "".join(json.dumps(value) + "\n\n" for value in values).encode()
    if not (len(values) == 1 and isinstance(values[0].get("Records"), list)):  # type: ignore[attr-defined]
        assert [(number, json.loads(text)) for number, text in read(lines, size)] == [
            (2 * n + 1, value) for n, value in enumerate(values)
        ]


def test_batches_are_bounded_and_a_line_may_be_longer() -> None:
    line = b'{"a": "' + b"x" * 50 + b'"}'
    data = b"\n".join([line] * 100 + [b'{"b": "' + b"y" * 5000 + b'"}', line])
    found = list(batches(io.BytesIO(data), batch_bytes=256))
    assert sum(map(len, found)) == 102
    sizes = [sum(len(text) for _, text in batch) for batch in found]
    assert sorted(sizes)[-2] <= 512
    assert max(sizes) < 5000 + 512
    array = b"[" + data.replace(b"\n", b",") + b"]"
    assert max(len(batch) for batch in batches(io.BytesIO(array), batch_bytes=256)) <= 5


class Endless(io.RawIOBase):
    """An array of a size that nobody would hold."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.parts: Iterator[bytes] = iter(
            [b"[" + b'{"a": "' + b"x" * 999 + b'"},\n', *[b'{"a": "' + b"x" * 1000 + b'"},\n'] * count, b"1]"]
        )

    def read(self, size: int = -1) -> bytes:
        return next(self.parts, b"")


def test_memory_does_not_grow_with_the_source() -> None:
    tracemalloc.start()
    try:
        found = sum(len(batch) for batch in batches(Endless(8_000), batch_bytes=1 << 16))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == 8_002
    assert peak < 1 << 20


def test_a_huge_element_is_not_read_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = 0
    grow = values.Window.grow

    def counted(self: values.Window, keep: int) -> bool:
        nonlocal joined
        more = grow(self, keep)
        joined += len(self.text)
        return more

    monkeypatch.setattr(values.Window, "grow", counted)
    data = b'[{"a": "' + b'\\"' * 500_000 + b'", "b": [' + b"[1]," * 50_000 + b"2]}]"
    assert len(read(data, 4096)) == 1
    assert joined < 8 * len(data)


def test_a_long_line_is_joined_once() -> None:
    line = b'{"a": "' + b"x" * 3_000_000 + b'"}'
    assert read(line + b"\n" + line, 4096) == [(1, line), (2, line)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_what_could_be_read_of_a_cut_off_file_comes_first(pack) -> None:
    lines = b"".join(b'{"n": %d, "text": "%d"}\n' % (n, n * 7919 % 10007) for n in range(20_000))
    packed = pack(lines)
    found, message = until_fault(packed[: len(packed) // 2])
    assert found == list(enumerate(lines.splitlines(), 1))[: len(found)]
    assert len(found) > 5_000
    assert f"line {len(found) + 1}" in message
    assert "cut off" in message
    array = b"[" + lines.replace(b"\n", b",")[:-1] + b"]"
    found, message = until_fault(pack(array)[: len(packed) // 2])
    assert found == list(enumerate(lines.splitlines(), 1))[: len(found)]
    assert len(found) > 5_000
    assert f"after element {len(found)}" in message
    assert "cut off" in message


def test_damaged_packing_is_named() -> None:
    for packed in (gzip.compress(b'{"a": 1}\n' * 10), zstandard.ZstdCompressor(write_checksum=True).compress(LINES)):
        damaged = bytearray(packed)
        damaged[-3 if packed[0] == 0x28 else -6] ^= 1  # in the checksum
        _, message = until_fault(bytes(damaged))
        assert "line 1: damaged" in message
    found, message = until_fault(gzip.compress(b'{"a": 1}\n') + b"junk")
    assert found == [(1, b'{"a": 1}')]
    assert "damaged gzip data" in message


@pytest.mark.parametrize(
    ("data", "count", "said"),
    [
        (b'[{"a": 1}, {"b": ', 1, "the text ends within a value"),
        (b'[{"a": 1}', 1, "the text ends within a value"),
        (b'[{"a": 1},', 1, "the text ends within a value"),
        (b'[{"a": 1} {"b": 2}]', 1, "found '{'; want ',' or ']'"),
        (b"[1, ]", 1, "found ']'; want a value"),
        (b'[1, "x', 1, "the text ends within a value"),
        (b"[1, 2}", 2, "found '}'; want ',' or ']'"),
        (b"[1] ]", 1, "at byte 4: found ']'; want a value"),
        (b'{"Records": [{"a": 1}, {"b', 1, "the text ends within a value"),
        (b'{"Records": [{"a": 1}], "b', 1, "the text ends within a value"),
    ],
)
def test_an_array_that_breaks_off(data: bytes, count: int, said: str) -> None:
    found, message = until_fault(data)
    assert len(found) == count
    assert said in message
    assert f"after element {count}" in message


def test_paths_stdin_and_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.log"
    path.write_bytes(gzip.compress(LINES))
    taken: list[int] = []
    assert [event for batch in batches(path, progress=taken.append) for event in batch] == NUMBERED
    assert sum(taken) == path.stat().st_size
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINES)))
    assert [event for batch in batches("-") for event in batch] == NUMBERED
    with pytest.raises(FileNotFoundError):
        list(batches(tmp_path / "none"))
    with pytest.raises(IsADirectoryError):
        list(batches(tmp_path))


def test_a_pipe_gives_its_events_as_they_come() -> None:
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reader, os.fdopen(into, "wb", buffering=0) as writer:
        found = batches(reader)
        writer.write(b'{"a": 1}\n')
        timer = threading.Timer(20, writer.close)  # a reader that waits for more fails then, and does not hang
        timer.start()
        assert next(found) == [(1, b'{"a": 1}')]
        writer.write(b'{"a": 2}\n')
        assert next(found) == [(2, b'{"a": 2}')]
        assert timer.is_alive()
        timer.cancel()


def test_plain_lines_are_told(tmp_path: Path) -> None:
    def plain(data: bytes) -> bool:
        path = tmp_path / "file"
        path.write_bytes(data)
        return is_plain_lines(path)

    for shape, (data, _) in SHAPES.items():
        told = "line" in shape.split(" over ")[0] and "records open" not in shape
        told = told or shape in {"nothing", "blanks", "words", "records deeper", "an escaped name",
                                 "records that are no array", "junk behind an object"}  # fmt: skip
        assert plain(data) is told, shape
        assert not plain(gzip.compress(data))
    assert not is_plain_lines(tmp_path)
    with pytest.raises(FileNotFoundError):
        is_plain_lines(tmp_path / "none")


def test_a_first_line_over_what_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LOOK", 256)
    event = b'{"a": "' + b"x" * 500 + b'"}'
    assert read(event + b"\n" + event, 64) == [(1, event), (2, event)]
    assert read(b'{"Records": [' + event + b"," + event + b"]}", 64) == [(1, event), (2, event)]


def test_scan_reads_all_shapes_alike(tmp_path: Path) -> None:
    rules = RuleSet({"any": '{"n": [{"exists": true}]}', "two": '{"n": [2]}'})
    texts = [b'{"n": 1}', b'{"n": 2}', b'{"n": tru}', b'{"n": 2.0}']
    lines = b"\n\n".join(texts)
    plain = tmp_path / "plain"
    for name, data in {
        "plain": lines,
        "crlf.gz": gzip.compress(lines.replace(b"\n", b"\r\n")),
        "zst": zstandard.compress(lines),
        "array": b"[" + b",\n".join(texts) + b"]",
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        found = list(rules.scan(path, threads=2))
        assert [number for number, _ in found] == ([1, 2, 3, 4] if name == "array" else [1, 3, 5, 7])
        answers = [answer for _, answer in found]
        assert answers[:2] + answers[3:] == [["any"], ["any", "two"], ["any", "two"]]
        assert isinstance(answers[2], EventError)
    assert is_plain_lines(plain)


def test_zstd_without_a_module_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingExtra, match="matcher\\[cli\\]"):
        list(batches(io.BytesIO(zstandard.compress(LINES))))
    assert read(gzip.compress(LINES)) == NUMBERED


def test_zstd_of_the_standard_library_is_taken_first(monkeypatch: pytest.MonkeyPatch) -> None:
    class Decompressor:
        """The part of compression.zstd.ZstdDecompressor (Python 3.14) that is used."""

        made = 0

        def __init__(self) -> None:
            Decompressor.made += 1
            self.inner = zstandard.ZstdDecompressor().decompressobj()

        def decompress(self, data: bytes) -> bytes:
            return self.inner.decompress(data)

        @property
        def eof(self) -> bool:
            return self.inner.eof

        @property
        def unused_data(self) -> bytes:
            return self.inner.unused_data

    module = types.ModuleType("compression.zstd")
    module.ZstdDecompressor = Decompressor  # type: ignore[attr-defined]
    module.ZstdError = zlib.error  # type: ignore[attr-defined]
    package = types.ModuleType("compression")
    package.zstd = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "compression", package)
    monkeypatch.setitem(sys.modules, "compression.zstd", module)
    assert read(PACKINGS["frames"](LINES)) == NUMBERED
    assert Decompressor.made == 3
