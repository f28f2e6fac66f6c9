"""Turn a message into what SQS and SNS send beside its text: attributes, a group, what they deduplicate by."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from matcher.connect.aws.batches import Batches, Outcome
from matcher.connect.aws.calls import WORKERS, batch_outcomes, failure
from matcher.errors import TargetError
from matcher.target import Message

__all__ = ["batches", "beside", "size", "text"]

#: Both services take ten entries a call, and in sum as many bytes as one message may have.
ENTRIES: Final = 10
CALL_BYTES: Final = 262_144
#: What an attribute's type and the like may count, beside its texts.
_ATTRIBUTE_BYTES: Final = 32
_ID: Final = re.compile(r"[!-~]{1,128}")


def text(message: Message) -> str:
    """The body as text. Raises TargetError for bytes that are none."""
    try:
        return message.body.decode()
    except UnicodeDecodeError as error:
        raise TargetError(f"the body is no text: {error}", retryable=False, code="INVALID_PARAMETER") from None


def beside(message: Message, fifo: bool) -> dict[str, Any]:
    """Attributes, and for a FIFO queue or topic its ids: without a group, each message is one of its own."""
    told = {"delivery-id": message.delivery_id, "event-id": message.event_id, "correlation-id": message.correlation_id}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items() if value}
    entry: dict[str, Any] = {"MessageAttributes": attributes}
    if fifo:
        entry["MessageGroupId"] = _id(message.delivery_id if message.group is None else message.group)
        entry["MessageDeduplicationId"] = _id(message.delivery_id)
    return entry


def size(message: Message) -> int:
    """At least the bytes that an entry counts as."""
    texts = (message.delivery_id, message.event_id, message.correlation_id)
    return len(message.body) + sum(_ATTRIBUTE_BYTES + len(text.encode()) for text in texts)


def _id(text: str) -> str:
    """A text as an id: itself, or where it has other characters or is too long, its hash."""
    return text if _ID.fullmatch(text) else hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def batches(call: Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]], name: str) -> Batches:
    """Batches for a call that takes entries with ids, and answers `Successful` and `Failed`."""

    def made(entries: Sequence[Mapping[str, Any]]) -> Sequence[Outcome]:
        try:
            answer = call([{"Id": str(place), **entry} for place, entry in enumerate(entries)])
        except Exception as error:  # noqa: BLE001 - whatever it is, the senders are told of it
            return [failure(error) for _ in entries]
        return batch_outcomes(answer, len(entries))

    return Batches(made, entries=ENTRIES, size=CALL_BYTES, workers=WORKERS, name=name)
