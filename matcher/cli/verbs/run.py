"""Turn the arguments of `matcher run` into a request."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from matcher.cli.terminal import guarded

__all__ = ["declare"]



class LogLevel(StrEnum):
    """Levels of log records."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_App = Annotated[
    str,
    typer.Argument(
        metavar="APP",
        help="Where the router is: module:name, such as shop.events:router. Modules of the working directory are found.",
        show_default=False,
    ),
]
_Port = Annotated[
    int | None,
    typer.Option(
        "--health-port",
        min=0,
        max=65_535,
        help="Answer GET /live, /ready and /stats on this port of --health-host; 0: on any free one.",
        show_default=False,
    ),
]
_Host = Annotated[str, typer.Option("--health-host", help="The address of the health port.")]
_Grace = Annotated[
    float, typer.Option("--grace", min=0, help="Seconds that sends under way have to end after SIGTERM or Ctrl-C.")
]
_Wait = Annotated[
    bool,
    typer.Option("--wait/--no-wait", help="Where another process delivers from the store: wait for its end, or fail."),
]
_Log = Annotated[
    LogLevel | None,
    typer.Option(
        "--log",
        help="Write log records of this level and above to standard error, as JSON lines, unless the router has an "
        "observer of its own.",
        show_default=False,
    ),
]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No live view, and no lines about start and stop.")]

_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher run shop.events:router\n\n"
    "matcher run shop.events:router --health-port 8080 --grace 10\n\n"
    "Exit codes: 0 after a stop in order; 1 where --no-wait found another process; 2 where there is no such router; "
    "130 after a second Ctrl-C."
)


def declare(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG)(run)


def run(
    app: _App,
    health_port: _Port = None,
    health_host: _Host = "127.0.0.1",
    grace: _Grace = 30.0,
    wait: _Wait = True,
    log: _Log = None,
    quiet: _Quiet = False,
) -> None:
    """Deliver what is put to a router's store, until a signal ends it.

    In a terminal, a view shows rates, queues and failures as they change.
    """
    from matcher.cli.run import Request, run_router

    request = Request(app, health_host, health_port, grace, wait, None if log is None else log.value, quiet)
    raise typer.Exit(guarded(lambda: run_router(request)))
