"""Turn claims, outcomes and new deliveries into statements on the delivery table: the writer's side of `sqlite_queue`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice, takewhile

import orjson

from matcher.store.connection import Connection
from matcher.store.records import Archived, Dead, Delivery, Depth, Done, HeldGroup, Outcome, Outgoing, Retry
from matcher.store.shared import new_items
from matcher.store.sqlite_letters import add_letters
from matcher.store.sqlite_log import cursor_position, last_position
from matcher.store.sqlite_rows import array, entry, insert

__all__ = ["add", "claim", "depths", "held", "next_due", "peek", "settle"]


def add(
    connection: Connection, deliveries: Sequence[Outgoing], consumed: int, archived: Sequence[Archived]
) -> Sequence[int]:
    """Queue deliveries, archive, and move the cursor; the positions passed that no delivery needs."""
    cursor = cursor_position(connection)
    if consumed <= cursor:
        return []
    outgoing = new_items(deliveries, cursor, consumed, last_position(connection))
    _archive(connection, new_items(archived, cursor, consumed, consumed))
    queues = ids(connection, "queue", {item.queue for item in outgoing})
    _insert(connection, queues, outgoing)
    for queue, count in Counter(item.queue for item in outgoing).items():
        connection.execute("UPDATE queue SET waiting = waiting + ? WHERE id = ?", (count, queues[queue]))
    connection.execute("UPDATE cursor SET position = ?", (consumed,))
    needed = {item.position for item in outgoing}
    return [position for position in range(cursor + 1, consumed + 1) if position not in needed]


def ids(connection: Connection, table: str, names: Iterable[str]) -> dict[str, int]:
    """The ids of queues or archives, made where they are new."""
    wanted = array(sorted(names))
    chosen = f"SELECT name, id FROM {table} WHERE name IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own table
    found = dict(connection.execute(chosen, (wanted,)).fetchall())
    missing = [(name,) for name in sorted(names) if name not in found]
    if missing:
        insert(connection, f"INSERT INTO {table} (name)", missing)
        found = dict(connection.execute(chosen, (wanted,)).fetchall())
    return found


GROUPED = """INSERT INTO delivery (queue, position, member, due, ready)
    SELECT column1, column2, column3, column4,
        column5 AND NOT EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_member WHERE queue = column1 AND member = column3)
    FROM ("""


def _insert(connection: Connection, queues: dict[str, int], outgoing: Sequence[Outgoing]) -> None:
    """Insert deliveries; the head of a group, and whatever has none, is ready."""
    single = [(queues[item.queue], item.position, item.due, 1) for item in outgoing if item.group is None]
    insert(connection, "INSERT INTO delivery (queue, position, due, ready)", single)
    heads: set[tuple[str, str]] = set()
    grouped = []
    for item in outgoing:
        if item.group is not None:
            key = (item.queue, item.group)
            grouped.append((queues[item.queue], item.position, item.group, item.due, key not in heads))
            heads.add(key)
    insert(connection, GROUPED, grouped, ")")


def _archive(connection: Connection, archived: Sequence[Archived]) -> None:
    positions: dict[str, list[int]] = {}
    for item in archived:
        positions.setdefault(item.archive, []).append(item.position)
    archives = ids(connection, "archive", positions)
    for name, chosen in positions.items():
        among = array(chosen)
        connection.execute(
            """INSERT INTO archived SELECT ?, accepted, position, id, bus, more, body FROM log
            WHERE position IN (SELECT value FROM json_each(?))""",
            (archives[name], among),
        )
        connection.execute(
            """UPDATE archive SET events = events + ?, bytes = bytes + (SELECT sum(length(body)) FROM log
            WHERE position IN (SELECT value FROM json_each(?))) WHERE id = ?""",
            (len(chosen), among, archives[name]),
        )


def queue_id(connection: Connection, queue: str) -> int | None:
    row = connection.execute("SELECT id FROM queue WHERE name = ?", (queue,)).fetchone()
    return row[0] if row else None


READY = "FROM delivery INDEXED BY delivery_due WHERE queue = ? AND ready = 1"


def claim(
    connection: Connection, queue: str, limit: int, now: float, run: int, claimed: Collection[int]
) -> list[Delivery]:
    """Up to `limit` deliveries whose time has come, but for those claimed; heads of groups with up to `run` members."""
    number = queue_id(connection, queue)
    if number is None:
        return []
    (ready,) = connection.execute(
        f"""SELECT json_group_array(position) FROM
        (SELECT position {READY} AND due <= ? ORDER BY due, position LIMIT ?)""",  # noqa: S608 - a constant
        (number, now, limit + len(claimed)),
    ).fetchone()
    heads = [position for position in orjson.loads(ready) if position not in claimed][:limit]
    if run > 1:
        heads = list(islice(_runs(connection, number, heads, min(run, limit), now, claimed), limit))
    return deliveries(connection, queue, number, heads)


def _runs(
    connection: Connection, queue: int, heads: Sequence[int], length: int, now: float, claimed: Collection[int]
) -> Iterator[int]:
    """Each head, and those right behind it in its group that can be delivered after it.

    Long runs of few groups fill a claim as short ones of many do: how many heads are looked at grows as need be.
    """
    start, size = 0, 4
    while start < len(heads):
        chosen = heads[start : start + size]
        behind = _behind(connection, queue, chosen, length - 1)
        for head in chosen:
            yield head
            yield from (
                place for place, _ in takewhile(lambda row: row[1] <= now and row[0] not in claimed, behind[head])
            )
        start, size = start + size, 2 * size


def _behind(
    connection: Connection, queue: int, heads: Sequence[int], length: int
) -> dict[int, list[tuple[int, float]]]:
    """For each head the positions and times of up to that many right behind it in its group."""
    (found,) = connection.execute(
        """SELECT json_group_array(json_array(position, json(behind))) FROM (
            SELECT head.position AS position, (
                SELECT json_group_array(json_array(position, due)) FROM (
                    SELECT position, due FROM delivery INDEXED BY delivery_member
                    WHERE queue = ?1 AND member = head.member AND position > head.position ORDER BY position LIMIT ?3)
            ) AS behind
            FROM json_each(?2) AS chosen CROSS JOIN delivery AS head ON queue = ?1 AND head.position = chosen.value)""",
        (queue, array(heads), length),
    ).fetchone()
    return dict(orjson.loads(found))


def deliveries(connection: Connection, queue: str, number: int, positions: Sequence[int]) -> list[Delivery]:
    """The deliveries of a queue at those positions, with their entries, in that order."""
    if not positions:
        return []
    rows = connection.execute(
        """SELECT delivery.position, member, due, attempts, first_attempt, error, log.id, bus, accepted, more, body
        FROM json_each(?) AS chosen CROSS JOIN delivery ON queue = ? AND delivery.position = chosen.value
        CROSS JOIN log ON log.position = chosen.value""",
        (array(positions), number),
    ).fetchall()
    found = {row[0]: Delivery(queue, row[0], entry(*row[6:]), *row[1:6]) for row in rows}
    return [found[position] for position in positions]


def next_due(connection: Connection, queue: str, claimed: Collection[int]) -> float | None:
    """When the earliest delivery that is not claimed is due."""
    rows = connection.execute(
        f"SELECT due, position {READY} ORDER BY due, position LIMIT ?",
        (queue_id(connection, queue), len(claimed) + 1),
    ).fetchall()
    return next((due for due, position in rows if position not in claimed), None)


def depths(connection: Connection) -> list[Depth]:
    """Every queue in which something waits."""
    rows = connection.execute(
        """SELECT name, waiting, (SELECT accepted FROM log WHERE log.position =
            (SELECT min(delivery.position) FROM delivery WHERE delivery.queue = queue.id))
        FROM queue WHERE waiting > 0 ORDER BY name"""
    ).fetchall()
    return [Depth(*row) for row in rows]


def held(connection: Connection, queue: str, limit: int) -> list[HeldGroup]:
    """Groups whose head has failed."""
    number = queue_id(connection, queue)
    if number is None:
        return []
    rows = connection.execute(
        f"SELECT position {READY} AND member IS NOT NULL AND attempts > 0 ORDER BY position LIMIT ?",
        (number, limit),
    ).fetchall()
    heads = deliveries(connection, queue, number, [position for (position,) in rows])
    count = "SELECT count(*) FROM delivery WHERE queue = ? AND member = ?"
    return [HeldGroup(head, connection.execute(count, (number, head.group)).fetchone()[0]) for head in heads]


def peek(connection: Connection, queue: str, after: int, limit: int, group: str | None) -> list[Delivery]:
    """Deliveries of a queue, and group, in the order of their positions."""
    number = queue_id(connection, queue)
    if number is None:
        return []
    chosen, group_too = ("", ()) if group is None else ("AND member = ?", (group,))
    rows = connection.execute(
        f"SELECT position FROM delivery WHERE queue = ? AND position > ? {chosen} ORDER BY position LIMIT ?",  # noqa: S608
        (number, after, *group_too, limit),
    ).fetchall()
    return deliveries(connection, queue, number, [position for (position,) in rows])


def settle(connection: Connection, outcomes: Sequence[Outcome]) -> list[bool]:
    """End claims; whether each delivery was there."""
    positions: dict[str, list[int]] = {}
    for outcome in outcomes:
        positions.setdefault(outcome.delivery.queue, []).append(outcome.delivery.position)
    queues = {queue: queue_id(connection, queue) for queue in positions}
    there = {(queue, place) for queue in positions for place in _present(connection, queues[queue], positions[queue])}
    found: list[bool] = []
    ended: list[Done | Dead] = []
    for outcome in outcomes:
        key = (outcome.delivery.queue, outcome.delivery.position)
        found.append(key in there)
        if key not in there:
            continue
        if isinstance(outcome, Retry):
            times = (outcome.due, outcome.attempts, outcome.first_attempt, outcome.error)
            connection.execute(
                "UPDATE delivery SET due = ?, attempts = ?, first_attempt = ?, error = ? WHERE queue = ? AND position = ?",
                (*times, queues[key[0]], key[1]),
            )
        else:
            there.discard(key)
            ended.append(outcome)
    add_letters(connection, [outcome.letter for outcome in ended if isinstance(outcome, Dead)])
    _end(connection, queues, [outcome.delivery for outcome in ended])
    return found


def _present(connection: Connection, queue: int | None, positions: Sequence[int]) -> list[int]:
    (found,) = connection.execute(
        """SELECT json_group_array(position) FROM delivery
        WHERE queue = ? AND position IN (SELECT value FROM json_each(?))""",
        (queue, array(positions)),
    ).fetchone()
    present: list[int] = orjson.loads(found)
    return present


def _end(connection: Connection, queues: dict[str, int | None], ended: Sequence[Delivery]) -> None:
    """Forget deliveries, and let the next of their groups be heads."""
    positions: dict[str, list[int]] = {}
    groups: dict[str, set[str]] = {}
    for delivery in ended:
        positions.setdefault(delivery.queue, []).append(delivery.position)
        if delivery.group is not None:
            groups.setdefault(delivery.queue, set()).add(delivery.group)
    for queue, gone in positions.items():
        connection.execute(
            "DELETE FROM delivery WHERE queue = ? AND position IN (SELECT value FROM json_each(?))",
            (queues[queue], array(gone)),
        )
        connection.execute("UPDATE queue SET waiting = waiting - ? WHERE id = ?", (len(gone), queues[queue]))
    for queue, members in groups.items():
        connection.execute(
            """UPDATE delivery SET ready = 1 WHERE queue = ?1 AND ready = 0 AND position IN
            (SELECT (SELECT min(position) FROM delivery INDEXED BY delivery_member WHERE queue = ?1 AND member = head.value) FROM json_each(?2) AS head)""",
            (queues[queue], array(sorted(members))),
        )
