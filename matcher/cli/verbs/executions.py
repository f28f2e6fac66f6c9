"""Turn the arguments of `matcher workflow run`, `list`, `history` and `redrive` into requests."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.options import MachineOption
from matcher.cli.terminal import guarded

__all__ = ["declare"]

_File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A definition in the Amazon States Language; - for standard input.", show_default=False
    ),
]
_Execution = Annotated[str, typer.Argument(metavar="EXECUTION", help="The execution's name.", show_default=False)]
_Input = Annotated[str, typer.Option("--input", "-i", metavar="JSON", help="The input: JSON, or @FILE.")]
_Tasks = Annotated[
    str | None,
    typer.Option(
        metavar="MODULE:NAME",
        help="What does the tasks: a mapping of callables by resource. Modules of the working directory are found.",
        show_default=False,
    ),
]
_Mock = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=JSON",
        help="What a task gives, by its state, resource or function. With mocks the run is a rehearsal: in virtual time, "
        "and nothing is stored.",
        show_default=False,
    ),
]
_Store = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where executions are kept: sqlite:///FILE. Default: in memory.", show_default=False),
]
_Kept = Annotated[str, typer.Option("--store", metavar="URL", help="Where executions are kept: sqlite:///FILE.", show_default=False)]
_Machine = Annotated[str | None, typer.Option(help="The machine's name; default: the file's.", show_default=False)]
_Name = Annotated[str | None, typer.Option(help="The execution's name; default: a new one.", show_default=False)]
_Status = Annotated[str | None, typer.Option(help="Only those that are RUNNING, SUCCEEDED, FAILED …", show_default=False)]
_Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]
_Json = Annotated[bool, typer.Option("--json", help="Write JSON, and show nothing else.")]

_RUN_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher workflow run order.asl.json --input @order.json --tasks shop.work:tasks\n\n"
    "matcher workflow run order.asl.json -i '{}' --mock Charge='{\"paid\": true}' --mock Ship=null\n\n"
    "Exit codes: 0 where it succeeded; 1 where it did not; 2 for a wrong call, or a definition that can't run."
)
_HISTORY_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher workflow history order-7 --store sqlite:///workflows.db\n\n"
    "matcher workflow history order-7 --store sqlite:///workflows.db --json > history.json\n\n"
    "matcher workflow graph order.asl.json --history history.json -o run.svg"
)
_REDRIVE_EPILOG = "The process that runs the store's executions goes on with it; where none does, the next that comes."


def declare(verbs: typer.Typer) -> None:
    """Add the verbs."""
    verbs.command("run", epilog=_RUN_EPILOG)(run)
    verbs.command("list")(list_executions)
    verbs.command("history", epilog=_HISTORY_EPILOG)(history)
    verbs.command("redrive", epilog=_REDRIVE_EPILOG)(redrive)


def run(
    file: _File,
    given: _Input = "{}",
    tasks: _Tasks = None,
    mock: _Mock = None,
    store: _Store = None,
    machine: _Machine = None,
    name: _Name = None,
    as_json: _Json = False,
) -> None:
    """Run a workflow to its end, and watch it."""
    from matcher.cli.executions import Request, run_workflow

    request = Request(file, given, tasks, tuple(mock or ()), store, machine, name, as_json)
    raise typer.Exit(guarded(lambda: run_workflow(request)))


def list_executions(
    store: _Kept, machine: MachineOption = "workflow", status: _Status = None, limit: _Limit = 20, as_json: _Json = False
) -> None:
    """List executions, the newest first."""
    from matcher.cli.executions import show_list

    raise typer.Exit(guarded(lambda: show_list(store, machine, status, limit, as_json)))


def history(execution: _Execution, store: _Kept, machine: MachineOption = "workflow", as_json: _Json = False) -> None:
    """Tell what an execution did, event by event, as AWS's get-execution-history does."""
    from matcher.cli.executions import show_history

    raise typer.Exit(guarded(lambda: show_history(store, machine, execution, as_json)))


def redrive(execution: _Execution, store: _Kept, machine: MachineOption = "workflow") -> None:
    """Run an execution that failed, was stopped or timed out again, from where it failed."""
    from matcher.cli.executions import post_redrive

    raise typer.Exit(guarded(lambda: post_redrive(store, machine, execution)))
