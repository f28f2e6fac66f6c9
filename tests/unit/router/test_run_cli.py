"""`matcher run` delivers until a signal comes, answers probes, and says what is wrong with a call."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher import Router
from matcher.cli.live import table
from matcher.router.stats import RouterStats
from matcher.store.records import Depth

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can take")
ROOT = Path(__file__).parents[3]
APP = """
import asyncio
from matcher import Router

router = Router("sqlite:///events.db")
other = 7

@router.rule({"source": ["shop"]})
def handle(detail):
    with open("taken", "a") as file:
        file.write(f"{detail['n']}\\n")

@router.rule({"source": ["slow"]})
async def slow(detail):
    open("began", "w").close()
    await asyncio.Event().wait()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "matcher.cli", "run", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def told(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stderr is not None
    return iter(process.stderr.readline, "")


def asked(address: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def until(found: Any) -> None:
    for _ in range(1_000):
        if found():
            return
        time.sleep(0.01)  # what another process does has no clock of ours
    raise AssertionError("it did not come")


def test_it_delivers_answers_probes_and_stops_in_order(folder: Path) -> None:
    process = started(folder, "app:router", "--health-port", "0", "--grace", "5")
    lines = told(process)
    address = re.search(r"http://\S+:\d+", next(lines))
    assert address is not None
    assert "app:router delivers: 2 rules" in next(lines)
    producer = Router(f"sqlite:///{folder}/events.db")
    assert producer.put([{"source": "shop", "detail-type": "x", "detail": {"n": number}} for number in range(3)])
    until(lambda: (folder / "taken").exists() and (folder / "taken").read_text().count("\n") == 3)
    assert asked(f"{address[0]}/live") == (200, {"live": True})
    assert asked(f"{address[0]}/ready") == (200, {"live": True, "ready": True, "troubles": {}})
    status, stats = asked(f"{address[0]}/stats")
    assert (status, stats["engine"]["lanes"]["default/handle/handle"]["delivered"]) == (200, 3)
    assert asked(f"{address[0]}/other")[0] == 404
    process.send_signal(signal.SIGTERM)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert error.splitlines()[-2:] == ["matcher: stopping", "matcher: stopped"]
    producer.stop()


def test_a_second_signal_ends_it_at_once(folder: Path) -> None:
    process = started(folder, "app:router")
    assert "delivers" in next(told(process))
    producer = Router(f"sqlite:///{folder}/events.db")
    producer.put({"source": "slow", "detail-type": "x", "detail": {}})
    until((folder / "began").exists)
    process.send_signal(signal.SIGINT)
    assert "stopping" in next(told(process))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert producer.stats().waiting == 1
    producer.stop()


def test_one_process_delivers_and_another_waits_or_fails(folder: Path) -> None:
    first = started(folder, "app:router")
    assert "delivers" in next(told(first))
    second = started(folder, "app:router", "--no-wait")
    _, error = second.communicate(timeout=20)
    assert second.returncode == 1
    assert "consumer" in error
    third = started(folder, "app:router", "--health-port", "0")
    address = re.search(r"http://\S+:\d+", next(told(third)))
    assert address is not None
    assert asked(f"{address[0]}/live")[0] == 200
    third.terminate()
    third.communicate(timeout=20)
    first.terminate()
    first.communicate(timeout=20)
    assert (first.returncode, third.returncode) == (0, 0)


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("app", "want module:name"),
        ("nowhere:router", "No module named"),
        ("app:nothing", "no attribute"),
        ("app:other", "app:other is a int, and no Router"),
    ],
)
def test_what_is_no_router_is_told(folder: Path, app: str, said: str) -> None:
    process = started(folder, app)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 2
    assert said in error


def test_the_view_has_a_row_for_every_queue() -> None:
    from rich.console import Console

    router = Router()
    with router:
        router.rule({"source": ["shop"]})(lambda event: None)
        stats = router.stats()
        waiting = RouterStats(stats.engine, 2, (Depth("default/gone/t", 5, 0.0),), {"dlq": 3})
        console = Console(width=160, force_terminal=False)
        with console.capture() as capture:
            console.print(table(waiting, stats, 1.0))
    text = capture.get()
    assert "7 waiting, 2 of them unmatched; 3 dead letters" in text
    assert "default/gone/t" in text
    assert "no rule has this target now" in text


def test_logs_are_json_lines(folder: Path) -> None:
    process = started(folder, "app:router", "--log", "debug")
    lines = told(process)
    assert "delivers" in next(lines)
    producer = Router(f"sqlite:///{folder}/events.db")
    producer.put({"source": "shop", "detail-type": "x", "detail": {"n": 1}}, correlation_id="c-7")
    record = json.loads(next(lines))
    assert (record["message"], record["correlation_id"], record["rule"]) == ("delivered", "c-7", "handle")
    process.terminate()
    process.communicate(timeout=20)
    producer.stop()
