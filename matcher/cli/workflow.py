"""Turn files of workflow definitions into findings, and into pictures."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.text import Text

from matcher.cli.terminal import FINDINGS, OK, REFUSED, printable, say, write
from matcher.errors import DefinitionError, WorkflowError
from matcher.workflow.check.diagnostic import Diagnostic, Severity
from matcher.workflow.definition import check, load
from matcher.workflow.graph import picture

__all__ = ["check_definitions", "draw"]

_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def check_definitions(files: Sequence[str], express: bool, as_json: bool) -> int:
    """Write the findings of every file; give 1 if a definition can't run."""
    found = [(file, one) for file in files for one in check(_read(file), express=express)]
    if as_json:
        plain = [{"file": file, **asdict(one)} for file, one in found]
        write(orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        _show(found, len(files))
    return FINDINGS if any(one.severity is Severity.ERROR for _, one in found) else OK


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def _show(found: Sequence[tuple[str, Diagnostic]], files: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for file, one in found:
        hint = f" ({one.hint})" if one.hint else ""
        line = Text(f"{printable(file)}{':' if one.at else ''}{printable(one.at)}: ")
        line.append(one.severity.lower(), style=_STYLES[one.severity])
        line.append(f": found {printable(one.found)}; want {printable(one.want + hint)} ")
        line.append(f"[{one.code}]", style="dim")
        console.print(line)
    errors = sum(one.severity is Severity.ERROR for _, one in found)
    told = [_counted(count, noun) for count, noun in ((errors, "error"), (len(found) - errors, "warning")) if count]
    console.print(f"{_counted(files, 'definition')}: {', '.join(told) or 'no findings'}")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def draw(file: str, form: str, history: str | Sequence[Mapping[str, Any]] | None, output: str | None) -> int:
    """Write the picture of a definition; with a history, events or a file of them, what happened in it."""
    try:
        machine = load(_read(file))
    except DefinitionError as error:
        for fault in error.faults:
            say(f"{file}: {fault}")
        return REFUSED
    try:
        drawn = picture.draw(machine, _events(history) if isinstance(history, str) else history)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkflowError(f"{history}: not a history as GetExecutionHistory gives it: {error!r}") from None
    text = drawn.svg() if form == "svg" else drawn.mermaid()
    if output is None:
        write(text.encode())
    else:
        Path(output).write_text(text, encoding="utf-8")
    return OK


def _events(file: str) -> Any:
    read: Any = orjson.loads(_read(file))
    return read["events"] if isinstance(read, Mapping) else read
