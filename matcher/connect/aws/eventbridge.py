"""Turn messages into events of an Amazon EventBridge bus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from matcher.connect.aws.batches import Batches, Outcome
from matcher.connect.aws.calls import WORKERS, failure, refusal, service
from matcher.envelope import size
from matcher.errors import TargetError
from matcher.quotas import AWS
from matcher.target import Message
from matcher.transform.text import read, write

__all__ = ["EventBridge"]


class EventBridge:
    """A bus of Amazon EventBridge as a target, by its name or ARN; `send` gives the id that the event has there.

    An event goes on with its source, detail type, resources, time and detail. A body that is shaped is the detail of an
    event whose other fields are those of the event that came. `source` and `detail_type` are for events without.
    PutEvents takes no key to deduplicate by: another attempt may be a second event. `client` is one of boto3's; else one
    is made of `settings` (`region_name`, `endpoint_url`, …).
    """

    def __init__(
        self, bus: str = "default", *, source: str = "", detail_type: str = "", client: Any = None, **settings: Any
    ) -> None:
        self._client = service("events", client, settings)
        self._source = source
        self._detail_type = detail_type
        assert AWS.entries is not None
        assert AWS.call_bytes is not None
        self._batches = Batches(
            self._put, entries=AWS.entries, size=AWS.call_bytes, workers=WORKERS, name="eventbridge"
        )
        self.bus = bus

    async def send(self, message: Message) -> str:
        """Put it, with others that are put now."""
        entry = self._entry(message)
        return str(await self._batches.add(entry, size(entry)))

    async def aclose(self) -> None:
        """Let go of the threads; the next message takes others."""
        self._batches.close()

    def _put(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[Outcome]:
        try:
            answer = self._client.put_events(Entries=entries)
        except Exception as error:  # noqa: BLE001 - whatever it is, the senders are told of it
            return [failure(error) for _ in entries]
        return [
            refusal(each["ErrorCode"], each.get("ErrorMessage", ""), passing=False)
            if each.get("ErrorCode")
            else each["EventId"]
            for each in answer["Entries"]
        ]

    def _entry(self, message: Message) -> dict[str, Any]:
        try:
            body, event = read(message.body), read(message.event)
        except ValueError as error:
            raise _no_event(f"it is no JSON: {error}") from None
        if not isinstance(body, dict):
            raise _no_event("its detail is no object")
        whole = "source" in body and "detail-type" in body and isinstance(body.get("detail"), dict)
        event = body if whole else event
        source, detail_type = event.get("source", self._source), event.get("detail-type", self._detail_type)
        if not source or not detail_type:
            raise _no_event("it has no source and detail type, and none are set for such events")
        entry = {
            "EventBusName": self.bus,
            "Source": source,
            "DetailType": detail_type,
            "Detail": (write(body["detail"]) if whole else message.body).decode(),
            "Resources": event.get("resources", []),
        }
        return entry | _time(event.get("time"))


def _time(text: Any) -> dict[str, datetime]:
    """The event's own time; where that is none, EventBridge puts its own."""
    try:
        return {"Time": datetime.fromisoformat(text)}
    except (TypeError, ValueError):
        return {}


def _no_event(reason: str) -> TargetError:
    return TargetError(f"no event of EventBridge: {reason}", retryable=False, code="INVALID_PARAMETER")
