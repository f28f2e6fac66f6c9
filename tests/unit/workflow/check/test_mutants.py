"""Definitions with something wrong anywhere never crash the check; what it accepts is built, compiled and drawn."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from matcher.workflow.check.diagnostic import Severity
from matcher.workflow.definition import check, load
from matcher.workflow.graph.mermaid import mermaid
from matcher.workflow.graph.model import graph
from matcher.workflow.host.machines import compiled

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
    assert 0 < accepted < 400
