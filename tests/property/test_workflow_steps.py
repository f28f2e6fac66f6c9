"""Random machines give what a naive evaluation gives, whatever order things happen in, through JSON at every step."""

from __future__ import annotations

import json
from itertools import count
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.workflow.definition import load
from matcher.workflow.execution import Execution, advance, start
from matcher.workflow.frames import dump
from matcher.workflow.frames import load as load_frame
from matcher.workflow.happenings import Moment, Proceed, TaskFailed, TaskSucceeded, TimerFired
from matcher.workflow.program import compile_machine

#: A machine in small: what each state does to the number that goes through it.
LEAVES = st.tuples(st.just("add"), st.integers(-5, 5)) | st.tuples(st.just("wait"), st.just(1)) | st.tuples(st.just("task"), st.integers(0, 2))
SEQUENCES = st.recursive(
    st.lists(LEAVES, min_size=1, max_size=3),
    lambda inner: st.lists(
        LEAVES
        | st.tuples(st.just("parallel"), st.lists(inner, min_size=1, max_size=3))
        | st.tuples(st.just("map"), st.tuples(st.integers(0, 4), inner, st.booleans(), st.integers(0, 2))),
        min_size=1,
        max_size=3,
    ),
    max_leaves=8,
)


def naive(sequence, number):
    for kind, what in sequence:
        match kind:
            case "add":
                number += what
            case "task":
                number *= 2
            case "parallel":
                number = sum(naive(branch, number) for branch in what)
            case "map":
                size, inner, _, _ = what
                number = sum(naive(inner, number + item) for item in range(size))
    return number


def definition(sequence, names):
    states, chosen = {}, [f"S{next(names)}" for _ in sequence]
    for (kind, what), name, after in zip(sequence, chosen, [*chosen[1:], None], strict=True):
        going = {"End": True} if after is None else {"Next": after}
        states[name] = {**state(kind, what, names), **going}
    return {"StartAt": chosen[0], "States": states}


def state(kind, what, names):
    match kind:
        case "add":
            return {"Type": "Pass", "Output": f"{{% $states.input + {what} %}}"}
        case "wait":
            return {"Type": "Wait", "Seconds": what}
        case "task":
            retry = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 3}]
            return {"Type": "Task", "Resource": f"fails-{what}", "Arguments": "{% $states.input %}", "Retry": retry}
        case "parallel":
            return {"Type": "Parallel", "Branches": [definition(branch, names) for branch in what], "Output": "{% $sum($states.result) %}"}
    size, inner, distributed, concurrency = what
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} if distributed else {"Mode": "INLINE"}
    return {
        "Type": "Map",
        "Items": list(range(size)),
        "ItemSelector": "{% $states.input + $states.context.Map.Item.Value %}",
        "MaxConcurrency": concurrency,
        "ItemProcessor": {"ProcessorConfig": config, **definition(inner, names)},
        "Output": "{% $sum($states.result) %}",
    }


def run_in_any_order(machine, number, random):
    execution = Execution(compile_machine(machine), {"Execution": {}, "StateMachine": {}})
    clock = count(step=100)
    failures: dict[tuple[int, str], int] = {}
    changes = start(execution, number, moment(clock))
    waiting = []
    while execution.ended is None:
        waiting += [(frame, Proceed()) for frame in changes.ready]
        waiting += [(timer.frame, TimerFired()) for timer in changes.timers]
        waiting += [(call.frame, answer(call, failures)) for call in changes.calls]
        frame, happening = waiting.pop(random.randrange(len(waiting)))
        for key, kept in execution.frames.items():
            execution.frames[key] = load_frame(json.loads(json.dumps(dump(kept))))
        changes = advance(execution, frame, happening, moment(clock))
    return execution


def moment(clock):
    return Moment(float(next(clock)), Random(0), lambda _frame: "token")


def answer(call, failures):
    key = (call.frame, call.state)
    failures[key] = failures.get(key, 0) + 1
    if failures[key] <= int(call.resource.removeprefix("fails-")):
        return TaskFailed("Flaky", None)
    del failures[key]
    return TaskSucceeded(call.arguments * 2)


@settings(max_examples=150, deadline=None)
@given(sequence=SEQUENCES, number=st.integers(-9, 9), seed=st.integers(0, 2**16))
def test_any_order_gives_what_is_right(sequence, number, seed):
    machine = load({"QueryLanguage": "JSONata", **definition(sequence, count())})
    execution = run_in_any_order(machine, number, Random(seed))
    assert execution.ended.status == "SUCCEEDED", execution.ended
    assert execution.ended.output == naive(sequence, number)
    assert (execution.frames, execution.results) == ({}, {})
    assert set(execution.counters) == {0}
