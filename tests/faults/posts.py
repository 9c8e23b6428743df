"""Mailboxes with the mail of the scenarios, filled and read without the program under test."""

import shutil
from collections import Counter
from threading import Lock
from typing import Protocol

from tests.faults.scenarios import ELSEWHERE, INBOX, RECEIVED, Mail
from tests.lab import maildir
from tests.lab.courier import Courier
from tests.lab.cyrus import Cyrus
from tests.lab.dovecot import Dovecot
from tests.lab.process import hand_over
from tests.lab.server import Server


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


class CyrusPost:
    """Filled and read over IMAP."""

    def __init__(self, server: Cyrus) -> None:
        self._server, self.host, self.port = server, server.host, server.port
        self._one_at_a_time = Lock()        # users are made over one connection

    def user(self) -> str:
        with self._one_at_a_time:
            name = self._server.user()
        with self._server.client(name) as client:
            for row in (*INBOX, *ELSEWHERE):
                client.append(row.folder, row.octets, row.flags, RECEIVED)
        return name

    def mail(self, user: str) -> Counter[Mail]:
        return told(self._server, user)

    def forget(self, user: str) -> None:
        """It goes with its server."""


class CourierPost:
    """Filled on the disk, read over IMAP: its keywords lie in files of its own."""

    def __init__(self, server: Courier) -> None:
        self._server, self.host, self.port = server, server.host, server.port

    def user(self) -> str:
        name = self._server.user()
        box = self._server.maildir(name)
        for row in (*INBOX, *ELSEWHERE):
            maildir.seed(box, row.folder, [row.octets.replace(b"\r\n", b"\n")], flags=row.flags, received=RECEIVED)
        hand_over(box.parent.parent)
        return name

    def mail(self, user: str) -> Counter[Mail]:
        return told(self._server, user)

    def forget(self, user: str) -> None:
        shutil.rmtree(self._server.maildir(user).parent, ignore_errors=True)


def told(server: Server, user: str) -> Counter[Mail]:
    """What the server says is there, with our names of folders."""
    found: Counter[Mail] = Counter()
    with server.client(user) as client:
        for attributes, delimiter, name in client.list_folders():
            if rb"\noselect" in {attribute.lower() for attribute in attributes}:
                continue
            client.select_folder(name, readonly=True)
            uids = client.search()
            folder = name.replace(delimiter.decode(), "/").removeprefix("INBOX/")
            for row in (client.fetch(uids, ["FLAGS", "BODY.PEEK[]"]) if uids else {}).values():
                flags = frozenset(flag.decode() for flag in row[b"FLAGS"]) - {r"\Recent"}
                found[Mail(folder, row[b"BODY[]"], flags)] += 1
    return found
