"""Turn settings into a client of an AWS service, and what a call raises or answers into TargetErrors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matcher.errors import MissingExtra, TargetError

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import (
        ClientError,
        ConnectTimeoutError,
        HTTPClientError,
        ParamValidationError,
        ReadTimeoutError,
    )
    from botocore.exceptions import ConnectionError as NoConnection
except ImportError:
    raise MissingExtra("aws") from None

__all__ = ["WORKERS", "batch_outcomes", "failure", "refusal", "service"]

#: Calls to one service at a time.
WORKERS: Final = 8
#: Parts of the codes by which services say that a call may be made again; so may all with a status of 5xx.
_THROTTLED: Final = ("Throttl", "TooManyRequests", "LimitExceeded", "SlowDown")
_PASSING: Final = ("Internal", "Unavailable", "ExpiredToken", "RequestExpired", "RequestTimeout")
_MEANINGS: Final = (
    ("AccessDenied", "NO_PERMISSIONS"),
    ("NotAuthorized", "NO_PERMISSIONS"),
    ("AuthorizationError", "NO_PERMISSIONS"),
    ("UnrecognizedClient", "NO_PERMISSIONS"),
    ("NonExistent", "NO_RESOURCE"),
    ("DoesNotExist", "NO_RESOURCE"),
    ("NotFound", "NO_RESOURCE"),
    ("Invalid", "INVALID_PARAMETER"),
    ("Malformed", "INVALID_PARAMETER"),
    ("TooLong", "INVALID_PARAMETER"),
)


def service(name: str, client: Any, settings: Mapping[str, Any]) -> Any:
    """The client that is given, or a new one. It makes one attempt a call: the router's policy says when the next is."""
    if client is not None:
        return client
    once = Config(
        connect_timeout=5,
        read_timeout=10,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=WORKERS,
    )
    config = once.merge(settings["config"]) if "config" in settings else once
    return boto3.client(name, **{**settings, "config": config})


def failure(error: Exception) -> TargetError:
    """What a call raised."""
    match error:
        case TargetError():
            return error
        case ClientError():
            told = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return refusal(str(told.get("Code", "")), str(error), passing=status >= 500 or status == 429)
        case ConnectTimeoutError() | ReadTimeoutError():
            return TargetError(str(error), code="TIMEOUT")
        case HTTPClientError() | NoConnection():
            return TargetError(str(error), code="CONNECTION_FAILURE")
        case ParamValidationError() | UnicodeDecodeError():
            return TargetError(str(error), retryable=False, code="INVALID_PARAMETER")
    return TargetError(f"{type(error).__name__}: {error}", code="SDK_CLIENT_ERROR")


def refusal(code: str, message: str, *, passing: bool) -> TargetError:
    """What a service answered. Missing permissions and resources are final, as they are for EventBridge's targets."""
    throttled = any(part in code for part in _THROTTLED)
    passing = passing or throttled or any(part in code for part in _PASSING)
    meaning = next((meaning for part, meaning in _MEANINGS if part in code), "ERROR_FROM_TARGET")
    return TargetError(f"{code}: {message}", retryable=passing, code="THROTTLING" if throttled else meaning)


def batch_outcomes(answer: Mapping[str, Any], count: int) -> Sequence[Any]:
    """The outcomes of a batch of SQS or SNS, whose entries have their places as ids: message ids, or TargetErrors."""
    lost = TargetError("the answer does not tell of this entry", code="ERROR_FROM_TARGET")
    outcomes: list[Any] = [lost] * count
    for each in answer.get("Successful", ()):
        outcomes[int(each["Id"])] = each["MessageId"]
    for each in answer.get("Failed", ()):
        outcomes[int(each["Id"])] = refusal(each["Code"], each.get("Message", ""), passing=not each["SenderFault"])
    return outcomes
