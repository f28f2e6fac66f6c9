"""Turn the arguments of `matcher put` into a request."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.options import WhereArgument
from matcher.cli.terminal import guarded

__all__ = ["declare"]

_Events = Annotated[
    list[str],
    typer.Argument(
        metavar="EVENT",
        help="Events as JSON, files of events (JSON lines, an array, CloudTrail's; gzip and zstd are unpacked), or - for "
        "standard input.",
        show_default=False,
    ),
]
_Bus = Annotated[
    str | None, typer.Option("--bus", "-b", help="The bus that they go to; else the entry's, or default.", show_default=False)
]
_Group = Annotated[
    str | None, typer.Option("--group", "-g", help="They reach each target in their order.", show_default=False)
]
_Entries = Annotated[
    bool, typer.Option("--entries", help="They are entries of PutEvents: Source, DetailType, Detail, …")
]
_Json = Annotated[bool, typer.Option("--json", help="Write the answer to each event as a line of JSON.")]

_EPILOG = (
    "[bold]Examples[/]\n\n"
    """matcher put sqlite:///events.db '{"source": "shop", "detail-type": "Order"}'\n\n"""
    "matcher put sqlite:///events.db events.jsonl --bus orders --json\n\n"
    "matcher put sqlite:///events.db entries.json --entries\n\n"
    "Exit codes: 0 where all were accepted; 1 where some were refused; 2 for a wrong call, a file that can't be read, or a "
    "store that takes no more."
)


def declare(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("put", epilog=_EPILOG)(put)


def put(
    where: WhereArgument,
    events: _Events,
    bus: _Bus = None,
    group: _Group = None,
    entries: _Entries = False,
    as_json: _Json = False,
) -> None:
    """Put events into a store durably; the router that runs on it delivers them."""
    from matcher.cli.put import Request, put_events

    request = Request(where, tuple(events), bus, group, entries, as_json)
    raise typer.Exit(guarded(lambda: put_events(request)))
