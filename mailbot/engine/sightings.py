"""Where messages are now that the journal knows, and their copies: by UID, else by fingerprint in the same folder."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mailbot.effects import Copy, Fields, FolderState, Mailbox, Wanted
from mailbot.engine.effect_rows import EffectRow, Place
from mailbot.engine.journal import Journal
from mailbot.errors import Refused
from mailbot.mail.fingerprint import SHOWN_HEADERS, fingerprint
from mailbot.mail.message import Message

Seen = dict[Place, tuple[Place, Message]]       # where the journal has it -> where it is, and as it is


class Sightings:
    def __init__(self, journal: Journal, mailbox: Mailbox) -> None:
        self._effects, self._mailbox = journal.effects, mailbox
        self.copies: dict[int, Place] = {}      # by row: where the journal has its copy
        self.closed: dict[str, str] = {}        # folders that could not be looked into, and why

    def look(self, rows: Sequence[EffectRow]) -> Seen:
        """The messages of these rows (by `at`), and what they copied (by `copies`)."""
        self._follow([row for row in rows if isinstance(row.effect, Copy)])
        by_folder: dict[str, dict[Place, str]] = defaultdict(dict)
        for row in rows:
            for place in (row.at, self.copies.get(row.id, row.at)):
                by_folder[place.folder][place] = row.fingerprint
        there = self._mailbox.folders()
        return {place: seen for folder, places in by_folder.items() if folder in there
                for place, seen in self._seen(folder, places).items()}

    def _follow(self, rows: Sequence[EffectRow]) -> None:
        """A copy may have been taken further: by a rule for the folder it was put into, or by an undo."""
        put: dict[tuple[str, int], dict[int, int]] = defaultdict(dict)
        for row in rows:
            self.copies[row.id] = row.target
            put[row.target.folder, row.target.uidvalidity][row.target.uid] = row.id
        for (folder, uidvalidity), ids in put.items():
            for later in self._effects.found_at(self._mailbox.account, folder, uidvalidity, ids):
                self.copies[ids[later.found.uid]] = later.at

    def _seen(self, folder: str, places: Mapping[Place, str]) -> Seen:
        try:
            state = self._mailbox.select(folder)
        except Refused as refused:
            self.closed[folder] = str(refused)
            return {}
        fields = Fields(SHOWN_HEADERS)
        uids = sorted(place.uid for place in places if place.uidvalidity == state.uidvalidity)
        there = self._mailbox.fetch(uids, fields) if uids else {}
        seen: Seen = {}
        lost: dict[str, list[Place]] = defaultdict(list)
        for place, mark in sorted(places.items()):
            message = there.get(place.uid) if place.uidvalidity == state.uidvalidity else None
            if message is not None and fingerprint(message) == mark:
                seen[place] = place, message
            else:
                lost[mark].append(place)
        if lost:
            alike = [(message, mark) for block in self._mailbox.gather(Wanted(fields, since=1)) for message in block.messages
                     if (mark := fingerprint(message)) in lost]
            seen |= self._answering(state, lost, alike)
        return seen

    def _answering(self, state: FolderState, lost: Mapping[str, list[Place]], alike: Sequence[tuple[Message, str]]) -> Seen:
        """Who answers for one that is lost: whom no row knows as another, and whose UID was given later."""
        seen: Seen = {}
        claims = self._claims(state, [message.uid for message, _ in alike])
        for message, mark in alike:
            # RFC 3501 2.3.1.1: what was put here again has a UID above all that were given before.
            place = next((place for place in lost[mark] if claims[message.uid] <= {place}
                          and (place.uidvalidity != state.uidvalidity or place.uid < message.uid)), None)
            if place is not None:
                lost[mark].remove(place)
                seen[place] = Place(state.name, state.uidvalidity, message.uid), message
        return seen

    def _claims(self, state: FolderState, uids: Sequence[int]) -> Mapping[int, set[Place]]:
        """By UID: which messages of the journal it is, each named by where their rows have it."""
        account, claims = self._mailbox.account, defaultdict[int, set[Place]](set)
        for row in self._effects.standing(account, state.name, state.uidvalidity, uids):
            claims[row.at.uid].add(row.at)
        for row in self._effects.put_by(account, state.name, state.uidvalidity, uids):
            claims[row.target.uid].add(row.target if isinstance(row.effect, Copy) else row.at)
        return claims
