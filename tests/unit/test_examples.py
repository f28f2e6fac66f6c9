"""The examples run, and answer as the naive matcher does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from matcher import RuleSet
from matcher.flatten import read_event
from matcher.naive import matches
from matcher.pattern.parse import parse
from matcher.rulefile import read_rules

ROOT = Path(__file__).parents[2]
ORDERS = ROOT / "examples" / "orders"
COMMANDS = re.findall(r"^\$ (.*)$", (ROOT / "examples" / "README.md").read_text(), re.MULTILINE)


def python(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_rules_and_events_answer_as_the_naive_matcher() -> None:
    pairs = read_rules(ORDERS / "rules.json")
    rules = RuleSet(pairs)
    trees = [(name, parse(pattern)) for name, pattern in pairs]
    met = set()
    for line in (ORDERS / "events.jsonl").read_bytes().splitlines():
        event = read_event(line)
        names = rules.match(line)
        assert names == [name for name, tree in trees if matches(tree, event)]
        met |= set(names)
    assert met == set(rules), "every rule is met by some event"


def test_the_seed_gives_the_events_again(tmp_path: Path) -> None:
    shutil.copy(ORDERS / "generate.py", tmp_path)
    assert python("generate.py", folder=tmp_path).returncode == 0
    assert (tmp_path / "events.jsonl").read_bytes() == (ORDERS / "events.jsonl").read_bytes()


def test_events_have_the_shape_of_an_event_bus() -> None:
    events = [json.loads(line) for line in (ORDERS / "events.jsonl").read_text("utf-8").splitlines()]
    assert len({event["id"] for event in events}) == len(events) == 200
    names = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    assert all(list(event) == names for event in events)
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_the_library_example_tells_what_it_does() -> None:
    done = python("examples/library.py")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "12 rules, 200 events"
    assert "Why not? does not match: detail.total" in lines
    assert "A file: block-card is first met on line 37" in lines
    one, changed = (line.split(": ")[1] for line in lines if line.startswith(("One event", "Changed")))
    assert "'gold-express'" in one
    assert changed == one.replace("'gold-express', ", "")
    assert "Refused: at byte 53: a malformed number" in lines
    assert sum(line.startswith("  twice ") for line in lines) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_readme_run(command: str) -> None:
    program, *arguments = command.split()
    done = python(*(arguments if program == "python" else ["-m", "matcher.cli", *arguments]))
    assert done.returncode == int("explain" in arguments)
    assert done.stderr == ""
    assert done.stdout
