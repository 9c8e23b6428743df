"""Where a server does not say COPYUID (no UIDPLUS): the copies are looked for in the target, by their fingerprints."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailbot.effects import Fields, FolderState
from mailbot.errors import Refused
from mailbot.imap.command import Command
from mailbot.imap.fetching import Fetch
from mailbot.imap.folders import status_command, statuses
from mailbot.imap.names import Names
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.selected import Selected, state_of
from mailbot.imap.tasks import Placed
from mailbot.mail.fingerprint import fingerprint


@dataclass(frozen=True, slots=True)
class Before:
    """What was known before anything was copied."""

    fingerprints: dict[int, str]            # of the messages, by UID
    targets: dict[str, FolderState]         # of those that were there


@dataclass(frozen=True, slots=True)
class Proving:
    pipeline: Pipeline
    capabilities: frozenset[str]
    names: Names
    selected: Selected
    most: int

    @property
    def _fetch(self) -> Fetch:
        return Fetch(Fields(), self.capabilities)

    def before(self, uids: Iterable[int], targets: Iterable[str]) -> Before:
        """In one write. A target that is not there has nothing in it."""
        named, folders = sorted(set(uids)), sorted(set(targets))
        fetches = self._fetch.commands(named, self.most)
        answers = self.pipeline.run([*fetches, *(status_command(name, self.names) for name in folders)])
        messages = self._fetch.read(self.pipeline, answers[:len(fetches)], named).messages
        return Before({uid: fingerprint(message) for uid, message in messages.items()}, statuses(folders, answers, self.names))

    def placed(self, before: Before, target: str, uids: Sequence[int]) -> dict[int, Placed]:
        """Where in `target` these are now. A message in the target answers for one of ours only."""
        known = before.targets.get(target)
        try:
            state = self._examine(target)
            first = known.uidnext if known and known.uidvalidity == state.uidvalidity else 1
            answers = self.pipeline.run([self._fetch.command(b"%d:*" % first)])
            there = self._fetch.read(self.pipeline, answers).messages
        except Refused:         # it cannot be looked into: nothing is proved
            return {}
        finally:
            self._back()
        waiting: dict[str, list[int]] = defaultdict(list)
        for uid, message in sorted(there.items(), reverse=True):
            if uid >= first:    # RFC 3501 6.4.8
                waiting[fingerprint(message)].append(uid)
        return {uid: Placed(state.uidvalidity, waiting[mark].pop())
                for uid in uids if (mark := before.fingerprints.get(uid)) and waiting[mark]}

    def _examine(self, target: str) -> FolderState:
        answer, = self.pipeline.run([Command("EXAMINE", (self.names.wire(target),))])
        return state_of(target, answer, examined=True)

    def _back(self) -> None:
        name = self.selected.state.name
        answer, = self.pipeline.run([Command("SELECT", (self.names.wire(name),))])
        state = state_of(name, answer, examined=False)
        if state.uidvalidity != self.selected.state.uidvalidity:
            raise self.pipeline.transport.lost(f"{name} was replaced while we looked away")
        self.selected.selected_again(state)
