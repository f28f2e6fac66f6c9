"""Turn the name of a store into the store, opened when it is first needed."""

from __future__ import annotations

from matcher.errors import RouterError
from matcher.store.memory import MemoryStore
from matcher.store.naming import MEMORY, file_of
from matcher.store.protocol import Seen, Store

__all__ = ["Opened", "store_of"]


def store_of(given: str | Store | None) -> Store:
    """Give a store: `sqlite:///events.db` (relative), `sqlite:////var/events.db`, `memory://`, or one that is given."""
    if given is None:
        return MemoryStore()
    if not isinstance(given, str):
        return given
    path = file_of(given)
    if path == MEMORY:
        return MemoryStore()
    if path is not None:
        from matcher.store.sqlite import SQLiteStore

        return SQLiteStore(path)
    raise RouterError(f"a store is sqlite:///file.db, sqlite:////absolute/file.db, memory:// or a Store, not {given!r}")


class Opened:
    """A store that whoever first asks for it opens, from any loop."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._open = False

    async def get(self) -> Store:
        if not self._open:
            await self.store.open()
            self._open = True
        return self.store

    async def seen(self) -> Seen:
        return (await self.get()).seen

    async def close(self) -> None:
        """Let go of it; whoever asks next opens it again."""
        if self._open:
            self._open = False
            await self.store.close()


