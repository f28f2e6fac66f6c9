"""How many state transitions a second does one core make in memory, and what does a Map of 100,000 items take?"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from random import Random
from time import perf_counter
from typing import Any

from bench.report import Table, plain, rate
from matcher.workflow.definition import load
from matcher.workflow.drive import World, run
from matcher.workflow.execution import Execution, advance, start
from matcher.workflow.happenings import Changes, ItemsRead, Moment, Proceed, Read
from matcher.workflow.program import compile_machine
from matcher.workflow.scene import Settings

__all__ = ["main"]

ROUNDS = 20_000
ITEMS = 100_000
UNBOUNDED = Settings(history_events=None, payload_bytes=None)
PASSING = {"StartAt": "Each", "States": {"Each": {"Type": "Pass", "End": True}}}

#: A loop of Pass and Choice states, in both query languages.
LOOPS: dict[str, dict[str, Any]] = {
    "JSONPath": {
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Result": 0, "ResultPath": "$.i", "Next": "Again"},
            "Again": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.i", "NumericGreaterThanEquals": ROUNDS, "Next": "Done"}],
                "Default": "Count",
            },
            "Count": {"Type": "Pass", "Parameters": {"i.$": "States.MathAdd($.i, 1)"}, "Next": "Again"},
            "Done": {"Type": "Succeed"},
        },
    },
    "JSONata": {
        "QueryLanguage": "JSONata",
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Output": {"i": 0}, "Next": "Again"},
            "Again": {
                "Type": "Choice",
                "Choices": [{"Condition": f"{{% $states.input.i >= {ROUNDS} %}}", "Next": "Done"}],
                "Default": "Count",
            },
            "Count": {"Type": "Pass", "Output": {"i": "{% $states.input.i + 1 %}"}, "Next": "Again"},
            "Done": {"Type": "Succeed"},
        },
    },
}


def loop(language: str) -> float:
    """Transitions a second, the best of three runs."""
    program = compile_machine(load(LOOPS[language]))
    best = float("inf")
    for _ in range(3):
        begun = perf_counter()
        done = run(program, {}, settings=UNBOUNDED)
        best = min(best, perf_counter() - begun)
        assert done.ended.output == {"i": ROUNDS}
    return sum(event.type.endswith("StateEntered") for event in done.events) / best


def inline() -> float:
    """Iterations a second of an inline Map whose items are its input."""
    program = compile_machine(load({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": PASSING, "End": True}}}))
    begun = perf_counter()
    done = run(program, list(range(ITEMS)), World(), settings=UNBOUNDED)
    assert done.ended.output == list(range(ITEMS))
    return ITEMS / (perf_counter() - begun)


def streamed() -> float:
    """Iterations a second of a distributed Map whose reader gives 1,000 items at a time, and whose events are dropped."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **PASSING}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    states = {"M": {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}}
    execution = Execution(compile_machine(load({"StartAt": "M", "States": states})), {"Execution": {}}, UNBOUNDED)
    begun = perf_counter()
    drain(execution, read)
    assert execution.ended is not None
    assert execution.ended.output == [{"id": number} for number in range(ITEMS)]
    return ITEMS / (perf_counter() - begun)


def read(wanted: Read) -> ItemsRead:
    items = [{"id": number} for number in range(wanted.start, wanted.start + 1_000)]
    return ItemsRead(items, exhausted=wanted.start + 1_000 >= ITEMS)


def drain(execution: Execution, answer: Callable[[Read], ItemsRead]) -> None:
    """Run to the end, keeping nothing but the execution itself."""
    moment = Moment(0.0, Random(0), lambda _frame: "")
    left: list[Changes] = [start(execution, {}, moment)]
    while left:
        changes = left.pop()
        left += [advance(execution, wanted.frame, answer(wanted), moment) for wanted in changes.reads]
        left += [advance(execution, frame, Proceed(), moment) for frame in changes.ready]


def peak() -> float:
    """Megabytes that this process has held at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


QUESTIONS: dict[str, Callable[[], float]] = {
    "Pass and Choice, JSONPath": lambda: loop("JSONPath"),
    "Pass and Choice, JSONata": lambda: loop("JSONata"),
    f"inline Map of {ITEMS:,} items": inline,
    f"streamed Map of {ITEMS:,} items": streamed,
}


def main(arguments: list[str]) -> None:
    """Each question in a process of its own, so that each has its own peak of memory."""
    if arguments:
        print(QUESTIONS[arguments[0]](), peak())
        return
    rows = []
    for name in QUESTIONS:
        command = [sys.executable, "-m", "bench.workflow_steps", name]
        speed, memory = map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        rows.append((name, rate(speed), f"{memory:,.0f}"))
    print(plain(Table("Workflows in memory, one core", ("question", "transitions or iterations/s", "peak MB"), rows)))


if __name__ == "__main__":
    main(sys.argv[1:])
