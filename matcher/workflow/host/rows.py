"""Read and write executions as rows: functions over a connection, each run within a transaction of the database."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from matcher.store.connection import Connection
from matcher.workflow.frames import Json, Result
from matcher.workflow.happenings import Event
from matcher.workflow.host.codec import decoded, decoded_result, encoded, encoded_result
from matcher.workflow.host.records import (
    ActivityTask,
    Begin,
    Letter,
    LetterKind,
    Loaded,
    Notice,
    Record,
    Save,
    Standing,
    as_begun,
)
from matcher.workflow.host.refusal import already_exists, no_task, not_in_state
from matcher.workflow.host.resuming import wake

__all__ = [
    "Ready",
    "answer",
    "begin",
    "events",
    "find",
    "letters",
    "load",
    "noticed",
    "notices",
    "post",
    "purge",
    "records",
    "running",
    "save",
    "take",
]

Ready = Callable[[], bool]

_RECORD: Final = (
    "id, machine, definition, name, status, input, started, stopped, output, error, cause, redrives, deadline, correlation"
)


def begin(connection: Connection, wanted: Begin) -> tuple[Record, int]:
    """The execution and its letter's id; 0 where it was there."""
    found = find(connection, wanted.machine, wanted.name)
    if found is not None:
        if found.status != "RUNNING" or found.input != wanted.input:
            raise already_exists(wanted.machine, wanted.name)
        return found, 0
    given = orjson.dumps(wanted.input)
    (number,) = connection.execute(
        """INSERT INTO execution (machine, definition, name, status, input, started, deadline, correlation)
           VALUES (?, ?, ?, 'RUNNING', ?, ?, ?, ?) RETURNING id""",
        (wanted.machine, wanted.definition, wanted.name, given, wanted.started, wanted.deadline, wanted.correlation),
    ).fetchone()
    record = Record(
        number,
        wanted.machine,
        wanted.definition,
        wanted.name,
        "RUNNING",
        wanted.input,
        wanted.started,
        deadline=wanted.deadline,
        correlation=wanted.correlation,
    )
    return record, _send(connection, number, "start")


def _send(
    connection: Connection, execution: int, kind: LetterKind, content: Json = None, frame: int = 0, scheduled: int = 0
) -> int:
    sql = "INSERT INTO letter (execution, kind, frame, scheduled, content) VALUES (?, ?, ?, ?, ?) RETURNING id"
    (number,) = connection.execute(sql, (execution, kind, frame, scheduled, orjson.dumps(content))).fetchone()
    return int(number)


def find(connection: Connection, machine: str, name: str) -> Record | None:
    sql = f"SELECT {_RECORD} FROM execution WHERE machine = ? AND name = ?"  # noqa: S608 (names of columns)
    row = connection.execute(sql, (machine, name)).fetchone()
    return None if row is None else _record(row)


def _record(row: tuple[Any, ...]) -> Record:
    number, machine, definition, name, status, given, started, stopped, output, *rest = row
    made = None if output is None else orjson.loads(output)
    return Record(number, machine, definition, name, status, orjson.loads(given), started, stopped, made, *rest)


def records(connection: Connection, machine: str, status: str | None, before: int | None, limit: int) -> list[Record]:
    chosen, parameters = "machine = ? AND id < ?", [machine, math.inf if before is None else before]
    if status is not None:
        chosen, parameters = f"{chosen} AND status = ?", [*parameters, status]
    sql = f"SELECT {_RECORD} FROM execution WHERE {chosen} ORDER BY id DESC LIMIT ?"  # noqa: S608
    return [_record(row) for row in connection.execute(sql, (*parameters, limit)).fetchall()]


def save(connection: Connection, made: Save) -> None:
    _save_frames(connection, made)
    number = made.execution
    if made.cleared:
        gone = [(number, waiting) for waiting in made.cleared]
        connection.executemany("DELETE FROM frame_result WHERE execution = ? AND frame = ?", gone)
    if made.results:
        found = [(number, result.frame, result.index, encoded_result(result)) for result in made.results]
        connection.executemany("INSERT OR REPLACE INTO frame_result VALUES (?, ?, ?, ?)", found)
    if made.events:
        connection.executemany("INSERT INTO execution_event VALUES (?, ?, ?, ?, ?, ?, ?)", _events(made))
    if made.void or made.tokens:
        _save_tokens(connection, made)
    if made.letters:
        connection.executemany("DELETE FROM letter WHERE id = ?", [(letter,) for letter in made.letters])
    _save_execution(connection, made)


def _save_frames(connection: Connection, made: Save) -> None:
    number = made.execution
    if made.removed:
        gone = [(number, frame) for frame in made.removed]
        connection.executemany("DELETE FROM frame WHERE execution = ? AND id = ?", gone)
        connection.executemany("DELETE FROM frame_aside WHERE execution = ? AND id = ?", gone)
    rows, besides = [], []
    for key, (frame, stored) in made.frames.items():
        row, beside = encoded(frame, stored)
        rows.append((number, key, wake(frame), row))
        if beside is not None:
            besides.append((number, key, beside))
    if rows:
        connection.executemany("INSERT OR REPLACE INTO frame VALUES (?, ?, ?, ?)", rows)
    if besides:
        connection.executemany("INSERT OR REPLACE INTO frame_aside VALUES (?, ?, ?)", besides)


def _events(made: Save) -> Iterator[tuple[Any, ...]]:
    for history, number, previous, time, kind, details in made.events:
        yield made.execution, history, number, previous, time, kind, None if details is None else orjson.dumps(details)


def _save_tokens(connection: Connection, made: Save) -> None:
    for token in made.void:
        _void(connection, token)
    for token, frame, scheduled, activity, given in made.tokens:
        connection.execute("INSERT INTO task_token VALUES (?, ?, ?, ?)", (token, made.execution, frame, scheduled))
        if activity:
            sql = "INSERT INTO activity_task (activity, token, input) VALUES (?, ?, ?)"
            connection.execute(sql, (activity, token, orjson.dumps(given)))


def _void(connection: Connection, token: str) -> None:
    connection.execute("DELETE FROM task_token WHERE token = ?", (token,))
    connection.execute("DELETE FROM activity_task WHERE token = ?", (token,))


def _save_execution(connection: Connection, made: Save) -> None:
    if made.next_frame is not None:
        connection.execute("UPDATE execution SET next_frame = ? WHERE id = ?", (made.next_frame, made.execution))
    if made.reopened:
        connection.execute(
            """UPDATE execution SET status = 'RUNNING', stopped = NULL, error = NULL, cause = NULL,
               redrives = redrives + 1, deadline = ? WHERE id = ?""",
            (made.deadline, made.execution),
        )
    if made.ended is not None:
        end = made.ended
        connection.execute(
            "UPDATE execution SET status = ?, stopped = ?, output = ?, error = ?, cause = ? WHERE id = ?",
            (end.status, made.now, orjson.dumps(end.output), end.error, end.cause, made.execution),
        )
        if end.status == "SUCCEEDED":  # nothing will be redriven
            for table in ("frame", "frame_aside", "frame_result"):
                connection.execute(f"DELETE FROM {table} WHERE execution = ?", (made.execution,))  # noqa: S608
    for status in made.notices:
        connection.execute("INSERT INTO notice (execution, content) VALUES (?, ?)", (made.execution, _told(status, made)))


def _told(status: str, made: Save) -> bytes:
    """What a notice tells of an execution, which may have changed when it is told."""
    end = made.ended
    if status == "RUNNING" or end is None:
        return b"null"
    return orjson.dumps([end.status, made.now, end.output, end.error, end.cause])


def notices(connection: Connection, limit: int) -> list[Notice]:
    sql = f"""SELECT notice.id, content, {_RECORD.replace("id,", "execution.id,", 1)} FROM notice
              JOIN execution ON execution.id = notice.execution ORDER BY notice.id LIMIT ?"""  # noqa: S608
    found = []
    for number, content, *row in connection.execute(sql, (limit,)).fetchall():
        record, told = as_begun(_record(tuple(row))), orjson.loads(content)
        if told is not None:
            status, stopped, output, error, cause = told
            record = replace(record, status=status, stopped=stopped, output=output, error=error, cause=cause)
        found.append(Notice(number, record))
    return found


def noticed(connection: Connection, told: Sequence[int]) -> None:
    connection.executemany("DELETE FROM notice WHERE id = ?", [(number,) for number in told])


def load(connection: Connection, execution: int) -> Loaded | None:
    sql = f"SELECT {_RECORD}, next_frame FROM execution WHERE id = ?"  # noqa: S608
    row = connection.execute(sql, (execution,)).fetchone()
    if row is None:
        return None
    frames = {
        number: decoded(text, beside)
        for number, text, beside in connection.execute(
            """SELECT frame.id, frame.row, frame_aside.row FROM frame LEFT JOIN frame_aside
               ON frame_aside.execution = frame.execution AND frame_aside.id = frame.id WHERE frame.execution = ?
               ORDER BY frame.id""",
            (execution,),
        ).fetchall()
    }
    results: dict[int, dict[int, Result]] = {}
    found = "SELECT row FROM frame_result WHERE execution = ? ORDER BY frame, position"
    for (text,) in connection.execute(found, (execution,)).fetchall():
        result = decoded_result(text)
        results.setdefault(result.frame, {})[result.index] = result
    histories = {0, *(frame.history for frame in frames.values())}
    last = "SELECT max(id) FROM execution_event WHERE execution = ? AND history = ?"
    counted = {history: connection.execute(last, (execution, history)).fetchone()[0] for history in histories}
    counters = {history: number for history, number in counted.items() if number is not None}
    return Loaded(_record(row[:-1]), frames, results, counters, row[-1])


def running(connection: Connection) -> list[Standing]:
    """Executions that have not begun yet have a letter that begins them."""
    rows = connection.execute(
        """SELECT execution.id, min(coalesce(min(wake), 0), coalesce(deadline, 9e999)) FROM execution
           LEFT JOIN frame ON frame.execution = execution.id
           WHERE status = 'RUNNING' AND next_frame > 0 GROUP BY execution.id ORDER BY execution.id"""
    ).fetchall()
    return [Standing(number, time) for number, time in rows]


def post(connection: Connection, execution: int, kind: LetterKind, content: Json) -> int:
    (status,) = connection.execute("SELECT status FROM execution WHERE id = ?", (execution,)).fetchone()
    if (status == "RUNNING") is (kind == "redrive") or (kind == "redrive" and status == "SUCCEEDED"):
        raise not_in_state(kind, status)
    return _send(connection, execution, kind, content)


def answer(connection: Connection, token: str, kind: LetterKind, content: Json) -> int:
    sql = "SELECT execution, frame, scheduled FROM task_token WHERE token = ?"
    row = connection.execute(sql, (token,)).fetchone()
    if row is None:
        raise no_task()
    execution, frame, scheduled = row
    if kind in ("success", "failure"):
        _void(connection, token)
    return _send(connection, execution, kind, content, frame, scheduled)


def letters(connection: Connection, after: int, limit: int) -> list[Letter]:
    sql = "SELECT id, execution, kind, frame, scheduled, content FROM letter WHERE id > ? ORDER BY id LIMIT ?"
    found = connection.execute(sql, (after, limit)).fetchall()
    return [
        Letter(number, execution, kind, frame, scheduled, orjson.loads(content))
        for number, execution, kind, frame, scheduled, content in found
    ]


def take(connection: Connection, activity: str, worker: str) -> tuple[ActivityTask, int] | None:
    sql = "SELECT id, token, input FROM activity_task WHERE activity = ? ORDER BY id LIMIT 1"
    row = connection.execute(sql, (activity,)).fetchone()
    if row is None:
        return None
    number, token, given = row
    connection.execute("DELETE FROM activity_task WHERE id = ?", (number,))
    return ActivityTask(token, orjson.loads(given)), answer(connection, token, "taken", worker)


def events(connection: Connection, execution: int, history: int, after: int, limit: int) -> list[Event]:
    found = connection.execute(
        """SELECT history, id, previous, time, type, details FROM execution_event
           WHERE execution = ? AND history = ? AND id > ? ORDER BY id LIMIT ?""",
        (execution, history, after, limit),
    ).fetchall()
    return [
        Event(number, event, previous, time, kind, None if details is None else orjson.loads(details))
        for number, event, previous, time, kind, details in found
    ]


def purge(connection: Connection, before: float, limit: int) -> int:
    found = connection.execute(
        """SELECT id FROM execution WHERE stopped < ? AND id NOT IN (SELECT execution FROM notice)
           AND id NOT IN (SELECT execution FROM letter) ORDER BY stopped LIMIT ?""",
        (before, limit),
    ).fetchall()
    for table in ("frame", "frame_aside", "frame_result", "execution_event"):
        connection.executemany(f"DELETE FROM {table} WHERE execution = ?", found)  # noqa: S608 (names of tables)
    connection.executemany("DELETE FROM execution WHERE id = ?", found)
    return len(found)
