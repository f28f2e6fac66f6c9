"""Turn what several verbs are asked in the same words into the types of their arguments."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

__all__ = [
    "MachineOption",
    "QuietOption",
    "RulesArgument",
    "RulesFormat",
    "RulesFormatOption",
    "ThreadsOption",
    "Validate",
    "ValidateOption",
    "WhereArgument",
]


class Validate(StrEnum):
    """How much of an event is checked."""

    STRICT = "strict"
    STRUCTURAL = "structural"


class RulesFormat(StrEnum):
    """How a file of rules is written; see matcher.rulefile."""

    AUTO = "auto"
    MAP = "map"
    LINES = "lines"
    PATTERN = "pattern"


RulesArgument = Annotated[
    str,
    typer.Argument(
        metavar="RULES",
        help='File of rules: {"name": pattern, ...}, a {"name": ..., "pattern": ...} a line, or one pattern.',
        show_default=False,
    ),
]
RulesFormatOption = Annotated[
    RulesFormat, typer.Option("--rules-format", help="How RULES is written, where it can't be told by its shape.")
]
ThreadsOption = Annotated[int, typer.Option("--threads", "-t", min=0, help="Threads that match; 0: one a core.")]
ValidateOption = Annotated[
    Validate, typer.Option("--validate", help="strict: all of an event is checked. structural: what rules read.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No word of refused events, and no progress bar.")]
WhereArgument = Annotated[
    str,
    typer.Argument(
        metavar="WHERE",
        help="A store, such as sqlite:///events.db, or the router that has it: module:name, such as shop.events:router.",
        show_default=False,
    ),
]

MachineOption = Annotated[str, typer.Option("--machine", help="The machine's name in the store.")]
