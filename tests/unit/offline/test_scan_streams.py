"""A scan that a signal, a full disk or a leaving reader ends has whole lines written, and says what it knows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet
import pytest

ROOT = Path(__file__).parents[3]
EVENT = b'{"source": "shop"}\n'

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and streams of POSIX")

# Slows the run down and says when it is under way, so that a signal comes in the midst of it.
SLOW = """
import sys, time
from pathlib import Path
from matcher.cli import main
from matcher.offline.job import Job
commit = Job._commit
def slowly(*arguments):
    commit(*arguments)
    Path("under-way").touch()
    time.sleep(0.3)
Job._commit = slowly
sys.exit(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.json").write_text('{"shop": {"source": ["shop"]}}')
    (tmp_path / "events.jsonl").write_bytes(EVENT * 500_000 + b"{")
    return tmp_path


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def matcher(folder: Path, *arguments: str, shell: str = "") -> subprocess.CompletedProcess[bytes]:
    script = f'exec "$0" -m matcher.cli scan rules.json "$@" {shell}'
    command = ["sh", "-c", script, sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)


def ended(folder: Path, number: int, *arguments: str, stdin: bytes | None = None) -> tuple[int, bytes, list[str]]:
    """Send a signal to a run once it is under way."""
    command = [sys.executable, "-c", SLOW, "scan", "rules.json", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        if stdin is not None:
            process.stdin.write(stdin)
            process.stdin.flush()
        while not (folder / "under-way").exists():
            time.sleep(0.05)
        time.sleep(0.6)  # by then it waits for a pipe that gives no more
        process.send_signal(number)
        out, err = process.stdout.read(), process.stderr.read()
        return process.wait(), out, err.decode().splitlines()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
class TestSignals:
    def test_what_was_found_is_kept(self, folder: Path, number: int, code: int) -> None:
        found = ended(folder, number, "events.jsonl", "--output", "out")
        name = signal.Signals(number).name
        assert found[0] == code
        assert found[2][-1] == f"matcher: ended by {name}; out holds what was found before"
        lines = (folder / "out").read_bytes().splitlines(keepends=True)
        assert 0 < len(lines) < 500_000
        assert json.loads(lines[-1]) == {
            "source": "events.jsonl", "line": len(lines), "byte": (len(lines) - 1) * 19, "rules": ["shop"]}  # fmt: skip
        assert found[2][-2].startswith(f"matcher: {len(lines):,} events, {len(lines):,} matched, 0 refused")
        assert list(folder.glob("*.part")) == []

    def test_counts_are_told(self, folder: Path, number: int, code: int) -> None:
        found = ended(folder, number, "events.jsonl", "--format", "count")
        assert found[0] == code
        counts = json.loads(found[1])
        assert counts["complete"] is False
        assert 0 < counts["events"] == counts["matched"] == counts["rules"]["shop"] < 500_000

    def test_a_pipe_that_gives_nothing_is_left(self, folder: Path, number: int, code: int) -> None:
        found = ended(folder, number, "-", stdin=EVENT * 3)
        assert (found[0], found[1].count(b"\n")) == (code, 3)
        assert found[2][0].startswith("matcher: 3 events, 3 matched")

    def test_a_checkpoint_is_left(self, folder: Path, number: int, code: int) -> None:
        found = ended(folder, number, "events.jsonl", "--output", "out", "--checkpoint", "ck")
        assert found[0] == code
        assert found[2][-1].endswith("; the same command goes on from ck")
        done = matcher(folder, "events.jsonl", "--output", "out", "--checkpoint", "ck")
        assert done.returncode == 1
        assert b"500,000 events, 500,000 matched, 1 refused, " in done.stderr
        assert b"of them in an earlier run" in done.stderr
        matcher(folder, "events.jsonl", "--output", "whole")
        assert (folder / "out").read_bytes() == (folder / "whole").read_bytes()


def test_parquet_is_whole_after_a_signal(folder: Path) -> None:
    found = ended(folder, signal.SIGINT, "events.jsonl", "--format", "parquet", "--output", "out")
    assert found[0] == 130
    rows = pyarrow.parquet.read_table(folder / "out")
    assert 0 < rows.num_rows < 500_000
    assert rows["line"].to_pylist() == list(range(1, rows.num_rows + 1))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("form", ["jsonl", "count", "table"])
def test_a_full_disk_is_told(folder: Path, form: str) -> None:
    done = matcher(folder, "events.jsonl", "--format", form, shell="> /dev/full")
    assert done.returncode == 2
    assert b"matcher: standard output: No space left on device" in done.stderr
    done = matcher(folder, "events.jsonl", "--format", form, "--output", "/dev/full")
    assert done.returncode == 2
    assert b"matcher: /dev/full: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


LIMITED = """
import resource, sys
from matcher.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, resource.RLIM_INFINITY))
sys.exit(main())
"""


@pytest.mark.parametrize("where", ["--output out", "> out", "--output out --checkpoint ck"])
def test_a_file_that_may_not_grow_has_whole_lines(folder: Path, where: str) -> None:
    code = LIMITED.format(bytes=1_000_001)
    script = f'exec "$0" -c "$1" scan rules.json events.jsonl {where}'
    command = ["sh", "-c", script, sys.executable, code]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)
    assert done.returncode == 2
    assert b"File too large" in done.stderr
    assert b"Traceback" not in done.stderr
    data = (folder / "out").read_bytes()
    assert 999_000 < len(data) <= 1_000_001
    assert data.endswith(b"\n")
    assert [json.loads(line)["line"] for line in data.splitlines()] == list(range(1, data.count(b"\n") + 1))
    if "ck" in where:  # with more room it goes on
        assert matcher(folder, "events.jsonl", *where.split()).returncode == 1
        matcher(folder, "events.jsonl", "--output", "whole")
        assert (folder / "out").read_bytes() == (folder / "whole").read_bytes()


def test_a_reader_that_leaves(folder: Path) -> None:
    command = [sys.executable, "-m", "matcher.cli", "scan", "rules.json", "events.jsonl"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["line"] == 1
        process.stdout.close()
        err = process.stderr.read().decode().splitlines()
        assert process.wait() == 141
    assert err[-1] == "matcher: standard output: its reader left"
    assert "matched" in err[-2]


def test_closed_streams_are_as_good_as_none(folder: Path) -> None:
    (folder / "events.jsonl").write_bytes(EVENT)
    assert matcher(folder, "events.jsonl", shell=">&-").returncode == 0
    assert matcher(folder, "events.jsonl", shell="2>&-").stdout.count(b"\n") == 1


def test_no_control_character_reaches_a_terminal(folder: Path) -> None:
    name = "e\x1b[31m.jsonl"
    (folder / name).write_bytes(b"{\n")
    (folder / "hostile.json").write_text(json.dumps({"r\x1b[31m\x9b": {"source": ["shop"]}}))
    (folder / "shop.jsonl").write_bytes(EVENT)
    script = 'exec "$0" -m matcher.cli scan hostile.json "$@" shop.jsonl --format table'
    command = ["sh", "-c", script, sys.executable, name]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)
    assert done.returncode == 1
    shown = (done.stdout + done.stderr).decode()
    assert {character for character in shown if not character.isprintable()} <= {"\n"}
    assert "\\x1b[31m" in shown
