"""A report tells of each rule what it matched and when, and of those that never did how near they came."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from matcher import RuleSet
from matcher.offline import page, report

ROOT = Path(__file__).parents[3]
HOUR = 3600
START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())


def event(number: int, **fields: Any) -> dict[str, Any]:
    moment = datetime.fromtimestamp(START + 60 * number, UTC).isoformat().replace("+00:00", "Z")
    return {"source": "shop", "time": moment, "detail": {"n": number, **fields}}


def write(path: Path, events: list[Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" if not isinstance(one, str) else one + "\n" for one in events))
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "log.jsonl", [event(n, state="on" if n % 4 else "off") for n in range(100)])


RULES: dict[str, Any] = {
    "off": {"detail": {"state": ["off"]}},
    "low": {"detail": {"n": [{"numeric": ["<", 10]}]}},
    "all": {"source": ["shop"]},
    "far": {"source": ["shop"], "detail": {"n": [{"numeric": [">", 200]}]}},
    "typo": {"detail": {"stat": ["off"]}},
    "silent": {"detail": {"gone": [{"exists": False}]}, "source": ["other"]},
}


def test_each_rule_has_its_matches_times_and_first_lines(log: Path) -> None:
    found = report(RuleSet(RULES), log)
    assert (found.events, found.matched, found.counts.refused) == (100, 100, 0)
    off, low, every, *rest = found.rules
    assert [(rule.name, rule.matches, rule.share) for rule in found.rules] == [
        ("off", 25, 0.25), ("low", 10, 0.1), ("all", 100, 1.0), ("far", 0, 0.0), ("typo", 0, 0.0), ("silent", 0, 0.0),
    ]  # fmt: skip
    assert (off.first, off.last) == (START, START + 96 * 60)
    assert (low.first, low.last) == (START, START + 9 * 60)
    assert [(sample.source, sample.line) for sample in off.samples] == [(str(log), 1), (str(log), 5), (str(log), 9)]
    assert json.loads(off.samples[1].event) == event(4, state="off")
    assert all(rule.first is rule.last is None and rule.samples == () for rule in rest)
    assert sum(every.counts) == 100
    assert every.counts == found.histogram.counts
    assert sum(off.counts) == 25
    assert (found.first, found.last) == (START, START + 99 * 60)


def test_rules_that_never_matched_are_explained(log: Path) -> None:
    found = report(RuleSet(RULES), log)
    assert found.never == 3
    far, typo, silent = sorted(found.misses, key=lambda miss: ["far", "typo", "silent"].index(miss.rule))
    assert far.fields == (("detail.n", 100),)
    assert far.nearest is not None
    value, wanted = far.nearest.line - 1, '{"numeric": [">", 200]}'
    short = f"nearest is {wanted}: {value} is {200 - value} too small"
    assert far.unmet == (f"detail.n: found {value} at /detail/n; want {wanted}; {short}",)
    assert typo.fields == (("detail.stat", 100),)
    assert 'the event has "detail.state"' in typo.unmet[0]
    assert silent.fields == (("source", 100),)
    assert [(one.path, one.rules, one.total) for one in found.absent] == [("detail.stat", ("typo",), 1)]


def test_the_nearest_event_has_the_fewest_unmet_fields(tmp_path: Path) -> None:
    events: list[Any] = [{"a": 0, "b": 0, "c": 0}] * 50
    events[30] = {"a": 1, "b": 0, "c": 1}
    rule = {"a": [1], "b": [1], "c": [1]}
    (miss,) = report(RuleSet({"r": rule}), write(tmp_path / "e.jsonl", events)).misses
    assert miss.nearest is not None
    assert miss.nearest.line == 31
    assert miss.fields == (("b", 50), ("a", 49), ("c", 49))


def test_overlaps_are_pairs_with_shares(log: Path) -> None:
    found = report(RuleSet(RULES), log)
    pairs = {(one.one, one.other): (one.events, one.of_one, one.of_other) for one in found.overlaps}
    assert pairs == {("off", "low"): (3, 0.12, 0.3), ("off", "all"): (25, 1.0, 0.25), ("low", "all"): (10, 1.0, 0.1)}
    assert not found.overlaps_partial
    assert len(report(RuleSet(RULES), log, top=1).overlaps) == 1


def test_many_different_answers_stay_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.offline.overlap._SETS", 3)
    rules: dict[str, Any] = {f"r{n}": {"n": [{"numeric": [">=", n]}]} for n in range(8)}
    path = write(tmp_path / "e.jsonl", [{"n": n} for n in range(8)] * 5)
    found = report(RuleSet(rules), path)
    pairs = {(one.one, one.other): one.events for one in found.overlaps}
    assert pairs == {(f"r{a}", f"r{b}"): 5 * (8 - b) for a in range(8) for b in range(a + 1, 8)}
    assert not found.overlaps_partial
    monkeypatch.setattr("matcher.offline.overlap._PAIRS", 4)
    assert report(RuleSet(rules), path).overlaps_partial


def test_the_sample_is_drawn_from_a_seed(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", [{"n": n} for n in range(500)])
    rules = RuleSet({"odd": {"n": [{"numeric": ["=", 0.5]}]}})
    once, again, other = (report(rules, path, sampled=5, seed=seed).misses[0] for seed in (1, 1, 2))
    assert once == again
    assert once.sampled == 5
    assert once.nearest != other.nearest


def test_refused_events_and_sources_that_are_not_there(tmp_path: Path) -> None:
    good = write(tmp_path / "a.jsonl", ['{"a": 1}', '{"a": tru}'])
    found = report(RuleSet({"a": {"a": [1]}}), [good, tmp_path / "none.jsonl"])
    assert (found.events, found.matched, found.counts.refused) == (1, 1, 1)
    first, second = found.to_dict()["sources"]
    assert first["errors"] == [
        {"line": 2, "byte": 18, "error": "a misspelt literal (true, false and null are allowed)"}
    ]
    assert second["fault"] == "No such file or directory"


def test_no_events(tmp_path: Path) -> None:
    found = report(RuleSet(RULES), write(tmp_path / "empty.jsonl", []))
    assert (found.events, found.first, found.histogram.counts, found.absent) == (0, None, (), ())
    assert all(miss.reason == "there are no events" for miss in found.misses)
    assert "<!doctype html>" in page(found)


def test_a_report_is_json_and_a_page(log: Path) -> None:
    found = report(RuleSet({**RULES, "</script><script>alert(1)</script>": {"source": ["shop"]}}), log)
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["rules"][0]["matches"] == 25
    text = page(found, "Rules <of> shop")
    assert "<title>Rules &lt;of&gt; shop</title>" in text
    assert text.count("</script>") == 2
    assert "alert(1)</script>" not in text
    assert "@" not in re.findall(r"<head>.*?<style>", text, re.DOTALL)[0]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)


# ---- the command line ----


def run(arguments: str, folder: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "matcher.cli", "report", *shlex.split(arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, input=stdin, capture_output=True, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def folder(tmp_path: Path, log: Path) -> Path:
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    return tmp_path


def test_the_table(folder: Path) -> None:
    done = run("rules.json log.jsonl", folder)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert re.match(r"Rule +Matches +Share +First +Last +Over time", lines[0])
    assert re.match(r"all +100 +100 % +2026-03-01 00:00 +2026-03-01 01:39 +[▁-█ ]+", lines[1])
    assert re.match(r"off +25 +25 % ", lines[2])
    assert "  far: detail.n failed in 100 of 100 sampled events" in lines
    assert "  detail.stat: asked for by typo" in lines
    assert "  off and all: 25 events, 100 % and 25 % of their matches" in lines
    assert lines[-1] == "100 events: 100 matched; 6 rules, 3 never matched; 2026-03-01 00:00 to 2026-03-01 01:39 UTC"


def test_forms_and_files(folder: Path) -> None:
    for form, start in (("json", "{"), ("html", "<!doctype html>"), ("table", "Rule")):
        shown = run(f"rules.json log.jsonl --format {form}", folder)
        assert shown.stdout.startswith(start)
        assert run(f"rules.json log.jsonl --format {form} -o out", folder).stdout == ""
        assert (folder / "out").read_text() == shown.stdout
    assert not list(folder.glob("*.part"))


def test_exit_codes_and_errors(folder: Path) -> None:
    (folder / "good.json").write_text('{"all": {"source": ["shop"]}}')
    assert run("good.json log.jsonl", folder).returncode == 0
    done = run("good.json log.jsonl absent.jsonl", folder)
    assert (done.returncode, done.stderr) == (2, "matcher: absent.jsonl: No such file or directory\n")
    done = run("good.json -", folder, b'{"source": "shop"}\n{]\n')
    assert done.returncode == 1
    assert re.match(r"matcher: -: line 2, byte 20: ", done.stderr)
    assert run("good.json - --quiet", folder, b"{]\n").stderr == ""
    assert "--time is a JSON pointer" in run("good.json log.jsonl --time time", folder).stderr
    done = run("good.json log.jsonl -o log.jsonl", folder)
    assert (done.returncode, "is among the events to be read" in done.stderr) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_told(folder: Path) -> None:
    done = run("rules.json log.jsonl -f json -o /dev/full", folder)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr


def test_hostile_names_command_no_terminal(tmp_path: Path) -> None:
    name = "\x1b[31mred"
    (tmp_path / "rules.json").write_text(json.dumps({name: {"a": [1]}, f"{name}2": {"b": [1]}}))
    write(tmp_path / "e.jsonl", ['{"a": 1, "x": "\x7f"}'])
    assert "\x1b" not in run("rules.json e.jsonl", tmp_path).stdout


def test_every_option_is_explained_and_the_examples_run(folder: Path) -> None:
    text = run("--help", folder).stdout
    examples = text.split("Examples")[1].split("Exit codes")[0]
    joined = re.sub(r"\n +(?!matcher|zcat)(\S)", r" \1", examples)
    commands = [line.strip() for line in joined.splitlines() if "matcher" in line]
    assert len(commands) == 4
    (folder / "logs").mkdir()
    lines = b'{"source": "shop", "detail": {"at": "2026-01-01"}}\n'
    for name in ("logs/2026-01.jsonl.gz", "log.gz"):
        (folder / name).write_bytes(gzip.compress(lines))
    (folder / "rules.json").write_text('{"all": {"source": ["shop"]}}')
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in commands:
        script = f'python="$0"; matcher() {{ "$python" -m matcher.cli "$@"; }}; {command.replace("zcat", "gzip -dc")}'
        done = subprocess.run(
            ["sh", "-c", script, sys.executable], cwd=folder, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
    assert "<!doctype html>" in (folder / "report.html").read_text()
    assert json.loads((folder / "report.json").read_text())["events"] == 1
