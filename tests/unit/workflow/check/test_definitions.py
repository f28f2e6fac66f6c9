"""Each definition of tests/cases/definitions has the faults that stand beside it, with their places and AWS's codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import DefinitionError
from matcher.workflow.check.diagnostic import Severity
from matcher.workflow.definition import check, load

CASES = [
    (file.stem, case)
    for file in sorted((Path(__file__).parents[3] / "cases" / "definitions").glob("*.json"))
    for case in json.loads(file.read_text())
]


def found(case: dict[str, Any], severity: Severity, definition: Any) -> list[list[str]]:
    told = check(definition, express=case.get("express", False))
    return sorted([one.at, one.code.value] for one in told if one.severity is severity)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{file}: {case['name']}") for file, case in CASES])
def test_faults_are_found(case: dict[str, Any]) -> None:
    text = json.dumps(case["definition"])
    assert found(case, Severity.ERROR, text) == sorted(case["errors"])
    assert found(case, Severity.WARNING, text) == sorted(case.get("warnings", []))


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{file}: {case['name']}") for file, case in CASES])
def test_a_definition_loads_if_it_has_no_error(case: dict[str, Any]) -> None:
    express = case.get("express", False)
    if not case["errors"]:
        machine = load(json.dumps(case["definition"]), express=express)
        assert set(machine.states) == set(case["definition"]["States"])
        return
    with pytest.raises(DefinitionError) as caught:
        load(json.dumps(case["definition"]), express=express)
    assert sorted(fault.at for fault in caught.value.faults) == sorted(at for at, _ in case["errors"])
