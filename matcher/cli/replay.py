"""Turn replays into what a person reads, and what a person says into replays begun, paused, resumed or cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from matcher.cli.listing import count, json_lines, shown, time_of
from matcher.cli.terminal import OK
from matcher.cli.where import seconds, with_router
from matcher.router.router import Router
from matcher.store.records import Replay

__all__ = ["Request", "change_replay", "list_replays", "start_replay"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent again, where to, and how fast."""

    archive: str
    start: str | None
    end: str | None
    bus: str | None
    rules: tuple[str, ...]
    rate: float | None
    name: str | None


def start_replay(where: str, request: Request) -> int:
    """Begin a replay, which the running router does; write its name."""

    async def work(router: Router) -> str:
        made = await router.areplay(
            request.archive,
            0.0 if request.start is None else seconds(request.start),
            None if request.end is None else seconds(request.end),
            to_rules=request.rules or None,
            bus=request.bus,
            rate=request.rate,
            name=request.name,
        )
        return made.name

    print(with_router(where, work))
    return OK


def list_replays(where: str, as_json: bool) -> int:
    """Write how far each replay is."""
    replays = with_router(where, lambda router: router.areplays())
    if as_json:
        json_lines(_plain(each) for each in replays)
        return OK
    columns = ("Replay", "State", ">Sent", "Archive", "Bus", "Rules", "From", "To", "Sent up to")
    shown(columns, (_row(each) for each in replays))
    print(count(len(replays), "replay"))
    return OK


def change_replay(where: str, name: str, change: Literal["pause", "resume", "cancel"]) -> int:
    """Pause it, go on with it, or end it; write its state."""

    async def work(router: Router) -> Replay:
        replay = router.replay_of(name)
        match change:
            case "pause":
                return await replay.apause()
            case "resume":
                return await replay.aresume()
        return await replay.acancel()

    found = with_router(where, work)
    print(f"{found.name}: {found.state}, {count(found.sent, 'event')} sent")
    return OK


def _row(replay: Replay) -> tuple[str, ...]:
    return (
        replay.name,
        replay.state,
        f"{replay.sent:,}",
        replay.archive,
        replay.bus,
        "all" if replay.rules is None else ", ".join(replay.rules),
        time_of(replay.start),
        time_of(replay.end),
        "" if replay.mark is None else time_of(replay.mark.accepted),
    )


def _plain(replay: Replay) -> dict[str, Any]:
    return {
        "name": replay.name,
        "state": replay.state,
        "sent": replay.sent,
        "archive": replay.archive,
        "bus": replay.bus,
        "rules": replay.rules,
        "rate": replay.rate,
        "start": time_of(replay.start),
        "end": time_of(replay.end),
        "created": time_of(replay.created),
        "ended": time_of(replay.ended) or None,
        "sent-up-to": None if replay.mark is None else time_of(replay.mark.accepted),
        "error": replay.error,
    }
