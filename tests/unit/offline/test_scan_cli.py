"""`matcher scan` finds, counts and writes what it is asked for, and says in plain words what it could not do."""

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

import pyarrow.parquet
import pytest

from matcher.cli import main
from matcher.offline.job import Job

ROOT = Path(__file__).parents[3]
RULES = {"small": {"n": [{"numeric": ["<", 10]}]}, "é": {"n": [{"exists": True}]}, "big-n": {"n": [{"numeric": [">", 40]}]},
         "big-m": {"m": [1]}}  # fmt: skip
EVENTS = b'{"n": 1, "id": "i-1"}\n\n{"n": 50}\n{"n": tru}\n{"x": 1}\n'
REASON = "a misspelt literal (true, false and null are allowed)"
LINES = [
    {"source": "events.jsonl", "line": 1, "byte": 0, "rules": ["small", "é"]},
    {"source": "events.jsonl", "line": 3, "byte": 23, "rules": ["é", "big-n"]},
    {"source": "events.jsonl", "line": 4, "byte": 33, "error": f"at byte 9: {REASON}"},
    {"source": "events.jsonl", "line": 5, "byte": 44, "rules": []},
]


class Answer:
    """What a run wrote, and its exit code."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code = code
        self.out = out.decode()
        self.err = err.decode().splitlines()
        self.lines = [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


Run = Callable[..., Answer]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    Path("rules.json").write_text(json.dumps(RULES))
    Path("events.jsonl").write_bytes(EVENTS)

    def call(command: str, stdin: bytes = b"") -> Answer:
        monkeypatch.setattr(sys, "argv", ["matcher", "scan", *shlex.split(command)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main()
        return Answer(code, *capfdbinary.readouterr())

    return call


def test_a_line_for_each_match_and_a_summary(run: Run) -> None:
    answer = run("rules.json events.jsonl")
    assert (answer.lines, answer.code) == (LINES[:3], 1)
    assert answer.out.startswith('{"source": "events.jsonl", "line": 1, "byte": 0, "rules": ["small", "é"]}\n')
    assert answer.err[0] == f"matcher: events.jsonl: line 4, byte 42: {REASON}"
    assert re.fullmatch(r"matcher: 3 events, 2 matched, 1 refused; 53 bytes, \d+\.\d\d s(: .* GB/s)?", answer.err[1])
    assert len(answer.err) == 2
    assert run("rules.json events.jsonl --all").lines == LINES
    assert run("rules.json events.jsonl --quiet").err == []
    for threads in (1, 3):
        assert run(f"rules.json events.jsonl --threads {threads} -q").lines == LINES[:3]


def test_sources_of_every_kind(run: Run) -> None:
    Path("logs/deep").mkdir(parents=True)
    Path("logs/deep/a.jsonl.gz").write_bytes(gzip.compress(EVENTS))
    Path("logs/b.json").write_bytes(b'{"Records": [{"n": 1}]}')
    Path("logs/notes.txt").write_bytes(b"no events")
    answer = run("rules.json logs 'event*' -", b'{"m": 1}')
    assert [(Path(line["source"]).name, line["line"]) for line in answer.lines] == [
        ("b.json", 1), ("a.jsonl.gz", 1), ("a.jsonl.gz", 3), ("a.jsonl.gz", 4),
        ("events.jsonl", 1), ("events.jsonl", 3), ("events.jsonl", 4), ("-", 1),
    ]  # fmt: skip


def test_counts(run: Run) -> None:
    Path("e.gz").write_bytes(gzip.compress(EVENTS))
    answer = run("rules.json events.jsonl e.gz --format count")
    assert answer.code == 1
    (counts,) = answer.lines
    assert (counts["events"], counts["matched"], counts["refused"]) == (6, 4, 2)
    assert counts["rules"] == {"small": 2, "é": 4, "big-n": 2, "big-m": 0}
    one = {"events": 3, "matched": 2, "refused": 1, "rules": {"small": 1, "é": 2, "big-n": 1}}
    assert [{name: each[name] for name in one} for each in counts["sources"]] == [one, one]
    assert [(each["source"], each["line"]) for each in counts["errors"]] == [("events.jsonl", 4), ("e.gz", 4)]
    assert run("rules.json events.jsonl e.gz -f count -o counts.json -q").out == ""
    assert json.loads(Path("counts.json").read_text()) == counts


def test_a_table_to_read(run: Run) -> None:
    answer = run("rules.json events.jsonl events.jsonl --format table")
    words = [line.split() for line in answer.out.splitlines()]
    assert words[0] == ["Rule", "Matches", "Of", "events"]
    assert words[1:4] == [["small", "1", "33.3%"], ["é", "2", "66.7%"], ["big-n", "1", "33.3%"]]
    assert "Met by no event: big-m" in answer.out
    Path("two.jsonl").write_bytes(b'{"m": 1}\n')
    assert ["two.jsonl", "1", "1", "0"] in [
        line.split() for line in run("rules.json . --rule big-m -f table").out.replace("./", "").splitlines()
    ]


def test_some_rules_alone(run: Run) -> None:
    assert run("rules.json events.jsonl --rule 'big-*' -q").lines == [{**LINES[1], "rules": ["big-n"]}, LINES[2]]
    assert run("rules.json events.jsonl -r small -r é -q").lines[1]["rules"] == ["é"]
    (counts,) = run("rules.json events.jsonl -r 'big-*' -f count").lines
    assert (counts["rules"], counts["matched"]) == ({"big-n": 1, "big-m": 0}, 1)
    answer = run("rules.json events.jsonl --rule smal")
    assert (answer.code, answer.err) == (2, ["matcher: rules.json holds no rule 'smal'; did you mean 'small'?"])


def test_what_to_emit(run: Run) -> None:
    answer = run("""rules.json events.jsonl --emit '{"rule": "$rule", "line": "$line", "id": "/id"}'""")
    assert answer.out.splitlines()[0] == '{"rule": "small", "line": 1, "id": "i-1"}'
    assert [(line["rule"], line["line"], line["id"]) for line in answer.lines] == [
        ("small", 1, "i-1"), ("é", 1, "i-1"), ("é", 3, None), ("big-n", 3, None)]  # fmt: skip
    answer = run("rules.json events.jsonl --emit line,/id,error -q")
    assert answer.lines[0] == {"line": 1, "/id": "i-1", "error": None}
    assert answer.lines[-1] == {"line": 4, "/id": None, "error": f"at byte 9: {REASON}"}
    answer = run("rules.json events.jsonl --emit '$lin'")
    assert answer.code == 2
    assert answer.err[0].endswith("or a JSON pointer (did you mean $line?)")


def test_parquet(run: Run) -> None:
    answer = run("rules.json events.jsonl --format parquet --emit rule,line,/id -o found.parquet")
    assert (answer.code, answer.out) == (1, "")
    rows = pyarrow.parquet.read_table("found.parquet").to_pylist()
    assert rows[0] == {"rule": "small", "line": 1, "/id": "i-1"}
    assert len(rows) == 4


def test_it_ends_when_asked_to(run: Run) -> None:
    answer = run("rules.json events.jsonl --limit 1")
    assert (answer.lines, answer.code) == (LINES[:1], 0)
    assert answer.err[-1] == "matcher: ended at the limit of matches: events.jsonl: line 1"
    for option in ("--fail-fast", "--max-refused 0"):
        answer = run(f"rules.json events.jsonl events.jsonl - {option}", EVENTS)
        assert (answer.lines, answer.code) == (LINES[:3], 1)
        assert answer.err[-1] == f"matcher: ended because an event was refused: events.jsonl: line 4, byte 42: {REASON}"
    answer = run("rules.json events.jsonl - --max-refused 1 -f count", EVENTS * 2)
    assert answer.code == 1
    assert answer.lines[0]["refused"] == 2
    assert answer.err[-1].startswith("matcher: ended because more than 1 event was refused: -: line 4")
    assert run("rules.json events.jsonl --max-refused 1").lines == LINES[:3]


def test_many_refused_events_are_told_in_short(run: Run) -> None:
    answer = run("rules.json - -f count", b"{\n" * 50)
    assert len(answer.err) == 7
    assert answer.err[5] == "matcher: and 45 more events refused"
    assert len(answer.lines[0]["errors"]) == 50


def test_structural_trusts_what_no_rule_reads(run: Run) -> None:
    event = b'{"n": 1, "other": [tru]}'
    assert "error" in run("rules.json -", event).lines[0]
    assert run("rules.json - --validate structural", event).lines[0]["rules"] == ["small", "é"]


def test_sources_that_cannot_be_read_end_nothing(run: Run) -> None:
    Path("cut.jsonl.gz").write_bytes(gzip.compress(EVENTS)[:-12])
    answer = run("rules.json none.jsonl cut.jsonl.gz events.jsonl")
    assert answer.code == 2
    assert [line for line in answer.lines if line["source"] == "events.jsonl"] == LINES[:3]
    assert "matcher: none.jsonl: No such file or directory" in answer.err
    assert any("cut.jsonl.gz" in line and "cut off" in line for line in answer.err)
    assert run("none.json events.jsonl").err == ["matcher: none.json: No such file or directory"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("- -", "standard input can't hold both the rules and the events"),
        ("rules.json events.jsonl --format parquet", "--format parquet needs --output FILE"),
        ("rules.json events.jsonl -f count --emit line", "--emit says what to write of each match: --format count writes counts"),
        ("rules.json events.jsonl -f parquet -o x --checkpoint ck", "--checkpoint does not go with --format parquet, which can't be written on: use jsonl"),
        ("rules.json events.jsonl --checkpoint ck", "--checkpoint needs --output FILE: what went to standard output can't be taken back"),
        ("rules.json - -o x --checkpoint ck", "ck: standard input can't be read again from where a run stopped: give files"),
        ("rules.json . -o events.jsonl", "events.jsonl is to be written, and is among the events to be read"),
        ("rules.json events.jsonl -f count -o events.jsonl", "events.jsonl is to be written, and is among the events to be read"),
        ("rules.json events.jsonl -o rules.json", "rules.json is to be written, and holds the rules"),
        ("rules.json events.jsonl -o out --checkpoint events.jsonl", "events.jsonl is to be written, and is among the events to be read"),
        ("rules.json events.jsonl -o ck --checkpoint ck", "ck can't be both the output and the checkpoint"),
        ("rules.json events.jsonl -o none/out", "none/out: No such file or directory"),
    ],
)  # fmt: skip
def test_calls_that_make_no_sense(run: Run, command: str, told: str) -> None:
    answer = run(command)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err[-1] == f"matcher: {told}"
    assert Path("events.jsonl").read_bytes() == EVENTS
    assert json.loads(Path("rules.json").read_text()) == RULES
    assert {path.name for path in Path().iterdir()} == {"rules.json", "events.jsonl"}


@pytest.mark.parametrize("command", ["", "rules.json", "rules.json - --format xml", "rules.json - --limit 0"])
def test_wrong_calls(run: Run, command: str) -> None:
    answer = run(command)
    assert (answer.code, answer.out) == (2, "")
    assert any("Usage: matcher scan" in line for line in answer.err)


def test_rules_that_do_not_compile(run: Run) -> None:
    Path("bad.json").write_text('{"a": {"x": [{"prefx": "y"}]}}')
    answer = run("bad.json events.jsonl -o out")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err[0].startswith("matcher: bad.json: rule 'a': at /x/0/prefx: found")
    assert not Path("out").exists()


def test_a_finished_run_leaves_its_output_alone(run: Run) -> None:
    assert run("rules.json events.jsonl -o out --checkpoint ck -q").code == 1
    assert [json.loads(line) for line in Path("out").read_text().splitlines()] == LINES[:3]
    assert not Path("ck").exists()


def test_a_run_that_refused_too_much_goes_on_if_more_is_allowed(run: Run) -> None:
    Path("log.jsonl").write_bytes(EVENTS * 2)
    answer = run("rules.json log.jsonl -o out --checkpoint ck --fail-fast")
    assert answer.code == 1
    assert Path("ck").exists()
    answer = run("rules.json log.jsonl -o out --checkpoint ck")
    assert "6 events, 4 matched, 2 refused, 3 of them in an earlier run" in answer.err[-1]
    assert not Path("ck").exists()
    assert run("rules.json log.jsonl -q").out == Path("out").read_text()


def test_other_rules_refuse_a_checkpoint(run: Run) -> None:
    run("rules.json events.jsonl -o out --checkpoint ck --fail-fast")
    answer = run("rules.json events.jsonl -o out --checkpoint ck -r small")
    assert (answer.code, answer.err) == (2, ["matcher: ck: this checkpoint is of other rules; remove it to begin anew"])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_told_of_every_byte(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("log.jsonl").write_bytes(EVENTS * 60_000)
    Path("log.jsonl.gz").write_bytes(gzip.compress(EVENTS * 10_000, 1))
    sources = ["log.jsonl", "log.jsonl.gz"]
    from matcher import RuleSet

    told: list[tuple[int, int]] = []
    job = Job(RuleSet(RULES), sources, keep="counts")
    job.progress = lambda size, events: told.append((size, events))
    for _ in job.steps():
        pass
    assert sum(size for size, _ in told) == sum(Path(source).stat().st_size for source in sources)
    assert sum(events for _, events in told) >= 60_000 * 4
    assert len(told) >= 4
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("matcher.cli.terminal._LONG", 1000)
    monkeypatch.setattr("matcher.cli.terminal._SHOWN", 0)
    assert run("rules.json log.jsonl log.jsonl.gz -f count").code == 1
    assert "events/s" in terminal.getvalue()
    assert re.search(r"\d MB", terminal.getvalue())


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are of a POSIX shell")
def test_the_examples_of_the_help_run(run: Run, tmp_path: Path) -> None:
    answer = run("--help")
    assert answer.code == 0
    text = answer.out.split("Examples")[1].split("Exit codes")[0]
    commands = [
        line.strip() for line in re.sub(r"\n +(?!matcher|zcat)(\S)", r" \1", text).splitlines() if "matcher" in line
    ]
    assert len(commands) == 8
    Path("logs").mkdir()
    Path("rules.json").write_text('{"big-orders": {"id": [{"exists": true}]}}')
    for name in ("logs/2026-01.jsonl.gz", "log.gz"):
        Path(name).write_bytes(gzip.compress(b'{"id": "o-1", "detail": {"id": 7}}\n'))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in commands:
        script = f'python="$0"; matcher() {{ "$python" -m matcher.cli "$@"; }}; {command.replace("zcat", "gzip -dc")}'
        done = subprocess.run(["sh", "-c", script, sys.executable], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
        assert b"1 event, 1 matched, 0 refused" in done.stderr, command
        assert done.stdout or "-o" in command, command
    assert sorted(path.name for path in Path().iterdir()) == [
        "counts.json", "events.jsonl", "found.jsonl", "found.parquet", "log.gz", "logs", "rules.json"]  # fmt: skip
