"""Turn arguments into one of the verbs: match, explain, check, and those of verbs/."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from matcher._version import __version__
from matcher.cli.options import RulesArgument, RulesFormat, RulesFormatOption, Validate
from matcher.cli.terminal import EXIT_CODES, guarded
from matcher.cli.verbs import archive, diff, dlq, put, replay, report, scan, suggest, test, workflow
from matcher.cli.verbs import run as running

__all__ = ["app", "run"]

app = typer.Typer(
    name="matcher",
    help="Match JSON events against event patterns.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


class Format(StrEnum):
    """How the answers of `match` are written."""

    JSONL = "jsonl"
    TABLE = "table"
    COUNT = "count"


_Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"matcher {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    del version


@app.command(
    epilog="[bold]Examples[/]\n\nmatcher match rules.json events.jsonl\n\n"
    "matcher match rules.json events.jsonl --format table\n\n"
    "zcat log.gz | matcher match rules.json - --matched-only\n\n"
    "matcher match rules.json 2026-*.json.gz --format count --threads 4"
)
def match(
    rules: RulesArgument,
    events: Annotated[
        list[str],
        typer.Argument(
            metavar="EVENTS",
            help='Files of events, or - for standard input: JSON lines, an array, or CloudTrail\'s {"Records": [...]}; '
            "gzip and zstd are unpacked.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Format,
        typer.Option(
            "--format",
            "-f",
            help="jsonl: a line for each event. table: matches of each rule, to read. count: the same as JSON.",
        ),
    ] = Format.JSONL,
    threads: Annotated[int, typer.Option("--threads", "-t", min=0, help="Threads that match; 0: one a core.")] = 0,
    validate: Annotated[
        Validate, typer.Option("--validate", help="strict: all of an event is checked. structural: what rules read.")
    ] = Validate.STRICT,
    matched_only: Annotated[
        bool, typer.Option("--matched-only", "-m", help="Leave out events that match nothing, and rules never met.")
    ] = False,
    rules_format: RulesFormatOption = RulesFormat.AUTO,
) -> None:
    """Tell which rules match each event.

    Every event gets a line {"line": 7, "rules": ["a", "b"]}, or {"line": 7, "error": "..."} if it is refused; with
    several files also "file". The number is that of the line, or of the element of an array.
    """
    from matcher.cli.match import Request, match_files

    request = Request(rules, rules_format.value, tuple(events), output.value, threads, validate.value, matched_only)
    raise typer.Exit(guarded(lambda: match_files(request)))


@app.command(
    epilog="[bold]Examples[/]\n\nmatcher explain rules.json event.json --name big-orders\n\n"
    "matcher explain rules.json events.jsonl --line 12 --name big-orders\n\n"
    """matcher explain '{"source": ["shop"]}' '{"source": "Shop"}'"""
)
def explain(
    rule: Annotated[
        str,
        typer.Argument(metavar="RULE", help="File of rules, or a pattern as JSON.", show_default=False),
    ],
    event: Annotated[
        str,
        typer.Argument(
            metavar="EVENT", help="File of events, - for standard input, or an event as JSON.", show_default=False
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="Which rule, if RULE holds several.", show_default=False)
    ] = None,
    line: Annotated[
        int | None,
        typer.Option(
            "--line", "-l", min=1, help="Which event, by its line or element; else the first.", show_default=False
        ),
    ] = None,
    as_json: _Json = False,
    rules_format: RulesFormatOption = RulesFormat.AUTO,
) -> None:
    """Say why a rule matches an event, or which field kept it from doing so. Exits with 0 if it matches, else 1."""
    from matcher.cli.explain import explain_event

    raise typer.Exit(guarded(lambda: explain_event(rule, rules_format.value, event, name, line, as_json)))


@app.command(epilog="[bold]Examples[/]\n\nmatcher check rules.json\n\nmatcher check rules.json --json")
def check(rules: RulesArgument, as_json: _Json = False, rules_format: RulesFormatOption = RulesFormat.AUTO) -> None:
    """Find rules that can't match, alternatives that others make redundant, duplicates, and costly wildcards."""
    from matcher.cli.check import check_rules

    raise typer.Exit(guarded(lambda: check_rules(rules, rules_format.value, as_json)))


scan.declare(app)
test.declare(app)
diff.declare(app)
report.declare(app)
suggest.declare(app)
workflow.declare(app)
running.declare(app)
put.declare(app)
dlq.declare(app)
archive.declare(app)
replay.declare(app)


def run() -> int:
    """Run the command line of this process."""
    try:
        app(prog_name="matcher")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    return 0
