"""Turn the name of a store into the file that it names, or into memory."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

__all__ = ["MEMORY", "file_of"]

MEMORY = ""


def file_of(name: str) -> str | None:
    """The path of `sqlite:///file.db` or `sqlite:////absolute/file.db`, MEMORY of `memory://`; None: it names no store."""
    parts = urlsplit(name)
    if parts.scheme == "memory":
        return MEMORY
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        return unquote(parts.path[1:])
    return None
