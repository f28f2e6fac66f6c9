"""Turn credentials into the headers that an endpoint wants; tokens are fetched once and kept until they expire."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol
from weakref import WeakKeyDictionary

from matcher.clock import SYSTEM, Clock
from matcher.connect.http.library import httpx
from matcher.errors import TargetError

__all__ = ["ApiKey", "Auth", "Basic", "OAuth"]

#: Seconds before a token's end from which on it is not used: a request takes time, and clocks differ.
LEEWAY: Final = 30.0
#: Seconds for which a token is kept whose server does not say.
LIFETIME: Final = 3600.0


class Auth(Protocol):
    """What an endpoint is told of who asks."""

    async def headers(self, client: httpx.AsyncClient) -> Mapping[str, str]:
        """The headers of a request. Raises TargetError where they can't be had."""
        ...

    def rejected(self, headers: Mapping[str, str]) -> None:
        """The endpoint answered 401 or 407 to these: what they were made of is of no use."""
        ...


@dataclass(frozen=True, slots=True)
class Basic:
    """A user's name and password."""

    username: str
    password: str = field(repr=False)

    async def headers(self, _client: httpx.AsyncClient) -> Mapping[str, str]:
        return {"Authorization": _basic(self.username, self.password)}

    def rejected(self, headers: Mapping[str, str]) -> None:
        pass


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A header with a key."""

    header: str
    key: str = field(repr=False)

    async def headers(self, _client: httpx.AsyncClient) -> Mapping[str, str]:
        return {self.header: self.key}

    def rejected(self, headers: Mapping[str, str]) -> None:
        pass


@dataclass(slots=True, eq=False)
class OAuth:
    """OAuth 2.0 client credentials (RFC 6749, 4.4): a token of `url` that all targets with this object share.

    `credentials` says whether client and secret go into the Authorization header or the body. `parameters` are further
    fields of the body, or of the query where `method` is GET: a scope, an audience.
    """

    url: str
    client: str
    secret: str = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)
    method: Literal["GET", "POST", "PUT"] = "POST"
    credentials: Literal["header", "body"] = "header"
    clock: Clock = SYSTEM
    _token: str = field(default="", init=False, repr=False)
    _ends: float = field(default=0.0, init=False, repr=False)
    _fetching: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = field(
        default_factory=WeakKeyDictionary, init=False, repr=False
    )

    async def headers(self, client: httpx.AsyncClient) -> Mapping[str, str]:
        fetching = self._fetching.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        async with fetching:  # one request for all that wait
            if not self._token or self.clock.monotonic() >= self._ends:
                await self._fetch(client)
            return {"Authorization": f"Bearer {self._token}"}

    def rejected(self, headers: Mapping[str, str]) -> None:
        if headers.get("Authorization") == f"Bearer {self._token}":  # and not a newer one
            self._token = ""

    async def _fetch(self, client: httpx.AsyncClient) -> None:
        fields = {"grant_type": "client_credentials", **self.parameters}
        headers = {"Accept": "application/json"}
        if self.credentials == "header":
            headers["Authorization"] = _basic(self.client, self.secret)
        else:
            fields |= {"client_id": self.client, "client_secret": self.secret}
        query, body = (fields, None) if self.method == "GET" else ({}, fields)
        try:
            url = httpx.URL(self.url).copy_merge_params(query)
            response = await client.request(self.method, url, headers=headers, data=body)
        except httpx.RequestError as error:
            raise TargetError(f"no token of {self.url}: {error!r}", code="CONNECTION_FAILURE") from error
        self._token, lifetime = _token(self.url, response)
        # a short-lived token is used for half its life at least, and not fetched anew for each request
        self._ends = self.clock.monotonic() + max(lifetime - LEEWAY, lifetime / 2)


def _token(url: str, response: httpx.Response) -> tuple[str, float]:
    """The token of an answer, and its seconds. A refusal may be tried again: secrets are changed while events wait."""
    told: Any = None
    if response.is_success:
        with contextlib.suppress(ValueError):
            told = response.json()
    if not isinstance(told, dict) or not isinstance(token := told.get("access_token"), str) or not token:
        found = f"{response.status_code} {response.text[:200]!r}"
        raise TargetError(f"no token of {url}: it answered {found}", code="NO_PERMISSIONS")
    lifetime = told.get("expires_in")
    return token, float(lifetime) if isinstance(lifetime, int | float) and lifetime > 0 else LIFETIME


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
