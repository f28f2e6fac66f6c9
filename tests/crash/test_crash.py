"""Events that were accepted reach every target, whatever becomes of the router or of its disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.harness import carry_out, judged
from tests.crash.scene import GROUPS, Scene, note, noted, opened
from tests.crash.space import space

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills, and limits of other processes, are Linux's")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("kills", "fills", "failing"), [(3, 0, 30), (1, 1, 0)])
def test_nothing_is_lost(tmp_path: Path, kills: int, fills: int, failing: int) -> None:
    scene = Scene(tmp_path, 6_000, 4, failing, seed=7)
    verdict = carry_out(scene, kills, fills)
    assert verdict.faults(scene.events) == []
    assert (verdict.refused > 0) is (fills > 0)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_lost_of_a_hundred_thousand(tmp_path: Path) -> None:
    scene = Scene(tmp_path, 100_000, 4, 30, seed=1)
    verdict = carry_out(scene, kills=20, fills=3)
    assert verdict.faults(scene.events) == []


def test_what_is_lost_doubled_or_out_of_order_is_seen(tmp_path: Path) -> None:
    scene = Scene(tmp_path, 3, 1, 0, seed=1)
    for path, events in (
        (scene.accepted(0), [0, GROUPS, 2 * GROUPS]),
        (scene.taken("plain"), [0, GROUPS, GROUPS]),
        (scene.taken("ordered"), [2 * GROUPS, GROUPS, 0]),
        (scene.taken("flaky"), [0, GROUPS, 0, 2 * GROUPS]),
    ):
        file = opened(path)
        note(file, [(0, number) for number in events])
        os.close(file)
    assert list(noted(scene.accepted(0))) == [(0, 0), (0, GROUPS), (0, 2 * GROUPS)]
    verdict = judged(scene)
    assert verdict.lost == {"plain": 1, "ordered": 0, "flaky": 0}
    assert verdict.duplicates == {"plain": 1, "ordered": 0, "flaky": 1}
    assert verdict.out_of_order == {"ordered": 2, "flaky": 0}
    assert verdict.faults(3)[:2] == ["plain: 1 events lost", "ordered: 2 out of order"]


def test_a_full_disk_takes_nothing(tmp_path: Path) -> None:
    code = "import sys; input(); open(sys.argv[1], 'wb').write(bytes(8 * 1024 * 1024))"
    folder = tmp_path / "disk"
    writers: list[int] = []
    with space(folder, writers) as fill:
        for full in (True, False):
            arguments = [sys.executable, "-c", code, str(folder / "file")]
            writer = subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            writers.append(writer.pid)
            fill(full)
            _, told = writer.communicate(b"\n")
            assert (writer.returncode != 0) is full, told
