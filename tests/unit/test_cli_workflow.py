"""`matcher workflow check` and `matcher workflow graph`: what they write, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from typer.testing import CliRunner, Result

from matcher.cli.app import app

GOOD: dict[str, Any] = {
    "Comment": "A good one",
    "StartAt": "Ask",
    "States": {"Ask": {"Type": "Task", "Resource": "ask", "Next": "Done"}, "Done": {"Type": "Succeed"}},
}
WARNED: dict[str, Any] = {"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": "$.a", "End": True}}}
BAD: dict[str, Any] = {"StartAt": "S", "States": {"S": {"Type": "Pass", "Nxt": "T"}}}
HISTORY = [
    {"id": 1, "previousEventId": 0, "type": "ExecutionStarted"},
    {"id": 2, "previousEventId": 0, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Ask"}},
]


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["workflow", *arguments], input=text)


def written(folder: Path, name: str, value: Any) -> str:
    (folder / name).write_text(json.dumps(value))
    return str(folder / name)


def test_a_good_definition_has_no_findings(tmp_path: Path) -> None:
    done = run("check", written(tmp_path, "good.json", GOOD))
    assert (done.exit_code, done.stdout) == (0, "1 definition: no findings\n")


def test_warnings_do_not_refuse(tmp_path: Path) -> None:
    file = written(tmp_path, "warned.json", WARNED)
    done = run("check", file)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f'{file}:/States/S/Result: warning: found "$.a"; want a constant; templates belong in Parameters [PASS_RESULT_IS_STATIC]',
        "1 definition: 1 warning",
    ]


def test_every_error_is_told(tmp_path: Path) -> None:
    done = run("check", written(tmp_path, "good.json", GOOD), "-", text=json.dumps(BAD))
    assert done.exit_code == 1
    assert [line.partition(" found")[0] for line in done.stdout.splitlines()] == [
        "-:/States/S/Nxt: error:",
        "-:/States/S: error:",
        "-: error:",
        "2 definitions: 3 errors",
    ]


def test_findings_as_json(tmp_path: Path) -> None:
    file = written(tmp_path, "bad.json", BAD)
    done = run("check", file, "--json")
    assert done.exit_code == 1
    first, *_ = json.loads(done.stdout)
    assert first == {
        "file": file,
        "at": "/States/S/Nxt",
        "found": 'the field "Nxt"',
        "want": "a field that a Pass has",
        "hint": "did you mean Next?",
        "code": "SCHEMA_VALIDATION_FAILED",
        "severity": "ERROR",
    }


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "absent.json"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "absent.json: No such file" in done.stderr


def test_a_graph_is_mermaid_or_svg(tmp_path: Path) -> None:
    file, picture = written(tmp_path, "good.json", GOOD), tmp_path / "good.svg"
    assert run("graph", file).stdout.startswith("flowchart TD\n")
    assert run("graph", file, "-o", str(picture)).exit_code == 0
    assert fromstring(picture.read_text())[0].text == "A good one"
    assert run("graph", file, "--format", "svg").stdout == picture.read_text()


@pytest.mark.parametrize("history", [HISTORY, {"events": HISTORY}])
def test_a_history_is_painted_on(tmp_path: Path, history: Any) -> None:
    file = written(tmp_path, "good.json", GOOD)
    done = run("graph", file, "--history", written(tmp_path, "history.json", history))
    assert "class s0 running" in done.stdout


@pytest.mark.parametrize("history", [5, {}, [{"type": "PassStateEntered"}], ["a"]])
def test_what_is_no_history(tmp_path: Path, history: Any) -> None:
    file = written(tmp_path, "good.json", GOOD)
    done = run("graph", file, "--history", written(tmp_path, "history.json", history))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "not a history as GetExecutionHistory gives it" in done.stderr


def test_a_bad_definition_has_no_graph(tmp_path: Path) -> None:
    done = run("graph", written(tmp_path, "bad.json", BAD))
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 3
