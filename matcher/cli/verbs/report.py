"""Turn the arguments of `matcher report` into a request."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from matcher.cli.options import (
    QuietOption,
    RulesArgument,
    RulesFormat,
    RulesFormatOption,
    ThreadsOption,
    Validate,
    ValidateOption,
)
from matcher.cli.terminal import guarded

__all__ = ["declare"]


class Format(StrEnum):
    """How the report is written."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


_Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="Files of events, directories, globs, or - for standard input, as for scan.",
        show_default=False,
    ),
]
_Form = Annotated[
    Format,
    typer.Option(
        "--format",
        "-f",
        help="table: to read. json: all that is known. html: one page with charts, that needs no network.",
    ),
]
_Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write here, not to standard output.", show_default=False),
]
_Samples = Annotated[int, typer.Option("--samples", "-n", min=0, help="Events kept of each rule, the first ones.")]
_Sampled = Annotated[
    int, typer.Option("--sampled", min=0, help="Events drawn at random, on which rules that never matched are explained.")
]
_Seed = Annotated[int, typer.Option("--seed", help="Of that draw: the same seed, the same events.")]
_Time = Annotated[
    str | None,
    typer.Option(
        "--time",
        metavar="POINTER",
        help="JSON pointer to an event's time (ISO 8601, or a number since 1970); else /time, /eventTime, /timestamp "
        "or /@timestamp.",
        show_default=False,
    ),
]

_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher report rules.json logs/\n\n"
    "matcher report rules.json 'logs/2026-*.jsonl.gz' --format html --output report.html\n\n"
    "matcher report rules.json logs/ --format json -o report.json\n\n"
    "zcat log.gz | matcher report rules.json - --time /detail/at\n\n"
    "Exit codes: 0; 1 where a rule never matched, or an event was refused; 2 for a wrong call, rules that don't "
    "compile, or a source that can't be read to its end."
)


def declare(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG)(report)


def report(
    rules: RulesArgument,
    sources: _Sources,
    form: _Form = Format.TABLE,
    output: _Output = None,
    samples: _Samples = 3,
    sampled: _Sampled = 1000,
    seed: _Seed = 0,
    time: _Time = None,
    threads: ThreadsOption = 0,
    validate: ValidateOption = Validate.STRICT,
    rules_format: RulesFormatOption = RulesFormat.AUTO,
    quiet: QuietOption = False,
) -> None:
    """Report on rules over event logs: what each matched and when, what never did and why, and what overlaps."""
    from matcher.cli.report import Request, report_rules

    request = Request(
        rules,
        rules_format.value,
        tuple(sources),
        form.value,
        output,
        samples,
        sampled,
        seed,
        time,
        threads,
        validate.value,
        quiet,
    )
    raise typer.Exit(guarded(lambda: report_rules(request)))
