"""Turn a router's state into answers for probes: GET /live, /ready and /stats over HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import orjson

from matcher.router.router import Router

__all__ = ["served"]

#: Bytes of a request's head, and seconds that it may take.
LONGEST, PATIENCE = 8_192, 5.0


async def served(router: Router, host: str, port: int) -> asyncio.Server:
    """Begin to answer. Raises OSError where the port can't be had."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(*await _answer(router, head)))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # whoever asked has left, or speaks no HTTP
        finally:
            writer.close()

    return await asyncio.start_server(answer, host, port, limit=LONGEST)


async def _answer(router: Router, head: bytes) -> tuple[HTTPStatus, Any]:
    method, _, rest = head.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method not in (b"GET", b"HEAD"):
        return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "want GET"}
    health = router.health()
    match path:
        case b"/live":
            return _status(good=True), {"live": True}
        case b"/ready":
            return _status(good=health.ready), health.to_dict()
        case b"/stats":
            return HTTPStatus.OK, asdict(await router.astats())
    return HTTPStatus.NOT_FOUND, {"error": "want /live, /ready or /stats"}


def _status(*, good: bool) -> HTTPStatus:
    return HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE


def _response(status: HTTPStatus, body: Any) -> bytes:
    text = orjson.dumps(body)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text
