"""Pictures hold every state and way; nothing lies on anything else, and text fits what it stands in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from xml.etree.ElementTree import fromstring, tostring

import pytest

from matcher.errors import WorkflowError
from matcher.workflow.definition import load
from matcher.workflow.graph.layout import DETAIL, ICON, LABEL, NAME, ROW, Drawing, lay_out
from matcher.workflow.graph.mermaid import mermaid
from matcher.workflow.graph.model import graph
from matcher.workflow.graph.svg import svg
from matcher.workflow.graph.text import broken, cut, width
from matcher.workflow.graph.trace import trace
from tests.unit.workflow.graph.histories import History

ORDER = json.loads((Path(__file__).parent / "order.json").read_text())

Rectangle = tuple[float, float, float, float]


def any_machine(random: Random, states: int, depth: int) -> dict[str, Any]:
    """A machine with branches, loops, errors that are caught, and machines within."""
    names = [f"{random.choice('abcdefgh') * random.randint(1, 20)} {random.random()}" for _ in range(states)]
    made: dict[str, Any] = {}
    for index, name in enumerate(names[:-1]):
        ahead, anywhere = names[index + 1], random.choice(names)
        kind = random.choice(["Pass", "Task", "Choice", "Map"] if depth else ["Pass", "Task", "Choice"])
        if kind == "Choice":
            rules = [{"Variable": "$.a", "NumericEquals": number, "Next": anywhere} for number in range(random.randint(1, 5))]
            made[name] = {"Type": "Choice", "Choices": rules, "Default": ahead}
        elif kind == "Pass":
            made[name] = {"Type": "Pass", "Next": ahead}
        else:
            catch = [{"ErrorEquals": ["States.ALL"], "Next": anywhere}]
            inner = {"ItemProcessor": any_machine(random, 4, depth - 1)} if kind == "Map" else {"Resource": "work"}
            made[name] = {"Type": kind, **inner, "Next": ahead, "Catch": catch}
    return {"StartAt": names[0], "States": {**made, names[-1]: {"Type": "Succeed"}}}


MACHINES = [ORDER, *(any_machine(Random(seed), 12, 2) for seed in range(20)), any_machine(Random(20), 150, 1)]


def rectangles(drawing: Drawing) -> list[Rectangle]:
    """The boxes and labels of one machine."""
    boxes = [(*box.corner, box.corner[0] + box.size[0], box.corner[1] + box.size[1]) for box in drawing.boxes]
    labels = []
    for line in drawing.lines:
        if line.label:
            (x, y), half = line.anchor, max(width(text, LABEL) for text in line.label) / 2
            labels.append((x - half, y - ROW * len(line.label) / 2, x + half, y + ROW * len(line.label) / 2))
    return boxes + labels


def overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def drawings(drawing: Drawing) -> Iterator[Drawing]:
    yield drawing
    for box in drawing.boxes:
        for _, part in box.parts:
            yield from drawings(part)


@pytest.mark.parametrize("definition", MACHINES, ids=range(len(MACHINES)))
def test_nothing_lies_on_anything_else(definition: dict[str, Any]) -> None:
    for drawing in drawings(lay_out(graph(load(definition)))):
        placed = rectangles(drawing)
        assert not [(one, other) for index, one in enumerate(placed) for other in placed[:index] if overlap(one, other)]
        across, down = drawing.size
        assert all(x >= 0 and y >= 0 and right <= across and bottom <= down for x, y, right, bottom in placed)


@pytest.mark.parametrize("definition", MACHINES[:6], ids=range(6))
def test_what_is_within_a_box_fits_it(definition: dict[str, Any]) -> None:
    for drawing in drawings(lay_out(graph(load(definition)))):
        for box in drawing.boxes:
            room = box.size[0] - ICON
            assert all(width(line, NAME, bold=True) <= room for line in box.name)
            assert all(width(row, DETAIL) <= room for row in box.rows)
            for (x, y), part in box.parts:
                assert x >= 0
                assert x + part.size[0] <= box.size[0]
                assert y + part.size[1] <= box.size[1]


def test_too_many_states_are_not_drawn() -> None:
    states: dict[str, Any] = {f"s{number}": {"Type": "Pass", "Next": f"s{number + 1}"} for number in range(2_000)}
    machine = load({"StartAt": "s0", "States": {**states, "s2000": {"Type": "Succeed"}}})
    with pytest.raises(WorkflowError, match="2,001 states are too many to draw, at most 2,000"):
        svg(graph(machine))
    assert mermaid(graph(machine)).count("\n") == 4_006


def painted() -> History:
    history = History()
    history.visit("Task", "Validate order", "TaskScheduled", "TaskFailed", "TaskScheduled", "TaskFailed", seconds=3)
    history.add("FailStateEntered", name="Reject order")
    history.add("ExecutionFailed", error="OrderRejected", cause="]]> & <b>")
    return history


def test_svg_is_xml_and_holds_every_state() -> None:
    root = fromstring(svg(graph(load(ORDER)), title="An order & more"))
    texts = {element.text for element in root.iter() if element.text}
    assert {"Validate order", "Pick and ship items", "Update loyalty points", "$.total ≥ 1000"} <= texts
    assert {"or $.customer.new = true and $.total > 200", "CardRefused", "An order & more"} <= texts
    assert "prefers-color-scheme:dark" in tostring(root, encoding="unicode")


def test_an_execution_is_painted_on() -> None:
    text = svg(graph(load(ORDER)), trace(painted().events))
    root = fromstring(text)
    classes = [element.get("class", "") for element in root.iter()]
    assert "state task caught" in classes
    assert "state fail failed" in classes
    assert "state map idle" in classes
    assert sum("taken" in names.split() for names in classes if names.startswith("way")) == 2
    texts = [element.text for element in root.iter() if element.text]
    assert "3.0 s, 1 retry" in texts
    assert "OrderRejected: ]]> & <b>" in " ".join(texts)


def test_hostile_names_stay_text() -> None:
    name = '</text><script>"\x01\u0008'
    machine = load({"StartAt": name, "States": {name: {"Type": "Succeed"}}})
    root = fromstring(svg(graph(machine)))
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    lines = mermaid(graph(machine)).splitlines()
    assert not [line for line in lines if "<script" in line]
    assert len(lines) == 6


def test_mermaid_of_containers_and_of_an_execution() -> None:
    made = mermaid(graph(load(ORDER)), trace(painted().events))
    assert made.startswith("flowchart TD\n")
    lines = [line.strip() for line in made.splitlines()]
    assert lines.count("end") == sum(line.startswith("subgraph ") for line in lines) == 4
    assert 's1 -->|"#36;' not in made
    assert 's1 -->|"$.total ≥ 1000"| s2' in made
    assert re.search(r"classDef caught .*\n  class s0 caught", made)
    assert re.search(r"linkStyle \d+,\d+ stroke-width:3px\n$", made)


def test_mermaid_has_no_word_that_ends_a_subgraph() -> None:
    made = mermaid(graph(load({"StartAt": "end", "States": {"end": {"Type": "Succeed"}}})))
    assert made.splitlines()[1:] == [
        "  begin(( ))",
        "  finish((( )))",
        '  s0(["end<br>Succeed"])',
        "  begin --> s0",
        "  s0 --> finish",
    ]


def test_text_is_cut_and_broken() -> None:
    assert cut("abc", 10, 100) == "abc"
    assert cut("abcdefghij", 10, 30) == "abcd…"
    assert broken("Pick and ship items", 13, 80, 2, bold=True) == ["Pick and", "ship items"]
    assert broken("PickAndShipItems", 13, 80, 2) == ["PickAndShip", "Items"]
    assert broken("注文を検証する", 10, 42, 2) == ["注文を検", "証する"]
    assert width("i", 10) < width("m", 10) < width("中", 10)
