"""Turn a time in any form that producers write it in into EventBridge's: UTC, to the second."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

__all__ = ["moment", "spelled"]


def spelled(seconds: float) -> str:
    """Write seconds since the epoch as `2026-11-26T13:41:20Z`. Raises ValueError beyond the years 1 to 9999."""
    return _spelled(int(seconds // 1))


@lru_cache(maxsize=256)
def _spelled(seconds: int) -> str:
    """Events of one second share its text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00") + "Z"


def moment(value: Any) -> str:
    """Write a datetime, seconds since the epoch, or RFC 3339 text. Raises ValueError for what is none.

    A datetime without a zone is in the system's, as in Python and in boto3; a text must have one.
    """
    try:
        match value:
            case datetime():
                return spelled(value.timestamp())
            case bool():
                pass
            case int() | float():
                return spelled(value)
            case str():
                read = datetime.fromisoformat(value)
                if read.tzinfo is not None and any(mark in value for mark in "Tt "):
                    return spelled(read.timestamp())
    except (ValueError, OverflowError, OSError):
        pass
    raise ValueError(f"{value!r:.60} is no time such as 2026-11-26T13:41:20Z, no datetime, and no seconds since the epoch")
