"""Name every limit that a router puts on events and on what targets receive: AWS's own, or none but what memory bears."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AWS", "OPEN", "Quotas"]


@dataclass(frozen=True, slots=True)
class Quotas:
    """Limits of entries and of input shaping; `None` is no limit. The defaults are those of `OPEN`."""

    #: Entries of one call.
    entries: int | None = None
    #: Bytes of all entries of one call, as `matcher.envelope.size` counts them.
    call_bytes: int | None = None
    #: Bytes of one entry.
    entry_bytes: int | None = 16 * 1024 * 1024
    #: Characters of an entry's detail type.
    detail_type_length: int | None = None
    #: Characters of one entry of `Resources`.
    resource_length: int | None = None
    #: Objects and arrays inside one another.
    nesting: int = 1_000
    #: Whether `aws.` may begin a source: AWS keeps it for its own services.
    aws_sources: bool = True
    #: Bytes of an input template, and of a constant input.
    template_bytes: int | None = None
    #: Variables that an input transformer defines.
    variables: int | None = None
    #: Characters of one path, and of one variable's name.
    path_length: int | None = None


OPEN = Quotas()

#: Amazon EventBridge's, from its API reference.
AWS = Quotas(
    entries=10,
    call_bytes=1024 * 1024,
    entry_bytes=1024 * 1024,
    detail_type_length=128,
    resource_length=2048,
    aws_sources=False,
    template_bytes=8192,
    variables=100,
    path_length=256,
)
