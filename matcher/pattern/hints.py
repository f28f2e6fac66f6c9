"""Turn a likely mistake into the form that was likely meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from matcher.jsontext import quote

__all__ = ["OTHER_NAMES", "meant", "nearest", "regex_hint"]

_PREFIX: Final = 'for the start of a string write {"prefix": "x"}'
_SUFFIX: Final = 'for the end of a string write {"suffix": "x"}'
_WILDCARD: Final = 'there are no regular expressions; * in {"wildcard": "a*b"} stands for any characters'
_NUMERIC: Final = 'numbers compare by {"numeric": [">", 5]} or {"numeric": [">=", 0, "<", 10]}'
_BUT: Final = 'for all other values write {"anything-but": ["x", "y"]}'
_CASE: Final = 'to ignore case write {"equals-ignore-case": "x"}'
_CIDR: Final = 'for a block of addresses write {"cidr": "10.0.0.0/8"}'
_EXISTS: Final = 'for a field that is there, or not, write {"exists": true} or {"exists": false}'
_LIST: Final = 'the values of an array are alternatives already: write ["x", "y"]'

#: Names from other languages, each with this language's form.
OTHER_NAMES: Final = {
    **dict.fromkeys(("starts-with", "startswith", "begins-with", "beginswith", "start"), _PREFIX),
    **dict.fromkeys(("ends-with", "endswith", "end", "postfix"), _SUFFIX),
    **dict.fromkeys(("regex", "regexp", "matches", "match", "pattern", "like", "glob"), _WILDCARD),
    **dict.fromkeys(("contains", "includes", "substring"), 'for a part of a string write {"wildcard": "*x*"}'),
    **dict.fromkeys(
        ("=", "==", "<", "<=", ">", ">=", "gt", "gte", "lt", "lte", "between", "range", "number"), _NUMERIC
    ),
    **dict.fromkeys(("not", "!=", "<>", "ne", "neq", "not-equals", "not-in", "except", "anything-but-prefix"), _BUT),
    **dict.fromkeys(("ignore-case", "iequals", "case-insensitive", "equals-ignorecase"), _CASE),
    **dict.fromkeys(("ip", "ip-address", "subnet", "network", "ip-address-in-range"), _CIDR),
    **dict.fromkeys(("exist", "present", "absent", "missing", "is-null", "not-exists"), _EXISTS),
    **dict.fromkeys(("in", "any-of", "one-of", "or", "equals", "eq", "exact", "is"), _LIST),
}


def meant(name: str, operand: object) -> str:
    """Say how this language writes an operator of another, with the text that it was given; "" if it is unknown."""
    hint = OTHER_NAMES.get(name.lower().replace("_", "-"), "")
    if not hint or type(operand) is not str or '"y"' in hint:
        return hint
    if hint == _WILDCARD:
        return regex_hint(operand) or hint
    return hint.replace('"x"', quote(operand)).replace('"*x*"', quote(f"*{operand}*"))


def nearest(name: str, names: Iterable[str]) -> str:
    """Ask whether the name was meant that is spelled most like this one; "" if none is like it."""
    from difflib import get_close_matches  # slow to load, and only for a fault

    close = get_close_matches(name.lower().replace("_", "-"), list(names), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""


def regex_hint(text: str) -> str:
    """Say how to write what looks like a regular expression; "" for any other text."""
    if not re.search(r"^\^|(?<!\\)\$$|\.[*+]|\[[^]]*-[^]]*\]|\\[dwsb.]|\(\?", text):
        return ""
    plain = re.sub(r"\\([.\-/])", r"\1", re.sub(r"\.[*+]\??", "*", text))
    starts, ends = plain.startswith("^"), plain.endswith("$")
    plain = re.sub(r"\*+", "*", ("" if starts else "*") + plain.strip("^$") + ("" if ends else "*"))
    if re.search(r"[][(){}|+?\\]", plain):
        return _WILDCARD
    return f"there are no regular expressions; the nearest is {quote((('wildcard', plain),))}"
