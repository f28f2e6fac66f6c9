"""Turn the arguments of `matcher archive …` into requests."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.options import WhereArgument
from matcher.cli.terminal import guarded

__all__ = ["declare"]

_Archive = Annotated[str, typer.Argument(metavar="ARCHIVE", help="The archive's name.", show_default=False)]
_Since = Annotated[
    str | None,
    typer.Option("--since", help="Accepted then or later: 2026-11-26T13:41:20Z, or 2h ago: 2h.", show_default=False),
]
_Until = Annotated[str | None, typer.Option("--until", help="Accepted before then.", show_default=False)]
_Json = Annotated[bool, typer.Option("--json", help="Write a line of JSON for each.")]

_LIST = "[bold]Examples[/]\n\nmatcher archive list sqlite:///events.db\n\nmatcher archive list sqlite:///events.db --json"
_EXPORT = (
    "[bold]Examples[/]\n\n"
    "matcher archive export sqlite:///events.db all --since 7d > events.jsonl\n\n"
    "matcher archive export sqlite:///events.db all | matcher match rules.json -\n\n"
    "Exit codes: 0; 1 where there are no such events; 2 for a wrong call or store."
)


def declare(app: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    verbs.command("list", epilog=_LIST)(list_)
    verbs.command("export", epilog=_EXPORT)(export)
    app.add_typer(verbs, name="archive", help="List archives, and write out their events.")


def list_(where: WhereArgument, as_json: _Json = False) -> None:
    """List what each archive holds. Archives are defined by the router's program: router.archive(…)."""
    from matcher.cli.archive import list_archives

    raise typer.Exit(guarded(lambda: list_archives(where, as_json)))


def export(where: WhereArgument, archive: _Archive, since: _Since = None, until: _Until = None) -> None:
    """Write the events of an archive as JSON lines, in the order in which they came."""
    from matcher.cli.archive import export_archive

    raise typer.Exit(guarded(lambda: export_archive(where, archive, since, until)))
