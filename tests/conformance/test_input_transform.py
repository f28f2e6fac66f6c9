"""Every recorded input transformation of AWS: what was delivered to the target, or that it was refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import ShapeError
from matcher.transform import Shape, define

FILE = Path(__file__).parents[2] / ".." / "shared" / "corpora" / "router" / "input_transform.jsonl"


def rows() -> list[dict[str, Any]]:
    if not FILE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{FILE} is absent")
        pytest.skip(f"{FILE} is absent: the recorded deliveries stand beside the project")
    return [json.loads(line) for line in FILE.read_text().splitlines()]


def shape_of(row: dict[str, Any]) -> Shape | None:
    if "input_template" not in row:
        return define(input_path=row["input_path"])
    transformer = {"InputPathsMap": row["input_paths_map"], "InputTemplate": row["input_template"]}
    return define(input_transformer=transformer)


def test_recorded_deliveries() -> None:
    seen = 0
    for row in rows():
        seen += 1
        if "error" in row:
            with pytest.raises(ShapeError) as caught:
                shape_of(row)
            assert row["error"].removeprefix("InputTemplate contains ") in str(caught.value)
            continue
        shape = shape_of(row)
        assert shape is not None
        body = shape(json.dumps(row["event"]).encode(), 0.0).decode()
        expected = row["delivered"]
        assert (body if isinstance(expected, str) else json.loads(body)) == expected, row["id"]
    assert seen >= 25
