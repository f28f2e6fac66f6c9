"""Turn the arguments of `matcher scan` into a request."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from matcher.cli.options import RulesArgument, RulesFormat, RulesFormatOption, ThreadsOption, Validate, ValidateOption
from matcher.cli.terminal import guarded

__all__ = ["declare"]


class Format(StrEnum):
    """How what was found is written."""

    JSONL = "jsonl"
    COUNT = "count"
    TABLE = "table"
    PARQUET = "parquet"


_Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="Files of events, directories (all of *.json, *.jsonl, *.ndjson, *.log in them, also packed), globs, "
        "or - for standard input; gzip and zstd are unpacked.",
        show_default=False,
    ),
]
_Form = Annotated[
    Format,
    typer.Option(
        "--format",
        "-f",
        help="jsonl: a line for each match. count: matches by rule and source as JSON. table: the same to read. "
        "parquet: a file of columns (extra 'parquet').",
    ),
]
_Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write here, not to standard output. The file has its name once the run ends, however it ends.",
        show_default=False,
    ),
]
_Emit = Annotated[
    str | None,
    typer.Option(
        "--emit",
        metavar="TEMPLATE",
        help="What to write of each match: names and JSON pointers into the event (rule,line,/detail/id), or a "
        "JSON template with $rule $rules $source $line $byte $event $error and pointers as strings. With $rule "
        "there is a line for each rule of an event. Refused events are written only with $error.",
        show_default=False,
    ),
]
_Rule = Annotated[
    list[str] | None,
    typer.Option("--rule", "-r", metavar="NAME", help="Only this rule, or those of a glob; may be given again."),
]
_Every = Annotated[bool, typer.Option("--all", "-a", help="Write events that nothing matches, too.")]
_Limit = Annotated[
    int | None,
    typer.Option("--limit", "-n", min=1, help="End after so many events that match.", show_default=False),
]
_FailFast = Annotated[bool, typer.Option("--fail-fast", help="End at the first refused event.")]
_MaxRefused = Annotated[
    int | None,
    typer.Option("--max-refused", min=0, help="End where more events than this are refused.", show_default=False),
]
_Checkpoint = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Note here every few seconds how far the run is, and go on from there if the file exists; it is "
        "removed at the end. The output is then written in place.",
        show_default=False,
    ),
]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No summary at the end, and no progress bar.")]

_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher scan rules.json logs/\n\n"
    "matcher scan rules.json 'logs/2026-*.jsonl.gz' --format table\n\n"
    "matcher scan rules.json logs/ --format count --output counts.json\n\n"
    "matcher scan rules.json logs/ -o found.jsonl --checkpoint found.ckpt\n\n"
    "matcher scan rules.json logs/ --emit rule,line,/detail/id\n\n"
    """matcher scan rules.json logs/ --emit '{"id": "/id", "by": "$rules"}'\n\n"""
    "matcher scan rules.json logs/ --format parquet -o found.parquet\n\n"
    "zcat log.gz | matcher scan rules.json - --rule 'big-*' --limit 10\n\n"
    "Exit codes: 0; 1 where events were refused; 2 for a wrong call, rules that don't compile, a source that can't be "
    "read to its end, or an output that can't be written; 130 and 143 after Ctrl-C and SIGTERM; 141 where the reader "
    "of standard output left."
)


def declare(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG)(scan)


def scan(
    rules: RulesArgument,
    sources: _Sources,
    form: _Form = Format.JSONL,
    output: _Output = None,
    emit: _Emit = None,
    rule: _Rule = None,
    every: _Every = False,
    limit: _Limit = None,
    fail_fast: _FailFast = False,
    max_refused: _MaxRefused = None,
    checkpoint: _Checkpoint = None,
    threads: ThreadsOption = 0,
    validate: ValidateOption = Validate.STRICT,
    rules_format: RulesFormatOption = RulesFormat.AUTO,
    quiet: _Quiet = False,
) -> None:
    """Find the events that rules match in any number of logs, in constant memory.

    Malformed events are counted, and told with their place; they do not end the run. A summary goes to standard error.
    """
    from matcher.cli.scan import Request, scan_sources

    request = Request(
        rules,
        rules_format.value,
        tuple(sources),
        form.value,
        output,
        emit,
        tuple(rule or ()),
        every,
        limit,
        0 if fail_fast else max_refused,
        checkpoint,
        threads,
        validate.value,
        quiet,
    )
    raise typer.Exit(guarded(lambda: scan_sources(request)))
