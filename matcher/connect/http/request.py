"""Turn an endpoint's settings and a message into the URL, the query and the headers of one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from matcher._version import __version__
from matcher.errors import QueryError, RouterError, TargetError
from matcher.target import Message
from matcher.transform.path import MISSING, compile_path
from matcher.transform.text import inside, read

__all__ = ["Parts", "compile_parts"]

#: Of a parsed event, or of nothing where no part asks for one.
_Part: TypeAlias = Callable[[Any], str]
#: No method of API destinations.
_REFUSED: Final = frozenset({"CONNECT", "TRACE"})


@dataclass(frozen=True, slots=True)
class Parts:
    """A request without its body. Parts may be paths into the event (`$.detail.id`), as dynamic parameters of AWS are."""

    method: str
    url: tuple[str, ...]
    path: tuple[_Part, ...]
    query: tuple[tuple[str, _Part], ...]
    headers: tuple[tuple[str, _Part], ...]
    dynamic: bool

    def of(self, message: Message) -> tuple[str, dict[str, str], dict[str, str]]:
        """The URL, the query and the headers. Raises TargetError where a path leads nowhere in this event."""
        event = read(message.event) if self.dynamic else None
        url = self.url[0]
        for part, text in zip(self.path, self.url[1:], strict=True):
            url += quote(part(event), safe="") + text
        query = {name: part(event) for name, part in self.query}
        headers = {name: part(event) for name, part in self.headers}
        headers["Idempotency-Key"] = message.delivery_id
        if message.correlation_id:
            headers["X-Correlation-Id"] = message.correlation_id
        return url, query, headers


def compile_parts(
    method: str, url: str, parameters: Sequence[str], query: Mapping[str, str], headers: Mapping[str, str]
) -> Parts:
    """Check an endpoint's settings. Raises RouterError."""
    if not url.lower().startswith(("https://", "http://")):
        raise RouterError(f"{url!r} is no URL of HTTP: it begins with https:// or http://")
    if not method.isalpha() or method.upper() in _REFUSED:
        raise RouterError(f"{method!r} is no method of an endpoint: POST, PUT, PATCH, GET, DELETE, HEAD or OPTIONS")
    pieces = tuple(url.split("*"))
    if len(pieces) - 1 != len(parameters):
        raise RouterError(f"{url!r} has {len(pieces) - 1} `*` for path parameters; {len(parameters)} are given")
    defaults = {
        "User-Agent": f"matcher/{__version__}",
        "Content-Type": "application/json; charset=utf-8",
        "Accept-Encoding": "identity",  # answers are read as they come, so that none can unpack into more than is kept
    }
    given = {name.lower() for name in headers}
    headers = {**{name: value for name, value in defaults.items() if name.lower() not in given}, **headers}
    return Parts(
        method.upper(),
        pieces,
        tuple(_part("path_parameters", value) for value in parameters),
        tuple((name, _part("query", value)) for name, value in query.items()),
        tuple((name, _part("headers", value)) for name, value in headers.items()),
        any(value.startswith("$.") for value in (*parameters, *query.values(), *headers.values())),
    )


def _part(where: str, text: str) -> _Part:
    if not isinstance(text, str):
        raise RouterError(f"{where} has {text!r}; its values are texts")
    if not text.startswith("$."):
        return lambda _event: text
    try:
        path = compile_path(text)
    except QueryError as error:
        raise RouterError(f"{where} has the path {text!r}: {error}") from None

    def found(event: Any) -> str:
        value = path.find(event)
        if value is MISSING:
            raise TargetError(f"{where}: {text} leads nowhere in this event", retryable=False, code="INVALID_PARAMETER")
        return value if isinstance(value, str) else inside(value).decode()

    return found
