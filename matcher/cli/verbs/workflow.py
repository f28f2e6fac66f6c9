"""Turn the arguments of `matcher workflow …` into requests."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from matcher.cli.options import MachineOption
from matcher.cli.terminal import guarded
from matcher.cli.verbs import executions

__all__ = ["declare"]


class Picture(StrEnum):
    """How a graph is written."""

    MERMAID = "mermaid"
    SVG = "svg"


_Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Definitions in the Amazon States Language, as JSON; - for standard input.",
        show_default=False,
    ),
]
_File = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A definition, as JSON; - for standard input.", show_default=False),
]
_Express = Annotated[
    bool, typer.Option("--express", help="The workflow is to be an Express one: no callbacks and jobs.")
]
_Json = Annotated[bool, typer.Option("--json", help="Write one JSON array instead of text.")]
_Format = Annotated[
    Picture | None,
    typer.Option("--format", "-f", help="Default: by the name of the output, else mermaid.", show_default=False),
]
_History = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Paint an execution's path, durations, retries and errors: its history as AWS's get-execution-history "
        "gives it, or an array of its events.",
        show_default=False,
    ),
]
_Painted = Annotated[
    str | None, typer.Option(metavar="NAME", help="Paint this execution of the store's.", show_default=False)
]
_Kept = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="Where the execution is kept: sqlite:///FILE.", show_default=False),
]
_Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write here; default: standard output.", show_default=False),
]

_CHECK_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher workflow check order.asl.json\n\n"
    "matcher workflow check workflows/*.json --json\n\n"
    "Exit codes: 0 where every definition can run, whatever its warnings; 1 where one can't; 2 for a file that can't be "
    "read."
)
_GRAPH_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher workflow graph order.asl.json\n\n"
    "matcher workflow graph order.asl.json -o order.svg\n\n"
    "aws stepfunctions get-execution-history --execution-arn ARN > history.json\n\n"
    "matcher workflow graph order.asl.json --history history.json -o run.svg\n\n"
    "matcher workflow graph order.asl.json --store sqlite:///workflows.db --machine order --execution order-7 -o run.svg\n\n"
    "Exit codes: 0; 2 for a file that can't be read or written, or a definition that can't run."
)


def declare(app: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    verbs.command("check", epilog=_CHECK_EPILOG)(check)
    verbs.command("graph", epilog=_GRAPH_EPILOG)(graph)
    executions.declare(verbs)
    app.add_typer(verbs, name="workflow", help="Check, draw and run workflows in the Amazon States Language.")


def check(files: _Files, express: _Express = False, as_json: _Json = False) -> None:
    """Find every fault of workflow definitions, with AWS's diagnostic codes."""
    from matcher.cli.workflow import check_definitions

    raise typer.Exit(guarded(lambda: check_definitions(files, express, as_json)))


def graph(
    file: _File,
    form: _Format = None,
    history: _History = None,
    execution: _Painted = None,
    store: _Kept = None,
    machine: MachineOption = "workflow",
    output: _Output = None,
) -> None:
    """Draw a workflow as a Mermaid flowchart or as SVG, and what an execution of it did."""
    from matcher.cli.workflow import draw

    named = Picture.SVG if output is not None and output.lower().endswith(".svg") else Picture.MERMAID
    kind = (form or named).value
    if (execution is None) is not (store is None) or (history and execution):
        raise typer.BadParameter("--execution and --store go together, and not with --history")
    if execution is None or store is None:
        raise typer.Exit(guarded(lambda: draw(file, kind, history, output)))
    from matcher.cli.executions import events_of

    raise typer.Exit(guarded(lambda: draw(file, kind, events_of(store, machine, execution), output)))
