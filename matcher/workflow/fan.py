"""Run the branches of a Parallel and the iterations of a Map as frames: start them, count them, and gather what they give.

A Map holds at most as many frames at a time as its concurrency says, and asks its reader for the next items only when
those at hand are started, so that its size is bounded by the window, not by the number of items. One iteration costs
O(1) beside its own states.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson

from matcher.workflow import failure
from matcher.workflow.failure import Failure
from matcher.workflow.frames import Fanning, Frame, Json, Reading, Result, Writing
from matcher.workflow.happenings import ItemsRead, Read, ReadFailed, Write
from matcher.workflow.leave import effective, leave, recover
from matcher.workflow.program import Step
from matcher.workflow.scene import Scene
from matcher.workflow.turn import Over, Turn

__all__ = ["batch", "branch", "gathered", "iterate", "read", "report", "written"]


def branch(turn: Turn, frame: Frame, step: Step, scene: Scene) -> None:
    """Start every branch of a Parallel on the same input."""
    document = effective(frame, step, scene)
    given = step.arguments(document, scene) if step.arguments else frame.input if step.jsonata else document
    turn.fits(frame, given)
    last = turn.event(frame.history, frame.last, "ParallelStateStarted")
    turn.put(replace(frame, last=last, work=Fanning(started=len(step.scopes))))
    for index, scope in enumerate(step.scopes):
        first = turn.execution.program.scopes[scope].start_at
        turn.spawn(frame.id, index, scope, first, given, history=frame.history, item=frame.item, last=last)


def iterate(turn: Turn, frame: Frame, step: Step, scene: Scene) -> None:
    """Start a Map: with the items at hand, or by asking its reader for them."""
    fields = step.fields
    document = effective(frame, step, scene)
    items = fields["Items"](document, scene) if "Items" in fields else []
    settings: dict[str, Json] = {}
    if "MaxConcurrency" in fields:
        settings["MaxConcurrency"] = fields["MaxConcurrency"](document, scene)
    last = turn.event(frame.history, frame.last, "MapStateStarted", {"length": len(items)})
    frame = replace(frame, last=last)
    turn.put(frame)
    for name, field in fields.items():
        if name not in ("Items", "ItemSelector", "MaxConcurrency"):
            settings[name] = field(document, scene)
    if step.distributed:
        frame = replace(frame, last=turn.event(frame.history, last, "MapRunStarted", {"mapRunArn": _run_name(turn, frame, step)}))
    bound = turn.execution.settings
    default = bound.distributed_concurrency if step.distributed else bound.inline_concurrency
    fan = Fanning(concurrency=settings.get("MaxConcurrency") or default, items=items, settings=settings)
    if "ItemReader" in fields:
        turn.put(replace(frame, work=Reading(replace(fan, exhausted=False, reading=True))))
        turn.changes.reads.append(Read(frame.id, settings["ItemReader"], 0))
        return
    _fill(turn, frame, step, fan, frame.last)


def _run_name(turn: Turn, frame: Frame, step: Step) -> str:
    label = getattr(step.state, "label", None) or frame.state
    return f"{turn.execution.context.get('Execution', {}).get('Id', '')}/{label}:{frame.id}.{frame.entered}"


def read(turn: Turn, frame: Frame, step: Step, happening: ItemsRead | ReadFailed) -> None:
    """The reader answered."""
    work = frame.work
    assert isinstance(work, Reading | Fanning)
    fan = work.fan if isinstance(work, Reading) else work
    if isinstance(happening, ReadFailed):
        _run_failed(turn, frame, step, Failure(failure.READER, happening.cause))
        return
    fan = replace(
        fan, items=happening.items, base=fan.end, position=fan.end, exhausted=happening.exhausted, reading=False
    )
    _fill(turn, frame, step, fan, frame.last)


def _fill(turn: Turn, frame: Frame, step: Step, fan: Fanning, previous: int) -> None:
    """Start iterations up to the concurrency; go on with the Map where there is nothing to start or to wait for."""
    items = fan.items or []
    started, position = fan.started, fan.position
    scene = turn.scene(frame)
    document = effective(frame, step, scene)
    room = fan.concurrency - fan.active
    while room > 0 and position < fan.end:
        item = None
        if "ItemBatcher" in step.fields:
            most = (fan.settings or {}).get("MaxItemsPerBatch") or len(items)
            chunk = items[position - fan.base : position - fan.base + most]
            shaped = (_given(step, document, value, position + at, scene) for at, value in enumerate(chunk))
            taken, given = batch(shaped, fan.settings or {})
        else:
            taken, value = 1, items[position - fan.base]
            item = {"Index": position, "Value": value}
            given = _given(step, document, value, position, scene)
        _start(turn, frame, step, started, item, given, previous)
        started, position, room = started + 1, position + taken, room - 1
    reading = fan.reading
    if position >= fan.end and not fan.exhausted and not reading:
        assert fan.settings is not None
        turn.changes.reads.append(Read(frame.id, fan.settings["ItemReader"], fan.end))
        reading = True
    fan = replace(fan, started=started, position=position, reading=reading)
    turn.put(replace(frame, work=fan))
    if fan.active == 0 and fan.exhausted and fan.position >= fan.end:
        gathered(turn, replace(frame, work=fan), step, fan)


def _given(step: Step, document: Json, value: Json, index: int, scene: Scene) -> Json:
    """The item, or what the item selector makes of it."""
    selector = step.fields.get("ItemSelector")
    return value if selector is None else selector(document, scene.of_item({"Index": index, "Value": value}))


def batch(items: Iterable[Json], settings: dict[str, Json]) -> tuple[int, Json]:
    """As many items as a batch may hold, at least one, and the input that they make."""
    room = settings.get("MaxInputBytesPerBatch") or float("inf")
    batch: list[Json] = []
    size = 0
    for item in items:
        size += len(orjson.dumps(item)) + 1
        if size > room and batch:
            break
        batch.append(item)
    made: dict[str, Json] = {"Items": batch}
    if "BatchInput" in settings:
        made["BatchInput"] = settings["BatchInput"]
    return len(batch), made


def _start(turn: Turn, frame: Frame, step: Step, index: int, item: Json, given: Json, previous: int) -> None:
    turn.fits(frame, given)
    scope = step.scopes[0]
    first = turn.execution.program.scopes[scope].start_at
    if step.distributed:
        child = turn.spawn(frame.id, index, scope, first, given, history=-1, item=item, last=0)
        turn.event(child.history, 0, "ExecutionStarted", {"input": given})
        return
    last = turn.event(frame.history, previous, "MapIterationStarted", {"name": frame.state, "index": index})
    turn.spawn(frame.id, index, scope, first, given, history=frame.history, item=item, last=last)


def report(turn: Turn, over: Over) -> None:
    """Tell a frame that one below has ended."""
    parent = turn.execution.frames[over.frame.parent or 0]
    step = turn.step(parent)
    try:
        (_failed if over.failed else _succeeded)(turn, parent, step, over)
    except Failure as fault:
        recover(turn, turn.execution.frames[parent.id], step, fault)


def _succeeded(turn: Turn, parent: Frame, step: Step, over: Over) -> None:
    fan = parent.work
    assert isinstance(fan, Fanning)
    child = over.frame
    given = turn.execution.frames[child.id].input if fan.settings and "ResultWriter" in fan.settings else None
    turn.keep(Result(parent.id, child.index, over.output, input=given))
    if step.distributed:
        turn.event(child.history, child.last, "ExecutionSucceeded", {"output": over.output})
    turn.drop(child.id)
    fan = replace(fan, succeeded=fan.succeeded + 1)
    if step.distributed:
        _fill(turn, parent, step, fan, parent.last)
    elif fan.items is not None:
        details = {"name": parent.state, "index": child.index}
        last = turn.event(parent.history, child.last, "MapIterationSucceeded", details)
        _fill(turn, replace(parent, last=last), step, fan, child.last)
    else:
        parent = replace(parent, last=child.last, work=fan)
        turn.put(parent)
        if fan.active == 0:
            gathered(turn, parent, step, fan)


def _failed(turn: Turn, parent: Frame, step: Step, over: Over) -> None:
    fan = parent.work
    assert isinstance(fan, Fanning)
    child = over.frame
    if step.distributed:
        _tolerated(turn, parent, step, fan, over)
        return
    if fan.items is not None:
        turn.event(parent.history, child.last, "MapIterationFailed", {"name": parent.state, "index": child.index})
    _abort(turn, parent, child)
    parent = replace(parent, last=child.last, work=replace(fan, failed=fan.failed + 1))
    recover(turn, parent, step, Failure(over.error, over.cause), inner=True)


def _abort(turn: Turn, parent: Frame, failed: Frame) -> None:
    """The frames beside the failed one, and all below them, end with it: their events, innermost first."""
    below: dict[int | None, list[Frame]] = {}
    for frame in turn.below(parent.id):
        if frame.history == parent.history:
            below.setdefault(frame.parent, []).append(frame)
    waiting = [(frame, False) for frame in reversed(below[parent.id]) if frame.id != failed.id]
    while waiting:
        frame, told = waiting.pop()
        if told:
            _aborted(turn, frame, failed.last)
        else:
            waiting.append((frame, True))
            waiting += [(inner, False) for inner in reversed(below.get(frame.id, ()))]


def _aborted(turn: Turn, frame: Frame, previous: int) -> None:
    if frame.entered:
        turn.event(frame.history, previous, f"{turn.step(frame).type}StateAborted")
    around = turn.execution.frames[frame.parent or 0]
    if isinstance(around.work, Fanning) and around.work.items is not None:
        details = {"name": around.state, "index": frame.index}
        turn.event(frame.history, previous, "MapIterationAborted", details)


def _tolerated(turn: Turn, parent: Frame, step: Step, fan: Fanning, over: Over) -> None:
    """A child execution of a distributed Map failed; the Map fails if these are more than it tolerates."""
    child = over.frame
    details = {name: value for name, value in (("error", over.error), ("cause", over.cause)) if value is not None}
    turn.event(child.history, child.last, "ExecutionFailed", details)
    fan = replace(fan, failed=fan.failed + 1)
    settings = fan.settings or {}
    count, share = settings.get("ToleratedFailureCount"), settings.get("ToleratedFailurePercentage")
    total = fan.started + fan.end - fan.position
    known = fan.exhausted
    beyond_share = share is not None and known and fan.failed * 100 > share * total
    if (count is not None and fan.failed > count) or beyond_share or (count is None and share is None):
        cause = "The specified tolerated failure threshold was exceeded"
        _run_failed(turn, replace(parent, work=fan), step, Failure(failure.TOLERATED, cause))
        return
    given = turn.execution.frames[child.id].input if "ResultWriter" in settings else None
    turn.keep(Result(parent.id, child.index, None, True, over.error, over.cause, given))
    turn.drop_below(child.id)
    turn.drop(child.id)
    _fill(turn, parent, step, fan, parent.last)


def _run_failed(turn: Turn, frame: Frame, step: Step, fault: Failure) -> None:
    details = {"error": fault.error, "cause": fault.cause}
    last = turn.event(frame.history, frame.last, "MapRunFailed", details)
    recover(turn, replace(frame, last=last), step, fault, inner=True)


def gathered(turn: Turn, frame: Frame, step: Step, fan: Fanning) -> None:
    """Every branch or iteration has ended: go on with their results, written first where a writer is asked for."""
    results = turn.execution.results.get(frame.id, {})
    ordered = [results[index] for index in sorted(results)]
    settings = fan.settings or {}
    share = settings.get("ToleratedFailurePercentage")
    if step.distributed and share is not None and fan.failed * 100 > share * fan.started:
        cause = "The specified tolerated failure threshold was exceeded"
        _run_failed(turn, frame, step, Failure(failure.TOLERATED, cause))
        return
    writer: Any = settings.get("ResultWriter")
    if writer and (writer["Resource"] or writer["Parameters"]):
        turn.put(replace(frame, work=Writing(fan)))
        turn.changes.writes.append(Write(frame.id, writer, ordered))
        return
    outputs = [result.output for result in ordered if not result.failed]
    if writer and writer["WriterConfig"].get("Transformation") == "FLATTEN":
        outputs = [value for output in outputs for value in (output if isinstance(output, list) else [output])]
    written(turn, frame, step, outputs)


def written(turn: Turn, frame: Frame, step: Step, result: Json) -> None:
    """The Map, or the Parallel, is done with that result."""
    turn.clear(frame.id)
    last = frame.last
    if step.distributed:
        last = turn.event(frame.history, last, "MapRunSucceeded")
    turn.event(frame.history, last, f"{step.type}StateSucceeded")
    frame = replace(frame, last=last)
    turn.put(frame)
    leave(turn, frame, step, result, turn.scene(frame))


