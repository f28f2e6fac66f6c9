"""Turn the arguments of `matcher dlq …` into requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.options import WhereArgument
from matcher.cli.terminal import guarded

if TYPE_CHECKING:
    from matcher.cli.dlq import Chosen

__all__ = ["declare"]

_Ids = Annotated[
    list[str] | None, typer.Argument(metavar="ID", help="Of dead letters, as list tells them.", show_default=False)
]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Of a dead letter, as list tells it.", show_default=False)]
_Queue = Annotated[
    str | None, typer.Option("--queue", "-q", help="The dead-letter queue; else all.", show_default=False)
]
_Bus = Annotated[str | None, typer.Option("--bus", help="Of events of this bus.", show_default=False)]
_Rule = Annotated[str | None, typer.Option("--rule", help="Of this rule.", show_default=False)]
_Target = Annotated[str | None, typer.Option("--target", help="Of this target.", show_default=False)]
_Code = Annotated[str | None, typer.Option("--code", help="That died of this error code.", show_default=False)]
_Since = Annotated[
    str | None,
    typer.Option("--since", help="That died then or later: 2026-11-26T13:41:20Z, or 2h ago: 2h.", show_default=False),
]
_Until = Annotated[str | None, typer.Option("--until", help="That died before then.", show_default=False)]
_All = Annotated[bool, typer.Option("--all", help="All there are.")]
_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many are told of.")]
_Rate = Annotated[float | None, typer.Option("--rate", help="Letters a second; else at once.", show_default=False)]
_Json = Annotated[bool, typer.Option("--json", help="Write a line of JSON for each, with its event.")]

_LIST = (
    "[bold]Examples[/]\n\n"
    "matcher dlq list sqlite:///events.db\n\n"
    "matcher dlq list sqlite:///events.db --rule charge --since 2h --json"
)
_SHOW = "[bold]Examples[/]\n\nmatcher dlq show sqlite:///events.db 1/default/charge/charge"
_REDRIVE = (
    "[bold]Examples[/]\n\n"
    "matcher dlq redrive sqlite:///events.db 1/default/charge/charge\n\n"
    "matcher dlq redrive sqlite:///events.db --rule charge --code TIMEOUT --rate 20\n\n"
    "matcher dlq redrive sqlite:///events.db --all"
)
_PURGE = (
    "[bold]Examples[/]\n\n"
    "matcher dlq purge sqlite:///events.db --queue undelivered --until 30d\n\n"
    "matcher dlq purge sqlite:///events.db --all"
)


def declare(app: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    verbs.command("list", epilog=_LIST)(list_)
    verbs.command("show", epilog=_SHOW)(show)
    verbs.command("redrive", epilog=_REDRIVE)(redrive)
    verbs.command("purge", epilog=_PURGE)(purge)
    app.add_typer(verbs, name="dlq", help="List, show, redrive and purge dead letters: events that no target took.")


def list_(
    where: WhereArgument,
    queue: _Queue = None,
    bus: _Bus = None,
    rule: _Rule = None,
    target: _Target = None,
    code: _Code = None,
    since: _Since = None,
    until: _Until = None,
    limit: _Limit = 100,
    as_json: _Json = False,
) -> None:
    """List dead letters in the order of their coming, and why each died."""
    from matcher.cli.dlq import list_letters

    chosen = _chosen(queue, bus, rule, target, code, since, until)
    raise typer.Exit(guarded(lambda: list_letters(where, chosen, limit, as_json)))


def show(where: WhereArgument, identifier: _Id) -> None:
    """Show all that is known of a dead letter, with its event, as JSON. Exits with 1 where there is none of that id."""
    from matcher.cli.dlq import show_letter

    raise typer.Exit(guarded(lambda: show_letter(where, identifier)))


def redrive(
    where: WhereArgument,
    ids: _Ids = None,
    queue: _Queue = None,
    bus: _Bus = None,
    rule: _Rule = None,
    target: _Target = None,
    code: _Code = None,
    since: _Since = None,
    until: _Until = None,
    every: _All = False,
    rate: _Rate = None,
) -> None:
    """Send dead letters back to their queues, where the running router tries them anew."""
    from matcher.cli.dlq import redrive_letters

    chosen = _chosen(queue, bus, rule, target, code, since, until)
    raise typer.Exit(guarded(lambda: redrive_letters(where, chosen, ids or [], every, rate)))


def purge(
    where: WhereArgument,
    ids: _Ids = None,
    queue: _Queue = None,
    bus: _Bus = None,
    rule: _Rule = None,
    target: _Target = None,
    code: _Code = None,
    since: _Since = None,
    until: _Until = None,
    every: _All = False,
) -> None:
    """Forget dead letters for good."""
    from matcher.cli.dlq import purge_letters

    chosen = _chosen(queue, bus, rule, target, code, since, until)
    raise typer.Exit(guarded(lambda: purge_letters(where, chosen, ids or [], every)))


def _chosen(*given: str | None) -> Chosen:
    from matcher.cli.dlq import Chosen

    return Chosen(*given)
