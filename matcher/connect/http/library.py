"""Give httpx, or say which extra brings it."""

from __future__ import annotations

from matcher.errors import MissingExtra

try:
    import httpx
except ImportError:
    raise MissingExtra("http") from None

__all__ = ["httpx"]
