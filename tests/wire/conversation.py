"""What the tests on a scripted server share: a folder selected, and FETCH rows."""

from mailbot.imap.session import Session
from tests.lab.scripted import Peer, Script, Scripted

EVERYTHING = "IDLE ESEARCH UIDPLUS MOVE LITERAL+"
HEADERS = b"BODY.PEEK[HEADER.FIELDS (DATE FROM MESSAGE-ID)]"
FIELDS = b"(UID FLAGS INTERNALDATE RFC822.SIZE " + HEADERS + b")"


def selected(then: Script, capabilities: str = EVERYTHING, *, exists: int = 5) -> Script:
    """Logged in, INBOX selected with UIDs 1 to `exists`; the next tag is M3."""

    def script(peer: Peer) -> None:
        peer.log_in(capabilities)
        peer.select(exists=exists, uidnext=exists + 1)
        then(peer)

    return script


def inbox(server: Scripted, **settings: object) -> Session:
    session = server.connect(**settings)
    session.select("INBOX")
    return session


def row(number: int, uid: int, headers: bytes = b"From: a@x\r\n\r\n", more: bytes = b"") -> bytes:
    return (
        b'* %d FETCH (UID %d FLAGS (\\Seen) INTERNALDATE " 1-Jan-2026 10:00:00 +0100" RFC822.SIZE 99 '
        b"BODY[HEADER.FIELDS (DATE FROM MESSAGE-ID)] {%d}\r\n%s%s)\r\n" % (number, uid, len(headers), headers, more)
    )
