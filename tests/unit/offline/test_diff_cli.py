"""`matcher diff` says what a change of rules does, in words, as JSON and as a comment for a pull request."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from matcher.cli import main

ROOT = Path(__file__).parents[3]
OLD = {"big": {"total": [{"numeric": [">", 100]}]}, "a": {"s": ["q"]}, "kept": {"s": ["k"]}, "gone": {"s": ["x"]}}
NEW = {"big": {"total": [{"numeric": [">", 200]}]}, "b": {"s": ["q"]}, "kept": {"s": ["k"]}, "new|`<": {"s": ["y"]}}
EVENTS = b'{"total": 150}\n{"total": 250}\n{"s": "x"}\n{"s": "y|`<b>"}\n{"s": "y"}\n'

Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    Path("old.json").write_text(json.dumps(OLD))
    Path("new.json").write_text(json.dumps(NEW))
    Path("events.jsonl").write_bytes(EVENTS)

    def call(command: str, stdin: bytes = b"") -> tuple[int, str, list[str]]:
        monkeypatch.setattr(sys, "argv", ["matcher", "diff", *shlex.split(command)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main()
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode().splitlines()

    return call


def test_rules_alone(run: Run) -> None:
    code, out, err = run("old.json new.json")
    assert (code, err) == (1, [])
    words = [line.split() for line in out.splitlines()]
    assert words[:6] == [
        ["Rule", "Is"],
        ["big", "narrowed"],
        ["b", "renamed"],
        ["new|`<", "added"],
        ["gone", "removed"],
        [],
    ]
    assert 'big matches less than it did, and nothing else\n  - for example {"total": ' in out
    assert 'b is "a" under another name\n' in out
    assert out.endswith("1 narrowed, 1 added, 1 removed, 1 renamed, 1 unchanged\n")


def test_rules_and_events(run: Run) -> None:
    code, out, err = run("old.json new.json events.jsonl")
    assert (code, err) == (1, [])
    words = [line.split() for line in out.splitlines()]
    assert words[:2] == [["Rule", "Is", "Before", "Now", "Gained", "Lost"], ["big", "narrowed", "2", "1", "+0", "-1"]]
    assert '  - events.jsonl:1: {"total": 150}\n      the new rule: total: found 150 at /total; want' in out
    assert '  + events.jsonl:5: {"s": "y"}\n' in out
    assert "Events that match nothing now:\n  events.jsonl:1: " in out
    assert "5 events: 3 matched before, 2 match now\n2 matched something before and match nothing now\n" in out


def test_no_difference(run: Run) -> None:
    code, out, err = run("old.json old.json events.jsonl")
    assert (code, err) == (0, [])
    assert out == "5 events: 3 matched before, 3 match now\n4 unchanged\n"
    Path("other.json").write_text(json.dumps({**OLD, "big": {"total": [{"numeric": [">", 1e2]}]}}))
    assert run("old.json other.json")[0] == 0
    Path("other.json").write_text(json.dumps({**OLD, "big": {"total": [{"numeric": [">", 100.5]}]}}))
    assert run("old.json other.json events.jsonl")[0] == 1
    assert run("old.json other.json events.jsonl --traffic")[0] == 0
    assert run("old.json new.json events.jsonl --traffic")[0] == 1


def test_json(run: Run) -> None:
    code, out, _ = run("old.json new.json events.jsonl --format json --samples 1")
    found = json.loads(out)
    assert (code, found["differs"], found["unchanged"]) == (1, True, 1)
    assert [change["name"] for change in found["changes"]] == ["big", "b", "new|`<", "gone"]
    assert found["changes"][0]["compared"]["relation"] == "narrowed"
    assert found["changes"][1]["was"] == "a"
    assert found["events"]["silenced"] == 2 and len(found["events"]["silenced_samples"]) == 1


def test_markdown(run: Run) -> None:
    code, out, _ = run("old.json new.json events.jsonl --format markdown")
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == "### Rules: 1 narrowed, 1 added, 1 removed, 1 renamed, 1 unchanged"
    table = [line for line in lines if line.startswith("|")]
    assert table[:3] == [
        "| Rule | Is | Before | Now | Gained | Lost |", "|---|---|--:|--:|--:|--:|", "| `big` | narrowed | 2 | 1 | +0 | -1 |"
    ]  # fmt: skip
    assert "| ``new\\|`<`` | added | 0 | 1 | +1 | -0 |" in table
    assert out.count("<details>") == out.count("</details>") == 5
    code, out, _ = run("old.json new.json --format markdown")
    assert "| Rule | Is | |" in out
    assert '| `b` | renamed | is "a" under another name |' in out
    Path("many.json").write_text(json.dumps({f"rule-{n}": {"a": ["x" * 400, str(n)]} for n in range(500)}))
    Path("more.json").write_text(json.dumps({f"rule-{n}": {"a": ["y" * 400, str(n)]} for n in range(500)}))
    code, out, _ = run("many.json more.json --format markdown")
    assert len(out) < 65_536
    assert out.endswith("More samples do not fit here.\n")


def test_what_went_wrong_is_told(run: Run) -> None:
    Path("bad.jsonl").write_bytes(b'{"total": 150}\n{"a": tru}\n' + b"{\n" * 9)
    code, _, err = run("old.json new.json bad.jsonl")
    assert code == 1
    assert err[0].startswith("matcher: bad.jsonl: line 2, byte 24: ")
    assert err[-1] == "matcher: and 5 more events refused"
    assert run("old.json new.json bad.jsonl -q")[2] == []
    code, out, err = run("old.json new.json none.jsonl events.jsonl")
    assert (code, err) == (2, ["matcher: none.jsonl: No such file or directory"])
    assert "5 events" in out
    Path("wrong.json").write_text('{"x": {"s": [{"prefx": "y"}]}}')
    code, out, err = run("old.json wrong.json")
    assert (code, out) == (2, "")
    assert err[0].startswith("matcher: wrong.json: rule 'x': at /s/0/prefx: found")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("- - events.jsonl", "standard input can be only one of OLD, NEW and SOURCE"),
        ("- new.json -", "standard input can be only one of OLD, NEW and SOURCE"),
        ("old.json new.json --traffic", "--traffic asks what events tell: give a SOURCE"),
        ("old.json none.json", "none.json: No such file or directory"),
    ],
)
def test_calls_that_make_no_sense(run: Run, command: str, told: str) -> None:
    assert run(command) == (2, "", [f"matcher: {told}"])


def test_standard_input(run: Run) -> None:
    assert run("- new.json", json.dumps(NEW).encode())[0] == 0
    assert "5 events" in run("old.json new.json -", EVENTS)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are of a POSIX shell")
def test_the_examples_of_the_help_run(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    text = out.split("Examples")[1].split("Exit codes")[0]
    commands = [
        line.strip() for line in re.sub(r"\n +(?!matcher|git)(\S)", r" \1", text).splitlines() if "matcher" in line
    ]
    assert len(commands) == 4
    Path("logs").mkdir()
    Path("logs/a.jsonl.gz").write_bytes(gzip.compress(EVENTS))
    Path("rules.json").write_text(json.dumps(NEW))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in commands:
        plain = command.replace("git show HEAD:rules.json", "cat old.json")
        script = f'python="$0"; matcher() {{ "$python" -m matcher.cli "$@"; }}; {plain}'
        done = subprocess.run(["sh", "-c", script, sys.executable], env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (1, b""), command
        assert b"1 narrowed, 1 added, 1 removed, 1 renamed, 1 unchanged" in done.stdout, command
