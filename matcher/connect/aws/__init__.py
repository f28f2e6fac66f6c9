"""Send messages to Amazon SQS, SNS and EventBridge, many in one call; needs the extra `aws`."""

from __future__ import annotations

from matcher.connect.aws.eventbridge import EventBridge
from matcher.connect.aws.sns import Sns
from matcher.connect.aws.sqs import Sqs

__all__ = ["EventBridge", "Sns", "Sqs"]
