"""Which rows of the journal stand for which message: by UID, else by fingerprint (architecture.md, "Journal").

A row stands for one message only. Where it names another place, it answers for a message here only when nothing is at that
place any more, and then takes the new one over. Whether something is there is looked up once for a whole pass: `known` and
`arrived` note in `unresolved` what they would have to see, and take it to be there; after `resolve` they are asked again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mailbot.effects import Copy, Delete, Fields, FolderState, Mailbox, Move
from mailbot.engine.effect_rows import NOWHERE, EffectRow, Place
from mailbot.engine.journal import Journal
from mailbot.errors import Refused
from mailbot.mail.fingerprint import fingerprint
from mailbot.mail.message import Message
from mailbot.plan.plan import Done, Known, Named


class Standing:
    """For one pass over the folder of `state`."""

    def __init__(self, journal: Journal, account: str, state: FolderState) -> None:
        self._effects, self._account, self._state = journal.effects, account, state
        self._there: dict[Place, bool] = {}
        self.unresolved: set[Place] = set()

    def known(self, messages: Sequence[Message | Named]) -> Known:
        """What was done to these messages."""
        return Known({uid: tuple(Done(row.effect, row.ended or row.began, row.pass_id, row.state == "undone") for row in rows)
                      for uid, rows in self._rows(messages).items()})

    def arrived(self, messages: Sequence[Message]) -> tuple[set[int], set[int]]:
        """UIDs that have not arrived in the sense of rules.md 7: what the bot put here, and what came back here."""
        put = self._put(messages)
        returned = {uid for uid, rows in self._rows(messages).items()
                    if any(isinstance(row.effect, Move | Delete) and row.found.folder == self._state.name for row in rows)}
        return put, returned - put

    def resolve(self, mailbox: Mailbox) -> None:
        """Looks at every place in `unresolved`; another folder may be selected afterwards."""
        by_folder: dict[str, set[Place]] = defaultdict(set)
        for place in self.unresolved:
            by_folder[place.folder].add(place)
        for folder, places in by_folder.items():
            there = _present(mailbox, folder, places)
            self._there |= {place: place in there for place in places}
        self.unresolved.clear()

    def _rows(self, messages: Sequence[Message | Named]) -> dict[int, list[EffectRow]]:
        state, uids = self._state, [message.uid for message in messages]
        found: dict[int, list[EffectRow]] = defaultdict(list)
        for row in self._effects.standing(self._account, state.name, state.uidvalidity, uids):
            found[row.at.uid].append(row)
        # What COPYUID says was copied here is a message of its own: rows of the one it was copied from are not its rows.
        copied = {row.target.uid for row in self._effects.put_by(self._account, state.name, state.uidvalidity, uids)
                  if isinstance(row.effect, Copy)}
        strangers = {message.uid: _mark(message) for message in messages if message.uid not in copied | found.keys()}
        alike: dict[str, dict[Place, list[EffectRow]]] = defaultdict(lambda: defaultdict(list))
        for row in self._effects.alike(self._account, set(strangers.values())):
            alike[row.fingerprint][row.at].append(row)
        here = set(uids)
        for uid, mark in sorted(strangers.items()):
            places = alike.get(mark, {})
            left = next((place for place in sorted(places, key=self._nearest)
                         if all(self._may_be(uid, row) for row in places[place]) and self._gone(place, here)), None)
            if left is not None:
                found[uid] = places.pop(left)
                self._effects.relocate((row.id for row in found[uid]), self._place(uid))
        return found

    def _put(self, messages: Sequence[Message]) -> set[int]:
        state, uids = self._state, [message.uid for message in messages]
        put = self._effects.put(self._account, state.name, state.uidvalidity, uids)
        strangers = {message.uid: fingerprint(message) for message in messages if message.uid not in put}
        alike: dict[str, list[EffectRow]] = defaultdict(list)
        for row in self._effects.alike(self._account, set(strangers.values())):
            if isinstance(row.effect, Copy | Move) and row.target.folder == state.name and row.target.uid not in put:
                alike[row.fingerprint].append(row)
        here = set(uids)
        for uid, mark in sorted(strangers.items()):
            answering = next((row for row in alike[mark] if self._may_be_put(uid, row)
                              and (not row.target.uid or self._gone(row.target, here))), None)
            if answering is not None:
                alike[mark].remove(answering)
                self._effects.put_at(answering.id, self._place(uid))
                put.add(uid)
        return put

    def _may_be(self, uid: int, row: EffectRow) -> bool:
        """UIDs grow (RFC 3501 2.3.1.1): what came back has one that was not given yet when its row was written."""
        return (row.found.folder, row.found.uidvalidity) != (self._state.name, self._state.uidvalidity) or uid >= row.uidnext

    def _may_be_put(self, uid: int, row: EffectRow) -> bool:
        return row.target.uidvalidity != self._state.uidvalidity or uid >= row.target_uidnext

    def _place(self, uid: int) -> Place:
        return Place(self._state.name, self._state.uidvalidity, uid)

    def _nearest(self, place: Place) -> tuple[bool, Place]:
        return place.folder != self._state.name, place

    def _gone(self, place: Place, here: set[int]) -> bool:
        """Whether nothing is at that place: known, or else noted as a question."""
        if place.folder == NOWHERE or not place.uidvalidity:
            return True
        if place.folder == self._state.name:
            if place.uidvalidity != self._state.uidvalidity:
                return True
            if place.uid in here:
                return False
        if place not in self._there:
            self.unresolved.add(place)
            return False
        return not self._there[place]


def select_again(mailbox: Mailbox, state: FolderState) -> FolderState | None:
    """After a look elsewhere. None where the folder is another by now (or is closed to us): its UIDs are not those that are known."""
    try:
        now = mailbox.select(state.name)
    except Refused:
        return None
    return now if now.uidvalidity == state.uidvalidity else None


def _mark(message: Message | Named) -> str:
    return message.fingerprint if isinstance(message, Named) else fingerprint(message)


def _present(mailbox: Mailbox, folder: str, places: Iterable[Place]) -> set[Place]:
    if folder not in mailbox.folders():
        return set()
    try:
        state = mailbox.select(folder)
    except Refused:
        return set()        # gone between LIST and now, or not for us: nothing there answers for itself
    uids = [place.uid for place in places if place.uidvalidity == state.uidvalidity]
    return {Place(folder, state.uidvalidity, uid) for uid in mailbox.fetch(sorted(uids), Fields())} if uids else set()
