"""Turn messages into requests to one HTTP endpoint, and its answers into what the delivery does next."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from matcher.clock import SYSTEM, Clock
from matcher.connect.http.auth import Auth
from matcher.connect.http.library import httpx
from matcher.connect.http.request import compile_parts
from matcher.connect.http.waiting import failure
from matcher.delivery.rate import Bucket, Rate
from matcher.errors import RouterError, TargetError
from matcher.target import Message

__all__ = ["Answer", "Http"]

#: Bytes of an answer that are read; of an error's, those that are told.
ANSWER_BYTES: Final = 64 * 1024
_TOLD: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint said; `body` are the first 64 KiB."""

    status: int
    body: bytes


class Http:
    """An HTTP endpoint as a target: an API destination.

    `*` in the URL's path is filled with `path_parameters`, in their order. These, `query` and `headers` may be paths into
    the event (`$.detail.id`). Each request has the delivery's id as `Idempotency-Key`. 401, 407, 409, 429, 5xx, time-outs
    and lost connections are tried again, with regard to `Retry-After`; redirects are not followed. `rate` is requests a
    second of this target, over all rules that share it. `timeout` is for connecting, for writing and for each read; other
    settings are those of httpx.AsyncClient (`verify`, `limits`, `proxy`, …).
    """

    def __init__(
        self,
        url: str,
        *,
        method: str = "POST",
        path_parameters: Sequence[str] = (),
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Auth | None = None,
        rate: Rate | float | None = None,
        timeout: float = 5.0,
        clock: Clock = SYSTEM,
        **client: Any,
    ) -> None:
        self._parts = compile_parts(method, url, path_parameters, query or {}, headers or {})
        try:
            httpx.URL(url)
        except httpx.InvalidURL as error:
            raise RouterError(f"{url!r} is no URL: {error}") from None
        self._auth = auth
        self._bucket = None if rate is None else Bucket(rate if isinstance(rate, Rate) else Rate(rate))
        self._clock = clock
        self._settings: dict[str, Any] = {"timeout": timeout, **client}
        # connections belong to a loop: a program may run and dispatch on different ones, and tests on one after another
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()
        self.url = url

    async def send(self, message: Message) -> Answer:
        """Make one request. Raises TargetError for any answer but 2xx."""
        url, query, headers = self._parts.of(message)
        client = self._opened()
        if self._auth is not None:
            headers |= await self._auth.headers(client)
        await self._turn()
        status, body, wait = await self._request(client, url, query, headers, message.body)
        if status in (401, 407) and self._auth is not None:
            self._auth.rejected(headers)
        if (failed := failure(status, body[:_TOLD].decode(errors="replace"), wait, self._clock.now())) is not None:
            raise failed
        return Answer(status, body)

    def _opened(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = httpx.AsyncClient(**self._settings)
        return client

    async def _turn(self) -> None:
        """Wait until the rate allows a request."""
        while self._bucket is not None and (wait := self._bucket.take(self._clock.monotonic())) > 0:
            await self._clock.sleep(wait)

    async def _request(
        self, client: httpx.AsyncClient, url: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, str | None]:
        try:
            where = httpx.URL(url).copy_merge_params(query)
            async with client.stream(self._parts.method, where, headers=headers, content=body) as response:
                return response.status_code, await _beginning(response), response.headers.get("Retry-After")
        except httpx.TimeoutException as error:
            raise TargetError(f"{self.url} did not answer in time: {error!r}", code="TIMEOUT") from error
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as error:
            message = f"no request can be made of this event: {error!r}"
            raise TargetError(message, retryable=False, code="INVALID_PARAMETER") from error
        except httpx.RequestError as error:
            raise TargetError(f"{self.url}: {error!r}", code="CONNECTION_FAILURE") from error

    async def aclose(self) -> None:
        """Close the connections of this loop; the next send opens others."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()


async def _beginning(response: httpx.Response) -> bytes:
    """Read as much of an answer as is kept; the connection is closed on the rest."""
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= ANSWER_BYTES:
            break
    return body[:ANSWER_BYTES]
