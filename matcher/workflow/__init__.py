"""Turn workflow definitions in the Amazon States Language into executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.errors import DefinitionError, ExecutionFailed
    from matcher.workflow.host.records import Record
    from matcher.workflow.host.refusal import WorkflowRefusal
    from matcher.workflow.host.tasks import TaskCall, TaskError
    from matcher.workflow.items import Items
    from matcher.workflow.scene import Settings
    from matcher.workflow.testing import NEVER, Coverage, Rehearsal
    from matcher.workflow.trial import MockError, Trial, test_state
    from matcher.workflow.workflow import Workflow
    from matcher.workflow.workflows import Workflows

__all__ = [
    "NEVER",
    "Coverage",
    "DefinitionError",
    "ExecutionFailed",
    "Items",
    "MockError",
    "Record",
    "Rehearsal",
    "Settings",
    "TaskCall",
    "TaskError",
    "Trial",
    "Workflow",
    "WorkflowRefusal",
    "Workflows",
    "test_state",
]

#: Names that are loaded on first use: who only checks definitions needs no event loop.
_LAZY = {
    "NEVER": "matcher.workflow.testing",
    "Coverage": "matcher.workflow.testing",
    "DefinitionError": "matcher.errors",
    "ExecutionFailed": "matcher.errors",
    "Items": "matcher.workflow.items",
    "MockError": "matcher.workflow.trial",
    "Record": "matcher.workflow.host.records",
    "Rehearsal": "matcher.workflow.testing",
    "Settings": "matcher.workflow.scene",
    "TaskCall": "matcher.workflow.host.tasks",
    "TaskError": "matcher.workflow.host.tasks",
    "Trial": "matcher.workflow.trial",
    "Workflow": "matcher.workflow.workflow",
    "WorkflowRefusal": "matcher.workflow.host.refusal",
    "Workflows": "matcher.workflow.workflows",
    "test_state": "matcher.workflow.trial",
}


def __getattr__(name: str) -> Any:
    """Load a name on first use, and keep it."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_LAZY[name]), name)
    return found
