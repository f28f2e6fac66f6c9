"""What machines do: output or error, and the virtual seconds that they take; the same when every frame goes through JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matcher.workflow import drive
from matcher.workflow.definition import load
from matcher.workflow.drive import World, run
from matcher.workflow.execution import advance
from matcher.workflow.frames import dump
from matcher.workflow.frames import load as load_frame
from matcher.workflow.happenings import TaskFailed, TaskSucceeded
from matcher.workflow.history import TYPES
from matcher.workflow.program import compile_machine

CASES = json.loads((Path(__file__).parents[3] / "cases" / "executions" / "flow.json").read_text())


def answering(answers):
    left = iter(answers)

    def serve(_call):
        match next(left):
            case {"ok": output}:
                return [TaskSucceeded(output)]
            case {"error": error, **rest}:
                return [TaskFailed(error, rest.get("cause"))]
        return []

    return World(serve)


def machine(case):
    definition = {"StartAt": next(iter(case["states"])), "States": case["states"], "QueryLanguage": case.get("language", "JSONPath")}
    if "timeout" in case:
        definition["TimeoutSeconds"] = case["timeout"]
    return compile_machine(load(definition))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_machine(case):
    done = run(machine(case), case["input"], answering(case.get("answers", [])))
    ended = done.ended
    assert ended.error == case.get("error"), ended.cause
    assert ended.status == case.get("status", "FAILED" if "error" in case else "SUCCEEDED")
    assert ended.output == case.get("output")
    if "cause" in case:
        assert ended.cause == case["cause"]
    if "seconds" in case:
        assert done.now == case["seconds"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_history_is_whole(case):
    events = run(machine(case), case["input"], answering(case.get("answers", []))).events
    assert {event.type for event in events} <= TYPES
    own = [event for event in events if event.history == 0]
    assert [event.id for event in own] == list(range(1, len(own) + 1))
    assert all(0 <= event.previous < event.id for event in events)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_frames_survive_json(case, monkeypatch):
    """A store that writes frames as JSON after each transition, and reads them before the next, changes nothing."""

    def stored(execution, *arguments):
        for number, frame in execution.frames.items():
            execution.frames[number] = load_frame(json.loads(json.dumps(dump(frame))))
        return advance(execution, *arguments)

    plain = run(machine(case), case["input"], answering(case.get("answers", [])))
    monkeypatch.setattr(drive, "advance", stored)
    through = run(machine(case), case["input"], answering(case.get("answers", [])))
    assert (through.ended, through.events, through.now) == (plain.ended, plain.events, plain.now)
