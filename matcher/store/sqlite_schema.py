"""Say which tables a store in SQLite has, and why each index is there.

Bodies stand once in `log`, and again only in what outlives it: `archived` and `dead_letter`. `more` holds the fields of an
entry that are seldom set, as JSON; it is NULL where none is.
"""

from __future__ import annotations

from matcher.store.connection import Schema

__all__ = ["SCHEMA"]

SCHEMA = Schema(
    "store",
    (
        (
            # Positions are given out by `append`: one above the greatest of the log and the cursor, so that none comes twice.
            """CREATE TABLE log (
                position INTEGER PRIMARY KEY, id TEXT NOT NULL, bus TEXT NOT NULL, accepted REAL NOT NULL,
                more TEXT, body BLOB NOT NULL)""",
            "CREATE TABLE cursor (position INTEGER NOT NULL)",
            "INSERT INTO cursor VALUES (0)",
            """CREATE TABLE deduplication (
                bus TEXT NOT NULL, key TEXT NOT NULL, until REAL NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL,
                PRIMARY KEY (bus, key)) WITHOUT ROWID""",
            "CREATE INDEX deduplication_until ON deduplication (until)",
            # Rows stay for good: an id means the same name for ever.
            "CREATE TABLE queue (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, waiting INTEGER NOT NULL DEFAULT 0)",
            # `ready`: it has no group, or is the head of it.
            """CREATE TABLE delivery (
                queue INTEGER NOT NULL, position INTEGER NOT NULL, member TEXT, due REAL NOT NULL, ready INTEGER NOT NULL,
                attempts INTEGER NOT NULL DEFAULT 0, first_attempt REAL, error TEXT NOT NULL DEFAULT '',
                PRIMARY KEY (queue, position)) WITHOUT ROWID""",
            # To claim: whoever waits behind a head is not in it, so that a held group costs others nothing.
            "CREATE INDEX delivery_due ON delivery (queue, due, position) WHERE ready = 1",
            # To find the next head.
            "CREATE INDEX delivery_member ON delivery (queue, member, position) WHERE member IS NOT NULL",
            # To trim: does anything refer to a position?
            "CREATE INDEX delivery_position ON delivery (position)",
            """CREATE TABLE dead_letter (
                position INTEGER NOT NULL, queue TEXT NOT NULL, dead_letter_queue TEXT NOT NULL, rule TEXT NOT NULL,
                target TEXT NOT NULL, error_code TEXT NOT NULL, error_message TEXT NOT NULL, attempts INTEGER NOT NULL,
                exhausted TEXT NOT NULL, first_attempt REAL, died REAL NOT NULL, id TEXT NOT NULL, bus TEXT NOT NULL,
                accepted REAL NOT NULL, more TEXT, body BLOB NOT NULL, UNIQUE (position, queue))""",
            "CREATE INDEX dead_letter_by_queue ON dead_letter (dead_letter_queue, position, queue)",
            """CREATE TABLE archive (
                id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, events INTEGER NOT NULL DEFAULT 0,
                bytes INTEGER NOT NULL DEFAULT 0)""",
            """CREATE TABLE archived (
                archive INTEGER NOT NULL, accepted REAL NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL,
                bus TEXT NOT NULL, more TEXT, body BLOB NOT NULL, UNIQUE (archive, accepted, position))""",
            # `record` is JSON: replays are few, and each is read and written as a whole.
            "CREATE TABLE replay (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL)",
            # `result` is NULL while the work is under way.
            "CREATE TABLE seen (key TEXT PRIMARY KEY, until REAL NOT NULL, result BLOB) WITHOUT ROWID",
            "CREATE INDEX seen_until ON seen (until)",
        ),
    ),
)
