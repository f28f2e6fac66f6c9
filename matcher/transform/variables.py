"""Turn a variable of an input template into the function that writes it for one event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from matcher.moment import spelled
from matcher.transform.path import MISSING, Path
from matcher.transform.template import Hole
from matcher.transform.text import inside, inside_object, write

__all__ = ["RESERVED", "Given", "Origin", "constants", "value_of", "writer"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule stands, which its name and ARN tell."""

    rule: str = ""
    bus: str = "default"
    account: str = "000000000000"
    region: str = "us-east-1"

    @property
    def arn(self) -> str:
        """Of a rule on the default bus, the bus is left out, as AWS does."""
        name = self.rule if self.bus == "default" else f"{self.bus}/{self.rule}"
        return f"arn:aws:events:{self.region}:{self.account}:rule/{name}"


@dataclass(frozen=True, slots=True)
class Given:
    """An event that is shaped: as it was put, parsed (None where no variable needs that), and when it was accepted."""

    event: bytes
    parsed: Any
    accepted: float


RESERVED: Final = frozenset(
    {
        "aws.events.rule-arn",
        "aws.events.rule-name",
        "aws.events.event.ingestion-time",
        "aws.events.event",
        "aws.events.event.json",
    }
)


def constants(origin: Origin) -> dict[str, str]:
    """Give the reserved variables that no event changes."""
    return {"aws.events.rule-arn": origin.arn, "aws.events.rule-name": origin.rule}


def value_of(name: str, path: Path | None, given: Given) -> Any:
    """Give what a variable stands for; MISSING where its path leads nowhere."""
    if path is not None:
        return path.find(given.parsed)
    match name:
        case "aws.events.event.ingestion-time":
            return spelled(given.accepted)
        case "aws.events.event":  # AWS leaves the detail out, and spells this one name in its own way
            named = {"detailType" if key == "detail-type" else key: value for key, value in given.parsed.items()}
            named.pop("detail", None)
            return named
    return given.parsed


def writer(hole: Hole, path: Path | None) -> Callable[[Given], bytes]:
    """Make the function that writes a variable in its place; a missing value is an empty string.

    It raises ValueError for a value that can't stand there.
    """
    if hole.name == "aws.events.event.json":
        return _whole
    form, absent = (inside_object if hole.in_object else inside, b"") if hole.quoted else (write, b'""')

    def written(given: Given) -> bytes:
        value = value_of(hole.name, path, given) if path is None else path.find(given.parsed)
        try:
            return absent if value is MISSING else form(value)
        except ValueError as error:
            raise ValueError(f"<{hole.name}>, {error}") from None

    return written


def _whole(given: Given) -> bytes:
    return given.event
