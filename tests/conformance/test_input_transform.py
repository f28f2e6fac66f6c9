"""Every recorded input transformation of AWS: what was delivered, or that it was refused; and real events in templates."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import ShapeError
from matcher.transform import Shape, define

FILE = Path(__file__).parents[2] / ".." / "shared" / "corpora" / "router" / "input_transform.jsonl"


def lines_of(file: Path) -> list[bytes]:
    if not file.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{file} is absent")
        pytest.skip(f"{file} is absent: recorded deliveries and events stand beside the project")
    return file.read_bytes().splitlines()


def test_real_events_survive_their_templates() -> None:
    paths = {"detail": "$.detail", "type": "$.detail-type"}
    template = '{"detail": <detail>, "text": "a <type>", "event": <aws.events.event.json>}'
    whole = define(input_transformer={"paths": paths, "template": template})
    words = define(input_transformer={"paths": paths, "template": '"<type>: <detail>"'})
    part = define(input_path="$.detail")
    assert whole is not None
    assert words is not None
    assert part is not None
    seen = 0
    for line in lines_of(FILE.parents[1] / "events" / "github.jsonl"):
        seen += 1
        event = json.loads(line)
        made = json.loads(whole(line, 0.0))
        assert (made["detail"], made["event"]) == (event["detail"], event)
        assert made["text"] == f"a {event['detail-type']}"
        text = json.loads(words(line, 0.0))
        assert text.startswith(f"{event['detail-type']}: {{")
        assert '"' not in text
        assert json.loads(part(line, 0.0)) == event["detail"]
    assert seen > 300


def shape_of(row: dict[str, Any]) -> Shape | None:
    if "input_template" not in row:
        return define(input_path=row["input_path"])
    transformer = {"InputPathsMap": row["input_paths_map"], "InputTemplate": row["input_template"]}
    return define(input_transformer=transformer)


def test_recorded_deliveries() -> None:
    seen = 0
    for row in map(json.loads, lines_of(FILE)):
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
