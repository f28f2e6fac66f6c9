"""Definitions with something wrong anywhere never crash the check; what it accepts is built, compiled, drawn and run."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from matcher.errors import WorkflowError
from matcher.workflow.check.diagnostic import Severity
from matcher.workflow.definition import check, load
from matcher.workflow.drive import World, run
from matcher.workflow.graph.mermaid import mermaid
from matcher.workflow.graph.model import graph
from matcher.workflow.happenings import Call, Happening, ItemsRead, TaskFailed, TaskSucceeded
from matcher.workflow.host.machines import compiled
from matcher.workflow.program import Program, compile_machine
from matcher.workflow.scene import Settings
from matcher.workflow.trial import test_state

CASES = Path(__file__).parents[3] / "cases" / "definitions"
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e300, 10**30, "", "x", "$", "$.a", "$[", "$$.a", "$x", "States.", "States.UUID()"),
    *("{% 1 %}", "{%%}", "{%", "JSONata", "JSONPath", "Map", "Choice", "States.ALL", "\u0000", "a/b~", [], {}, [1]),
    *({"a": 1}, {"a.$": "$.b"}),
]
NAMES = (
    "Type Next End QueryLanguage States StartAt Choices Condition And Not Variable StringEquals Retry Catch ErrorEquals "
    "ItemProcessor Iterator Branches ProcessorConfig ItemReader ReaderConfig Items Output Assign Parameters a.$ Label "
    "TimeoutSeconds HeartbeatSeconds Credentials ResultPath CSVHeaders Default"
).split()


def containers(value: Any) -> list[Any]:
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            found.append(one)
            waiting += one.values() if isinstance(one, dict) else one
    return found


def mutant(definition: dict[str, Any], random: Random) -> dict[str, Any]:
    """The definition with up to three values replaced, members added, or members gone."""
    made = copy.deepcopy(definition)
    for _ in range(random.randint(1, 3)):
        all_of_them = containers(made)
        place = random.choice(all_of_them)
        value = copy.deepcopy(random.choice(VALUES if random.random() < 0.7 else all_of_them))
        if isinstance(place, list):
            place.append(value)
        elif place and random.random() < 0.3:
            del place[random.choice(list(place))]
        else:
            place[random.choice([*place, *NAMES])] = value
    return made


def ends(program: Program, definition: dict[str, Any], random: Random) -> None:
    """Whatever it is given, it ends by itself, or is refused for an input that is no JSON or for a task without end."""

    def serve(_call: Call) -> Iterator[Happening]:
        yield TaskFailed("E", None) if random.random() < 0.3 else TaskSucceeded(random.choice(VALUES))

    given = random.choice([*VALUES, definition])
    read = random.choice([[], [1, {"a": 2}]])
    with suppress(WorkflowError):
        done = run(program, given, World(serve, lambda _read: ItemsRead(read, exhausted=True)), settings=Settings(history_events=200))
        assert done.ended.status in ("SUCCEEDED", "FAILED", "TIMED_OUT")
    with suppress(WorkflowError):
        trial = test_state(definition, given, state=definition["StartAt"], mock=random.choice(VALUES))
        assert "input" in trial.inspection


@pytest.mark.parametrize("file", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_mutants(file: Path) -> None:
    sound = [case["definition"] for case in json.loads(file.read_text()) if not case["errors"]]
    random, accepted = Random(file.stem), 0
    for _ in range(400):
        definition = mutant(random.choice(sound), random)
        if any(one.severity is Severity.ERROR for one in check(definition)):
            continue
        accepted += 1
        assert mermaid(graph(load(definition)))
        assert compiled(json.dumps(definition)).machine.start_at == definition["StartAt"]
        ends(compile_machine(load(definition)), definition, random)
    assert 0 < accepted < 400
