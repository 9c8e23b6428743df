"""The tables of the journal (architecture.md, "Journal"), and how an older file becomes a newer one.

Moments are UTC in ISO 8601 with microseconds, so that they sort as text. `flags` and `effect` are JSON (codec.py).
"""

import sqlite3

FIRST = """
CREATE TABLE cursor (
    account TEXT NOT NULL, folder TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    next INTEGER NOT NULL,                  -- the first UID that has not been looked at
    PRIMARY KEY (account, folder)) WITHOUT ROWID;

CREATE TABLE pending (
    account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,    -- that count against the message
    tries INTEGER NOT NULL DEFAULT 0,       -- all of them: what the waits double by
    retry_at TEXT NOT NULL DEFAULT '',      -- '': at once
    why TEXT NOT NULL DEFAULT '',
    parked INTEGER NOT NULL DEFAULT 0,
    rules TEXT NOT NULL DEFAULT '',         -- hash of the rules of the last attempt: other rules give three more
    begun INTEGER NOT NULL DEFAULT 0,       -- size of the block it is in now; found at a start, the process died in it
    PRIMARY KEY (account, folder, uidvalidity, uid)) WITHOUT ROWID;

CREATE TABLE pass (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- AUTOINCREMENT: an ID that a person has noted never comes to mean another pass
    account TEXT NOT NULL, folder TEXT NOT NULL, began TEXT NOT NULL,
    cause TEXT NOT NULL);                   -- arrival, schedule, apply, undo

CREATE TABLE effect (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- rows of a pass are in the order in which they were begun
    pass INTEGER NOT NULL REFERENCES pass (id) ON DELETE CASCADE,
    account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,    -- where the rule found it
    uidnext INTEGER NOT NULL,               -- of that folder then, a lower bound: what has a smaller UID was there beside it
    fingerprint TEXT NOT NULL,
    effect TEXT NOT NULL, rule TEXT NOT NULL, action TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intent', 'done', 'failed', 'undone')),
    flags TEXT NOT NULL,                    -- of the message before the effect
    target_folder TEXT NOT NULL DEFAULT '',
    target_uidvalidity INTEGER NOT NULL DEFAULT 0,  -- as last seen; once done, of `target_uid`
    target_uidnext INTEGER NOT NULL DEFAULT 1,      -- a lower bound of the UID that an intent may have made
    target_uid INTEGER NOT NULL DEFAULT 0,          -- 0: not known
    at_folder TEXT NOT NULL,                -- where its message was last seen; '' is nowhere
    at_uidvalidity INTEGER NOT NULL, at_uid INTEGER NOT NULL,
    why TEXT NOT NULL DEFAULT '',           -- of a failure, or "marked"; the path of a file saved
    began TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '');

CREATE INDEX effect_of_pass ON effect (pass);
CREATE INDEX effect_open ON effect (account) WHERE state = 'intent';
CREATE INDEX effect_at ON effect (account, at_folder, at_uidvalidity, at_uid);
CREATE INDEX effect_target ON effect (account, target_folder, target_uidvalidity, target_uid) WHERE target_folder <> '';
CREATE INDEX effect_fingerprint ON effect (account, fingerprint);
CREATE INDEX effect_ended ON effect (ended);

CREATE TABLE schedule (
    account TEXT NOT NULL, rule TEXT NOT NULL,
    seen TEXT NOT NULL,                     -- when the bot first saw the rule: a duration counts from here
    last TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account, rule)) WITHOUT ROWID;
"""

# Of this very file, of one row: a copy has another (restored.py).
SECOND = "CREATE TABLE file (identity TEXT NOT NULL);"

MIGRATIONS = (FIRST, SECOND)        # number n makes version n + 1 of version n
VERSION = len(MIGRATIONS)
TABLES = frozenset({"cursor", "pending", "pass", "effect", "schedule"})     # of every version


def version(connection: sqlite3.Connection) -> int:
    """0 is an empty file."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def ours(connection: sqlite3.Connection) -> bool:
    """Whether it is empty, or has the tables of a journal."""
    connection.execute("BEGIN")     # both of one moment: another process may just be making them
    names = {name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found = names >= TABLES if version(connection) else not names
    connection.execute("COMMIT")
    return found


def migrate(connection: sqlite3.Connection) -> None:
    """Brings an open file to VERSION, each step in its own transaction: interrupted, the next start goes on."""
    for number in range(version(connection), VERSION):
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {MIGRATIONS[number]}; PRAGMA user_version = {number + 1}; COMMIT;")
        except sqlite3.OperationalError:
            connection.rollback()
            if version(connection) <= number:       # else another process has done it meanwhile
                raise
