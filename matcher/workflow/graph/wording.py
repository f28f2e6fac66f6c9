"""Put into a few words what a state does, and when a rule of a Choice holds."""

from __future__ import annotations

import re
from typing import Final

import orjson

from matcher.workflow.asl.machine import (
    And,
    Comparison,
    Condition,
    Fail,
    Map,
    Mode,
    Not,
    Or,
    Parallel,
    State,
    Task,
    Wait,
)

__all__ = ["condition", "detail"]

_SIGNS: Final = {
    "LessThanEquals": "≤",
    "GreaterThanEquals": "≥",
    "LessThan": "<",
    "GreaterThan": ">",
    "Equals": "=",
}
_OPERATOR: Final = re.compile(rf"(?:String|Numeric|Boolean|Timestamp)({'|'.join(_SIGNS)})")
_FUNCTION: Final = re.compile(r"arn:[^:]*:lambda:.*:function:(?P<name>[^:]+)")
_PATTERNS: Final = {"": "", "sync": ", until done", "sync:2": ", until done", "waitForTaskToken": ", until called back"}
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def condition(tree: Condition | str | bool) -> str:
    """`$.total ≥ 100 and not $.gift is present`; JSONata as it was written, without its `{% %}`."""
    match tree:
        case bool():
            return str(tree).lower()
        case str():
            return " ".join(tree.removeprefix("{%").removesuffix("%}").split())
        case And(parts=parts):
            return " and ".join(map(_inner, parts))
        case Or(parts=parts):
            return " or ".join(map(_inner, parts))
        case Not(part=part):
            return f"not {_inner(part)}"
        case Comparison():
            return _comparison(tree)


def _inner(part: Condition) -> str:
    words = condition(part)
    return f"({words})" if isinstance(part, And | Or) and len(part.parts) > 1 else words


def _comparison(asked: Comparison) -> str:
    if found := _OPERATOR.fullmatch(asked.operator):
        value = asked.value if asked.by_path else orjson.dumps(asked.value).decode()
        return f"{asked.variable} {_SIGNS[found[1]]} {value}"
    if asked.operator == "StringMatches":
        return f"{asked.variable} like {orjson.dumps(asked.value).decode()}"
    noun = asked.operator.removeprefix("Is").lower()
    return f"{asked.variable} is {'' if asked.value else 'not '}{noun}"


def detail(state: State) -> str:
    """What stands beneath a state's name: its type, and the one thing that tells it from others of that type."""
    kind = type(state).__name__
    match state:
        case Task(resource=resource):
            told = _resource(resource)
        case Wait(seconds=seconds, timestamp=timestamp, seconds_path=first, timestamp_path=second):
            told = _seconds(seconds) if isinstance(seconds, int) else _plain(seconds or first or timestamp or second)
        case Fail(error=error, error_path=path):
            told = _plain(error or path)
        case Map(processor=processor, max_concurrency=most):
            mode = "distributed" if processor.mode is Mode.DISTRIBUTED else "each item"
            told = f"{mode}, {most} at once" if isinstance(most, int) and most else mode
        case Parallel(branches=branches):
            told = f"{len(branches)} branches" if len(branches) != 1 else "1 branch"
        case _:
            told = ""
    return f"{kind} · {told}" if told else kind


def _resource(resource: str) -> str:
    """`sqs:sendMessage`, the name of a function or an activity, or one's own name, and how its answer comes."""
    if found := _FUNCTION.match(resource):
        return found["name"]
    name, _, pattern = resource.rpartition(".")
    if pattern not in _PATTERNS:
        name, pattern = resource, ""
    if name.startswith("arn:"):
        name = name.split(":", 5)[-1].removeprefix("activity:").removeprefix("aws-sdk:")
    return name + _PATTERNS[pattern]


def _seconds(seconds: int) -> str:
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _plain(text: str | None) -> str:
    return "" if text is None else condition(text)
