"""Turn the arguments of `matcher test` into a request."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.terminal import guarded

__all__ = ["declare"]

_Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH",
        help="Files of rule tests, globs, or directories (all of test_*.rules.yaml, .yml and .json, *.rules.yaml and "
        "*.rules.yml in them); else the current directory.",
        show_default=False,
    ),
]
_Only = Annotated[
    str | None,
    typer.Option(
        "-k",
        metavar="EXPR",
        help="Only cases whose file::name holds this text, in any case of letters; with and, or, not, ( ).",
        show_default=False,
    ),
]
_First = Annotated[bool, typer.Option("--exitfirst", "-x", help="End at the first case that fails.")]
_Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="A line for each case.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only what failed, and the sum.")]
_Json = Annotated[bool, typer.Option("--json", help="Write one JSON object instead of text.")]
_Junit = Annotated[
    str | None,
    typer.Option("--junit", metavar="FILE", help="Write JUnit's XML here, too, for CI.", show_default=False),
]
_Threads = Annotated[int, typer.Option("--threads", "-t", min=0, help="Threads that match files; 0: one a core.")]

_EPILOG = (
    "[bold]Examples[/]\n\n"
    "matcher test\n\n"
    "matcher test tests/ -k 'order and not gift'\n\n"
    "matcher test test_orders.rules.yaml -v -x\n\n"
    "matcher test 'tests/**/*.rules.yaml' --junit report.xml\n\n"
    "matcher test tests/ --json\n\n"
    "[bold]A file of rule tests[/]\n\n"
    'rules: rules.json  [dim]# or files, or {name: pattern}; or "rule:" with one pattern[/]\n\n'
    "cases:\n\n"
    "- name: a small order needs no review\n\n"
    "\u00a0 event: {detail: {total: 20}}  [dim]# or a file, a glob, JSON text, or a list of these[/]\n\n"
    '\u00a0 matches: []  [dim]# the exact rules; or "match: true" or "false", of one rule: "rule: NAME"[/]\n\n'
    "\u00a0 because: {review-big-order: detail.total}  [dim]# the field that must be a reason of the miss[/]\n\n"
    "Exit codes: 0 where all passed; 1 where a case failed, or could not be run (its rules or events); 2 for a wrong call, "
    "a test file that can't be read or is not one, a report that can't be written, or no case at all; 130 after Ctrl-C."
)


def declare(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("test", epilog=_EPILOG)(run_rule_tests)


def run_rule_tests(
    paths: _Paths = None,
    only: _Only = None,
    first: _First = False,
    verbose: _Verbose = False,
    quiet: _Quiet = False,
    as_json: _Json = False,
    junit: _Junit = None,
    threads: _Threads = 1,
) -> None:
    """Run the tests of rules: which events match, which do not, and for what reason."""
    from matcher.cli.test import Request, run

    request = Request(tuple(paths or ["."]), only, first, verbose, quiet, as_json, junit, threads)
    raise typer.Exit(guarded(lambda: run(request)))
