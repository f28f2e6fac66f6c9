"""Turn the arguments of `matcher replay …` into requests."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from matcher.cli.options import WhereArgument
from matcher.cli.terminal import guarded

__all__ = ["declare"]

_Archive = Annotated[str, typer.Argument(metavar="ARCHIVE", help="The archive's name.", show_default=False)]
_Name = Annotated[str, typer.Argument(metavar="REPLAY", help="The replay's name.", show_default=False)]
_Start = Annotated[
    str | None,
    typer.Option(
        "--start", help="Events accepted then or later: 2026-11-26T13:41:20Z, or 2h ago: 2h.", show_default=False
    ),
]
_End = Annotated[str | None, typer.Option("--end", help="Events accepted before then; else now.", show_default=False)]
_Bus = Annotated[
    str | None, typer.Option("--bus", "-b", help="The bus that they go to; else the archive's.", show_default=False)
]
_Rules = Annotated[
    list[str] | None, typer.Option("--rule", "-r", help="A rule that gets them; may be repeated.", show_default=False)
]
_Rate = Annotated[float | None, typer.Option("--rate", help="Events a second.", show_default=False)]
_Called = Annotated[str | None, typer.Option("--name", "-n", help="The replay's name.", show_default=False)]
_Json = Annotated[bool, typer.Option("--json", help="Write a line of JSON for each.")]

_START = (
    "[bold]Examples[/]\n\n"
    "matcher replay start sqlite:///events.db all --start 2h --name again\n\n"
    "matcher replay start sqlite:///events.db all --rule charge --rate 50\n\n"
    "The name is written. The events have the member replay-name."
)
_LIST = "[bold]Examples[/]\n\nmatcher replay list sqlite:///events.db\n\nmatcher replay list sqlite:///events.db --json"


def declare(app: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    verbs.command("start", epilog=_START)(start)
    verbs.command("list", epilog=_LIST)(list_)
    for verb in (pause, resume, cancel):
        epilog = f"[bold]Examples[/]\n\nmatcher replay {verb.__name__} sqlite:///events.db again"
        verbs.command(verb.__name__, epilog=epilog)(verb)
    app.add_typer(verbs, name="replay", help="Send archived events again, and watch, pause, resume or cancel that.")


def start(
    where: WhereArgument,
    archive: _Archive,
    start: _Start = None,
    end: _End = None,
    bus: _Bus = None,
    rule: _Rules = None,
    rate: _Rate = None,
    name: _Called = None,
) -> None:
    """Begin a replay: the router that runs on the store sends the events, in order, and goes on after a crash."""
    from matcher.cli.replay import Request, start_replay

    request = Request(archive, start, end, bus, tuple(rule or ()), rate, name)
    raise typer.Exit(guarded(lambda: start_replay(where, request)))


def list_(where: WhereArgument, as_json: _Json = False) -> None:
    """List replays, their states, and how far they are."""
    from matcher.cli.replay import list_replays

    raise typer.Exit(guarded(lambda: list_replays(where, as_json)))


def pause(where: WhereArgument, name: _Name) -> None:
    """Send nothing more for now."""
    _change(where, name, "pause")


def resume(where: WhereArgument, name: _Name) -> None:
    """Go on behind the last event that was sent."""
    _change(where, name, "resume")


def cancel(where: WhereArgument, name: _Name) -> None:
    """Send nothing more, for good. What was sent is delivered."""
    _change(where, name, "cancel")


def _change(where: str, name: str, change: Literal["pause", "resume", "cancel"]) -> None:
    from matcher.cli.replay import change_replay

    raise typer.Exit(guarded(lambda: change_replay(where, name, change)))
