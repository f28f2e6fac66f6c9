"""Files that are cut off, huge, or no text: a scan says where, loses nothing it found, and needs no more memory."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EVENT = b'{"a": 1}\n'
HUGE = 1 << 30
MEMORY = 200_000_000  # bytes, of the whole process

# What a process tells of its children counts the memory of the parent that they were forked from.
MEASURED = """
import resource, sys
from pathlib import Path
from matcher.cli import main
code = main()
status = Path("/proc/self/status")
if status.exists():
    peak = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:")) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
Path("peak").write_text(str(peak))
sys.exit(code)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the memory of a process is told by `resource`")


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    lines: list[dict[str, object]]
    told: list[str]
    peak: int


def scan(folder: Path, *arguments: str, stdin: Path | None = None) -> Ran:
    """Run `matcher scan` in a process of its own."""
    (folder / "rules.json").write_text('{"one": {"a": [1]}}')
    command = [sys.executable, "-c", MEASURED, "scan", "rules.json", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    out, err = folder / "out", folder / "err"
    with out.open("wb") as output, err.open("wb") as errors, (stdin or Path(os.devnull)).open("rb") as taken:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=taken, stdout=output, stderr=errors, check=False
        )
    lines = [json.loads(line) for line in out.read_text().splitlines() if line.startswith("{")]
    return Ran(done.returncode, lines, err.read_text().splitlines(), int((folder / "peak").read_text()))


def places(ran: Ran) -> list[object]:
    return [line["line"] for line in ran.lines if "error" not in line]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("stdin", [False, True])
@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_passed_over(tmp_path: Path, packed: bool, stdin: bool) -> None:
    path = tmp_path / "log"
    if packed:
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        filling = bytes(1 << 20)
        with path.open("wb") as file:
            file.write(packer.compress(EVENT + b'{"a": "'))
            for _ in range(HUGE >> 20):
                file.write(packer.compress(filling))
            file.write(packer.compress(b'"}\n' + EVENT) + packer.flush())
    else:
        with path.open("wb") as file:
            file.write(EVENT + b'{"a": "')
            file.seek(HUGE)  # a hole, which takes no room
            file.write(b'"}\n' + EVENT)
    ran = scan(tmp_path, *(["-"] if stdin else ["log"]), stdin=path if stdin else None)
    assert (ran.code, places(ran)) == (1, [1, 3])
    assert "line 2" in ran.told[0]
    assert "more than the limit of 16777216 bytes (Limits.line_bytes)" in ran.told[0]
    assert ran.peak < MEMORY


@pytest.mark.slow
def test_an_element_of_a_gigabyte_is_passed_over(tmp_path: Path) -> None:
    with (tmp_path / "log.json").open("wb") as file:
        file.write(b'[{"a": 1}, {"a": "')
        file.seek(HUGE)
        file.write(b'"}, {"a": 1}]')
    ran = scan(tmp_path, "log.json")
    assert (ran.code, places(ran)) == (1, [1, 3])
    assert "(Limits.line_bytes)" in ran.told[0]
    assert ran.peak < MEMORY


@pytest.mark.parametrize("cut", [20, 1000, 5000])
def test_a_packed_file_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    lines = b"".join(b'{"a": 1, "n": %d}\n' % (n * 7919 % 10_007) for n in range(20_000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines)[:-cut])
    (tmp_path / "b.jsonl").write_bytes(EVENT)
    ran = scan(tmp_path, "a.jsonl.gz", "b.jsonl")
    assert ran.code == 2
    found = [line for line in ran.lines if line["source"] == "a.jsonl.gz" and "error" not in line]
    assert len(found) > 10_000
    assert [line["line"] for line in found] == list(range(1, len(found) + 1))
    assert ran.lines[-1]["source"] == "b.jsonl"
    assert any("a.jsonl.gz" in line and "cut off" in line for line in ran.told)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": "\x00"}', "control character"),
        (b"\x00\x00\x00", "want an object"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "UTF-8"),
        (b'{"a": 1', ""),
        (b"not json", ""),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_bytes_that_are_no_json_are_told_with_their_place(
    tmp_path: Path, line: bytes, reason: str, packed: bool
) -> None:
    data = EVENT + line + b"\n" + EVENT
    (tmp_path / "log").write_bytes(gzip.compress(data) if packed else data)
    ran = scan(tmp_path, "log")
    assert (ran.code, places(ran)) == (1, [1, 3])
    assert ran.told[0].startswith("matcher: log: line 2, byte ")
    assert len(EVENT) <= int(ran.told[0].split("byte ")[1].split(":")[0]) <= len(EVENT) + len(line)
    assert reason in ran.told[0] or reason == "want an object"


def test_carriage_returns_marks_and_nothing(tmp_path: Path) -> None:
    (tmp_path / "crlf.jsonl").write_bytes(b'{"a": 1}\r\n\r\n{"a": 1}\r\n')
    (tmp_path / "mark.jsonl").write_bytes(b"\xef\xbb\xbf" + EVENT * 2)
    (tmp_path / "none.jsonl").write_bytes(b"")
    ran = scan(tmp_path, "crlf.jsonl", "mark.jsonl", "none.jsonl")
    assert (ran.code, places(ran)) == (0, [1, 3, 1, 2])


def test_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "wide.jsonl").write_bytes(EVENT.decode().encode("utf-16"))
    ran = scan(tmp_path, "wide.jsonl")
    assert ran.code in {1, 2}
    assert any("UTF-16" in line for line in ran.told)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if mount is None or unmount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system of a small size can be mounted here")
    yield folder
    subprocess.run([unmount, str(folder)], check=True)


@pytest.mark.parametrize("way", [[], ["--checkpoint", "here.ckpt"]])
def test_a_disk_that_fills_up_keeps_whole_lines(tmp_path: Path, small_disk: Path, way: list[str]) -> None:
    (tmp_path / "log.jsonl").write_bytes(EVENT * 50_000)
    ran = scan(tmp_path, "log.jsonl", "-o", str(small_disk / "found.jsonl"), *way)
    assert ran.code == 2
    assert any("No space left on device" in line for line in ran.told)
    kept = (small_disk / "found.jsonl").read_bytes()
    assert kept.endswith(b"\n")
    lines = [json.loads(line)["line"] for line in kept.splitlines()]
    assert len(lines) > 1_000
    assert lines == list(range(1, len(lines) + 1))
