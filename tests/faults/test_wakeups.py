"""Mail that arrives at any point between FETCH and IDLE wakes: 10,000 cycles over plain TCP and over TLS, none slept through."""

import time

import pytest

from mailbot.effects import AddFlags, Fields, Order, Wanted
from mailbot.imap.idling import Idled
from mailbot.imap.session import Session
from tests.faults.conftest import Figure
from tests.lab.scripted import Peer, Scripted
from tests.lab.tls import Certificate
from tests.wire.conversation import row

CYCLES = 10_000
AT_ONCE = 20.0      # seconds after which it has been slept through
SEEN = AddFlags(frozenset({r"\Seen"}))


class Postman:
    """The server's end. One message a cycle, announced in each place of each answer, each answer torn apart at each octet.

    `point` counts the places: in the answer to DONE, FETCH, STORE or IDLE; before, between and behind its lines.
    """

    def __init__(self) -> None:
        self.exists = self.fetched = 0
        self.point = self.torn = 0

    def serve(self, peer: Peer) -> None:
        peer.log_in("IDLE")
        peer.select(exists=0, uidnext=1)
        idle = b""
        while line := peer.line():
            tag, _, command = line.rstrip().partition(b" ")
            if tag == b"DONE":
                self._answer(peer, 0, [b"%s OK .\r\n" % idle])
            elif command.startswith(b"UID FETCH"):
                self._fetch(peer, tag)
            elif command.startswith(b"UID STORE"):
                self._answer(peer, 2, [b"* OK stored\r\n", b"%s OK .\r\n" % tag])
            else:
                idle = tag
                self._answer(peer, 3, [b"+ idling\r\n", b"* OK Still here\r\n"])
                # What was announced before must wake by itself; else the next message comes while it sleeps.
                if self.exists == self.fetched:
                    self._send(peer, self._arrived())

    def _fetch(self, peer: Peer, tag: bytes) -> None:
        before = []
        if self._here(1, 0):            # announced before the FETCH is carried out, which therefore brings it
            before = [self._arrived()]
        rows = [row(number, number) for number in range(self.fetched + 1, self.exists + 1)]
        self.fetched = self.exists
        self._answer(peer, 1, [*before, *rows, b"%s OK .\r\n" % tag], begin=1)

    def _answer(self, peer: Peer, command: int, lines: list[bytes], begin: int = 0) -> None:
        for place in range(begin, len(lines) + 1):
            if self.exists == self.fetched and self._here(command, place):
                lines.insert(place, self._arrived())
                break
        self._send(peer, b"".join(lines))

    def _here(self, command: int, place: int) -> bool:
        return (self.point % 4, self.point // 4 % 4) == (command, place)

    def _arrived(self) -> bytes:
        self.exists += 1
        self.point += 1
        return b"* %d EXISTS\r\n" % self.exists

    def _send(self, peer: Peer, octets: bytes) -> None:
        self.torn += 1
        at = self.torn % (len(octets) + 1)
        peer.send(*filter(None, (octets[:at], octets[at:])))


def gathered(session: Session, since: int) -> list[int]:
    return [message.uid for block in session.gather(Wanted(Fields(), since=since)) for message in block.messages]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_mail_that_arrives_at_any_point_is_not_slept_through(authority: Certificate, quiet: int, figure: Figure, *, tls: bool) -> None:
    postman = Postman()
    cycles = 0
    with Scripted(postman.serve, certificate=authority, tls=tls) as server:
        session = server.connect()
        session.select("INBOX")
        known = 0
        while cycles < CYCLES:
            assert session.idle(quiet, time.monotonic() + AT_ONCE) is Idled.WOKEN, f"slept through mail at point {postman.point}"
            new = gathered(session, known + 1)
            assert new == list(range(known + 1, known + 1 + len(new)))
            known += len(new)
            if new and cycles % 2:      # IDLE then rides along with what was done about it
                assert session.apply([Order(SEEN, (known,))], last=True)[0].done
            cycles += 1
        assert postman.point > CYCLES / 2
    figure("wake-up cycles, messages", cycles, known)
