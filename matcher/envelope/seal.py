"""Turn an entry of a put, in any form, into a complete event, or into the refusal that its producer is answered with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from matcher.envelope import entry, native
from matcher.envelope.answer import INVALID, Refused, RefusedEntry, Sealed
from matcher.envelope.fields import Fill
from matcher.errors import EventError, RouterError
from matcher.eventtext import text_of
from matcher.quotas import OPEN, Quotas

__all__ = ["Entry", "check_call", "seal", "size"]

#: A PutEvents entry, an event that lacks some of its envelope, or any JSON object.
Entry: TypeAlias = "Mapping[str, Any] | bytes | bytearray | memoryview | str"

#: What PutEvents counts for a time, whatever its form.
_TIME_BYTES: Final = 14


def seal(given: Entry, fill: Fill, quotas: Quotas = OPEN) -> Sealed | Refused:
    """Make the event of an entry. What a producer may get wrong is the answer, and not raised.

    A mapping with `Source`, `DetailType` or `Detail` is a PutEvents entry. An object with `source` and `detail-type` is
    an event, and gets what it lacks of an envelope. Any other object is an event as it is.
    """
    try:
        if isinstance(given, Mapping) and entry.is_entry(given):
            sealed = entry.seal(given, fill, quotas)
        else:
            sealed = native.seal(given, fill, quotas)
    except RefusedEntry as refused:
        return refused.refused
    longest = quotas.entry_bytes
    if longest is not None and len(sealed.event) > longest and (length := size(given)) > longest:
        return Refused(INVALID, f"The entry has {length} bytes, over {longest} (quotas.entry_bytes).")
    return sealed


def size(given: Entry) -> int:
    """The bytes of an entry as PutEvents counts them: its texts as UTF-8, a given time as 14, the envelope as nothing.

    Any other object counts as its JSON text. What is no entry at all counts nothing: it is refused anyway.
    """
    if not isinstance(given, Mapping) or not entry.is_entry(given):
        return _bytes(given)
    resources = given.get("Resources")
    texts = [given.get("Source"), given.get("DetailType"), given.get("Detail")]
    texts += resources if isinstance(resources, list | tuple) else ()
    return sum(_bytes(text) for text in texts) + (0 if given.get("Time") is None else _TIME_BYTES)


def _bytes(value: Any) -> int:
    try:
        return len(text_of(value))
    except (EventError, TypeError):
        return 0


def check_call(entries: Sequence[Entry], quotas: Quotas) -> None:
    """Raise RouterError where a call as a whole is over a limit, as PutEvents fails it; no entry of it is accepted."""
    if quotas.entries is not None and len(entries) > quotas.entries:
        raise RouterError(f"{len(entries)} entries in one call; at most {quotas.entries} (quotas.entries)")
    if quotas.call_bytes is not None:
        total = sum(map(size, entries))
        if total > quotas.call_bytes:
            reason = f"{total} bytes, at most {quotas.call_bytes} (quotas.call_bytes)"
            raise RouterError(f"Total size of the entries in the request is over the limit: {reason}")
