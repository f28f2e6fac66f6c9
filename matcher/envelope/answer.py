"""Say what becomes of an entry: an event to keep, or the error that its producer is answered with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["INVALID", "MALFORMED", "NOT_AUTHORIZED", "Refused", "RefusedEntry", "Sealed", "refuse", "reject"]

#: Error codes of PutEvents.
INVALID = "InvalidArgument"
MALFORMED = "MalformedDetail"
NOT_AUTHORIZED = "NotAuthorizedForSourceException"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry that is accepted: the bytes of its event, which are checked JSON, and what the router asks of it."""

    event: bytes
    event_id: str
    #: The bus that the entry names; None: the default bus.
    bus: str | None = None
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that is refused; the answer to its producer has both texts, as that of PutEvents."""

    code: str
    message: str


class RefusedEntry(ValueError):
    """Ends the reading of one entry; `seal` gives what it holds, so that other entries of a call go on."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused
        super().__init__(refused.message)


def refuse(name: str, reason: str) -> Any:
    """Refuse an entry because of one of its parameters."""
    return reject(INVALID, f"Parameter {name} is not valid. Reason: {reason}")


def reject(code: str, message: str) -> Any:
    """Refuse an entry. The message begins with what PutEvents says, if it has words for it."""
    raise RefusedEntry(Refused(code, message))
