"""A second client that cares for nobody: flags, marks, deletes, moves, renames and replaces folders while the bot is at work."""

import contextlib
import random
import re
import threading
from collections import Counter
from collections.abc import Callable

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tests.soak.census import Record
from tests.soak.kinds import ELSEWHERE, HEADER, INBOX, INCOMING, RENAMED, TRASH, kind


class Hostile(threading.Thread):
    """One deed every `pause` seconds, at random. What cannot be done (a folder is gone) is left."""

    def __init__(self, client: Callable[[], IMAPClient], record: Record, rng: random.Random, pause: float, stop: threading.Event) -> None:
        super().__init__(name="hostile")
        self._connect, self._record, self._rng, self._pause, self._ended = client, record, rng, pause, stop
        self._renamed = 0
        self.deeds: Counter[str] = Counter()
        self.problem: BaseException | None = None

    def run(self) -> None:
        weights = {self._flags_one: 6, self._marks_one: 2, self._deletes_one: 3, self._moves_one: 6, self._puts_one_back: 3,
                   self._renames_a_folder: 1, self._replaces_a_folder: 1}
        try:
            # It leaves when the weather clears up: for each lock that it lost in a folder it renamed Dovecot waits as long as it is there.
            with self._connect() as client:
                while not self._ended.wait(self._rng.uniform(0.2, 1.8) * self._pause):
                    deed, = self._rng.choices(list(weights), list(weights.values()))
                    with contextlib.suppress(IMAPClientError):
                        self.deeds[deed.__name__.strip("_").replace("_", " ")] += deed(client)
        except BaseException as problem:    # noqa: BLE001  # whatever it is, the soak itself raises it
            self.problem = problem

    def _some(self, client: IMAPClient, folder: str, only: str = "") -> tuple[int, int] | None:
        """(UID, number) of a message there, the newest ones more often: those that the bot is at."""
        client.select_folder(folder)
        uids = client.search(["SUBJECT", f"kind {only}"] if only else "ALL")
        if not uids:
            return None
        uid = self._rng.choice(uids[-20:] if self._rng.random() < 0.7 else uids)
        row = client.fetch([uid], [f"BODY.PEEK[HEADER.FIELDS ({HEADER})]"]).get(uid)
        number = re.search(rb": (\d+)", next(value for key, value in row.items() if key.startswith(b"BODY["))) if row else None
        return (uid, int(number[1])) if number else None

    def _flags_one(self, client: IMAPClient) -> bool:
        some = self._some(client, self._rng.choice([INBOX, INCOMING, *RENAMED, TRASH]))
        if some is None:
            return False
        uid, number = some
        flag = self._rng.choice(["\\Flagged", "\\Answered", "$hers"])
        if kind(number) == "plain":
            self._record.flags.setdefault(number, set()).add(flag)
        client.add_flags([uid], [flag])
        return True

    def _marks_one(self, client: IMAPClient) -> bool:
        """A bystander, marked and not expunged: it must survive whatever the bot expunges."""
        some = self._some(client, INBOX, "plain")
        if some is None:
            return False
        uid, number = some
        self._record.marked.add(number)
        self._record.flags.setdefault(number, set()).add("\\Deleted")
        client.add_flags([uid], ["\\Deleted"])
        return True

    def _deletes_one(self, client: IMAPClient) -> bool:
        some = self._some(client, self._rng.choice([INBOX, INCOMING, *RENAMED, TRASH]))
        if some is None:
            return False
        uid, number = some
        self._record.deleted.add(number)
        client.add_flags([uid], ["\\Deleted"])
        client.uid_expunge([uid])
        return True

    def _moves_one(self, client: IMAPClient) -> bool:
        some = self._some(client, self._rng.choice([INBOX, INBOX, INCOMING, *RENAMED]))
        if some is None:
            return False
        uid, number = some
        self._record.moved.add(number)
        client.move([uid], ELSEWHERE)
        return True

    def _puts_one_back(self, client: IMAPClient) -> bool:
        """From where the bot has put it to where it came from: it must stay there."""
        some = self._some(client, self._rng.choice([*RENAMED, TRASH]))
        if some is None:
            return False
        uid, number = some
        self._record.moved.add(number)
        client.move([uid], INBOX)
        return True

    def _renames_a_folder(self, client: IMAPClient) -> bool:
        client.unselect_folder()
        self._renamed += 1
        name = self._rng.choice(RENAMED)
        client.rename_folder(name, f"{name}-{self._renamed}")
        return True

    def _replaces_a_folder(self, client: IMAPClient) -> bool:
        """A watched folder goes away under another name, and a new one takes its place."""
        client.unselect_folder()
        self._renamed += 1
        client.rename_folder(INCOMING, f"{INCOMING}-{self._renamed}")
        client.create_folder(INCOMING)
        return True
