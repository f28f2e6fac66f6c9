"""What `matcher` writes harms no terminal, and streams that are closed, full or shared end in plain words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from matcher.cli.terminal import printable

ROOT = Path(__file__).parents[2]
EVENT = b'{"source": "shop"}\n'
HOSTILE = "\x1b[31m[red]\x9b\x07\ud83d"
SHOWN = "\\x1b[31m[red]\\x9b\\x07\ufffd"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pattern = {"source": ["shop"], f"a{HOSTILE[:-1]}": [{"exists": False}]}
    (tmp_path / "rules.json").write_text(json.dumps({HOSTILE: pattern, "other": pattern}))
    (tmp_path / "events.jsonl").write_bytes(EVENT)
    return tmp_path


def matcher(folder: Path, *arguments: str, shell: str = "", stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run it in a process of its own, with redirections as `shell` gives them."""
    script = f'exec "$0" -m matcher.cli "$@" {shell}'
    command = ["sh", "-c", script, sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, cwd=folder, env=environment, input=stdin, capture_output=True, check=False)


def controls(output: bytes) -> set[str]:
    return {character for character in output.decode() if not character.isprintable()} - {"\n"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("match", "rules.json", "events.jsonl", "--format", "table"),
        ("match", "rules.json", f"no{HOSTILE[:-1]}", "--format", "table"),
        ("explain", "rules.json", "events.jsonl", "--name", f"n{HOSTILE[:-1]}"),
        ("explain", "rules.json", '{"source": "shop", "a": 1}', "--name", "other"),
        ("check", "rules.json"),
    ],
    ids=" ".join,
)
def test_no_control_character_reaches_a_terminal(folder: Path, arguments: tuple[str, ...]) -> None:
    done = matcher(folder, *arguments)
    assert done.returncode in {0, 1, 2}
    assert b"Traceback" not in done.stderr
    assert controls(done.stdout + done.stderr) == set()
    assert b"[red]" in done.stdout + done.stderr


@pytest.mark.parametrize("output", ["jsonl", "count"])
def test_json_escapes_what_json_must(folder: Path, output: str) -> None:
    done = matcher(folder, "match", "rules.json", "events.jsonl", "--format", output)
    assert (done.returncode, done.stderr) == (0, b"")
    assert controls(done.stdout) <= {"\x9b"}  # JSON leaves it as it is
    rules = json.loads(done.stdout)["rules"]
    assert len(rules) == 2
    assert {"other"} < set(rules)


def test_printable_keeps_text_and_lines() -> None:
    assert printable(HOSTILE) == SHOWN
    assert printable("é 日本\t\n") == "é 日本\t\n"
    assert printable(os.fsdecode(b"\xff.json")) == "\ufffd.json"


@pytest.mark.skipif(sys.platform == "win32", reason="redirects streams as POSIX shells do")
class TestStreams:
    def test_a_closed_stream_is_as_good_as_none(self, folder: Path) -> None:
        done = matcher(folder, "match", "rules.json", "events.jsonl", shell=">&-")
        assert (done.returncode, done.stderr) == (0, b"")
        done = matcher(folder, "match", "rules.json", "missing", shell="2>&-")
        assert (done.returncode, done.stdout) == (2, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    @pytest.mark.parametrize("output", ["jsonl", "table", "count"])
    def test_a_full_disk_is_told(self, folder: Path, output: str) -> None:
        done = matcher(folder, "match", "rules.json", "events.jsonl", "--format", output, shell=">/dev/full")
        assert done.returncode == 2
        assert done.stderr == b"matcher: standard output: No space left on device\n"

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    @pytest.mark.parametrize("verb", [["--help"], ["scan", "--help"], ["report", "rules.json", "events.jsonl"]])
    def test_a_full_disk_is_told_by_any_verb(self, folder: Path, verb: list[str]) -> None:
        done = matcher(folder, *verb, shell=">/dev/full")
        assert done.returncode == 2
        assert done.stderr.endswith(b"matcher: standard output: No space left on device\n")
        assert b"Traceback" not in done.stderr

    def test_a_reader_that_leaves_is_no_error(self, folder: Path) -> None:
        (folder / "events.jsonl").write_bytes(EVENT * 200_000)
        done = matcher(folder, "match", "rules.json", "events.jsonl", shell="| head -n 1")
        assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")

    def test_an_interrupt_is_no_traceback(self, folder: Path) -> None:
        command = [sys.executable, "-m", "matcher.cli", "match", "rules.json", "-"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            assert process.stdin is not None and process.stdout is not None and process.stderr is not None
            process.stdin.write(EVENT)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["line"] == 1  # an answer comes before the pipe is closed
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
            assert process.stderr.read() == b""


def test_standard_input_holds_one_thing(folder: Path) -> None:
    done = matcher(folder, "match", "-", "-", stdin=b"{}")
    assert done.returncode == 2
    assert done.stderr == b"matcher: standard input can't hold both the rules and the events\n"
