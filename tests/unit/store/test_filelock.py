"""A lock between processes is held once, given back, and taken back from who dies."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from matcher.errors import StoreError
from matcher.store.filelock import FileLock


def test_one_holds_it_at_a_time(tmp_path: Path) -> None:
    one, two = FileLock(str(tmp_path / "lock")), FileLock(str(tmp_path / "lock"))
    assert one.take()
    assert not two.take()
    two.leave()  # what is not held is not given back
    assert not two.take()
    one.leave()
    assert two.take()
    two.close()
    assert one.take()
    one.close()
    one.close()


def test_who_waits_gets_it(tmp_path: Path) -> None:
    one, two = FileLock(str(tmp_path / "lock")), FileLock(str(tmp_path / "lock"))
    one.take()
    waiting = threading.Thread(target=lambda: two.take(wait=True))
    waiting.start()
    one.leave()
    waiting.join(30)
    assert not one.take()
    two.close()
    one.close()


def test_who_dies_loses_it(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    code = "import sys; from matcher.store.filelock import FileLock as L; l = L(sys.argv[1]); print(l.take()); input()"
    command = [sys.executable, "-uc", code, path]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        lock = FileLock(path)
        assert not lock.take()
        process.kill()
        assert lock.take(wait=True)
        lock.close()


def test_a_lock_without_a_place_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the lock can't be opened"):
        FileLock(str(tmp_path / "nowhere" / "lock")).take()
