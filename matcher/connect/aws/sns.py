"""Turn messages into messages of an Amazon SNS topic."""

from __future__ import annotations

from typing import Any

from matcher.connect.aws.calls import service
from matcher.connect.aws.entries import batches, beside, size, text
from matcher.target import Message

__all__ = ["Sns"]


class Sns:
    """An SNS topic as a target, by its ARN; `send` gives SNS's message id.

    The delivery's, event's and correlation id are message attributes, by which subscriptions can filter. In a FIFO topic
    a message has the rule's group, and the delivery's id as deduplication id. `client` is one of boto3's; else one is
    made of `settings` (`region_name`, `endpoint_url`, …).
    """

    def __init__(self, topic_arn: str, *, subject: str | None = None, client: Any = None, **settings: Any) -> None:
        made = service("sns", client, settings)
        self._fifo = topic_arn.endswith(".fifo")
        self._subject = {} if subject is None else {"Subject": subject}
        self._batches = batches(
            lambda entries: made.publish_batch(TopicArn=topic_arn, PublishBatchRequestEntries=entries), "sns"
        )
        self.topic_arn = topic_arn

    async def send(self, message: Message) -> str:
        """Publish it, with others that are published now."""
        entry = {"Message": text(message), **self._subject, **beside(message, self._fifo)}
        return str(await self._batches.add(entry, size(message)))

    async def aclose(self) -> None:
        """Let go of the threads; the next message takes others."""
        self._batches.close()
