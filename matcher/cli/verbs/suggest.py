"""Turn the arguments of `matcher suggest` into a request."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from matcher.cli.terminal import guarded

__all__ = ["declare"]


class Format(StrEnum):
    """How the pattern is written."""

    PRETTY = "pretty"
    LINE = "line"
    FULL = "full"


_Events = Annotated[
    list[str],
    typer.Argument(
        metavar="EVENT",
        help="Events that the pattern is to match: files, directories, globs, an event as JSON, or - for standard "
        "input; as for scan.",
        show_default=False,
    ),
]
_Against = Annotated[
    list[str] | None,
    typer.Option(
        "--not",
        metavar="EVENT",
        help="Events that it is not to match: as above; may be given again.",
        show_default=False,
    ),
]
_Form = Annotated[
    Format,
    typer.Option(
        "--format", "-f", help="pretty: indented. line: on one line. full: with the reason for each field, as JSON."
    ),
]
_Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        "-n",
        help='Write {"name": ..., "pattern": ...}, as a file of rules has it.',
        show_default=False,
    ),
]
_Values = Annotated[
    int, typer.Option("--max-values", min=1, help="Values of one field that are listed at most, if they differ.")
]
_Fields = Annotated[int, typer.Option("--max-fields", min=1, help="Fields at most; the deepest are left out.")]
_Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="PATH",
        help="Leave out this field and all below it (names joined by dots), or those of a glob; may be given again.",
        show_default=False,
    ),
]
_Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="PATH", help="Ask for no other fields than these, named as above.", show_default=False
    ),
]
_Volatile = Annotated[
    bool, typer.Option("--keep-volatile", help="Ask for ids and times as for any other value, even of one event.")
]
_Optional = Annotated[
    bool, typer.Option("--optional", help="Ask for fields that only some events have, too: they may be absent.")
]
_Limit = Annotated[int, typer.Option("--limit", min=1, help="Read so many events at most.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Do not explain the choices on standard error.")]

_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher suggest orders.jsonl\n\n"
    "matcher suggest 'orders*.jsonl' --not refunds.jsonl --name big-orders\n\n"
    """matcher suggest '{"source": "shop", "detail": {"total": 7}}' --ignore detail.id\n\n"""
    "cat orders.jsonl | matcher suggest - --only source --only detail --format full\n\n"
    "Exit codes: 0; 1 where the pattern matches an event of --not; 2 for a wrong call, an event that is refused, or "
    "events that have no field to ask for."
)


def declare(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG)(suggest)


def suggest(
    events: _Events,
    against: _Against = None,
    form: _Form = Format.PRETTY,
    name: _Name = None,
    max_values: _Values = 5,
    max_fields: _Fields = 256,
    ignore: _Ignore = None,
    only: _Only = None,
    keep_volatile: _Volatile = False,
    optional: _Optional = False,
    limit: _Limit = 10_000,
    quiet: _Quiet = False,
) -> None:
    """Suggest the narrowest sensible pattern that matches all of the events.

    Constant fields are asked for as they are; others by their values, a common beginning and end, a range of numbers,
    a block of IP addresses, or by being there. The pattern is tried on every event before it is written.
    """
    from matcher.cli.suggest import Request, suggest_pattern

    request = Request(
        tuple(events),
        tuple(against or ()),
        form.value,
        name,
        max_values,
        max_fields,
        tuple(ignore or ()),
        tuple(only or ()),
        keep_volatile,
        optional,
        limit,
        quiet,
    )
    raise typer.Exit(guarded(lambda: suggest_pattern(request)))
