"""Turn a value and the name of its field into why it is likely one of its kind, as ids and times are."""

from __future__ import annotations

import re
from typing import Final

from matcher.jsontext import NumberText
from matcher.pattern.holds import Scalar

__all__ = ["stem", "volatile"]

_UUID: Final = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_RESOURCE: Final = r"[a-z]{1,12}-(?:[0-9a-f]{17}|[0-9a-f]{8})"
_KINDS: Final = tuple(
    (re.compile(text), kind)
    for text, kind in (
        (_UUID, "a UUID"),
        (r"[+-]?\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", "a time"),
        (r"\d{4}-\d\d-\d\d", "a date"),
        (r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? \w{3} \d{4} .*", "a time"),
        (r"\d{1,2}/\w{3}/\d{4}:.*", "a time"),
        (r"arn:[^:]*:[^:]*:[^:]*:[^:]*:.+", "an ARN"),
        (r"\d{12}", "an account id"),
        (r"\d{9,}", "a serial number"),
        (_RESOURCE, "a resource id"),
        (r"(?:0x)?(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{16,}", "a hash"),
        (r"A(?:KIA|SIA|ROA|IDA|GPA|NPA|NVA)[A-Z0-9]{12,}", "an id of IAM"),
        (r"[0-7][0-9A-HJKMNP-TV-Z]{25}", "a ULID"),
        (r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_=-]{20,}", "a token"),
    )
)
_INSIDE: Final = re.compile(rf"(?<![0-9a-zA-Z]){_UUID}(?![0-9a-zA-Z])|(?<![0-9a-zA-Z-]){_RESOURCE}(?![0-9a-zA-Z-])")
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TIMES: Final = frozenset(["time", "timestamp", "date", "datetime", "epoch", "ts"])
_IDS: Final = frozenset(
    ["id", "ids", "uuid", "guid", "token", "etag", "hash", "sha", "digest", "nonce", "signature", "sequencer", "cursor"]
)
_LONG: Final = 4_096  # characters; a longer text is one of its kind whatever it holds


def volatile(path: str, value: Scalar) -> str:
    """Say what a value is that another event will not have again ("a UUID", "a time"); "" if it looks like none."""
    words = [word.lower() for word in _WORDS.findall(path.rpartition(".")[2])]
    last = words[-1] if words else ""
    if isinstance(value, NumberText):
        return _number(value, words)
    if not isinstance(value, str) or not value:
        return ""
    if len(value) > _LONG:
        return "a long text"
    for pattern, kind in _KINDS:
        if pattern.fullmatch(value):
            return kind
    if _INSIDE.search(value):
        return "a text with an id"
    if last in _TIMES or (last == "at" and len(words) > 1):
        return "a time, by its name"
    return "an id, by its name" if last in _IDS else ""


def _number(value: NumberText, words: list[str]) -> str:
    last = words[-1] if words else ""
    if last in _IDS:
        return "an id, by its name"
    seconds = len(value) <= 20 and re.fullmatch(r"(1\d{9})(\.\d+)?|1\d{12}|1\d{15}|1\d{18}", value) is not None
    if seconds or ((last in _TIMES or (last == "at" and len(words) > 1)) and abs(float(value)) >= 1e8):
        return "a time"
    return ""


def stem(value: str) -> str:
    """Give the beginning of an ARN, or of an id, that others of its kind share; "" if there is none."""
    if value.startswith("arn:") and value.count(":") >= 5:
        *head, rest = value.split(":", 5)
        cut = max(rest.rfind("/"), rest.rfind(":")) + 1
        return ":".join(head) + ":" + rest[:cut]
    if re.fullmatch(_RESOURCE, value):
        return value[: value.index("-") + 1]
    found = _INSIDE.search(value)
    return value[: found.start()] if found else ""
