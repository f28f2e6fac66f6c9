"""Turn calls of Amazon SQS's and SNS's actions into calls of AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from matcher.connect.aws.calls import service
from matcher.workflow.frames import Json
from matcher.workflow.host.tasks import Task, TaskError

__all__ = ["aws_services"]

#: The service, its action in a Resource, and the method of boto3's client.
_ACTIONS: Final = (("sqs", "sendMessage", "send_message"), ("sns", "publish", "publish"))
#: Arguments that must be text; JSON in them is written out, as the optimised integrations do.
_TEXTS: Final = ("MessageBody", "Message")


def aws_services(**settings: Any) -> dict[str, Task]:
    """`arn:aws:states:::sqs:sendMessage` and `…:sns:publish`, with `.waitForTaskToken`. `settings` are those of boto3's clients.

    An error of the service has its name: `Sqs.QueueDoesNotExistException`.
    """
    return {f"arn:aws:states:::{name}:{action}": _task(name, method, settings) for name, action, method in _ACTIONS}


def _task(name: str, method: str, settings: dict[str, Any]) -> Callable[[Json], Json]:
    made: list[Any] = []

    def call(given: Json) -> Json:
        if not made:
            made.append(service(name, None, settings))
        arguments = {key: _text(value) if key in _TEXTS else value for key, value in given.items()}
        try:
            answer = getattr(made[0], method)(**arguments)
        except Exception as error:
            response = getattr(error, "response", None)
            if response is None:
                raise
            code = response["Error"]["Code"].rpartition(".")[2]
            named = code if code.endswith("Exception") else f"{code}Exception"
            raise TaskError(f"{name.capitalize()}.{named}", response["Error"].get("Message", "")) from error
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    return call


def _text(value: Json) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
