"""The order workflow of the examples is sound, does what its demonstration says, and is drawn as it went."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from matcher.workflow.definition import check

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "order-workflow"


def test_the_definition_has_no_findings() -> None:
    assert check((FOLDER / "order.asl.json").read_bytes()) == ()


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """What the demonstration printed, and where its pictures are."""
    pictures = tmp_path_factory.mktemp("pictures")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(FOLDER / "demo.py"), str(pictures)]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines(), pictures


def test_orders_go_their_ways(demonstrated: tuple[list[str], Path]) -> None:
    lines, _ = demonstrated
    assert lines[0] == "4 events started 4 executions."
    assert lines[2].startswith("o-1: SUCCEEDED, {'order': 'o-1', 'shipped': ['tea is on its way', 'pot is on its way']")
    assert lines[3].startswith("o-2: SUCCEEDED")
    assert lines[4:] == [
        "o-3: FAILED, the chandelier broke",
        "o-4: FAILED, nothing is ordered",
        "Attempts to charge o-1: 3. Refunded: ['receipt-o-3'].",
    ]


def test_their_ways_are_drawn(demonstrated: tuple[list[str], Path]) -> None:
    _, pictures = demonstrated
    assert {path.name for path in pictures.iterdir()} == {"o-1.svg", "o-2.svg", "o-3.svg", "o-4.svg", "order.svg"}
    states = [element.get("class", "") for element in parse(pictures / "o-3.svg").iter()]
    for state in ("state parallel caught", "state map failed", "state fail failed", "state succeed idle"):
        assert state in states
    texts = [element.text or "" for element in parse(pictures / "o-1.svg").iter()]
    assert any(text.endswith("2 retries") for text in texts)
