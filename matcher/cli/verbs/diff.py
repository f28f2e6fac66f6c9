"""Turn the arguments of `matcher diff` into a request."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from matcher.cli.options import QuietOption, RulesFormat, ThreadsOption, Validate, ValidateOption
from matcher.cli.terminal import guarded

__all__ = ["declare"]


class Format(StrEnum):
    """How the difference is written."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


_Old = Annotated[
    str,
    typer.Argument(
        metavar="OLD",
        help='File of the rules as they were: {"name": pattern, ...}, a {"name": ..., "pattern": ...} a line, or one '
        "pattern; - for standard input.",
        show_default=False,
    ),
]
_New = Annotated[str, typer.Argument(metavar="NEW", help="File of the rules as they are to be.", show_default=False)]
_Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="Events to try both on: files, directories, globs, or - for standard input, as for scan. Without any, "
        "the rules alone are compared.",
        show_default=False,
    ),
]
_Form = Annotated[
    Format,
    typer.Option("--format", "-f", help="table: to read. json: all that is known. markdown: for a pull request."),
]
_Samples = Annotated[
    int, typer.Option("--samples", "-n", min=0, help="Events shown of those a rule gained, and of those it lost.")
]
_Traffic = Annotated[
    bool,
    typer.Option(
        "--traffic", help="Exit with 1 only if an event of the sources is gained or lost, whatever the rules say."
    ),
]
_RulesFormat = Annotated[
    RulesFormat,
    typer.Option("--rules-format", help="How OLD and NEW are written, where it can't be told by their shape."),
]

_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher diff old.json new.json\n\n"
    "matcher diff old.json new.json logs/\n\n"
    "matcher diff old.json new.json 'logs/*.jsonl.gz' --format markdown --samples 1\n\n"
    "git show HEAD:rules.json | matcher diff - rules.json logs/ --traffic\n\n"
    "Exit codes: 0 where nothing behaves otherwise; 1 where something does, or may; 2 for a wrong call, rules that "
    "don't compile, or a source that can't be read to its end."
)


def declare(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG)(diff)


def diff(
    old: _Old,
    new: _New,
    sources: _Sources = None,
    form: _Form = Format.TABLE,
    samples: _Samples = 3,
    traffic: _Traffic = False,
    threads: ThreadsOption = 0,
    validate: ValidateOption = Validate.STRICT,
    rules_format: _RulesFormat = RulesFormat.AUTO,
    quiet: QuietOption = False,
) -> None:
    """Say what a change of rules does: which are equal, widened or narrowed, and which events are gained and lost.

    What is said of a rule is proved; where no proof is found it is "unknown", and only events can tell.
    """
    from matcher.cli.diff import Request, diff_rules

    request = Request(
        old,
        new,
        rules_format.value,
        tuple(sources or ()),
        form.value,
        samples,
        traffic,
        threads,
        validate.value,
        quiet,
    )
    raise typer.Exit(guarded(lambda: diff_rules(request)))
