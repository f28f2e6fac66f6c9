"""Name why a call about an execution or a task is refused, by the codes of AWS Step Functions' API."""

from __future__ import annotations

from matcher.errors import WorkflowError

__all__ = ["WorkflowRefusal", "already_exists", "invalid_input", "no_execution", "no_machine", "no_task", "not_in_state"]


class WorkflowRefusal(WorkflowError):
    """A call that can't be served; `code` is the API's: ExecutionAlreadyExists, ExecutionDoesNotExist, TaskTimedOut …"""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")

    def __reduce__(self) -> tuple[type[WorkflowRefusal], tuple[str, str]]:
        return WorkflowRefusal, (self.code, str(self).removeprefix(f"{self.code}: "))


def already_exists(machine: str, name: str) -> WorkflowRefusal:
    text = f"{machine} has an execution {name!r} with another input, or one that has ended; names are used once"
    return WorkflowRefusal("ExecutionAlreadyExists", text)


def invalid_input(why: str) -> WorkflowRefusal:
    return WorkflowRefusal("InvalidExecutionInput", why)


def no_execution(name: str) -> WorkflowRefusal:
    return WorkflowRefusal("ExecutionDoesNotExist", f"there is no execution {name!r}")


def no_task() -> WorkflowRefusal:
    return WorkflowRefusal("TaskTimedOut", "the token names no call that waits: it was answered, timed out, or never was")


def not_in_state(kind: str, status: str) -> WorkflowRefusal:
    if kind == "redrive":
        return WorkflowRefusal("ExecutionNotRedrivable", f"found an execution that is {status}; want one that failed")
    return WorkflowRefusal("ExecutionNotRunning", f"found an execution that is {status}; want one that is RUNNING")


def no_machine(name: str) -> WorkflowRefusal:
    return WorkflowRefusal("StateMachineDoesNotExist", f"there is no state machine {name!r}")
