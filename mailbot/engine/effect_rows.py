"""The table of effects: intents before, outcomes after, and which message each row stands for."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from mailbot.effects import Copy, Delete, Effect, Flags, Move, Outcome
from mailbot.engine.codec import effect_of, effect_text, flags_of, flags_text
from mailbot.engine.database import Database, Value
from mailbot.engine.moments import moment, stamp

State = Literal["intent", "done", "failed", "undone"]
CHUNK = 500         # values a statement
NOWHERE = ""        # the folder of a message that was deleted


class Place(NamedTuple):
    """Where a message is. Under UIDVALIDITY 0 (which no server gives) the UID is not known: it is the one it had before."""

    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Intent:
    """One effect on one message, about to be sent."""

    place: Place
    uidnext: int        # of its folder, a lower bound
    fingerprint: str
    effect: Effect
    rule: str
    action: str
    flags: Flags        # of the message before it


@dataclass(frozen=True, slots=True)
class EffectRow:
    id: int
    pass_id: int
    account: str
    found: Place            # where the rule found the message
    uidnext: int            # of that folder then, a lower bound
    at: Place               # where it was last seen
    fingerprint: str
    effect: Effect
    rule: str
    action: str
    state: State
    flags: Flags
    target: Place           # `uid` 0: not known
    target_uidnext: int     # a lower bound
    why: str
    began: datetime
    ended: datetime | None


class Effects:
    """All calls name the account: nothing is ever known across accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def intend(self, account: str, pass_id: int, intents: Sequence[Intent], now: datetime) -> list[int]:
        """Writes them down, in one transaction; their ids, in order."""
        targets = [intent.effect.to if isinstance(intent.effect, Copy | Move) else "" for intent in intents]
        bounds, began = {"": (0, 1)}, stamp(now)
        with self._database.transaction():
            bounds |= {target: self.lower_bound(account, target) for target in {*targets} - {""}}
            first = self._next_id()
            self._database.write_each(
                "INSERT INTO effect (id, pass, account, folder, uidvalidity, uid, uidnext, fingerprint, effect, rule, action,"
                " state, flags, target_folder, target_uidvalidity, target_uidnext, at_folder, at_uidvalidity, at_uid, began)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'intent', ?, ?, ?, ?, ?, ?, ?, ?)",
                [(first + number, pass_id, account, *intent.place, intent.uidnext, intent.fingerprint, effect_text(intent.effect),
                  intent.rule, intent.action, flags_text(intent.flags), target, *bounds[target], *intent.place, began)
                 for number, (intent, target) in enumerate(zip(intents, targets, strict=True))])
        return list(range(first, first + len(intents)))

    def _next_id(self) -> int:
        """Never one that was given before, as AUTOINCREMENT has it."""
        rows = self._database.read("SELECT seq FROM sqlite_sequence WHERE name = 'effect'")
        return 1 + (rows[0]["seq"] if rows else 0)

    def settle(self, account: str, outcomes: Sequence[tuple[int, Outcome]], now: datetime) -> None:
        """Writes down what became of these rows, in one transaction. What was moved or deleted takes all its rows with it."""
        ended = stamp(now)
        with self._database.transaction():
            self._database.write_each(
                "UPDATE effect SET state = ?, why = ?, ended = ?, target_uidvalidity = ifnull(?, target_uidvalidity),"
                " target_uid = ifnull(?, target_uid) WHERE id = ?",
                [("done" if outcome.done else "failed", outcome.why, ended, *_told(outcome), row_id) for row_id, outcome in outcomes])
            # Where the new UID is not known, the old one stands for it, under no UIDVALIDITY: see Place.
            self._database.write_each(
                "UPDATE effect SET at_folder = ?, at_uidvalidity = ifnull(?, 0), at_uid = ifnull(?, at_uid)"
                " WHERE account = ? AND (at_folder, at_uidvalidity, at_uid) ="
                " (SELECT at_folder, at_uidvalidity, at_uid FROM effect WHERE id = ?)",
                [(outcome.effect.to if isinstance(outcome.effect, Move) else NOWHERE, *_told(outcome), account, row_id)
                 for row_id, outcome in outcomes if outcome.done and isinstance(outcome.effect, Move | Delete)])

    def relocate(self, row_ids: Iterable[int], after: Place) -> None:
        """These rows stand for the message at `after` from now on."""
        self._database.write_each("UPDATE effect SET at_folder = ?, at_uidvalidity = ?, at_uid = ? WHERE id = ?",
                                  [(*after, row_id) for row_id in row_ids])

    def put_at(self, row_id: int, place: Place) -> None:
        """What this copy or move put into its target is at `place`."""
        self._database.write("UPDATE effect SET target_uidvalidity = ?, target_uid = ? WHERE id = ?",
                             (place.uidvalidity, place.uid, row_id))

    def lose_sight(self, account: str, first: Place) -> None:
        """Where the messages at this UID and above it are is not known any more: see Place."""
        values = (account, *first)
        self._database.write("UPDATE effect SET at_uidvalidity = 0 WHERE account = ? AND at_folder = ? AND at_uidvalidity = ?"
                             " AND at_uid >= ?", values)
        self._database.write("UPDATE effect SET target_uidvalidity = 0, target_uid = 0, target_uidnext = 1 WHERE account = ?"
                             " AND target_folder = ? AND target_uidvalidity = ? AND target_uid >= ?", values)

    def mark_undone(self, row_ids: Iterable[int]) -> None:
        self._database.write_each("UPDATE effect SET state = 'undone' WHERE id = ?", [(row_id,) for row_id in row_ids])

    def open(self, account: str) -> list[EffectRow]:
        """Intents without an outcome, in the order in which they were written."""
        return self._rows("account = ? AND state = 'intent' ORDER BY id", (account,))

    def standing(self, account: str, folder: str, uidvalidity: int, uids: Collection[int]) -> list[EffectRow]:
        """What was done (or undone) to the messages at these UIDs, oldest first."""
        return self._each("state IN ('done', 'undone') AND account = ? AND at_folder = ? AND at_uidvalidity = ? AND at_uid",
                          (account, folder, uidvalidity), uids)

    def alike(self, account: str, fingerprints: Collection[str]) -> list[EffectRow]:
        """What was done (or undone) to messages like these, wherever, oldest first."""
        return self._each("state IN ('done', 'undone') AND account = ? AND fingerprint", (account,), fingerprints)

    def put(self, account: str, folder: str, uidvalidity: int, uids: Collection[int]) -> set[int]:
        """Those of these UIDs that a row says were put there (COPYUID)."""
        return {row.target.uid for row in self.put_by(account, folder, uidvalidity, uids)}

    def put_by(self, account: str, folder: str, uidvalidity: int, uids: Collection[int]) -> list[EffectRow]:
        """The rows that say so, oldest first."""
        return self._each("state IN ('done', 'undone') AND account = ? AND target_folder <> '' AND target_folder = ?"
                          " AND target_uidvalidity = ? AND target_uid", (account, folder, uidvalidity), uids)

    def found_at(self, account: str, folder: str, uidvalidity: int, uids: Collection[int]) -> list[EffectRow]:
        """What was done (or undone) to messages that were found there, oldest first. Reads the whole table."""
        return self._each("state IN ('done', 'undone') AND account = ? AND folder = ? AND uidvalidity = ? AND uid",
                          (account, folder, uidvalidity), uids)

    def lower_bound(self, account: str, folder: str) -> tuple[int, int]:
        """(UIDVALIDITY, UIDNEXT) of a folder as last seen: both may be outdated, but UIDNEXT never too high."""
        seen = self._database.read(
            "SELECT target_uidvalidity, MAX(target_uid) + 1 FROM effect WHERE account = ? AND target_folder <> ''"
            " AND target_folder = ? AND target_uid > 0 GROUP BY target_uidvalidity ORDER BY MAX(id) DESC LIMIT 1",
            (account, folder))
        cursor = self._database.read("SELECT uidvalidity, next FROM cursor WHERE account = ? AND folder = ?", (account, folder))
        if not cursor:
            return (seen[0][0], seen[0][1]) if seen else (0, 1)
        uidvalidity, uidnext = cursor[0]
        return uidvalidity, max(uidnext, seen[0][1]) if seen and seen[0][0] == uidvalidity else uidnext

    def of_pass(self, pass_id: int) -> list[EffectRow]:
        return self._rows("pass = ? ORDER BY id", (pass_id,))

    def ended_before(self, account: str, moment: datetime, after_id: int, most: int) -> list[EffectRow]:
        """The next `most` of those that were settled before then, by id."""
        return self._rows("account = ? AND ended <> '' AND ended < ? AND id > ? ORDER BY id LIMIT ?",
                          (account, stamp(moment), after_id, most))

    def forget(self, row_ids: Iterable[int], before: datetime) -> None:
        """Deletes these rows, and the passes begun before then of which none is left."""
        with self._database.transaction():
            self._database.write_each("DELETE FROM effect WHERE id = ?", [(row_id,) for row_id in row_ids])
            self._database.write("DELETE FROM pass WHERE began < ? AND id NOT IN (SELECT pass FROM effect)", (stamp(before),))

    def history(self, account: str | None, rule: str | None, since: datetime | None) -> list[EffectRow]:
        """What was done, failed or was undone; of every account, by every rule, ever, where those are None."""
        return self._rows("state <> 'intent' AND ? IN ('', account) AND ? IN ('', rule) AND began >= ? ORDER BY id",
                          (account or "", rule or "", stamp(since) if since else ""))

    def _each(self, condition: str, values: Sequence[Value], among: Collection[Value]) -> list[EffectRow]:
        found = [row for chunk in _chunks(list(among)) for row in
                 self._rows(f"{condition} IN ({', '.join('?' * len(chunk))})", (*values, *chunk))]
        return sorted(found, key=lambda row: row.id)

    def _rows(self, condition: str, values: Sequence[Value]) -> list[EffectRow]:
        return [_row(row) for row in self._database.read(f"SELECT * FROM effect WHERE {condition}", values)]  # noqa: S608  ours


def _told(outcome: Outcome) -> tuple[int | None, int | None]:
    """UIDVALIDITY and UID of what was put into the target, where that is known."""
    return (outcome.target_uidvalidity, outcome.target_uid) if outcome.done and outcome.target_uid else (None, None)


def _chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[start:start + CHUNK] for start in range(0, len(values), CHUNK))


def _row(row: sqlite3.Row) -> EffectRow:
    began = moment(row["began"])
    if began is None:
        raise ValueError(f"effect {row['id']} has no beginning")
    return EffectRow(
        id=row["id"], pass_id=row["pass"], account=row["account"],
        found=Place(row["folder"], row["uidvalidity"], row["uid"]), uidnext=row["uidnext"],
        at=Place(row["at_folder"], row["at_uidvalidity"], row["at_uid"]),
        fingerprint=row["fingerprint"], effect=effect_of(row["effect"]), rule=row["rule"], action=row["action"],
        state=row["state"], flags=flags_of(row["flags"]),
        target=Place(row["target_folder"], row["target_uidvalidity"], row["target_uid"]),
        target_uidnext=row["target_uidnext"], why=row["why"], began=began, ended=moment(row["ended"]))
