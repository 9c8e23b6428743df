"""The journal: what has been looked at, what is to be done, what was done. One for a process, shared by its threads."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailbot.engine import restored
from mailbot.engine.database import Database, open_file, open_snapshot, utc_now
from mailbot.engine.effect_rows import Effects
from mailbot.engine.moments import moment, stamp
from mailbot.engine.pending import Pending
from mailbot.log import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Cursor:
    uidvalidity: int
    next: int               # the first UID that has not been looked at


class Cursors:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account: str, folder: str) -> Cursor | None:
        rows = self._database.read("SELECT uidvalidity, next FROM cursor WHERE account = ? AND folder = ?", (account, folder))
        return Cursor(rows[0]["uidvalidity"], rows[0]["next"]) if rows else None

    def set(self, account: str, folder: str, cursor: Cursor) -> None:
        self._database.write("INSERT INTO cursor VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                             " uidvalidity = excluded.uidvalidity, next = excluded.next",
                             (account, folder, cursor.uidvalidity, cursor.next))


class Schedules:
    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, account: str, rule: str, now: datetime) -> datetime:
        """What the next time is counted from: when it was last done, else when the bot first saw the rule (noted here)."""
        with self._database.transaction():
            self._database.write("INSERT INTO schedule (account, rule, seen) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                                 (account, rule, stamp(now)))
            row = self._database.read("SELECT seen, last FROM schedule WHERE account = ? AND rule = ?", (account, rule))[0]
            since = moment(row["last"] or row["seen"]) or now
            if since > now:         # the clock was set back: it would not be due before it is that late again
                self.done(account, rule, since := now)
        return since

    def begin_from(self, now: datetime) -> None:
        """Every rule of every account counts from now."""
        self._database.write("UPDATE schedule SET last = ?", (stamp(now),))

    def done(self, account: str, rule: str, when: datetime) -> None:
        self._database.write("INSERT INTO schedule VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last",
                             (account, rule, stamp(when), stamp(when)))


class Journal:
    """`cursors`, `pending`, `effects` and `schedules`, over one file."""

    def __init__(self, database: Database, mark: restored.Mark | None = None) -> None:
        """`mark` outlives this state, should it be replaced by an older one."""
        self._database, self._mark = database, mark
        self.cursors, self.pending = Cursors(database), Pending(database)
        self.effects, self.schedules = Effects(database), Schedules(database)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, now: Callable[[], datetime] = utc_now) -> "Journal":
        """The journal in this file (StateFailed where it cannot be used). `read_only`: as it is now, kept in memory; nothing
        that is written reaches the file, and where there is none, none is made. An older one than was left here begins from
        now (restored.py)."""
        mark = restored.Mark(path.parent)
        last = mark.read()          # before the file is: another process writes the file first
        database = open_snapshot(path) if read_only else open_file(path, now)
        if why := restored.older(database, last):
            restored.begin_from_now(database, last, now())
        if read_only:
            return cls(database)
        if why:
            log.error("state.reset", path=str(path), why=why, alert=True)
        restored.settle_here(database)
        return cls(database, mark)

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside is on the disk when it ends, or nothing is."""
        return self._database.transaction()

    def compact(self) -> None:
        """For the small hours: the file is written anew where much of it is free."""
        self._database.compact()

    def forget_accounts(self, kept: Collection[str], before: datetime) -> list[str]:
        """All that is known of those that are not `kept` and have begun no pass since then; their names.

        Where nobody may look any more whether a message is still there, it is all or nothing: should such an account come
        back, its folders begin from now.
        """
        with self.transaction():
            rows = self._database.read("SELECT account FROM pass GROUP BY account HAVING MAX(began) < ?", (stamp(before),))
            gone = [str(row["account"]) for row in rows if row["account"] not in kept]
            for table in ("cursor", "pending", "schedule", "effect", "pass"):
                self._database.write_each(f"DELETE FROM {table} WHERE account = ?", [(name,) for name in gone])     # noqa: S608  ours
        return gone

    def begin_pass(self, account: str, folder: str, cause: str, now: datetime) -> int:
        """Its id. Inside a transaction; behind that, `mark_begun`."""
        return self._database.write("INSERT INTO pass (account, folder, began, cause) VALUES (?, ?, ?, ?)",
                                    (account, folder, stamp(now), cause))

    def mark_begun(self, pass_id: int) -> None:
        """It is in the file now: who finds a file without it has an older one."""
        if self._mark:
            self._mark.write(pass_id)

    def last_pass(self, account: str | None = None) -> int | None:
        """The last pass that did something and was no undo; of every account where none is named."""
        rows = self._database.read(
            "SELECT MAX(pass.id) AS id FROM pass JOIN effect ON effect.pass = pass.id"
            " WHERE pass.cause <> 'undo' AND effect.state = 'done' AND ? IN ('', pass.account)", (account or "",))
        found: int | None = rows[0]["id"]
        return found

    def causes(self, pass_ids: Collection[int]) -> dict[int, str]:
        """What each of these passes was: arrival, schedule, apply, undo."""
        rows = self._database.read("SELECT id, cause FROM pass")
        return {row["id"]: row["cause"] for row in rows if row["id"] in pass_ids}

    def close(self) -> None:
        self._database.close()
