"""Turn messages into messages of an Amazon SQS queue."""

from __future__ import annotations

from typing import Any

from matcher.connect.aws.calls import service
from matcher.connect.aws.entries import batches, beside, size, text
from matcher.target import Message

__all__ = ["Sqs"]


class Sqs:
    """An SQS queue as a target, by its URL; `send` gives SQS's message id.

    The delivery's, event's and correlation id are message attributes. In a FIFO queue a message has the rule's group, and
    the delivery's id as deduplication id, so that another attempt within five minutes is no second message.
    `client` is one of boto3's; else one is made of `settings` (`region_name`, `endpoint_url`, …).
    """

    def __init__(self, queue_url: str, *, client: Any = None, **settings: Any) -> None:
        made = service("sqs", client, settings)
        self._fifo = queue_url.endswith(".fifo")
        self._batches = batches(lambda entries: made.send_message_batch(QueueUrl=queue_url, Entries=entries), "sqs")
        self.queue_url = queue_url

    async def send(self, message: Message) -> str:
        """Send it, with others that are sent now."""
        entry = {"MessageBody": text(message), **beside(message, self._fifo)}
        return str(await self._batches.add(entry, size(message)))

    async def aclose(self) -> None:
        """Let go of the threads; the next message takes others."""
        self._batches.close()
