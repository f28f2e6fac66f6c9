"""Turn calls of http:invoke into requests, and their answers into results or errors of the status's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from matcher.connect.http.library import httpx
from matcher.workflow.frames import Json
from matcher.workflow.host.tasks import Task, TaskCall, TaskError

__all__ = ["http_invoke"]


def http_invoke(client: httpx.AsyncClient | None = None, connections: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, Task]:
    """`arn:aws:states:::http:invoke`.

    `connections`: headers that authorise, by the ARN of the connection which the state's Authentication names. A status of
    400 or more fails the task by `States.Http.StatusCode.NNN`, no answer by `States.Http.Socket`.
    """
    made: list[httpx.AsyncClient] = [] if client is None else [client]

    async def invoke(given: Json, call: TaskCall) -> Json:
        if not made:
            made.append(httpx.AsyncClient(timeout=60.0))
        headers = {str(name): _text(value) for name, value in (given.get("Headers") or {}).items()}
        headers.setdefault("Idempotency-Key", call.call_id)
        headers.update(_authorised(given, connections or {}))
        body = _body(given, headers)
        try:
            answer = await made[0].request(
                given["Method"], given["ApiEndpoint"], params=given.get("QueryParameters"), headers=headers, content=body
            )
        except httpx.HTTPError as error:
            raise TaskError("States.Http.Socket", f"{type(error).__name__}: {error}") from error
        if answer.status_code >= 400:
            raise TaskError(f"States.Http.StatusCode.{answer.status_code}", answer.text)
        told: dict[str, list[str]] = {}
        for name, value in answer.headers.multi_items():
            told.setdefault(name, []).append(value)
        return {
            "Headers": told,
            "ResponseBody": _read(answer),
            "StatusCode": answer.status_code,
            "StatusText": answer.reason_phrase,
        }

    return {"arn:aws:states:::http:invoke": invoke}


def _authorised(given: Json, connections: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    named = (given.get("Authentication") or given.get("InvocationConfig") or {}).get("ConnectionArn")
    if named is not None and named not in connections:
        raise TaskError("States.Runtime", f"there is no connection {named!r}: give its headers by `connections`")
    return {} if named is None else connections[named]


def _body(given: Json, headers: dict[str, str]) -> bytes | None:
    body = given.get("RequestBody")
    if body is None:
        return None
    kinds = {name.lower(): value for name, value in headers.items()}
    form = (given.get("Transform") or {}).get("RequestBodyEncoding") == "URL_ENCODED"
    if form or kinds.get("content-type") == "application/x-www-form-urlencoded":
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return urlencode({name: _text(value) for name, value in body.items()}).encode()
    if "content-type" not in kinds:
        headers["Content-Type"] = "application/json"
    return body.encode() if isinstance(body, str) else orjson.dumps(body)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _read(answer: httpx.Response) -> Json:
    """JSON where it says so, else text."""
    if "json" in answer.headers.get("content-type", ""):
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            return answer.text
    return answer.text
