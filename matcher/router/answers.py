"""Say what became of each entry of a put, as attributes and in the shape of PutEvents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["EntryResult", "PutResult"]


@dataclass(frozen=True, slots=True)
class EntryResult:
    """An entry that was accepted has an event id, one that was refused an error code and a message."""

    event_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    #: An event with the same deduplication key was accepted before, and `event_id` is its id.
    duplicate: bool = False

    @property
    def ok(self) -> bool:
        return self.event_id is not None

    def to_dict(self) -> dict[str, str]:
        if self.event_id is not None:
            return {"EventId": self.event_id}
        return {"ErrorCode": self.error_code or "", "ErrorMessage": self.error_message or ""}


@dataclass(frozen=True, slots=True)
class PutResult:
    """The results of the entries of one put, in their order. True where none failed."""

    entries: tuple[EntryResult, ...]

    @property
    def failed_entry_count(self) -> int:
        return sum(not entry.ok for entry in self.entries)

    @property
    def event_ids(self) -> list[str | None]:
        return [entry.event_id for entry in self.entries]

    def __bool__(self) -> bool:
        return self.failed_entry_count == 0

    def __iter__(self) -> Iterator[EntryResult]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def to_dict(self) -> dict[str, Any]:
        """`{"FailedEntryCount": 0, "Entries": [{"EventId": …}]}`, as PutEvents answers."""
        return {
            "FailedEntryCount": self.failed_entry_count,
            "Entries": [entry.to_dict() for entry in self.entries],
        }
