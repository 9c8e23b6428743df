"""A state that is older than what was done: put back from a backup, copied here, or lost. Noticed when it is opened.

Its cursors lie behind mail that was judged long ago; what it says is to be done has been done; what was moved back by a person
since, it does not know. So nothing of that is used: each folder begins from now, and what it knows of the past is kept.

The content of the file alone cannot tell. It notes its own inode, which a copy does not share; and beside it lies the last pass
that was begun, as the *name* of an empty file, which stays where older files are written over those that are there. What sets
back a whole disk or machine sets both back, and looks as if the bot had been switched off.
"""

import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from mailbot.engine.database import Database
from mailbot.engine.identity import FileIdentity
from mailbot.engine.moments import moment, stamp

ROUND = 100_000     # IDs that were given out after this state are unknown, and never come to mean another pass
_NAME = re.compile(r"passes\.([0-9]{1,18})")


class Mark:
    """The last pass that was begun, kept as the name of a file in the state folder: `passes.1234`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> int:
        """0 where there is none."""
        return max(self._there(), default=0)

    def write(self, number: int) -> None:
        # Without it an older state may go unnoticed later; that is no reason to leave mail undone now.
        with suppress(OSError):
            (self._folder / f"passes.{number}").touch(mode=0o600)
            for older in self._there():
                if older < number:
                    (self._folder / f"passes.{older}").unlink(missing_ok=True)

    def _there(self) -> list[int]:
        with suppress(OSError):
            return [int(found[1]) for path in self._folder.iterdir() if (found := _NAME.fullmatch(path.name))]
        return []


def older(database: Database, last: int) -> str:
    """Why this state is not the one that was left here; "" where it is. `last`: the pass of the Mark."""
    known = _last_pass(database)
    if known < last:
        return f"pass {last} was begun here, and of that it knows nothing: {_until(database)}"
    rows = database.read("SELECT identity FROM file")
    if rows and database.file and rows[0]["identity"] != _noted(database.file):
        return f"it was put here from elsewhere, as from a backup: {_until(database)}"
    return ""


def begin_from_now(database: Database, last: int, now: datetime) -> None:
    """Nothing that is waited for, remembered as unfinished or behind a cursor is done; what was done stays known."""
    with database.transaction():
        for table in ("cursor", "pending", "schedule"):
            database.write(f"DELETE FROM {table}")      # noqa: S608  ours
        database.write("UPDATE effect SET state = 'failed', why = 'the state was put back', ended = ? WHERE state = 'intent'",
                       (stamp(now),))
        known = max(_last_pass(database), last)
        if known:
            # sqlite.org/autoinc.html: the table of sequences may be written like any other.
            database.write("DELETE FROM sqlite_sequence WHERE name = 'pass'")
            database.write("INSERT INTO sqlite_sequence (name, seq) VALUES ('pass', ?)", ((known // ROUND + 1) * ROUND,))


def settle_here(database: Database) -> None:
    """From now on a copy of this file is known as one."""
    noted = _noted(database.file) if database.file else ""
    if [row["identity"] for row in database.read("SELECT identity FROM file")] != [noted]:
        with database.transaction():
            database.write("DELETE FROM file")
            database.write("INSERT INTO file VALUES (?)", (noted,))


def _noted(file: FileIdentity) -> str:
    """The device is left out: it may get another number when the machine starts."""
    return f"{file.inode}.{file.generation}"


def _last_pass(database: Database) -> int:
    rows = database.read("SELECT seq FROM sqlite_sequence WHERE name = 'pass'")
    return int(rows[0]["seq"]) if rows else 0


def _until(database: Database) -> str:
    last = moment(str(database.read("SELECT MAX(began) AS last FROM pass")[0]["last"] or ""))
    ends = f"it ends at {last:%Y-%m-%d %H:%M} UTC" if last else "it is empty"
    return f"{ends}; every folder begins from now, for older mail there is `mailbot apply`"
