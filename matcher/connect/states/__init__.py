"""Do the service actions that workflows call (`arn:aws:states:::…`), and put what becomes of executions on a bus.

>>> orders = Workflow.load(definition, tasks={**tasks, **put_events(router)}, status=status_events(router))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.connect.states.aws import aws_services
    from matcher.connect.states.events import put_events, status_events
    from matcher.connect.states.executions import start_execution
    from matcher.connect.states.http import http_invoke

__all__ = ["aws_services", "http_invoke", "put_events", "start_execution", "status_events"]

#: Where each is: HTTP and AWS need extras.
_PLACES = {
    "aws_services": "aws",
    "http_invoke": "http",
    "put_events": "events",
    "start_execution": "executions",
    "status_events": "events",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
