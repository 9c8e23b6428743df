"""The selected folder as one session has been told of it: sequence numbers change only when the client is told."""

from collections.abc import Iterator

from mailbot.sim.store import Folder, Mail
from mailbot.sim.syntax import SYSTEM_FLAGS, flag_list


class View:
    def __init__(self, folder: Folder, *, read_only: bool) -> None:
        self.folder, self.read_only = folder, read_only
        self.mails: list[Mail] = []                     # also those that are gone and not yet told
        self.recent: set[int] = set()
        self._flags: dict[int, frozenset[str]] = {}     # as told
        self._recent_told = 0
        self._keywords_told = len(folder.keywords)
        self._take_new()
        self._recent_told = len(self.recent)

    def flags(self, mail: Mail) -> bytes:
        """As FETCH tells them; from now on the client knows."""
        self._flags[mail.uid] = mail.flags
        return flag_list([*sorted(mail.flags), *(["\\Recent"] if mail.uid in self.recent else [])])

    def knows(self, mail: Mail) -> None:
        """It was the client itself who changed the flags, and wants no answer."""
        self._flags[mail.uid] = mail.flags

    def news(self, *, expunges: bool) -> Iterator[bytes]:
        """What has happened since. RFC 3501 7.4.1: no EXPUNGE while a command that names sequence numbers is answered."""
        if len(self.folder.keywords) > self._keywords_told:
            self._keywords_told = len(self.folder.keywords)
            yield from self.flags_there()
        if expunges:
            yield from self._gone()
        for number, mail in enumerate(self.mails, 1):
            if mail.flags != self._flags[mail.uid] and mail.uid in self.folder.mails:
                yield b"%d FETCH (FLAGS %s)" % (number, self.flags(mail))
        if self._take_new():
            yield b"%d EXISTS" % len(self.mails)
        if len(self.recent) != self._recent_told:
            self._recent_told = len(self.recent)
            yield b"%d RECENT" % self._recent_told

    def flags_there(self) -> Iterator[bytes]:
        known = [*SYSTEM_FLAGS, *self.folder.keywords]
        yield b"FLAGS " + flag_list(known)
        yield b"OK [PERMANENTFLAGS %s] Flags that last." % flag_list([] if self.read_only else [*known, "\\*"])

    def _gone(self) -> Iterator[bytes]:
        for number in range(len(self.mails), 0, -1):
            uid = self.mails[number - 1].uid
            if uid not in self.folder.mails:
                del self.mails[number - 1], self._flags[uid]
                self.recent.discard(uid)
                yield b"%d EXPUNGE" % number

    def _take_new(self) -> bool:
        last = self.mails[-1].uid if self.mails else 0
        new = [mail for mail in self.folder.mails.values() if mail.uid > last]
        self.mails += new
        self._flags |= {mail.uid: mail.flags for mail in new}
        self.recent |= {mail.uid for mail in new if mail.uid >= self.folder.recent_from}
        if not self.read_only:
            self.folder.recent_from = self.folder.uidnext
        return bool(new)
