"""Tell what is wrong with a path, an intrinsic function or a JSONata expression: "" if nothing."""

from __future__ import annotations

import re
from typing import Final

from matcher.errors import QueryError
from matcher.query import reference
from matcher.query.jsonata import compile_expression
from matcher.query.jsonpath import compile_path
from matcher.workflow.check.calls import call_fault

__all__ = [
    "is_jsonata",
    "jsonata_fault",
    "looks_like_query",
    "path_fault",
    "query_fault",
    "reference_fault",
    "result_fault",
]

_OPEN: Final = "{%"
_CLOSE: Final = "%}"
_LOOKS: Final = re.compile(r"\$\$?\.[A-Za-z_\['*]|\$\[|States\.[A-Za-z0-9]+\(")
_PATH: Final = "a JSONPath such as $.name, $$.Execution.Id or $variable"
_DELIMITERS: Final = "a JSONata expression as {% … %}, with nothing before and behind"


def is_jsonata(value: str) -> bool:
    """Whether the string is an expression, well written or not."""
    return len(value) >= len(_OPEN + _CLOSE) and value.startswith(_OPEN) and value.endswith(_CLOSE)


def looks_like_query(value: str) -> bool:
    """Whether a string that stands for itself may have been meant as a path or an intrinsic function."""
    return _LOOKS.match(value) is not None


def jsonata_fault(value: str) -> str:
    """Tell what is wrong with a string in JSONata mode, which is an expression only between {% and %}."""
    if not is_jsonata(value):
        return _DELIMITERS if value.startswith(_OPEN) or value.endswith(_CLOSE) else ""
    try:
        compile_expression(value[len(_OPEN) : -len(_CLOSE)].strip())
    except QueryError as error:
        return _said(error)
    return ""


def reference_fault(value: str) -> str:
    """Tell why the string is no reference path: one to a single place."""
    try:
        reference.parse(value)
    except QueryError:
        return path_fault(value) or "a reference path, which names one place: no wildcard, slice, filter or `..`"
    return ""


def result_fault(value: str) -> str:
    """Tell why the string can't be a ResultPath: it names a place in the input alone."""
    if fault := reference_fault(value):
        return fault
    if reference.parse(value).root != reference.INPUT:
        return "a reference path into the input, which begins with `$.`"
    return ""


def path_fault(value: str) -> str:
    """Tell why the string is no JSONPath."""
    if not value.startswith("$"):
        return _PATH
    try:
        compile_path(value)
    except QueryError as error:
        return _said(error)
    return ""


def query_fault(value: str) -> str:
    """Tell why the string is neither a path nor a call of an intrinsic function."""
    return call_fault(value) if value.startswith("States.") else path_fault(value)


def _said(error: QueryError) -> str:
    fault = error.faults[0]
    return f"{fault.want}, at {fault.at}"
