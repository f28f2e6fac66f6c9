"""`matcher test` tells what failed and why, as text, JSON and JUnit's XML, and ends with the right code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from matcher.cli import main

ROOT = Path(__file__).parents[3]
RULES = '{"big": {"source": ["shop"], "detail": {"total": [{"numeric": [">=", 1000]}]}}, "all": {"source": ["shop"]}}'
GOOD = """\
rules: rules.json
cases:
  - {name: a small order, event: {source: shop, detail: {total: 5}}, matches: [all], because: {big: detail.total}}
  - {name: a big order, event: {source: shop, detail: {total: 5000}}, matches: [all, big]}
"""
FAILING = """\
rules: rules.json
cases:
  - {name: right, event: {source: shop}, match: true, rule: all}
  - {name: wrong, event: {source: shop, detail: {total: 5}}, matches: [big]}
  - {name: no file, event: none.jsonl, match: true}
"""


class Answer:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        self.lines = out.splitlines()


Run = Callable[..., Answer]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    Path("rules.json").write_text(RULES)
    Path("test_good.rules.yaml").write_text(GOOD)

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["matcher", "test", *arguments])
        code = main()
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Answer(code, out.decode(), err.decode())

    return call


def without_time(line: str) -> str:
    assert re.search(r" in \d+\.\d\ds$", line)
    return line.rpartition(" in ")[0]


def test_all_pass(run: Run) -> None:
    answer = run()
    assert (answer.code, answer.err) == (0, "")
    assert answer.lines[0].startswith("matcher ")
    assert answer.lines[0].endswith(": 2 cases in 1 file")
    assert answer.lines[2].split() == ["test_good.rules.yaml", "..", "[100%]"]
    assert len(answer.lines[2]) == 80
    assert without_time(answer.lines[-1]) == "2 passed"


def test_failures_are_told_with_reason_and_difference(run: Run) -> None:
    Path("test_failing.rules.yaml").write_text(FAILING)
    answer = run(".")
    assert answer.code == 1
    assert answer.lines[2].split() == ["test_failing.rules.yaml", ".FE", "[", "60%]"]
    assert "test_failing.rules.yaml:5: none.jsonl: No such file or directory" in answer.lines
    start = answer.lines.index("test_failing.rules.yaml:4: big should match and does not; all should not match and does")
    assert answer.lines[start + 1 : start + 6] == [
        "  expected: [big]",
        "  got:      [all]",
        "  - big",
        "  + all",
        "  big: does not match: detail.total",
    ]
    assert answer.lines[start + 6].startswith("    detail.total: found 5 at /detail/total; want")
    assert answer.lines[-3:-1] == [
        "FAILED test_failing.rules.yaml::wrong - big should match and does not; all should not match and does",
        "ERROR test_failing.rules.yaml::no file - none.jsonl: No such file or directory",
    ]
    assert without_time(answer.lines[-1]) == "1 failed, 3 passed, 1 error"
    assert "\x1b" not in answer.out


def test_a_broken_file_is_told_and_the_others_run(run: Run) -> None:
    Path("test_bad.rules.yaml").write_text("rules: rules.json\ncase: []\n")
    answer = run("--junit", "out.xml")
    assert answer.code == 2
    assert (
        "test_bad.rules.yaml:2: at the root: found the key 'case'; want one of rules, rule, rules-format, validate, "
        "description, cases (did you mean 'cases'?)" in answer.lines
    )
    assert without_time(answer.lines[-1]) == "2 passed, 1 error"
    assert ET.parse("out.xml").getroot().get("errors") == "1"


def test_the_same_error_of_many_cases_is_told_once(run: Run) -> None:
    Path("rules.json").write_text('{"big": {"x": [{"prefx": "y"}]}}')
    answer = run()
    assert answer.code == 1
    assert answer.out.count("  rule 'big': at /x/0/prefx: found the operator") == 1
    assert "and 1 more: a big order" in answer.lines
    assert without_time(answer.lines[-1]) == "2 errors"


def test_quiet_verbose_and_first(run: Run) -> None:
    answer = run("-v")
    assert answer.lines[2:4] == [
        "test_good.rules.yaml::a small order PASSED",
        "test_good.rules.yaml::a big order PASSED",
    ]
    answer = run("-q")
    assert [without_time(line) for line in answer.lines] == ["2 passed"]
    Path("test_failing.rules.yaml").write_text(FAILING)
    answer = run("-x", "--quiet")
    assert answer.code == 1
    assert without_time(answer.lines[-1]) == "1 failed, 1 passed"
    assert "ended at the first that did not pass" in answer.out


def test_selection(run: Run) -> None:
    answer = run("-k", "SMALL and not big", "-v")
    assert answer.code == 0
    assert [line for line in answer.lines if "PASSED" in line] == ["test_good.rules.yaml::a small order PASSED"]
    assert without_time(answer.lines[-1]) == "1 passed, 1 deselected"
    answer = run("-k", "nothing")
    assert (answer.code, answer.err) == (2, "matcher: no case is selected by -k 'nothing'\n")
    answer = run("-k", "(")
    assert answer.code == 2
    assert answer.err == "matcher: -k '(': found the end; want a text, not, or an opening parenthesis\n"
    assert answer.out == ""


def test_json(run: Run) -> None:
    Path("test_failing.rules.yaml").write_text(FAILING)
    Path("test_bad.rules.json").write_text("{")
    answer = run("--json", ".")
    assert (answer.code, answer.err) == (2, "")
    plain = json.loads(answer.out)
    assert [plain[key] for key in ("passed", "failed", "errors", "deselected", "interrupted")] == [3, 1, 2, 0, False]
    assert plain["files"] == [
        {"file": "test_bad.rules.json", "error": "test_bad.rules.json:1: at line 1: found the end; want a key in double quotes"}
    ]  # fmt: skip
    (wrong,) = [case for case in plain["cases"] if case["status"] == "failed"]
    assert (wrong["file"], wrong["line"], wrong["name"], wrong["events"]) == ("test_failing.rules.yaml", 4, "wrong", 1)
    (problem,) = wrong["problems"]
    assert (problem["kind"], problem["expected"], problem["got"]) == ("mismatch", ["big"], ["all"])
    assert problem["reasons"][0]["rule"] == "big"
    assert problem["reasons"][0]["fields"][0]["path"] == "detail.total"


def test_junit(run: Run) -> None:
    Path("test_failing.rules.yaml").write_text(FAILING)
    answer = run("--junit", "report.xml")
    assert answer.code == 1
    suites = ET.parse("report.xml").getroot()
    assert [suites.get(key) for key in ("tests", "failures", "errors")] == ["5", "1", "1"]
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: no such file or directory, and no glob that fits any"),
        (["empty"], "no rule tests in empty"),
        (["--junit", "none/report.xml"], "none/report.xml: its directory does not exist"),
        (["--junit", "empty"], "empty: Is a directory"),
        (["--junit", "test_good.rules.yaml"], "test_good.rules.yaml is to be written, and is among the tests"),
    ],
)
def test_calls_that_can_not_be_done(run: Run, arguments: list[str], told: str) -> None:
    Path("empty").mkdir()
    answer = run(*arguments)
    assert answer.code == 2
    assert answer.err == f"matcher: {told}\n"
    assert Path("test_good.rules.yaml").read_text() == GOOD


def test_yaml_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    answer = run()
    assert answer.code == 2
    assert "pip install 'matcher[cli]'" in answer.out


def test_an_interrupted_run_tells_what_is_known(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from matcher.cli import test as command

    real = command.run_case
    cases: list[str] = []

    def once(tests: object, case: object, *rest: object) -> object:
        cases.append("")
        if len(cases) == 2:
            raise KeyboardInterrupt
        return real(tests, case, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "run_case", once)
    answer = run("--junit", "out.xml")
    assert answer.code == 130
    assert "interrupted" in answer.out
    assert without_time(answer.lines[-1]) == "1 passed"
    assert ET.parse("out.xml").getroot().get("tests") == "1"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "matcher.cli", "test", *arguments]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
@pytest.mark.parametrize("colour", [True, False])
def test_colours_are_for_terminals_that_want_them(run: Run, colour: bool) -> None:
    import pty

    Path("test_failing.rules.yaml").write_text(FAILING)
    environment = {key: value for key, value in ENVIRONMENT.items() if key not in {"NO_COLOR", "FORCE_COLOR", "CI"}}
    environment |= {"TERM": "xterm-256color"} | ({} if colour else {"NO_COLOR": "1"})
    main_end, other = pty.openpty()
    with subprocess.Popen(command("."), stdout=other, stderr=other, stdin=other, env=environment) as process:
        os.close(other)
        out = b""
        try:
            while piece := os.read(main_end, 4096):
                out += piece
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(main_end)
    assert process.returncode == 1
    assert (b"\x1b[31m  - big" in out) == colour
    assert (b"\x1b[32m  + all" in out) == colour
    assert (b"[31m" in out) == colour
    assert b"  - big" in out


def test_any_stream_takes_the_text_and_no_terminal_obeys_it(run: Run) -> None:
    text = 'rules: {"é😀\\e[31m": {x: [1]}}\ncases: [{name: "ü\\e[2J", event: {x: 2}, match: true}]'
    Path("test_odd.rules.yaml").write_text(text, "utf-8")
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command("test_odd.rules.yaml"), env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\x1b" not in done.stdout
    assert b"\\xfc\\x1b[2J" in done.stdout


def test_a_reader_who_leaves(run: Run) -> None:
    Path("test_failing.rules.yaml").write_text(FAILING)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command("."), env=ENVIRONMENT, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are of a POSIX shell")
def test_the_examples_of_the_help_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    answer = run("--help")
    assert answer.code == 0
    text = answer.out.split("Examples")[1].split("A file of rule tests")[0]
    commands = [line.strip() for line in text.splitlines() if "matcher test" in line]
    assert len(commands) == 5
    Path("tests").mkdir()
    for name in ("test_orders.rules.yaml", "tests/test_orders.rules.yaml"):
        Path(name).write_text(GOOD.replace("rules.json", str(Path("rules.json").resolve())))
    for line in commands:
        script = f'python="$0"; matcher() {{ "$python" -m matcher.cli "$@"; }}; {line}'
        done = subprocess.run(["sh", "-c", script, sys.executable], env=ENVIRONMENT, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), line
        assert b'"passed": 2' in done.stdout if "--json" in line else b"passed" in done.stdout
    assert ET.parse("report.xml").getroot().get("tests") == "2"


def test_the_file_in_the_help_is_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    text = run("--help").out.split("A file of rule tests")[1].split("Exit codes")[0]
    lines = [line.replace("\u00a0", " ").rstrip() for line in text.splitlines() if line.strip()]
    body = "\n".join(line.removeprefix(" ") for line in lines)
    Path("rules.json").write_text('{"review-big-order": {"detail": {"total": [{"numeric": [">=", 1000]}]}}}')
    Path("test_help.rules.yaml").write_text(body)
    answer = run("test_help.rules.yaml")
    assert answer.code == 0, body + answer.out
