"""`matcher suggest` writes a pattern that a file of rules can hold, and says why it chose so."""

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

from matcher import RuleSet
from matcher.cli import main
from matcher.rulefile import read_rules

ROOT = Path(__file__).parents[3]
ORDERS = b'{"source": "shop", "detail": {"id": "o-1", "total": 7}}\n{"source": "shop", "detail": {"id": "o-2", "total": 9}}\n'
REFUNDS = b'{"source": "shop", "detail": {"id": "r-1", "total": 8}}\n'
PATTERN = {"source": ["shop"], "detail": {"id": [{"prefix": "o-"}], "total": [{"numeric": [">=", 7, "<=", 9]}]}}

Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    Path("orders.jsonl").write_bytes(ORDERS)
    Path("refunds.jsonl").write_bytes(REFUNDS)

    def call(*words: str, stdin: bytes = b"") -> tuple[int, str, list[str]]:
        monkeypatch.setattr(sys, "argv", ["matcher", "suggest", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main()
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode().splitlines()

    return call


def test_a_pattern_and_its_reasons(run: Run) -> None:
    code, out, err = run("orders.jsonl")
    assert (code, json.loads(out)) == (0, PATTERN)
    assert out.startswith('{\n  "source": [\n')
    assert err == [
        'matcher: source: constant "shop" (the same in every event)',
        'matcher: detail.id: prefix {"prefix": "o-"} (their common beginning)',
        'matcher: detail.total: range {"numeric": [">=", 7, "<=", 9]} (from the least to the greatest of 2 values)',
        "matcher: 3 fields, 0 left out: all 2 events match",
    ]
    assert run("orders.jsonl", "-q")[2] == []


def test_it_goes_into_a_file_of_rules(run: Run) -> None:
    for form in ("pretty", "line"):
        code, out, _ = run("orders.jsonl", "--name", "orders", "--format", form)
        assert (code, json.loads(out)) == (0, {"name": "orders", "pattern": PATTERN})
        Path("rules.json").write_text(out)
        ((name, pattern),) = read_rules("rules.json")
        assert RuleSet({name: pattern}).match_many(ORDERS.splitlines()) == [["orders"], ["orders"]]
    assert out.count("\n") == 1


def test_all_that_is_known(run: Run) -> None:
    code, out, _ = run("orders.jsonl", "--format", "full", "--name", "o", "--ignore", "detail.id")
    found = json.loads(out)
    assert (code, found["name"], found["events"], found["unwanted"], found["warnings"]) == (0, "o", 2, [], [])
    assert found["pattern"] == {"source": ["shop"], "detail": {"total": PATTERN["detail"]["total"]}}
    assert found["fields"][0] == {
        "path": "source", "kind": "constant", "alternatives": ["shop"], "optional": False, "why": "the same in every event",
    }  # fmt: skip


def test_sources_of_every_kind(run: Run) -> None:
    first, second = ORDERS.decode().splitlines()
    assert json.loads(run(first, second)[1]) == PATTERN
    assert json.loads(run(f"[{first}, {second}]")[1]) == PATTERN
    assert json.loads(run("-", stdin=ORDERS)[1]) == PATTERN
    Path("[ab].json").write_bytes(ORDERS)
    Path("logs").mkdir()
    Path("logs/x.jsonl.gz").write_bytes(gzip.compress(ORDERS))
    for source in ("[ab].json", "logs", "ord*.jsonl", "logs/*.gz"):
        assert json.loads(run(source)[1]) == PATTERN, source
    Path("[ab].json").unlink()
    Path("a.json").write_bytes(ORDERS)
    assert json.loads(run("[ab].json")[1]) == PATTERN
    _, out, err = run("orders.jsonl", "--limit", "1", "--keep-volatile")
    assert json.loads(out)["detail"] == {"id": ["o-1"], "total": [7]}
    assert err[0] == "matcher: EVENT: the first 1 events are read; --limit reads more"


def test_events_that_should_not_match(run: Run) -> None:
    code, out, err = run("orders.jsonl", "--not", "refunds.jsonl", "-q")
    assert (code, json.loads(out), err) == (0, PATTERN, [])
    code, out, err = run("orders.jsonl", "--not", "refunds.jsonl", "--not", ORDERS.decode().splitlines()[0], "-q")
    assert code == 1
    assert err == [
        """matcher: the event '{"source": "shop", "detail": {"id": "o-1': an event of --not, which the pattern matches"""
    ]
    code, _, err = run("orders.jsonl", "--not", "orders.jsonl", "-q")
    assert (code, err[0]) == (1, "matcher: orders.jsonl: line 1: an event of --not, which the pattern matches")


def test_what_is_left_out_is_told_in_short(run: Run) -> None:
    _, _, err = run('{"a": 1}', json.dumps({"a": 1, **{f"f{n}": n for n in range(30)}}))
    assert err[1] == "matcher: f0: left out (1 of 2 events have it)"
    assert err[-2:] == [
        "matcher: and 20 more fields left out; --format full tells why",
        "matcher: 1 field, 30 left out: all 2 events match",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-", "--not", "-"], "standard input can be only one of the sources"),
        (["none.jsonl"], "none.jsonl: No such file or directory"),
        (["-"], "no events in -"),
        (["{}"], "the events have no field that can be asked for"),
        (["orders.jsonl", "--only", "x"], "no field that can be asked for is one of x"),
        (['{"a": tru}'], """the event '{"a": tru}': at byte 9: """),
        (["orders.jsonl", "bad.jsonl"], "bad.jsonl: line 2: at byte 1: "),
        (["orders.jsonl", "--not", "bad.jsonl"], "bad.jsonl: line 2: at byte 1: "),
    ],
)
def test_calls_that_make_no_sense(run: Run, words: list[str], told: str) -> None:
    Path("bad.jsonl").write_bytes(b'{"a": 1}\n{b\n')
    code, out, err = run(*words)
    assert (code, out, len(err)) == (2, "", 1)
    assert err[0].startswith(f"matcher: {told}")


@pytest.mark.parametrize("words", [[], ["orders.jsonl", "--max-values", "0"], ["orders.jsonl", "--format", "xml"]])
def test_wrong_calls(run: Run, words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert any("Usage: matcher suggest" in line for line in err)


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are of a POSIX shell")
def test_the_examples_of_the_help_run(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    text = out.split("Examples")[1].split("Exit codes")[0]
    commands = [
        line.strip() for line in re.sub(r"\n +(?!matcher|cat)(\S)", r" \1", text).splitlines() if "matcher" in line
    ]
    assert len(commands) == 4
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in commands:
        script = f'python="$0"; matcher() {{ "$python" -m matcher.cli "$@"; }}; {command}'
        done = subprocess.run(["sh", "-c", script, sys.executable], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
        assert json.loads(done.stdout), command
        assert shlex.split(command)
