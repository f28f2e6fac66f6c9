"""`matcher put`, `dlq`, `archive` and `replay`: what they do to a store, what they write, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from matcher import Router
from matcher.cli.app import app
from matcher.errors import TargetError

ROOT = Path(__file__).parents[2]
STORE = "sqlite:///events.db"
EVENT = {"source": "shop", "detail-type": "Order", "detail": {"total": 5}}
PROGRAM = """
from matcher import Router
router = Router("sqlite:///events.db", quotas="aws")
"""


def order(number: int) -> dict[str, Any]:
    return {**EVENT, "id": f"o-{number}", "detail": {"total": number}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name == "shop":
            del sys.modules[name]


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=text)


def lines(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def shop(failing: bool = True) -> tuple[Router, list[Any]]:
    """A router with one rule, whose target fails for good where it is to."""
    router = Router(STORE)
    taken: list[Any] = []
    router.archive("all")

    def charge(event: Any) -> None:
        if failing:
            raise TargetError("no\nmoney", retryable=False, code="POOR")
        taken.append(event)

    router.rule({"source": ["shop"]}, name="charge")(charge)
    return router, taken


def delivered(failing: bool = True, put: int = 0) -> list[Any]:
    """Let a router deliver what there is, and so many orders more."""
    router, taken = shop(failing)
    with router:
        if put:
            router.put(*map(order, range(put)))
        router.drain()
    return [event["id"] for event in taken]


def test_put_takes_events_in_any_form() -> None:
    Path("events.jsonl").write_text(f"{json.dumps(order(1))}\n\n{json.dumps(order(2))}\n")
    done = run("put", STORE, json.dumps(order(0)), "events.jsonl", "-", text=json.dumps([order(3)]))
    assert (done.exit_code, done.stdout) == (0, "4 events accepted\n")
    assert delivered(failing=False) == ["o-0", "o-1", "o-2", "o-3"]


def test_put_tells_which_events_are_refused() -> None:
    Path("events.jsonl").write_text(f'{json.dumps(order(1))}\n{{"a": 01}}\n{{"source": "s", "detail-type": ""}}\n')
    done = run("put", STORE, "events.jsonl")
    assert (done.exit_code, done.stdout) == (1, "1 event accepted, 2 refused\n")
    first, second = done.stderr.splitlines()
    assert first.startswith("matcher: events.jsonl:2: InvalidArgument: The event is malformed: at byte 7")
    assert second.startswith("matcher: events.jsonl:3: InvalidArgument: Parameter detail-type is not valid")
    told = lines(run("put", STORE, "events.jsonl", "--json"))
    assert [each["at"] for each in told] == ["events.jsonl:1", "events.jsonl:2", "events.jsonl:3"]
    assert [each.get("ErrorCode") for each in told] == [None, "InvalidArgument", "InvalidArgument"]
    assert told[0]["EventId"] == "o-1"


def test_put_takes_entries_of_put_events() -> None:
    entry = {"Source": "shop", "DetailType": "Order", "Detail": '{"total": 5}'}
    Path("entries.json").write_text(json.dumps([entry, {**entry, "Detail": "{"}]))
    done = run("put", STORE, "entries.json", "--entries", "--json")
    assert done.exit_code == 1
    good, bad = lines(done)
    assert bad["ErrorCode"] == "MalformedDetail"
    assert delivered(failing=False) == [good["EventId"]]
    done = run("put", STORE, json.dumps(EVENT), "--entries")
    assert done.exit_code == 2
    assert "--entries wants entries of PutEvents" in done.stderr


def test_put_heeds_the_quotas_of_a_router() -> None:
    Path("shop.py").write_text(PROGRAM)
    big = {**EVENT, "detail": {"text": "x" * 400_000}}
    Path("events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in [*map(order, range(25)), big, big, big]))
    done = run("put", "shop:router", "events.jsonl")
    assert (done.exit_code, done.stdout) == (0, "28 events accepted\n")


def test_put_to_another_bus_and_group() -> None:
    assert run("put", STORE, json.dumps(EVENT), "--bus", "other", "--group", "g").exit_code == 0
    router = Router(STORE)
    taken: list[Any] = []
    router.rule({"source": ["shop"]}, bus="other", name="charge")(taken.append)
    with router:
        router.drain()
    assert len(taken) == 1


def test_a_store_with_a_slip_in_its_name_is_not_made() -> None:
    for verb in (["dlq", "list"], ["archive", "list"], ["replay", "list"]):
        done = run(*verb, "sqlite:///evnts.db")
        assert (done.exit_code, done.stderr) == (2, "matcher: evnts.db: there is no such store\n")
    for where, part in (("memory://", "in memory"), ("shop", "want module:name"), ("mysql://a/b", "a store is")):
        done = run("dlq", "list", where)
        assert done.exit_code == 2
        assert part in done.stderr
    assert list(Path().iterdir()) == []


def test_dead_letters_are_listed_and_shown() -> None:
    delivered(put=3)
    done = run("dlq", "list", STORE, "--limit", "2")
    assert done.exit_code == 0
    head, first, _, total = done.stdout.splitlines()
    assert head.split() == ["Id", "Died", "Rule", "Target", "Code", "Attempts", "Queue", "Error"]
    assert first.split()[2:] == ["charge", "charge", "POOR", "1", "undelivered", "no", "money"]
    assert total == "3 dead letters; there are more than are shown"
    assert run("dlq", "list", STORE, "--limit", "2", "--json").stderr == "matcher: there are more than these 2 (--limit)\n"
    told = lines(run("dlq", "list", STORE, "--json"))
    assert [each["event"]["id"] for each in told] == ["o-0", "o-1", "o-2"]
    shown = json.loads(run("dlq", "show", STORE, told[1]["id"]).stdout)
    assert shown == told[1]
    assert (shown["error-message"], shown["exhausted"], shown["bus"]) == ("no\nmoney", "NotRetryable", "default")
    done = run("dlq", "show", STORE, "7/none")
    assert (done.exit_code, done.stderr) == (1, "matcher: there is no dead letter '7/none'\n")


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ("--rule charge --target charge --code POOR --bus default --queue undelivered", 3),
        ("--since 1h", 3),
        ("--until 1h", 0),
        ("--since 2020-01-01T00:00:00Z --until 2020-01-02T00:00:00+00:00", 0),
        ("--rule other", 0),
        ("--code TIMEOUT", 0),
        ("--queue other", 0),
    ],
)
def test_dead_letters_are_chosen(chosen: str, count: int) -> None:
    delivered(put=3)
    assert len(lines(run("dlq", "list", STORE, "--json", *chosen.split()))) == count
    done = run("dlq", "purge", STORE, *chosen.split())
    assert done.stdout == f"{count} dead letters purged\n"
    assert len(lines(run("dlq", "list", STORE, "--json"))) == 3 - count


def test_dead_letters_are_redriven_to_where_they_came_from() -> None:
    delivered(put=3)
    first = lines(run("dlq", "list", STORE, "--json"))[0]["id"]
    done = run("dlq", "redrive", STORE, first)
    assert (done.exit_code, done.stdout) == (0, "1 dead letter redriven\n")
    assert delivered(failing=False) == ["o-0"]
    assert run("dlq", "redrive", STORE, first).exit_code == 1
    assert run("dlq", "redrive", STORE, "--all", "--rate", "1000").stdout == "2 dead letters redriven\n"
    assert delivered(failing=False) == ["o-1", "o-2"]
    assert run("dlq", "list", STORE).stdout == "0 dead letters\n"


def test_all_dead_letters_are_meant_only_where_that_is_said() -> None:
    delivered(put=1)
    for verb in ("redrive", "purge"):
        done = run("dlq", verb, STORE)
        assert done.exit_code == 2
        assert "--all" in done.stderr
        done = run("dlq", verb, STORE, "1/a", "--rule", "charge")
        assert done.exit_code == 2
        assert "no other choice" in done.stderr
    assert run("dlq", "list", STORE, "--since", "soon").exit_code == 2
    assert run("dlq", "purge", STORE, "--all").stdout == "1 dead letter purged\n"


def test_archives_are_listed_and_written_out() -> None:
    delivered(put=3)
    assert lines(run("archive", "list", STORE, "--json"))[0]["events"] == 3
    listed = run("archive", "list", STORE).stdout.splitlines()
    assert listed[0].split() == ["Archive", "Events", "Bytes", "Oldest", "Newest"]
    assert listed[1].split()[:2] == ["all", "3"]
    assert listed[2] == "1 archive"
    assert [event["id"] for event in lines(run("archive", "export", STORE, "all"))] == ["o-0", "o-1", "o-2"]
    assert len(lines(run("archive", "export", STORE, "all", "--since", "1h"))) == 3
    done = run("archive", "export", STORE, "all", "--until", "1h")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "matcher: the archive 'all' holds no such events\n")


def test_a_replay_is_begun_by_one_process_and_done_by_another() -> None:
    delivered(failing=False, put=3)
    done = run("replay", "start", STORE, "all", "--name", "again", "--start", "1h")
    assert (done.exit_code, done.stdout) == (0, "again\n")
    assert run("replay", "start", STORE, "all", "--name", "again").exit_code == 2
    assert lines(run("replay", "list", STORE, "--json"))[0]["state"] == "RUNNING"
    router, taken = shop(failing=False)
    with router:
        router.replay_of("again").finish()
        router.drain()
    assert [event["replay-name"] for event in taken] == ["again"] * 3
    listed = run("replay", "list", STORE).stdout.splitlines()
    assert listed[1].split()[:6] == ["again", "COMPLETED", "3", "all", "default", "all"]
    assert listed[2] == "1 replay"
    done = run("replay", "cancel", STORE, "again")
    assert done.exit_code == 2
    assert "COMPLETED" in done.stderr


def test_a_replay_is_paused_resumed_and_cancelled() -> None:
    delivered(failing=False, put=1)
    run("replay", "start", STORE, "all", "--name", "r", "--rule", "charge", "--rate", "5", "--bus", "default", "--end", "1h")
    assert run("replay", "pause", STORE, "r").stdout == "r: PAUSED, 0 events sent\n"
    assert run("replay", "resume", STORE, "r").stdout == "r: RUNNING, 0 events sent\n"
    assert run("replay", "cancel", STORE, "r").stdout == "r: CANCELLED, 0 events sent\n"
    (told,) = lines(run("replay", "list", STORE, "--json"))
    assert (told["rules"], told["rate"], told["bus"]) == (["charge"], 5.0, "default")
    assert run("replay", "pause", STORE, "none").exit_code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are of a POSIX shell")
@pytest.mark.parametrize(
    "verb",
    ["put", "dlq list", "dlq show", "dlq redrive", "dlq purge", "archive list", "archive export", "replay list", "replay start"],
)
def test_the_examples_of_the_helps_run(verb: str) -> None:
    delivered(put=1)
    Path("events.jsonl").write_text(json.dumps(EVENT))
    Path("entries.json").write_text('[{"Source": "s", "DetailType": "t", "Detail": "{}"}]')
    Path("rules.json").write_text('{"r": {"source": ["shop"]}}')
    text = CliRunner().invoke(app, [*verb.split(), "--help"], terminal_width=200).stdout
    commands = [line.strip() for line in text.split("Examples")[1].splitlines() if line.strip().startswith("matcher")]
    assert commands
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in commands:
        script = f'python="$0"; matcher() {{ "$python" -m matcher.cli "$@"; }}; {command}'
        done = subprocess.run(["sh", "-c", script, sys.executable], env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), command
