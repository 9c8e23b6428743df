"""Mailboxes with the mail of the scenarios, filled and read without the program under test."""

import shutil
from collections import Counter
from typing import Protocol

from tests.faults.scenarios import ELSEWHERE, INBOX, RECEIVED, Mail
from tests.lab import maildir
from tests.lab.dovecot import Dovecot
from tests.lab.process import hand_over


class Post(Protocol):
    """Mailboxes of one server."""

    host: str
    port: int

    def user(self) -> str:
        """A new one, with the mail of the scenarios."""

    def mail(self, user: str) -> Counter[Mail]: ...

    def forget(self, user: str) -> None: ...


class DovecotPost:
    """Filled and read on the disk: hundreds of mailboxes a second."""

    def __init__(self, server: Dovecot) -> None:
        self._server, self.host, self.port = server, server.host, server.port

    def user(self) -> str:
        name = self._server.user()
        box = self._server.maildir(name)
        for row in (*INBOX, *ELSEWHERE):
            maildir.seed(box, row.folder, [row.octets], flags=row.flags, received=RECEIVED)
        hand_over(box.parent)
        return name

    def mail(self, user: str) -> Counter[Mail]:
        return Counter(Mail(*row) for row in maildir.mail(self._server.maildir(user)))

    def forget(self, user: str) -> None:
        # A session that was cut off may still be writing there.
        shutil.rmtree(self._server.maildir(user).parent, ignore_errors=True)
