"""`matcher workflow run`, `list`, `history` and `redrive`: what they write, and how they end."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from matcher.cli.app import app
from matcher.cli.execution_view import table
from matcher.workflow import Workflow
from matcher.workflow.graph.trace import trace
from matcher.workflow.history import spelled

DEFINITION: dict[str, Any] = {
    "StartAt": "Charge",
    "States": {
        "Charge": {
            "Type": "Task",
            "Resource": "charge",
            "Retry": [{"ErrorEquals": ["Down"], "IntervalSeconds": 1, "MaxAttempts": 2, "MaxDelaySeconds": 1}],
            "Next": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 86400, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}
SHORT = {"StartAt": "Charge", "States": {"Charge": {"Type": "Task", "Resource": "charge", "End": True}}}
TASKS = "def charge(given):\n    if given['n'] > 5:\n        raise ValueError('too many')\n    return {'paid': given['n']}\n\ntasks = {'charge': charge}\n"


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["workflow", *arguments], input=text)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with definitions and a module of tasks, whose name no other test's has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "long.asl.json").write_text(json.dumps(DEFINITION))
    (tmp_path / "short.asl.json").write_text(json.dumps(SHORT))
    (tmp_path / f"work_{tmp_path.name}.py").write_text(TASKS)
    return tmp_path


def tasks(place: Path) -> str:
    return f"work_{place.name}:tasks"


def test_a_rehearsal_takes_no_time(place: Path) -> None:
    done = run("run", "long.asl.json", "--mock", 'Charge={"paid": 1}')
    told = json.loads(done.stdout)
    assert (done.exit_code, told["status"], told["output"], told["seconds"]) == (0, "SUCCEEDED", {"paid": 1}, 86400)
    assert json.loads(run("run", "short.asl.json", "--mock", "charge=[1, 2]").stdout)["output"] == [1, 2]


def test_a_run_stores_what_list_history_and_redrive_find(place: Path) -> None:
    store = ("--store", "sqlite:///w.db")
    good = run("run", "short.asl.json", "-i", '{"n": 1}', "--tasks", tasks(place), "--name", "one", *store)
    assert (good.exit_code, json.loads(good.stdout)["output"]) == (0, {"paid": 1})
    (place / "given.json").write_text('{"n": 9}')
    bad = run("run", "short.asl.json", "-i", "@given.json", "--tasks", tasks(place), "--name", "two", *store)
    assert (bad.exit_code, json.loads(bad.stdout)["error"]) == (1, "ValueError")
    of = (*store, "--machine", "short")
    assert [(one["name"], one["status"]) for one in json.loads(run("list", *of, "--json").stdout)] == [("two", "FAILED"), ("one", "SUCCEEDED")]
    listed = run("list", *of, "--status", "FAILED").stdout
    assert "two" in listed
    assert "one" not in listed
    events = json.loads(run("history", "one", *of, "--json").stdout)["events"]
    assert [event["type"] for event in events][-2:] == ["TaskStateExited", "ExecutionSucceeded"]
    shown = run("history", "one", *of).stdout
    assert "LambdaFunctionSucceeded" in shown
    painted = run("graph", "short.asl.json", *of, "--execution", "two", "--format", "svg")
    assert (painted.exit_code, "state task failed" in painted.stdout) == (0, True)
    assert run("graph", "short.asl.json", "--execution", "two").exit_code == 2
    again = run("redrive", "two", *of)
    assert (again.exit_code, again.stdout) == (0, "two runs again as soon as a process runs the executions of sqlite:///w.db\n")
    refused = run("redrive", "one", *of)
    assert (refused.exit_code, "ExecutionNotRedrivable" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("short.asl.json", "-i", "{"), "--input is no JSON"),
        (("short.asl.json", "--tasks", "nowhere"), "want module:name"),
        (("short.asl.json", "--tasks", "no_such_module:tasks"), "No module named 'no_such_module'"),
        (("short.asl.json", "--tasks", "json:dumps"), "and no mapping of callables"),
        (("short.asl.json", "--mock", "Charge"), "want --mock NAME=JSON"),
        (("bad.asl.json",), "/States/S"),
        (("short.asl.json", "--store", "redis://"), "a store of workflows is"),
    ],
)
def test_wrong_calls_are_refused(place: Path, arguments: tuple[str, ...], said: str) -> None:
    (place / "bad.asl.json").write_text('{"StartAt": "S", "States": {"S": {"Type": "Pass"}}}')
    done = run("run", *arguments)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_a_definition_comes_by_standard_input(place: Path) -> None:
    done = run("run", "-", "--mock", "charge=1", text=json.dumps(SHORT))
    assert json.loads(done.stdout)["output"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX's")
def test_a_terminal_shows_the_states(place: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "matcher.cli", "workflow", "run", "short.asl.json", "-i", '{"n": 1}', "--tasks", tasks(place)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=theirs, cwd=place, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:
                break
            if not more:
                break
            shown += more
        assert process.wait() == 0
    os.close(ours)
    text = shown.decode()
    assert "Charge" in text
    assert '"status": "SUCCEEDED"' in text


def test_the_view_tells_retries_and_what_runs() -> None:
    class Down(Exception):
        pass

    done = Workflow.load(DEFINITION).rehearse(mocks={"Charge": [Down(), 1]})
    rest = next(place for place, event in enumerate(done.events) if event.type == "WaitStateExited")
    file = io.StringIO()
    Console(file=file, width=100).print(table(trace(spelled(done.events[:rest]))))
    assert "✓ Charge 1.0 s, 1 retry ● Rest" in " ".join(file.getvalue().split())
