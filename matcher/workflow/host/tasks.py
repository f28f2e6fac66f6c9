"""Find the callable that does a task by its resource, and turn what it returns or raises into the task's answer."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import orjson

from matcher.errors import WorkflowError
from matcher.workflow import failure
from matcher.workflow.frames import Json
from matcher.workflow.happenings import Call, Happening, TaskFailed, TaskSubmitted, TaskSucceeded
from matcher.workflow.service import service

__all__ = ["Task", "TaskCall", "TaskError", "Tasks", "failed", "result", "sought", "takes_call"]

Task: TypeAlias = Callable[..., Any]
Found = TypeVar("Found")

_INVOKE = "arn:aws:states:::lambda:invoke"
_CALLBACK = ".waitForTaskToken"
_SUFFIXES = (_CALLBACK, ".sync:2", ".sync")


class TaskError(WorkflowError):
    """A task fails by this error, which Retry and Catch know by its name (other exceptions by that of their class)."""

    def __init__(self, error: str, cause: str = "") -> None:
        self.error = error
        self.cause = cause
        super().__init__(f"{error}: {cause}" if cause else error)

    def __reduce__(self) -> tuple[type[TaskError], tuple[str, str]]:
        return TaskError, (self.error, self.cause)


@dataclass(frozen=True, slots=True)
class TaskCall:
    """What a task may know of its call: it is given to callables that take a second parameter."""

    resource: str
    state: str
    execution: str
    machine: str
    correlation_id: str
    #: The same whenever this call is made again, after a crash too.
    call_id: str
    #: What send_task_success names the call by; "" where the resource takes no callback.
    token: str
    #: When it times out, in seconds since the epoch; None: never.
    deadline: float | None


class Tasks:
    """Callables by resource: an ARN as the definition writes it, or a Lambda function's name.

    A callable under `arn:aws:states:::sqs:sendMessage` also does `….waitForTaskToken` and `….sync`.
    """

    def __init__(self, tasks: Mapping[str, Task] | None = None) -> None:
        self._tasks: dict[str, tuple[Task, bool, bool]] = {}
        for resource, task in (tasks or {}).items():
            self.add(resource, task)

    def add(self, resource: str, task: Task) -> None:
        self._tasks[resource] = (task, takes_call(task), _is_async(task))

    async def run(self, call: Call, told: TaskCall, executor: Executor | None) -> Happening:
        """Do a task. A plain function runs in a thread of `executor`, a coroutine function on this loop."""
        found, given = sought(call, self._tasks)
        if found is None:
            return TaskFailed(failure.RUNTIME, f"no callable does the resource {call.resource}: give one by `tasks`")
        task, takes_call, is_async = found
        arguments = (given, told) if takes_call else (given,)
        try:
            if is_async:
                output = await task(*arguments)
            else:
                output = await asyncio.get_running_loop().run_in_executor(executor, lambda: task(*arguments))
                if isinstance(output, Awaitable):
                    output = await output
            output = orjson.loads(orjson.dumps(output))
        except Exception as error:  # noqa: BLE001 (every failure of a task is the workflow's to handle)
            return failed(error)
        return TaskSubmitted(output) if call.resource.endswith(_CALLBACK) else TaskSucceeded(result(call, output))


def sought(call: Call, names: Mapping[str, Found]) -> tuple[Found | None, Json]:
    """What stands under the name of a call's resource, or of the function it invokes, and what that is given."""
    resource = _plain(call.resource)
    for name in (call.resource, resource):
        if name in names:
            return names[name], call.arguments
    if resource == _INVOKE and isinstance(call.arguments, Mapping):
        return _function(call.arguments.get("FunctionName"), names), call.arguments.get("Payload")
    return (_function(resource, names) if service(resource).family == "LambdaFunction" else None), call.arguments


def _function(name: Json, names: Mapping[str, Found]) -> Found | None:
    """A Lambda function by its ARN, with or without a qualifier, or by its name."""
    if not isinstance(name, str):
        return None
    if name in names:
        return names[name]
    parts = name.split(":")
    if len(parts) > 6 and parts[2] == "lambda":
        return names.get(":".join(parts[:7])) or names.get(parts[6])
    return names.get(parts[0])


def failed(error: Exception) -> TaskFailed:
    """How a task fails by an exception."""
    if isinstance(error, TaskError):
        return TaskFailed(_clean(error.error), _clean(error.cause) or None)
    return TaskFailed(type(error).__name__, _cause(error))


def result(call: Call, output: Json) -> Json:
    """What a task's state gets: a Lambda function's answer as the optimised integration gives it."""
    if _plain(call.resource) != _INVOKE:
        return output
    return {"ExecutedVersion": "$LATEST", "Payload": output, "StatusCode": 200}


def _plain(resource: str) -> str:
    for suffix in _SUFFIXES:
        if resource.endswith(suffix):
            return resource.removesuffix(suffix)
    return resource


def _cause(error: Exception) -> str:
    """As Lambda's Python runtime tells an exception."""
    stack = traceback.format_list(traceback.extract_tb(error.__traceback__)[-5:])
    told = {"errorMessage": _clean(str(error)), "errorType": type(error).__name__, "stackTrace": stack}
    return orjson.dumps(told).decode()


def _clean(text: str) -> str:
    """Without what UTF-8 has no bytes for, which could not be stored."""
    return text.encode(errors="replace").decode()


def takes_call(task: Task) -> bool:
    try:
        parameters = inspect.signature(task).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return False
    places = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return len(places) > 1 and places[1].default is inspect.Parameter.empty


def _is_async(task: Task) -> bool:
    return inspect.iscoroutinefunction(task) or inspect.iscoroutinefunction(getattr(task, "__call__", None))  # noqa: B004
