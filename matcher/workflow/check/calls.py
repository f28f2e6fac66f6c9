"""Tell what is wrong with a call of intrinsic functions before it is made: its syntax, its arguments, its escapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from matcher.errors import QueryError
from matcher.workflow.check.diagnostic import shown
from matcher.workflow.functions import Literal
from matcher.workflow.intrinsics import Call, Found, parse_call

__all__ = ["call_fault"]

#: How many arguments each takes; None is any number. Source: the developer guide's page on intrinsic functions.
_COUNTS: Final[Mapping[str, tuple[int, int | None]]] = {
    "States.Array": (0, None),
    "States.ArrayPartition": (2, 2),
    "States.ArrayContains": (2, 2),
    "States.ArrayRange": (3, 3),
    "States.ArrayGetItem": (2, 2),
    "States.ArrayLength": (1, 1),
    "States.ArrayUnique": (1, 1),
    "States.Base64Encode": (1, 1),
    "States.Base64Decode": (1, 1),
    "States.Hash": (2, 2),
    "States.JsonMerge": (3, 3),
    "States.MathRandom": (2, 3),
    "States.MathAdd": (2, 2),
    "States.StringSplit": (2, 2),
    "States.UUID": (0, 0),
    "States.Format": (1, None),
    "States.StringToJson": (1, 1),
    "States.JsonToString": (1, 1),
}
#: Functions whose constants must be numbers.
_NUMERIC: Final = frozenset({"States.ArrayRange", "States.MathRandom", "States.MathAdd"})
_OTHER_ESCAPE: Final = re.compile(r"(?:[^\\]|\\[\\'{}])*?(\\[^\\'{}])", re.DOTALL)


def call_fault(text: str) -> str:
    """Tell why the text is no call that can be made: "" if it is one."""
    try:
        return _fault(parse_call(text))
    except QueryError as error:
        fault = error.faults[0]
        return f"a call of intrinsic functions; {fault.at} {shown(fault.found)} should be {fault.want}"


def _fault(call: Call) -> str:
    least, most = _COUNTS[call.name]
    count = len(call.arguments)
    if count < least or (most is not None and count > most):
        return f"{call.name} with {_range(least, most)}, not {count}"
    return next((fault for argument in call.arguments if (fault := _argument(call.name, argument))), "")


def _argument(name: str, argument: object) -> str:
    match argument:
        case Call():
            return _fault(argument)
        case Literal() if found := _OTHER_ESCAPE.match(argument.written):
            return rf"one of the escapes \' \{{ \}} \\ and not {found[1]}"
        case Found():
            return ""
    if name in _NUMERIC and (isinstance(argument, str | bool) or argument is None):
        return f"numbers, paths or calls in {name}, not {shown(argument)}"
    return ""


def _range(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} arguments or more"
    return f"{least} arguments" if least == most else f"{least} to {most} arguments"
