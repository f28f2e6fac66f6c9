"""Turn archives of a router into what a person reads, and into lines of their events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict

from matcher.cli.listing import count, json_lines, shown, time_of
from matcher.cli.terminal import FINDINGS, OK, say, write
from matcher.cli.where import seconds, with_router
from matcher.connect.log import one_line
from matcher.router.router import Router
from matcher.store.records import ArchiveInfo, Mark, Stored

__all__ = ["export_archive", "list_archives"]

_BATCH = 500


def list_archives(where: str, as_json: bool) -> int:
    """Write what each archive holds."""
    infos = with_router(where, lambda router: router.aarchives())
    if as_json:
        json_lines(asdict(each) | {"oldest": time_of(each.oldest), "newest": time_of(each.newest)} for each in infos)
        return OK
    shown(("Archive", ">Events", ">Bytes", "Oldest", "Newest"), (_row(each) for each in infos))
    print(count(len(infos), "archive"))
    return OK


def _row(info: ArchiveInfo) -> tuple[str, ...]:
    return (info.archive, f"{info.events:,}", f"{info.bytes:,}", time_of(info.oldest), time_of(info.newest))


def export_archive(where: str, archive: str, since: str | None, until: str | None) -> int:
    """Write the events of an archive as lines, in the order in which they came; give 1 where it holds none."""
    start = 0.0 if since is None else seconds(since)
    end = float("inf") if until is None else seconds(until)

    async def work(router: Router) -> int:
        written = 0
        async for batch in _batches(router, archive, start, end):
            write(b"".join(one_line(each.entry.body) + b"\n" for each in batch))
            written += len(batch)
        return written

    if with_router(where, work):
        return OK
    say(f"the archive {archive!r} holds no such events")
    return FINDINGS


async def _batches(router: Router, archive: str, start: float, end: float) -> AsyncIterator[list[Stored]]:
    store = await router._opened.get()
    mark: Mark | None = None
    while batch := await store.archive.read(archive, start, end, mark, _BATCH):
        yield batch
        mark = Mark(batch[-1].entry.accepted, batch[-1].position)
