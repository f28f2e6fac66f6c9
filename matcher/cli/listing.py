"""Turn records into lines of JSON, or into a table that a person reads."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from matcher.cli.terminal import printable, write
from matcher.envelope import spelled
from matcher.transform.text import read

__all__ = ["count", "event_value", "json_lines", "shown", "time_of"]

_PIPED_WIDTH: Final = 10_000


def json_lines(records: Iterable[Mapping[str, Any]]) -> None:
    """Write a line for each."""
    write(b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in records))


def shown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table; nothing where there are no rows. Where output is no terminal, lines are not folded."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold", justify="right" if column[0] == ">" else "left")
        made.columns[-1].header = column.removeprefix(">")
    for row in rows:
        made.add_row(*(Text(printable(cell)) for cell in row))
    if made.row_count:
        Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(made)


def time_of(seconds: float | None) -> str:
    return "" if seconds is None else spelled(seconds)


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def event_value(body: bytes) -> Any:
    """An event as a JSON value; one that is none as text."""
    try:
        return read(body)
    except ValueError:
        return body.decode(errors="replace")
