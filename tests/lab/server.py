"""What the tests' mail servers have in common."""

import contextlib
import hashlib
import itertools
import smtplib
import ssl
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient

from tests.lab import maildir
from tests.lab.process import hand_over

PASSWORD = "pass"

# {folder: {uid: (flags but \Recent, SHA-256 of the whole message)}}
Snapshot = dict[str, dict[int, tuple[frozenset[str], str]]]


class Server:
    """A server that lets any user in with the password "pass"."""

    host = "127.0.0.1"
    port: int
    tls_port: int
    lmtp_port: int
    ca: Path

    def __init__(self) -> None:
        self._users = itertools.count(1)
        self._clients: list[IMAPClient] = []

    def user(self) -> str:
        """A user name that nobody has used."""
        return f"user{next(self._users)}"

    def client(self, user: str, *, tls: bool = False, timeout: float = 30) -> IMAPClient:
        """Logged in; closed with the server, if the test does not."""
        context = ssl.create_default_context(cafile=str(self.ca)) if tls else None
        port = self.tls_port if tls else self.port
        client = IMAPClient(self.host, port, ssl=tls, ssl_context=context, timeout=timeout)
        self._clients.append(client)
        client.login(user, PASSWORD)
        return client

    def deliver(self, user: str, *messages: bytes) -> None:
        """By LMTP, as mail arrives: lines end in CRLF, trace headers are added."""
        with smtplib.LMTP(self.host, self.lmtp_port, timeout=30) as lmtp:
            for message in messages:
                lines = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                lmtp.sendmail("sender@example.org", [user], lines)

    def snapshot(self, user: str) -> Snapshot:
        """Every folder that can be opened, its messages with flags and hash; changes nothing."""
        with self.client(user) as client:
            self._clients.remove(client)
            return snapshot(client)

    def _close_clients(self) -> None:
        for client in self._clients:
            with contextlib.suppress(OSError):  # closed already, by the test or by the other side
                client.shutdown()


class MaildirServer(Server):
    """One that keeps its mail in Maildirs below `directory`."""

    directory: Path

    def maildir(self, user: str) -> Path:
        return self.directory / "mail" / user / "Maildir"

    def seed(self, user: str, folder: str, messages: Iterable[bytes], *, flags: Iterable[str] = (),
             received: datetime | None = None) -> int:
        """Straight into the user's Maildir, as maildir.seed says; thousands a second, byte for byte."""
        count = maildir.seed(self.maildir(user), folder, messages, flags=flags, received=received)
        hand_over(self.directory / "mail" / user)
        return count


def snapshot(client: IMAPClient) -> Snapshot:
    """As Server.snapshot, for a client that is logged in somewhere."""
    return {
        str(name): _messages(client, str(name))
        for flags, _, name in sorted(client.list_folders(), key=lambda found: str(found[2]))
        if b"\\noselect" not in {flag.lower() for flag in flags}
    }


def _messages(client: IMAPClient, folder: str) -> dict[int, tuple[frozenset[str], str]]:
    client.select_folder(folder, readonly=True)
    uids: Iterable[int] = client.search("ALL")
    found = client.fetch(uids, ["FLAGS", "BODY.PEEK[]"]) if uids else {}
    return {
        uid: (
            frozenset(flag.decode() for flag in data[b"FLAGS"]) - {"\\Recent"},
            hashlib.sha256(data[b"BODY[]"]).hexdigest(),
        )
        for uid, data in sorted(found.items())
        if data.get(b"BODY[]") is not None  # expunged by another session since the search
    }
