"""Tell what a state makes of its data at each step, under the names that AWS's TestState gives the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from matcher.workflow.asl.machine import ABSENT, Absent, Pass
from matcher.workflow.failure import Failure
from matcher.workflow.fan import batch
from matcher.workflow.frames import Json
from matcher.workflow.leave import effective
from matcher.workflow.program import Step
from matcher.workflow.scene import Scene

__all__ = ["inspected"]

_BATCHES: Final = ("MaxItemsPerBatch", "MaxInputBytesPerBatch", "BatchInput")
#: Bounds of a Map, and what AWS calls them here.
_BOUNDS: Final = {
    "MaxConcurrency": "maxConcurrency",
    "ToleratedFailureCount": "toleratedFailureCount",
    "ToleratedFailurePercentage": "toleratedFailurePercentage",
}


def inspected(step: Step, scene: Scene, result: Json | Absent, items: list[Json] | None) -> dict[str, Json]:
    """The data at each step, up to the first that fails. `items` are what a Map's reader reads.

    What AWS leaves out is left out: the result of a Parallel or a Map, and what does not count where a Pass has one.
    """
    made: dict[str, Json] = {"input": scene.frame.input}
    with suppress(Failure):
        made.update(_jsonata(step, scene, result, items) if step.jsonata else _jsonpath(step, scene, result, items))
    return made


def _jsonata(step: Step, scene: Scene, result: Json | Absent, items: list[Json] | None) -> Iterator[tuple[str, Json]]:
    document = effective(scene.frame, step, scene)
    if step.arguments is not None and step.type != "Parallel":
        yield "afterArguments", step.arguments(document, scene)
    yield from _map(step, document, scene, items)
    if result is not ABSENT and step.type == "Task":
        yield "result", result


def _jsonpath(step: Step, scene: Scene, result: Json | Absent, items: list[Json] | None) -> Iterator[tuple[str, Json]]:
    frame, state = scene.frame, step.state
    document = effective(frame, step, scene)
    fixed = state.result if isinstance(state, Pass) else ABSENT
    if fixed is ABSENT and step.type != "Parallel":
        yield "afterInputPath", document
    given = document if step.arguments is None else step.arguments(document, scene)
    if (step.type in ("Pass", "Task") and fixed is ABSENT) or (step.type == "Parallel" and step.arguments is not None):
        yield "afterParameters", given
    yield from _map(step, document, scene, items)
    if step.type == "Pass":
        result = given if fixed is ABSENT else fixed
    if result is ABSENT:
        return
    if step.type == "Task" or fixed is not ABSENT:
        yield "result", result
    selected = result if step.selector is None else step.selector(result, scene)
    yield "afterResultSelector", selected
    yield "afterResultPath", selected if step.merge is None else step.merge(frame.input, selected)


def _batches(items: list[Json], settings: dict[str, Json]) -> Iterator[Json]:
    at = 0
    while at < len(items):
        taken, given = batch(items[at : at + (settings.get("MaxItemsPerBatch") or len(items))], settings)
        yield given
        at += taken


def _map(step: Step, document: Json, scene: Scene, items: list[Json] | None) -> Iterator[tuple[str, Json]]:
    """What a Map makes of its items, and its bounds."""
    fields = step.fields
    if step.type != "Map":
        return
    found = fields["Items"](document, scene) if "Items" in fields else items or []
    if not step.jsonata and "Items" in fields:
        yield "afterItemsPath", found
    elif "ItemReader" in fields and fields["ItemReader"](document, scene)["ReaderConfig"].get("ItemsPointer"):
        yield "afterItemsPointer", found
    if "ItemSelector" in fields:
        select: Callable[[Json, Scene], Json] = fields["ItemSelector"]
        within = ({"Index": index, "Value": value} for index, value in enumerate(found))
        found = [select(document, scene.of_item(item)) for item in within]
        yield "afterItemSelector", found
    if "ItemBatcher" in fields:
        yield "afterItemBatcher", list(_batches(found, {name: fields[name](document, scene) for name in _BATCHES if name in fields}))
    yield "maxConcurrency", 0
    for name, told in _BOUNDS.items():
        if name in fields:
            yield told, fields[name](document, scene)
