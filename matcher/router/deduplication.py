"""Turn an event into the key by which a second one is known to be the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from matcher.errors import RouterError
from matcher.transform.text import read, write

__all__ = ["Deduplication", "key_of"]

#: What differs between two puts of the same content.
_OF_THE_PUT = ("id", "time")


@dataclass(frozen=True, slots=True)
class Deduplication:
    """An event is not accepted again within the window: the answer to its put has the id of the first."""

    #: "id": the id that its producer gave it. "content": all of it but id and time.
    by: Literal["id", "content"]
    #: Seconds from the first.
    window: float = 300.0

    def __post_init__(self) -> None:
        if self.by not in ("id", "content"):
            raise RouterError(f'events are deduplicated by "id" or "content", not by {self.by!r}')
        if not self.window > 0:
            raise RouterError(f"window is {self.window!r}; it must be above 0")


def key_of(setting: Deduplication, event: bytes, event_id: str) -> str:
    """The key of an event that was accepted as these bytes."""
    if setting.by == "id":
        return f"id:{event_id}"
    members: dict[str, Any] = {name: value for name, value in read(event).items() if name not in _OF_THE_PUT}
    try:
        text = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # long integers, lone surrogates: rarer than the order of members is changed
        text = write(members)
    return f"content:{hashlib.sha256(text).hexdigest()}"
