"""Http: what a request is made of, which answers are tried again and when, credentials, rates."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from matcher.connect import conformance
from matcher.connect.conformance import Bench, Mood, Received, message
from matcher.connect.http import Answer, ApiKey, Basic, Http, OAuth
from matcher.connect.http.waiting import retry_after
from matcher.errors import RouterError, TargetError
from matcher.target import Target
from matcher.testing import FakeClock
from tests.unit.connect.web import Reply, Request, Web

REPLIES: dict[Mood, Reply | None] = {"well": Reply(), "failing": Reply(503), "refusing": Reply(400), "silent": None}


class HttpBench:
    """A server of the standard library; what it did not take it has not received."""

    ordered = True
    largest = 1_000_000
    moods = frozenset(REPLIES)

    async def open(self) -> Target:
        self.web = Web(self._answer)
        self.mood: Mood = "well"
        self.taken: list[Received] = []
        self.http = Http(self.web.url)
        return self.http

    def _answer(self, request: Request) -> Reply | None:
        if self.mood == "well":
            self.taken.append(Received(request.body, request.headers["idempotency-key"]))
        return REPLIES[self.mood]

    async def received(self) -> Sequence[Received]:
        return self.taken

    async def become(self, mood: Mood) -> None:
        self.mood = mood

    async def reached(self) -> None:
        await asyncio.to_thread(self.web.reached.wait)

    async def close(self) -> None:
        await self.http.aclose()
        await asyncio.to_thread(self.web.close)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_is_a_good_target(check: Callable[[Bench], Awaitable[None]]) -> None:
    asyncio.run(check(HttpBench()))  # type: ignore[arg-type]


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


def send(target: Http, **changes: Any) -> Answer:
    async def main() -> Answer:
        try:
            return await target.send(message(b'{"a":1}', **changes))
        finally:
            await target.aclose()

    return asyncio.run(main())


def refused(target: Http, **changes: Any) -> TargetError:
    with pytest.raises(TargetError) as caught:
        send(target, **changes)
    return caught.value


EVENT = b'{"source": "shop/eu", "detail": {"id": "7 &?/\xc3\xa9", "n": 5, "tags": ["a", "b"], "bad": "x\\r\\nHost: y"}}'


def test_a_request_is_made_of_constants_and_of_parts_of_the_event(web: Web) -> None:
    target = Http(
        web.url + "/orders/*/lines/*?fixed=1",
        method="put",
        path_parameters=["$.detail.id", "first"],
        query={"source": "$.source", "tags": "$.detail.tags"},
        headers={"X-N": "$.detail.n", "content-type": "text/plain"},
    )
    web.answer = lambda _: Reply(201, b"made")
    assert send(target, event=EVENT, correlation_id="c-1") == Answer(201, b"made")
    (request,) = web.requests
    url = urlsplit(request.path)
    assert request.method == "PUT"
    assert url.path == "/orders/7%20%26%3F%2F%C3%A9/lines/first"
    assert parse_qs(url.query) == {"fixed": ["1"], "source": ["shop/eu"], "tags": ["[a,b]"]}
    assert request.headers["x-n"] == "5"
    assert request.headers["content-type"] == "text/plain"
    assert request.headers["user-agent"].startswith("matcher/")
    assert request.headers["idempotency-key"] == "delivery-1"
    assert request.headers["x-correlation-id"] == "c-1"
    assert request.body == b'{"a":1}'


def test_a_target_may_be_used_from_several_loops(web: Web) -> None:
    target = Http(web.url, auth=OAuth(web.url + "/token", "me", "secret"))
    web.answer = lambda _: Reply(200, b'{"access_token": "t"}')

    async def main() -> None:
        await asyncio.gather(*(target.send(message(b"1")) for _ in range(3)))
        await asyncio.to_thread(send, target)  # which closes its own connections alone
        await target.send(message(b"1"))
        await target.aclose()

    asyncio.run(main())
    assert len(web.requests) == 6
    send(target)


def test_by_default_a_body_is_json(web: Web) -> None:
    send(Http(web.url))
    assert web.requests[0].headers["content-type"] == "application/json; charset=utf-8"
    assert web.requests[0].headers["accept-encoding"] == "identity"
    assert "x-correlation-id" not in web.requests[0].headers


def test_a_part_that_is_not_there_ends_the_delivery(web: Web) -> None:
    error = refused(Http(web.url + "/*", path_parameters=["$.detail.none"]), event=EVENT)
    assert (error.retryable, error.code) == (False, "INVALID_PARAMETER")
    assert "$.detail.none leads nowhere" in str(error)
    assert web.requests == []


def test_an_event_can_add_no_header(web: Web) -> None:
    error = refused(Http(web.url, headers={"X-Bad": "$.detail.bad"}), event=EVENT)
    assert (error.retryable, error.code) == (False, "INVALID_PARAMETER")
    assert web.requests == []


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"url": "ftp://a"}, "https://"),
        ({"url": "http://a:b:c/"}, "no URL"),
        ({"url": "http://a/*"}, "1 `*` for path parameters; 0 are given"),
        ({"url": "http://a/", "path_parameters": ["x"]}, "0 `*`"),
        ({"url": "http://a/", "method": "TRACE"}, "no method"),
        ({"url": "http://a/", "method": "GET /"}, "no method"),
        ({"url": "http://a/", "headers": {"x": "$.a..b"}}, "headers has the path"),
        ({"url": "http://a/", "query": {"x": 5}}, "its values are texts"),
        ({"url": "http://a/", "rate": 0}, "per_second"),
    ],
)
def test_settings_that_can_not_be(settings: dict[str, Any], part: str) -> None:
    with pytest.raises(RouterError) as caught:
        Http(**settings)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("status", "retryable", "code"),
    [
        (301, False, "ERROR_FROM_TARGET"),
        (400, False, "ERROR_FROM_TARGET"),
        (401, True, "NO_PERMISSIONS"),
        (403, False, "NO_PERMISSIONS"),
        (404, False, "NO_RESOURCE"),
        (407, True, "NO_PERMISSIONS"),
        (408, False, "ERROR_FROM_TARGET"),
        (409, True, "ERROR_FROM_TARGET"),
        (429, True, "THROTTLING"),
        (500, True, "ERROR_FROM_TARGET"),
        (503, True, "ERROR_FROM_TARGET"),
    ],
)
def test_which_answers_are_tried_again(web: Web, status: int, retryable: bool, code: str) -> None:
    web.answer = lambda _: Reply(status, b"because")
    error = refused(Http(web.url))
    assert (error.retryable, error.code, error.retry_after) == (retryable, code, None)
    assert str(error) == f"the endpoint answered {status}: because"


@pytest.mark.parametrize(
    ("status", "header", "retryable", "wait"),
    [
        (429, "120", True, 120.0),
        (503, "Wed, 01 Jan 2025 00:01:00 GMT", True, 60.0),
        (503, "Tue, 31 Dec 2024 23:00:00 GMT", True, 0.0),
        (503, "-1", False, None),
        (503, "soon", True, None),
        (400, "120", False, None),
    ],
)
def test_retry_after_is_passed_on(web: Web, status: int, header: str, retryable: bool, wait: float | None) -> None:
    web.answer = lambda _: Reply(status, headers={"Retry-After": header})
    error = refused(Http(web.url, clock=FakeClock()))
    assert (error.retryable, error.retry_after) == (retryable, wait)


def test_a_date_without_a_zone_is_greenwich() -> None:
    assert retry_after("Wed, 01 Jan 2025 00:01:00 -0000", 1_735_689_600.0) == 60.0


def test_no_more_of_an_answer_is_read_than_is_kept(web: Web) -> None:
    web.answer = lambda _: Reply(200, b"x" * 1_000_000)
    assert send(Http(web.url)).body == b"x" * 65_536
    web.answer = lambda _: Reply(500, b"x" * 1_000_000)
    assert len(str(refused(Http(web.url)))) < 600


def test_an_endpoint_that_is_not_there_or_silent() -> None:
    with Web() as web:
        url = web.url
    error = refused(Http(url))
    assert (error.retryable, error.code) == (True, "CONNECTION_FAILURE")
    with Web(lambda _: None) as web:
        error = refused(Http(web.url, timeout=0.05))
        assert (error.retryable, error.code) == (True, "TIMEOUT")


def test_basic_and_key(web: Web) -> None:
    send(Http(web.url, auth=Basic("me", "pä:ss")))
    scheme, _, text = web.requests[0].headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(text).decode()) == ("Basic", "me:pä:ss")
    send(Http(web.url, auth=ApiKey("X-Key", "secret")))
    assert web.requests[1].headers["x-key"] == "secret"
    for auth in (Basic("me", "secret"), ApiKey("X-Key", "secret"), OAuth("http://a", "me", "secret")):
        assert "secret" not in repr(auth)


class Tokens:
    """An authorization server and an endpoint that takes its newest token alone."""

    def __init__(self, lifetime: Any = 3600) -> None:
        self.lifetime = lifetime
        self.made = 0
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        if request.path.startswith("/token"):
            self.asked.append(request)
            self.made += 1
            told = {"access_token": f"t{self.made}", "token_type": "bearer", "expires_in": self.lifetime}
            return Reply(200, json.dumps(told).encode())
        return Reply(200 if request.headers["authorization"] == f"Bearer t{self.made}" else 401)


Main = Callable[[Web, Http, FakeClock], Coroutine[Any, Any, None]]


def with_tokens(tokens: Callable[[Request], Reply], main: Main, **settings: Any) -> None:
    async def run(web: Web) -> None:
        clock = FakeClock()
        http = Http(web.url, auth=OAuth(web.url + "/token", "me", "se:cret", clock=clock, **settings), clock=clock)
        try:
            await main(web, http, clock)
        finally:
            await http.aclose()

    with Web(tokens) as web:
        asyncio.run(run(web))


def test_a_token_is_fetched_once_and_again_when_it_ends() -> None:
    tokens = Tokens(lifetime=100)

    async def main(_web: Web, http: Http, clock: FakeClock) -> None:
        await asyncio.gather(*(http.send(message(b"1")) for _ in range(10)))
        await clock.advance(69)
        await http.send(message(b"1"))
        assert tokens.made == 1
        await clock.advance(1)
        await http.send(message(b"1"))
        assert tokens.made == 2

    with_tokens(tokens, main)
    request = tokens.asked[0]
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"me:se:cret").decode()
    assert parse_qs(request.body.decode()) == {"grant_type": ["client_credentials"]}


def test_a_token_that_is_refused_is_fetched_anew_for_the_next_attempt() -> None:
    tokens = Tokens()

    async def main(_web: Web, http: Http, _clock: FakeClock) -> None:
        await http.send(message(b"1"))
        tokens.made += 1  # the endpoint wants another one now
        with pytest.raises(TargetError, match="401") as caught:
            await http.send(message(b"1"))
        assert caught.value.retryable
        await http.send(message(b"1"))
        assert tokens.made == 3

    with_tokens(tokens, main)


def test_the_refusal_of_an_old_token_leaves_a_newer_one() -> None:
    async def main(_web: Web, http: Http, _clock: FakeClock) -> None:
        auth = http._auth
        assert isinstance(auth, OAuth)
        await http.send(message(b"1"))
        auth.rejected({"Authorization": "Bearer t0"})
        await http.send(message(b"1"))
        assert tokens.made == 1

    tokens = Tokens()
    with_tokens(tokens, main)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_credentials_and_parameters_in_the_request_itself(method: str) -> None:
    tokens = Tokens(lifetime=None)

    async def main(_web: Web, http: Http, clock: FakeClock) -> None:
        await http.send(message(b"1"))
        await clock.advance(3500)
        await http.send(message(b"1"))
        assert tokens.made == 1

    with_tokens(tokens, main, method=method, credentials="body", parameters={"scope": "a b"})
    request = tokens.asked[0]
    text = urlsplit(request.path).query if method == "GET" else request.body.decode()
    want = {"grant_type": ["client_credentials"], "client_id": ["me"], "client_secret": ["se:cret"], "scope": ["a b"]}
    assert parse_qs(text) == want
    assert "authorization" not in request.headers


@pytest.mark.parametrize("reply", [Reply(401, b"no"), Reply(200, b"<html>"), Reply(200, b"{}"), Reply(200, b"[]")])
def test_without_a_token_a_delivery_waits(reply: Reply) -> None:
    async def main(_web: Web, http: Http, _clock: FakeClock) -> None:
        with pytest.raises(TargetError, match="no token") as caught:
            await http.send(message(b"1"))
        assert (caught.value.retryable, caught.value.code) == (True, "NO_PERMISSIONS")
        assert "se:cret" not in str(caught.value)

    with_tokens(lambda _: reply, main)


def test_an_authorization_server_that_is_not_there() -> None:
    with Web() as web:
        url = web.url
    error = refused(Http("http://127.0.0.1:9/", auth=OAuth(url, "me", "secret")))
    assert (error.retryable, error.code) == (True, "CONNECTION_FAILURE")


def test_a_rate_spreads_requests(web: Web) -> None:
    async def main() -> None:
        clock = FakeClock()
        http = Http(web.url, rate=2, clock=clock)
        sends = [asyncio.create_task(http.send(message(b"1"))) for _ in range(3)]
        await sends[0]
        assert clock.sleeping == 2
        await clock.advance(0.5)
        done, _ = await asyncio.wait(sends[1:], return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        await clock.advance(0.5)
        await asyncio.gather(*sends)
        await http.aclose()

    asyncio.run(main())
    assert len(web.requests) == 3
