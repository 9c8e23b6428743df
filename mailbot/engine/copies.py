"""Which messages in a target are what interrupted copies and moves have put there (safety.md 2)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256

from mailbot.effects import Fields, FolderState, Mailbox, SavedPart, Wanted
from mailbot.engine.effect_rows import EffectRow, Place
from mailbot.engine.journal import Journal
from mailbot.errors import Cause, Refused
from mailbot.mail.fingerprint import fingerprint
from mailbot.mail.message import Message

WHOLE = SavedPart("")
Alike = Mapping[int, Sequence[int]]     # by row: the UIDs of what is alike by its fingerprint


def selected(mailbox: Mailbox, folder: str) -> FolderState | None:
    """None where it is not there or cannot be opened."""
    if folder not in mailbox.folders():
        return None
    try:
        return mailbox.select(folder)
    except Refused:
        return None


class Copies:
    """`here`: the originals that are still where their rows have them."""

    def __init__(self, journal: Journal, mailbox: Mailbox, here: Mapping[Place, Message]) -> None:
        self._effects, self._mailbox, self._here = journal.effects, mailbox, here

    def put(self, rows: Iterable[EffectRow]) -> dict[int, Place]:
        """By row: where its copy is; under no UIDVALIDITY where it cannot be told which it is. What another row put there is not."""
        by_target: dict[str, list[EffectRow]] = defaultdict(list)
        # Of equal messages, some may have gone and some not: the copies are those of the ones that have.
        for row in sorted(rows, key=lambda row: (row.at in self._here, row.id)):
            by_target[row.target.folder].append(row)
        put: dict[int, Place] = {}
        for folder, those in by_target.items():
            if (state := selected(self._mailbox, folder)) is not None:
                put |= self._found_in(state, those)
            seen = {0} if state is None else {0, state.uidvalidity}
            for uidvalidity in {row.target.uidvalidity for row in those} - seen:
                astray = [row for row in those if row.target.uidvalidity == uidvalidity and row.id not in put]
                if astray and (renamed := self._renamed(uidvalidity, by_target)) is not None:
                    put |= self._found_in(renamed, astray)
        return put

    def _renamed(self, uidvalidity: int, targets: Collection[str]) -> FolderState | None:
        """The target of this UIDVALIDITY under another name: it outlives a RENAME, but on Courier (docs/servers.md).

        None where folders share it, as those of one second may: what lies there may be another row's.
        """
        names = [name for name, row in self._mailbox.folders().rows.items() if row.selectable and row.own and name not in targets]
        found = [name for name, state in self._mailbox.status(names).items() if state.uidvalidity == uidvalidity]
        return selected(self._mailbox, found[0]) if len(found) == 1 else None

    def _found_in(self, state: FolderState, rows: Sequence[EffectRow]) -> dict[int, Place]:
        alike = self._alike(state, rows)
        differ = self._differing(state, [row for row in rows if row.at in self._here], alike)
        theirs = {uid for row in rows if row.at in self._here for uid in alike[row.id] if (row.id, uid) not in differ}
        gone = Counter(row.fingerprint for row in rows if row.at not in self._here)
        taken: set[int] = set()
        put: dict[int, Place] = {}
        for row in rows:
            free = [uid for uid in alike[row.id] if uid not in taken and (row.id, uid) not in differ]
            if row.at not in self._here:        # rather a copy of no message that is still there
                ours = [uid for uid in alike[row.id] if uid not in theirs]
                if len(ours) > gone[row.fingerprint]:       # one of them is somebody else's: nothing is done to any
                    put[row.id] = Place(state.name, 0, 0)
                    continue
                free.sort(key=theirs.__contains__)
            if free:
                taken.add(free[0])
                put[row.id] = Place(state.name, state.uidvalidity, free[0])
        return put

    def _alike(self, state: FolderState, rows: Sequence[EffectRow]) -> Alike:
        # Under another UIDVALIDITY, or in a folder never seen, the noted UIDNEXT says nothing: all of it is looked at.
        bounds = {row.id: row.target_uidnext if row.target.uidvalidity == state.uidvalidity else 1 for row in rows}
        found: dict[str, list[int]] = defaultdict(list)
        wanted = {row.fingerprint for row in rows}
        for block in self._mailbox.gather(Wanted(Fields(), since=min(bounds.values()), aside=True)):
            for message in block.messages:
                if (mark := fingerprint(message)) in wanted:
                    found[mark].append(message.uid)
        every = [uid for uids in found.values() for uid in uids]
        # By the name of the rows: the folder may have another one by now.
        known = self._effects.put(self._mailbox.account, rows[0].target.folder, state.uidvalidity, every)
        return {row.id: [uid for uid in found[row.fingerprint] if uid >= bounds[row.id] and uid not in known] for row in rows}

    def _differing(self, state: FolderState, rows: Iterable[EffectRow], alike: Alike) -> set[tuple[int, int]]:
        """(Row, UID) of what is alike but not the same octet by octet: mail that came into the target by another way.

        Asked where the original is still there, and would go for such a copy. An EMAILID says as much by itself (RFC 8474 5.1).
        """
        pairs = [(row, Place(state.name, state.uidvalidity, uid))
                 for row in rows if not self._here[row.at].identity for uid in alike[row.id]]
        found = self._contents({place for row, copy in pairs for place in (row.at, copy)})
        return {(row.id, copy.uid) for row, copy in pairs if row.at in found and (not found[row.at] or found[row.at] != found.get(copy))}

    def _contents(self, places: Iterable[Place]) -> dict[Place, bytes]:
        """SHA-256 of each message, whole; b"" where it cannot be read; what is not there any more is absent."""
        by_folder: dict[tuple[str, int], list[Place]] = defaultdict(list)
        for place in sorted(places):
            by_folder[place.folder, place.uidvalidity].append(place)
        found: dict[Place, bytes] = {}
        for (folder, uidvalidity), those in by_folder.items():
            state = selected(self._mailbox, folder)
            if state is not None and state.uidvalidity == uidvalidity:
                found |= {place: digest for place in those if (digest := self._digest(place.uid)) is not None}
        return found

    def _digest(self, uid: int) -> bytes | None:
        digest = sha256()
        try:
            for chunks in self._mailbox.parts(uid, [WHOLE]):
                for chunk in chunks:
                    digest.update(chunk)
        except Refused as refused:
            return None if refused.cause is Cause.GONE else b""
        return digest.digest()
