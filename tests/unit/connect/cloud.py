"""AWS on this machine: moto's server, reached over HTTP through a server that can fail, refuse, or stay silent."""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from moto.server import ThreadedMotoServer

from matcher.connect.conformance import Mood
from tests.unit.connect.web import Reply, Request, Web

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "key", "aws_secret_access_key": "secret"}
_HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "date", "server"}


class Cloud:
    """`url` is what targets are given; `client` asks moto itself."""

    def __init__(self, moto: str) -> None:
        self._moto = moto
        self.mood: Mood = "well"
        self.web = Web(self._answer)
        self.url = self.web.url
        #: Calls that reached AWS.
        self.calls: list[Request] = []

    def client(self, name: str) -> Any:
        return _client(name, self._moto)

    def _answer(self, request: Request) -> Reply | None:
        match self.mood:
            case "failing":
                return _error(request, 503, "ServiceUnavailable")
            case "refusing":
                return _error(request, 403, "AccessDeniedException")
            case "silent":
                return None
        return self._passed_on(request)

    def _passed_on(self, request: Request) -> Reply:
        self.calls.append(request)
        connection = http.client.HTTPConnection(urlsplit(self._moto).netloc)
        try:
            connection.request(request.method, request.path, request.body, request.headers)
            answer = connection.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            return Reply(answer.status, answer.read(), headers)
        finally:
            connection.close()


def _error(request: Request, status: int, code: str) -> Reply:
    """An error in the service's protocol: JSON, or for SNS XML."""
    if "x-amz-target" in request.headers:
        return Reply(status, json.dumps({"__type": code, "message": "no"}).encode())
    return Reply(status, f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode())


@contextmanager
def cloud() -> Iterator[Cloud]:
    """An empty cloud; moto's server is shared by all tests, since it takes a while to start."""
    moto = _moto()
    connection = http.client.HTTPConnection(urlsplit(moto).netloc)
    connection.request("POST", "/moto-api/reset")
    connection.getresponse().read()
    connection.close()
    made = Cloud(moto)
    try:
        yield made
    finally:
        made.web.close()


@cache
def _moto() -> str:
    logging.getLogger("werkzeug").disabled = True  # which tells of each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@cache
def _client(name: str, moto: str) -> Any:
    return boto3.client(name, endpoint_url=moto, **KEYS)
