"""Mail that has arrived and is not finished: what is tried again, when, and what is parked (architecture.md, "Journal")."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.engine.database import Database
from mailbot.engine.moments import moment, stamp

PARKED_AT = 3                           # attempts that count
RESOLUTION = timedelta(microseconds=1)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Which pending mail is meant: that of one folder under one UIDVALIDITY."""

    account: str
    folder: str
    uidvalidity: int

    @property
    def key(self) -> tuple[str, str, int]:
        return self.account, self.folder, self.uidvalidity


@dataclass(frozen=True, slots=True)
class PendingRow:
    account: str
    folder: str
    uidvalidity: int
    uid: int
    attempts: int
    retry_at: datetime | None           # None: at once
    why: str
    parked: bool


@dataclass(frozen=True, slots=True)
class Setback:
    """Why a message stays pending. `counts`: it is the message's own doing."""

    why: str
    counts: bool = True
    at_least: timedelta = timedelta()   # until the next try


def _waiting(now: datetime) -> tuple[str, str]:
    """First and last moment of a try that is still to come. One that is later than any wait was set by another clock: it is due."""
    return stamp(now + RESOLUTION), stamp(now + LONGEST_WAIT)


class Pending:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, inbox: Inbox, uids: Collection[int]) -> None:
        """Notes these messages, new ones too, as being in one block now: if the process dies, the next one knows."""
        self._database.write_each(
            "INSERT INTO pending (account, folder, uidvalidity, uid, begun) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET begun = excluded.begun",
            [(*inbox.key, uid, len(uids)) for uid in uids])

    def end(self, inbox: Inbox) -> None:
        """The block is over and the process alive."""
        self._database.write("UPDATE pending SET begun = 0 WHERE begun > 0 AND account = ? AND folder = ? AND uidvalidity = ?",
                             inbox.key)

    def spare(self) -> None:
        """This process ends in the middle of a pass because it was told to: no message is to blame."""
        self._database.write("UPDATE pending SET begun = 0 WHERE begun > 0")

    def fallen(self, inbox: Inbox) -> list[tuple[int, int]]:
        """(UID, size of its block) of what a process that died had begun, ascending."""
        rows = self._database.read(
            "SELECT uid, begun FROM pending WHERE account = ? AND folder = ? AND uidvalidity = ? AND begun > 0 ORDER BY uid",
            inbox.key)
        return [(row["uid"], row["begun"]) for row in rows]

    def due(self, inbox: Inbox, now: datetime, rules: str) -> list[int]:
        """UIDs to be tried now, ascending. What was parked under other rules than those of this hash gets three more tries."""
        with self._database.transaction():
            self._database.write(
                "UPDATE pending SET parked = 0, attempts = 0, tries = 0, retry_at = '' WHERE parked = 1 AND rules <> ?"
                " AND account = ? AND folder = ? AND uidvalidity = ?", (rules, *inbox.key))
            rows = self._database.read(
                "SELECT uid FROM pending WHERE account = ? AND folder = ? AND uidvalidity = ?"
                " AND parked = 0 AND begun = 0 AND NOT retry_at BETWEEN ? AND ? ORDER BY uid", (*inbox.key, *_waiting(now)))
        return [row["uid"] for row in rows]

    def next_due(self, account: str, folders: Collection[str] | None = None, after: datetime | None = None) -> datetime | None:
        """When the earliest waiting message is tried again; None where none waits. `folders`: among these alone.

        `after`: what was due by then has had its try, or could not have it.
        """
        rows = self._database.read("SELECT folder, MIN(retry_at) AS at FROM pending WHERE account = ? AND parked = 0"
                                   " AND retry_at > ? GROUP BY folder", (account, stamp(after) if after else ""))
        return moment(min((row["at"] for row in rows if folders is None or row["folder"] in folders), default=""))

    def drop(self, inbox: Inbox, uids: Iterable[int]) -> None:
        self._database.write_each("DELETE FROM pending WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
                                  [(*inbox.key, uid) for uid in uids])

    def drop_other(self, inbox: Inbox) -> None:
        """What was pending under another UIDVALIDITY: those UIDs mean nothing any more."""
        self._database.write("DELETE FROM pending WHERE account = ? AND folder = ? AND uidvalidity <> ?", inbox.key)

    def set_back(self, inbox: Inbox, uid: int, setback: Setback, now: datetime, rules: str) -> bool:
        """Another try later: waits double from a minute to an hour. True where this attempt was the last and it is parked."""
        with self._database.transaction():
            before = self._database.read(
                "SELECT attempts, tries FROM pending WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
                (*inbox.key, uid))
            if not before:
                return False
            attempts = before[0]["attempts"] + setback.counts
            tries = before[0]["tries"] + 1
            parked = bool(attempts >= PARKED_AT)
            wait = max(min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT), setback.at_least)
            self._database.write(
                "UPDATE pending SET attempts = ?, tries = ?, retry_at = ?, why = ?, parked = ?, rules = ?, begun = 0"
                " WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
                (attempts, tries, stamp(now + wait), setback.why, parked, rules, *inbox.key, uid))
        return parked

    def parked(self, account: str | None = None) -> Sequence[PendingRow]:
        rows = self._database.read("SELECT * FROM pending WHERE parked = 1 AND (? = '' OR account = ?)"
                                   " ORDER BY account, folder, uid", (account or "", account or ""))
        return [PendingRow(row["account"], row["folder"], row["uidvalidity"], row["uid"], row["attempts"],
                           moment(row["retry_at"]), row["why"], bool(row["parked"])) for row in rows]

    def find(self, inbox: Inbox, uid: int) -> PendingRow | None:
        rows = self._database.read("SELECT * FROM pending WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
                                   (*inbox.key, uid))
        return next((PendingRow(*inbox.key, uid, row["attempts"], moment(row["retry_at"]), row["why"], bool(row["parked"]))
                     for row in rows), None)
