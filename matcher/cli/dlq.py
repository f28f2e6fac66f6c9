"""Turn dead letters into what a person reads, and what a person says into letters redriven or purged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import orjson

from matcher.cli.listing import count, event_value, json_lines, shown, time_of
from matcher.cli.terminal import FINDINGS, OK, say, write
from matcher.cli.where import seconds, with_router
from matcher.errors import RouterError
from matcher.router.letters import DeadLetterQueue, Filter
from matcher.router.router import Router
from matcher.store.records import DeadLetter

__all__ = ["Chosen", "list_letters", "purge_letters", "redrive_letters", "show_letter"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which letters are meant: of a queue (None: of all), by what is known of them."""

    queue: str | None = None
    bus: str | None = None
    rule: str | None = None
    target: str | None = None
    error_code: str | None = None
    since: str | None = None
    until: str | None = None

    def filter(self) -> Filter:
        """The filter, without what is not asked for."""
        told: dict[str, Any] = {
            "bus": self.bus,
            "rule": self.rule,
            "target": self.target,
            "error_code": self.error_code,
            "since": None if self.since is None else seconds(self.since),
            "until": None if self.until is None else seconds(self.until),
        }
        return cast("Filter", {name: value for name, value in told.items() if value is not None})


def list_letters(where: str, chosen: Chosen, limit: int, as_json: bool) -> int:
    """Write the first letters, and how many more there are in the queue."""

    async def work(router: Router) -> tuple[list[DeadLetter], int]:
        queue = router.dead_letters(chosen.queue)
        return await queue.alist(limit=limit + 1, **chosen.filter()), await queue.acount()

    letters, total = with_router(where, work)
    if as_json:
        json_lines(_plain(each) for each in letters[:limit])
        if len(letters) > limit:
            say(f"there are more than these {limit:,} (--limit)")
        return OK
    columns = ("Id", "Died", "Rule", "Target", "Code", ">Attempts", "Queue", "Error")
    shown(columns, (_row(each) for each in letters[:limit]))
    more = "; there are more than are shown" if len(letters) > limit else ""
    print(f"{count(total, 'dead letter')}{'' if chosen.queue is None else f' in {chosen.queue}'}{more}")
    return OK


def _row(letter: DeadLetter) -> tuple[str, ...]:
    return (
        letter.id,
        time_of(letter.died),
        letter.rule,
        letter.target,
        letter.error_code,
        str(letter.attempts),
        letter.dead_letter_queue,
        " ".join(letter.error_message.split()),
    )


def show_letter(where: str, identifier: str) -> int:
    """Write all that is known of a letter, as JSON; give 1 where there is none of that id."""
    letter = with_router(where, lambda router: router.dead_letters().aget(identifier))
    if letter is None:
        say(f"there is no dead letter {identifier!r}")
        return FINDINGS
    write(orjson.dumps(_plain(letter), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return OK


def _plain(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "queue": letter.dead_letter_queue,
        "bus": letter.entry.bus,
        "rule": letter.rule,
        "target": letter.target,
        "error-code": letter.error_code,
        "error-message": letter.error_message,
        "attempts": letter.attempts,
        "exhausted": letter.exhausted,
        "accepted": time_of(letter.entry.accepted),
        "first-attempt": time_of(letter.first_attempt) or None,
        "died": time_of(letter.died),
        "correlation-id": letter.entry.correlation_id,
        "event": event_value(letter.entry.body),
    }


def redrive_letters(where: str, chosen: Chosen, identifiers: list[str], every: bool, rate: float | None) -> int:
    """Send letters back to their queues."""
    _refuse_none(chosen, identifiers, every)
    sent = _of(where, chosen, lambda queue, told: queue.aredrive(identifiers or None, rate=rate, **told))
    print(f"{count(sent, 'dead letter')} redriven")
    return OK if sent or not identifiers else FINDINGS


def purge_letters(where: str, chosen: Chosen, identifiers: list[str], every: bool) -> int:
    """Forget letters for good."""
    _refuse_none(chosen, identifiers, every)
    purged = _of(where, chosen, lambda queue, told: queue.apurge(identifiers or None, **told))
    print(f"{count(purged, 'dead letter')} purged")
    return OK if purged or not identifiers else FINDINGS


def _of(where: str, chosen: Chosen, act: Callable[[DeadLetterQueue, Filter], Awaitable[int]]) -> int:
    return with_router(where, lambda router: act(router.dead_letters(chosen.queue), chosen.filter()))


def _refuse_none(chosen: Chosen, identifiers: list[str], every: bool) -> None:
    """All letters are meant only where that is said."""
    if identifiers and (every or chosen != Chosen(queue=chosen.queue)):
        raise RouterError("ids say which letters are meant: no other choice, and no --all")
    if not identifiers and not every and chosen == Chosen():
        raise RouterError("say which letters are meant: ids, a choice such as --queue or --rule, or --all")
