"""Templates and paths as data: what a target receives of one event, or why a definition is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import ShapeError, TargetError
from matcher.transform import Origin, Shape, define, preview

CASES = Path(__file__).parents[2] / "cases" / "transform"
TEMPLATES = json.loads((CASES / "templates.json").read_text())
PLACES = json.loads((CASES / "paths.json").read_text())
ORIGIN = Origin("big", "orders", "123456789012", "us-east-2")
ACCEPTED = 1_767_323_045.9  # 2026-01-02T03:04:05Z
EVENT = {
    "id": "1",
    "detail-type": "State",
    "source": "aws.ec2",
    "resources": ["r1", "r2"],
    "detail": {
        "instance-id": "i-0123456789",
        "state": "RUNNING",
        "count": 3,
        "price": 1.5,
        "valid": True,
        "nothing": None,
        "long": 123456789012345678901234567890,
        "tags": ["HIGH", "LOW"],
        "object": {"a": "x", "b": [1, None]},
        "speech": '"hi" \\ \n',
        "speeches": ['"hi" \\ \n'],
        "hostile": '", "admin": "true',
        "greek": "Ωμέγα 😀",
        "items": [{"id": 1}, {"id": 2}, {"no": 3}],
        "rows": [[1, 2], [], [3]],
        "a.b*": 7,
        "[*]": 8,
    },
}
BYTES = json.dumps(EVENT).encode()
NAMES = ["state", "count", "price", "valid", "nothing", "long", "tags", "object", "speech", "speeches", "hostile", "greek"]
PATHS = {
    "instance": "$.detail.instance-id",
    "missing": "$.detail.not.there",
    "ids": "$.detail.items[*].id",
    "first": "$.detail.items[0].id",
    "none": "$.detail.none[*].id",
    **{name: f"$.detail.{name}" for name in NAMES},
}


def filled(template: str) -> Shape:
    shape = define(input_transformer={"paths": PATHS, "template": template}, origin=ORIGIN)
    assert shape is not None
    return shape


@pytest.mark.parametrize("case", [case for case in TEMPLATES if "body" in case], ids=lambda case: case["name"])
def test_a_template_is_filled(case: dict[str, Any]) -> None:
    shape = filled(case["template"])
    assert shape(BYTES, ACCEPTED).decode() == case["body"]
    assert preview(shape, BYTES, ACCEPTED).body.decode() == case["body"]


@pytest.mark.parametrize("case", [case for case in TEMPLATES if "undelivered" in case], ids=lambda case: case["name"])
def test_a_filled_template_that_is_no_json_is_not_delivered(case: dict[str, Any]) -> None:
    shape = filled(case["template"])
    for attempt in (lambda: shape(BYTES, ACCEPTED), lambda: preview(shape, BYTES, ACCEPTED)):
        with pytest.raises(TargetError) as caught:
            attempt()
        assert case["undelivered"] in str(caught.value)
        assert not caught.value.retryable


@pytest.mark.parametrize("case", [case for case in TEMPLATES if "faults" in case], ids=lambda case: case["name"])
def test_a_template_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ShapeError) as caught:
        filled(case["template"])
    for part in case["faults"]:
        assert part in str(caught.value)


@pytest.mark.parametrize("case", [case for case in PLACES if "fault" not in case], ids=lambda case: case["name"])
def test_a_path_leads_to_a_value(case: dict[str, Any]) -> None:
    shape = define(input_transformer={"InputPathsMap": {"it": case["path"]}, "InputTemplate": '{"it": <it>}'})
    shown = preview(shape, BYTES, ACCEPTED)
    if case.get("missing"):
        assert shown.missing == ("it",)
        assert shown.variables == {}
    else:
        assert shown.variables == {"it": case["value"]}
        assert json.loads(shown.body) == {"it": case["value"]}
        selected = define(input_path=case["path"])
        assert selected is not None
        assert json.loads(selected(BYTES, ACCEPTED)) == case["value"]


@pytest.mark.parametrize("case", [case for case in PLACES if "fault" in case], ids=lambda case: case["name"])
def test_a_path_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ShapeError, match="/input_path, character"):
        define(input_path=case["path"])
    with pytest.raises(ShapeError) as caught:
        define(input_transformer={"paths": {"it": case["path"]}, "template": "<it>"})
    assert case["fault"] in str(caught.value)
    assert "/input_transformer/paths/it" in str(caught.value)
