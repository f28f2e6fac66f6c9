"""`matcher match` answers for files of every shape, in every format, and says what went wrong."""

from __future__ import annotations

import gzip
import io
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from matcher import RuleSet
from matcher.cli import main
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.parse import parse

ROOT = Path(__file__).parents[2]
CORPORA = ROOT.parent / "shared" / "corpora"
RULES = {"small": {"n": [{"numeric": ["<", 10]}]}, "é": {"n": [{"exists": True}]}, "never": {"m": [1]}}
EVENTS = b'{"n": 1}\n\n{"n": 50}\n{"n": tru}\n{"x": 1}\n'
LINES = [
    {"line": 1, "rules": ["small", "é"]},
    {"line": 3, "rules": ["é"]},
    {"line": 4, "error": "at byte 9: a misspelt literal (true, false and null are allowed)"},
    {"line": 5, "rules": []},
]


class Answer:
    """What a run wrote, and its exit code."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code = code
        self.out = out.decode()
        self.err = err.decode()
        self.lines = [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


Run = Callable[..., Answer]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    (tmp_path / "events.jsonl").write_bytes(EVENTS)

    def call(command: str, stdin: bytes = b"") -> Answer:
        monkeypatch.setattr(sys, "argv", ["matcher", *shlex.split(command)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main()
        return Answer(code, *capfdbinary.readouterr())

    return call


def test_a_line_for_each_event(run: Run) -> None:
    answer = run("match rules.json events.jsonl")
    assert (answer.lines, answer.code, answer.err) == (LINES, 1, "")
    assert answer.out.startswith('{"line": 1, "rules": ["small", "é"]}\n')
    for threads in (0, 1, 3):
        assert run(f"match rules.json events.jsonl --threads {threads}").lines == LINES


@pytest.mark.parametrize(
    ("name", "pack"),
    [("e.gz", gzip.compress), ("e.zst", zstandard.compress), ("e.log", gzip.compress), ("e", lambda data: data)],
)
def test_packed_files(run: Run, tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / name).write_bytes(pack(EVENTS))
    assert run(f"match rules.json {name}").lines == LINES


def test_other_shapes_and_standard_input(run: Run, tmp_path: Path) -> None:
    elements = [LINES[0], {**LINES[1], "line": 2}, {**LINES[2], "line": 3}, {**LINES[3], "line": 4}]
    array = b",".join(EVENTS.split())
    array = b'[{"n": 1}, {"n": 50}, {"n": tru}, {"x": 1}]'
    (tmp_path / "array.json").write_bytes(array)
    (tmp_path / "trail.json").write_bytes(b'{"Records": ' + array + b"}")
    assert run("match rules.json array.json").lines == elements
    assert run("match rules.json trail.json").lines == elements
    assert run("match rules.json -", EVENTS).lines == LINES
    assert run("match rules.json -", gzip.compress(array)).lines == elements
    assert run("match - events.jsonl", json.dumps(RULES).encode()).lines == LINES


def test_several_files_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "two.jsonl").write_bytes(b'{"n": 2}')
    answer = run("match rules.json events.jsonl two.jsonl -", b'{"n": 99}')
    assert answer.lines == [
        *({"file": "events.jsonl", **line} for line in LINES),
        {"file": "two.jsonl", "line": 1, "rules": ["small", "é"]},
        {"file": "-", "line": 1, "rules": ["é"]},
    ]


def test_matched_only_keeps_errors(run: Run) -> None:
    assert run("match rules.json events.jsonl --matched-only").lines == LINES[:3]
    assert run("match rules.json - -m", b'{"x": 1}\n').out == ""


def test_counts(run: Run, tmp_path: Path) -> None:
    expected = {"events": 4, "matched": 2, "errors": 1, "rules": {"small": 1, "é": 2, "never": 0}}
    (tmp_path / "e.gz").write_bytes(gzip.compress(EVENTS))
    for source in ("events.jsonl", "e.gz", "-"):
        answer = run(f"match rules.json {source} --format count", EVENTS)
        assert (answer.lines, answer.code) == ([expected], 1)
    twice = {"events": 8, "matched": 4, "errors": 2, "rules": {"small": 2, "é": 4}}
    assert run("match rules.json events.jsonl e.gz --format count --matched-only").lines == [twice]
    assert run("match rules.json - -f count", b"").lines == [{"events": 0, "matched": 0, "errors": 0,
                                                              "rules": {"small": 0, "é": 0, "never": 0}}]  # fmt: skip


def test_a_table_to_read(run: Run) -> None:
    answer = run("match rules.json events.jsonl --format table")
    words = [line.split() for line in answer.out.splitlines()]
    assert words[0] == ["Rule", "Matches", "Of", "events", "First", "at"]
    assert words[1:3] == [["small", "1", "25.0%", "1"], ["é", "2", "50.0%", "1,", "3"]]
    assert "Met by no event: never" in answer.out
    assert "4 events, 2 matched, 1 refused" in answer.out
    assert answer.err == f"matcher: line 4: {LINES[2]['error']}\n"
    assert answer.code == 1
    many = run("match rules.json - -f table -m", b'{"n": 1}\n' * 5 + b"?\n" * 7)
    assert "1, 2, 3, …" in many.out
    assert "never" not in many.out
    assert many.err.count("\n") == 6
    assert "matcher: and 2 more events refused" in many.err


def test_structural_trusts_what_no_rule_reads(run: Run) -> None:
    event = b'{"n": 1, "other": [tru]}'
    assert "error" in run("match rules.json -", event).lines[0]
    assert run("match rules.json - --validate structural", event).lines == [LINES[0]]


def test_formats_of_rules(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("".join(json.dumps({"name": k, "pattern": v}) + "\n" for k, v in RULES.items()))
    assert run("match lines events.jsonl").lines == LINES
    (tmp_path / "one.json").write_text('{"n": [1.0]}')
    assert run("match one.json events.jsonl -m").lines == [{"line": 1, "rules": ["one"]}, LINES[2]]
    (tmp_path / "deep.json").write_text('{"detail": {"n": {"m": [1]}}}')
    event = b'{"detail": {"n": {"m": 1}}}'
    assert run("match deep.json -", event).lines == [{"line": 1, "rules": ["deep"]}]
    assert run("match deep.json - --rules-format map", b'{"n": {"m": 1}}').lines == [{"line": 1, "rules": ["detail"]}]


def test_rules_that_do_not_compile(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"a": {"x": "y", "z": []}, "b": {"x": [{"prefx": "y"}]}, "c": {"x": [1]}}')
    answer = run("match bad.json events.jsonl")
    assert (answer.code, answer.out) == (2, "")
    lines = answer.err.splitlines()
    assert [line.split(": found")[0] for line in lines] == [
        "matcher: bad.json: rule 'a': at /x",
        "matcher: bad.json: rule 'a': at /z",
        "matcher: bad.json: rule 'b': at /x/0/prefx",
    ]
    (tmp_path / "bad.json").write_text('{"a": ')
    answer = run("match bad.json events.jsonl")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("matcher: bad.json: at line 1, column 7: found the end; want JSON")


def test_files_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(EVENTS)[:-12])
    answer = run("match rules.json none.jsonl cut.gz events.jsonl")
    assert answer.code == 2
    assert [line["line"] for line in answer.lines if line["file"] == "events.jsonl"] == [1, 3, 4, 5]
    first, second = answer.err.splitlines()
    assert first == "matcher: none.jsonl: No such file or directory"
    assert second.startswith("matcher: cut.gz: line ")
    assert "cut off" in second
    answer = run("match none.json events.jsonl")
    assert (answer.code, answer.out, answer.err) == (2, "", "matcher: none.json: No such file or directory\n")


@pytest.mark.parametrize(
    "command", ["match", "match rules.json", "match rules.json - --format xml", "frobnicate", "--no"]
)
def test_wrong_calls(run: Run, command: str) -> None:
    answer = run(command)
    assert (answer.code, answer.out) == (2, "")
    assert "Usage: matcher" in answer.err


@pytest.mark.skipif(sys.platform == "win32", reason="file names of Windows are text")
def test_a_file_name_that_is_no_text(run: Run, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jsonl")
    try:
        (tmp_path / name).write_bytes(b'{"n": 1}\n?\n')
    except OSError:
        pytest.skip("this file system takes only text as names")
    answer = run(f"match rules.json {name} none-{name} events.jsonl")
    assert answer.lines[0] == {"file": "caf\ufffd.jsonl", "line": 1, "rules": ["small", "é"]}
    assert "none-caf\ufffd.jsonl: No such file" in answer.err
    answer = run(f"match rules.json {name} events.jsonl -f table")
    assert "caf\ufffd.jsonl:1" in answer.out


def test_names_that_json_must_escape(run: Run) -> None:
    rules = r'{"a\"b\n": {"n": [1]}, "\ud800": {"n": [1]}}'
    answer = run("match - events.jsonl -m", rules.encode())
    assert answer.lines[0] == {"line": 1, "rules": ['a"b\n', "\ud800"]}
    assert run("match - events.jsonl -f count", rules.encode()).lines[0]["rules"] == {'a"b\n': 1, "\ud800": 1}
    assert run("match - events.jsonl -f table", rules.encode()).code == 1


def test_many_lists_of_names_are_not_all_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.cli.formats._REMEMBERED", 2)
    rules = json.dumps({f"r{n}": {"n": [{"numeric": [">=", n]}]} for n in range(9)})
    events = b"".join(b'{"n": %d}\n' % (n % 9) for n in range(50))
    found = run("match - events.jsonl", rules.encode())
    assert found.code == 1
    names = [line["rules"] for line in run_on(rules, events)]
    assert names == [[f"r{m}" for m in range(n % 9 + 1)] for n in range(50)]


def run_on(rules: str, events: bytes) -> list[dict[str, object]]:
    """The same by way of the writer alone."""
    from matcher.cli.formats import Lines

    written: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matcher.cli.formats.write", written.append)
        writer = Lines(several=False, matched_only=False)
        compiled = RuleSet(json.loads(rules))
        writer.add("-", list(enumerate(compiled.match_many(events.splitlines()), 1)))
        assert len(writer._known) <= 2
    return [json.loads(line) for line in b"".join(written).splitlines()]


@pytest.mark.parametrize("name", ["github", "serverless_patterns"])
def test_real_rules_and_events_as_the_naive_matcher_answers(run: Run, name: str) -> None:
    rules_file, events_file = CORPORA / "patterns/serverless_patterns.jsonl", CORPORA / f"events/{name}.jsonl"
    if not events_file.exists():
        assert os.environ.get("CI") != "true", f"{CORPORA} is missing"
        pytest.skip(f"needs {CORPORA}")
    rows = [json.loads(line) for line in rules_file.read_text().splitlines()]
    trees = [(row["name"], parse(row["pattern"])) for row in rows]
    expected = []
    for number, line in enumerate(events_file.read_bytes().splitlines(), 1):
        event = read_event(line)
        expected.append({"line": number, "rules": [name for name, tree in trees if matches(tree, event)]})
    answer = run(f"match {rules_file} {events_file}")
    assert (answer.lines, answer.code, answer.err) == (expected, 0, "")
    assert any(line["rules"] for line in expected)
