"""Turn an HTTP answer into what the delivery should do next: be content, try again and when, or give up."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from matcher.errors import TargetError

__all__ = ["failure", "retry_after"]

#: Besides 5xx, what an API destination tries again; any other answer but 2xx is final.
RETRIED: Final = frozenset({401, 407, 409, 429})
_CODES: Final = {401: "NO_PERMISSIONS", 403: "NO_PERMISSIONS", 404: "NO_RESOURCE", 407: "NO_PERMISSIONS", 429: "THROTTLING"}


def failure(status: int, text: str, header: str | None, now: float) -> TargetError | None:
    """The error that an answer stands for; None for 2xx. `header` is Retry-After.

    As with API destinations, a negative Retry-After asks for no other attempt.
    """
    if 200 <= status < 300:
        return None
    wait = None if header is None else retry_after(header, now)
    retryable = (status in RETRIED or status >= 500) and (wait is None or wait >= 0)
    code = _CODES.get(status, "ERROR_FROM_TARGET")
    message = f"the endpoint answered {status}" + (f": {text}" if text else "")
    return TargetError(message, retryable=retryable, retry_after=wait if retryable else None, code=code)


def retry_after(header: str, now: float) -> float | None:
    """Seconds of a Retry-After header: a number, or an HTTP date (at most 0 for one that is past). None: not readable."""
    try:
        return float(int(header))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    return max(0.0, at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now)
