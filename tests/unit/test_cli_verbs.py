"""`matcher explain`, `matcher check` and the helps do what they say, and progress shows on a terminal alone."""

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
from matcher._version import __version__
from matcher.cli import main
from matcher.cli.terminal import progress_bar

ROOT = Path(__file__).parents[2]
RULES = {
    "big-orders": {"source": ["shop"], "detail": {"total": [{"numeric": [">", 50]}]}},
    "any": {"source": [{"exists": True}]},
}
EVENT = {"source": "shop", "detail": {"total": 49}}
LINES = b'\n{"source": "shop", "detail": {"total": 49}}\n{"source": "shop", "detail": {"total": 51}}\n'

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    (tmp_path / "event.json").write_text(json.dumps(EVENT, indent=2))
    (tmp_path / "events.jsonl").write_bytes(LINES * 6)

    def call(command: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["matcher", *shlex.split(command)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main()
        return code, *capfd.readouterr()

    return call


def test_explain_says_what_the_rule_set_says(run: Run) -> None:
    rules = RuleSet(RULES)
    expected = f"big-orders: {rules.explain(EVENT, 'big-orders')}\n"
    assert run("explain rules.json event.json --name big-orders") == (1, expected, "")
    assert run("explain rules.json - -n big-orders", json.dumps(EVENT).encode()) == (1, expected, "")
    assert run(f"explain rules.json '{json.dumps(EVENT)}' -n big-orders") == (1, expected, "")
    assert "does not match: detail.total" in expected
    code, out, err = run("explain rules.json events.jsonl --line 3 --name big-orders")
    assert (code, out, err) == (0, f"big-orders: {rules.explain(LINES.splitlines()[2], 'big-orders')}\n", "")
    assert "big-orders: matches" in out


def test_explain_as_json(run: Run) -> None:
    code, out, _ = run("explain rules.json event.json --name big-orders --json")
    assert code == 1
    assert json.loads(out) == {"rule": "big-orders", **RuleSet(RULES).explain(EVENT, "big-orders").to_dict()}


def test_explain_takes_a_pattern_alone(run: Run, tmp_path: Path) -> None:
    code, out, err = run("""explain '{"source": ["shop"]}' '{"source": "Shop"}'""")
    assert (code, err) == (1, "")
    assert out.startswith("pattern: does not match: source\n")
    (tmp_path / "one.json").write_text('{"source": ["shop"]}')
    assert run("explain one.json event.json")[:2] == (0, 'one: matches\n  source: "shop" at /source meets "shop"\n')


def test_explain_of_one_rule_needs_no_other_to_be_legal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text('{"good": {"source": ["shop"]}, "bad": {"source": []}}')
    assert run("explain some.json event.json -n good")[0] == 0
    code, out, err = run("explain some.json event.json -n bad")
    assert (code, out) == (2, "")
    assert err.startswith("matcher: some.json: rule 'bad': at /source: found []")


def test_explain_says_which_rule_and_event(run: Run) -> None:
    assert run("explain rules.json event.json") == (
        2, "", "matcher: rules.json holds 2 rules; choose one with --name: big-orders, any\n")  # fmt: skip
    assert run("explain rules.json event.json -n bigorders") == (
        2, "", "matcher: rules.json holds no rule 'bigorders'; did you mean 'big-orders'?\n")  # fmt: skip
    code, _, err = run("explain rules.json events.jsonl -n any")
    assert (code, err) == (
        0, "matcher: events.jsonl holds more than one event; this is number 2, --line chooses another\n")  # fmt: skip
    assert run("explain rules.json events.jsonl -n any --line 1") == (2, "", "matcher: events.jsonl: no event at 1\n")
    assert run("explain rules.json - -n any") == (2, "", "matcher: no event\n")
    assert run("explain rules.json '{\"a\": ' -n any")[0] == 2


def test_check(run: Run, tmp_path: Path) -> None:
    assert run("check events.jsonl --rules-format map")[0] == 2
    code, out, err = run("check rules.json")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "2 rules: 1 note"
    (tmp_path / "odd.json").write_text('{"a": {"x": ["y", "y"]}, "b": {"x": "y"}, "c": {"x": [1], "x": [2]}}')
    code, out, err = run("check odd.json")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert [re.sub(r": .* \[", " [", line) for line in lines[:-1]] == [
        "a /x/1 [redundant]",
        "b /x [invalid]",
        "c /x [duplicate-path]",
    ]
    assert lines[-1] == "3 rules: 1 error, 2 warnings"
    code, out, _ = run("check odd.json --json")
    found = json.loads(out)
    assert code == 1
    assert [(one["rule"], one["kind"], one["at"]) for one in found] == [
        ("a", "redundant", "/x/1"),
        ("b", "invalid", "/x"),
        ("c", "duplicate-path", "/x"),
    ]
    (tmp_path / "fine.json").write_text('{"source": ["x"]}')
    assert run("check fine.json") == (0, "1 rule: no findings\n", "")
    assert run("check fine.json --json") == (0, "[]\n", "")


def test_version_and_help(run: Run) -> None:
    assert run("--version") == (0, f"matcher {__version__}\n", "")
    code, out, _ = run("--help")
    assert code == 0
    assert all(verb in out for verb in ("match", "explain", "check", "Exit codes"))


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are of a POSIX shell")
@pytest.mark.parametrize("verb", ["match", "explain", "check"])
def test_the_examples_of_the_helps_run(run: Run, tmp_path: Path, verb: str) -> None:
    code, out, _ = run(f"{verb} --help")
    assert code == 0
    commands = [line.strip() for line in out.split("Examples")[1].splitlines() if "matcher" in line]
    assert len(commands) >= 2
    (tmp_path / "log.gz").write_bytes(gzip.compress(LINES))
    (tmp_path / "2026-01.json.gz").write_bytes(gzip.compress(LINES))
    (tmp_path / "2026-02.json.gz").write_bytes(gzip.compress(b"[" + json.dumps(EVENT).encode() + b"]"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in commands:
        script = f'python="$0"; matcher() {{ "$python" -m matcher.cli "$@"; }}; {command.replace("zcat", "gzip -dc")}'
        done = subprocess.run(["sh", "-c", script, sys.executable], env=environment, capture_output=True, check=False)
        assert (done.returncode in ({0, 1} if verb == "explain" else {0}), done.stderr) == (True, b""), command
        assert done.stdout, command


def test_without_its_libraries_the_extra_is_named(tmp_path: Path) -> None:
    for library in ("typer", "rich"):
        code = f"import sys; sys.modules[{library!r}] = None; from matcher.cli import main; sys.exit(main())"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, "check", "rules.json"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "matcher: the command line needs the extra 'cli': pip install 'matcher[cli]'\n"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_shows_for_long_files_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.cli.terminal._LONG", 100)
    plain = run("match rules.json events.jsonl --format count")
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    assert run("match rules.json events.jsonl --format count")[:2] == plain[:2]
    assert "events/s" in shown.getvalue()
    assert "100%" in shown.getvalue() or f"{len(LINES) * 6}" in shown.getvalue()
    for paths, quiet in ((["event.json"], False), (["events.jsonl"], True), (["-"], False)):
        with progress_bar(paths, quiet=quiet) as more:
            assert more is None
