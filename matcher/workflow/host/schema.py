"""The tables of executions in an SQLite file."""

from __future__ import annotations

from typing import Final

from matcher.store.connection import Schema

__all__ = ["SCHEMA"]

#: JSON stands as text in BLOBs. `wake` is when a frame needs its execution in memory: see `resuming.wake`; 9e999 is never.
SCHEMA: Final = Schema(
    "workflow",
    (
        (
            "CREATE TABLE workflow_definition (key TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
            """CREATE TABLE execution (id INTEGER PRIMARY KEY AUTOINCREMENT, machine TEXT NOT NULL, definition TEXT NOT NULL,
               name TEXT NOT NULL, status TEXT NOT NULL, input BLOB NOT NULL, started REAL NOT NULL, stopped REAL,
               output BLOB, error TEXT, cause TEXT, redrives INTEGER NOT NULL DEFAULT 0, deadline REAL,
               correlation TEXT NOT NULL, next_frame INTEGER NOT NULL DEFAULT 0, UNIQUE (machine, name))""",
            "CREATE INDEX execution_status ON execution (machine, status, id)",
            "CREATE INDEX execution_running ON execution (id) WHERE status = 'RUNNING'",
            """CREATE TABLE frame (execution INTEGER NOT NULL, id INTEGER NOT NULL, wake REAL NOT NULL, row BLOB NOT NULL,
               PRIMARY KEY (execution, id)) WITHOUT ROWID""",
            """CREATE TABLE frame_aside (execution INTEGER NOT NULL, id INTEGER NOT NULL, row BLOB NOT NULL,
               PRIMARY KEY (execution, id))""",
            """CREATE TABLE frame_result (execution INTEGER NOT NULL, frame INTEGER NOT NULL, position INTEGER NOT NULL,
               row BLOB NOT NULL, PRIMARY KEY (execution, frame, position)) WITHOUT ROWID""",
            """CREATE TABLE execution_event (execution INTEGER NOT NULL, history INTEGER NOT NULL, id INTEGER NOT NULL,
               previous INTEGER NOT NULL, time REAL NOT NULL, type TEXT NOT NULL, details BLOB,
               PRIMARY KEY (execution, history, id)) WITHOUT ROWID""",
            """CREATE TABLE task_token (token TEXT PRIMARY KEY, execution INTEGER NOT NULL, frame INTEGER NOT NULL,
               scheduled INTEGER NOT NULL) WITHOUT ROWID""",
            """CREATE TABLE activity_task (id INTEGER PRIMARY KEY AUTOINCREMENT, activity TEXT NOT NULL,
               token TEXT NOT NULL UNIQUE, input BLOB NOT NULL)""",
            "CREATE INDEX activity_waiting ON activity_task (activity, id)",
            "CREATE TABLE notice (id INTEGER PRIMARY KEY AUTOINCREMENT, execution INTEGER NOT NULL, content BLOB NOT NULL)",
            """CREATE TABLE letter (id INTEGER PRIMARY KEY AUTOINCREMENT, execution INTEGER NOT NULL, kind TEXT NOT NULL,
               frame INTEGER NOT NULL, scheduled INTEGER NOT NULL, content BLOB NOT NULL)""",
        ),
        ("CREATE INDEX execution_stopped ON execution (stopped) WHERE stopped IS NOT NULL",),
    ),
)
