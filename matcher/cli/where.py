"""Turn what a person names (a router of a module, a store, a time) into the router and the seconds that are meant."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from matcher.cli.run import loaded
from matcher.clock import SYSTEM
from matcher.errors import RouterError
from matcher.router.router import Router
from matcher.store.naming import MEMORY, file_of

__all__ = ["seconds", "with_router"]

_Made = TypeVar("_Made")
_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def with_router(where: str, work: Callable[[Router], Awaitable[_Made]], *, create: bool = False) -> _Made:
    """Do the work with the router `module:name`, or with the store `sqlite:///file.db`; then let go of the store.

    A file that is not there is made only with `create`: a name with a slip would be an empty store. Raises RouterError.
    """
    router = _router(where, create)

    async def main() -> _Made:
        try:
            return await work(router)
        finally:
            await router.astop()

    return asyncio.run(main())


def _router(where: str, create: bool) -> Router:
    if "://" not in where:
        found = loaded(where)
        if isinstance(found, str):
            raise RouterError(found)
        return found
    file = file_of(where)
    if file == MEMORY:
        raise RouterError("a store in memory is seen by its own process alone; want sqlite:///file.db or module:name")
    if file is not None and not create and not Path(file).is_file():
        raise RouterError(f"{file}: there is no such store")
    return Router(store=where)


def seconds(text: str) -> float:
    """Seconds since the epoch of a time (`2026-11-26T13:41:20Z`), or of so long ago (`90s`, `15m`, `2h`, `7d`)."""
    if (ago := _AGO.fullmatch(text.strip())) is not None:
        return SYSTEM.now() - float(ago[1]) * _UNITS[ago[2]]
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.timestamp()
    except ValueError:
        pass
    raise RouterError(f"{text!r} is no time such as 2026-11-26T13:41:20Z, and no span such as 15m, 2h or 7d")
