"""A message whose BODYSTRUCTURE cannot be read: fetched again alone, parked after three tries and reported; the others go on."""

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailbot.engine.passes import arrival
from tests.lab.scripted import Peer, Scripted
from tests.unit.engine_house import House, ruleset
from tests.unit.fake_mailbox import FakeMailbox
from tests.wire.conversation import EVERYTHING, row

TEXT = "[{name: r, when: {attachment: false}, then: [{flag: seen}]}]"
GOOD = b' BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 12 1)'


class Server:
    """INBOX with some mail, one message of it beyond reading. `asked`: the UIDs of each FETCH."""

    def __init__(self, broken: int, structure: bytes) -> None:
        self.broken, self.structure = broken, structure
        self.mail = 5
        self.asked: list[str] = []
        self.stored: list[str] = []

    def serve(self, peer: Peer) -> None:
        peer.log_in(EVERYTHING)
        while line := peer.line():
            tag, verb, *rest = line.decode().split()
            if verb == "UID" and rest[0] == "FETCH":
                self.asked.append(rest[1])
                peer.send(b"".join(map(self.row, self.named(rest[1]))))
            elif verb == "UID":
                self.stored += rest[1].split(",")
            elif verb == "SELECT":
                peer.send(b"* OK [PERMANENTFLAGS (\\Seen \\*)] .\r\n* 5 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 6] .\r\n")
            elif verb == "LIST":
                peer.send(b'* LIST () "/" INBOX\r\n')
            peer.send(b"%s OK [READ-WRITE] .\r\n" % tag.encode())
            if verb == "LOGOUT":
                return

    def row(self, uid: int) -> bytes:
        headers = b"From: a@x\r\nMessage-ID: <%d@x>\r\n\r\n" % uid
        return row(uid, uid, headers, more=self.structure if uid == self.broken else GOOD).replace(b"(\\Seen)", b"()")

    def named(self, uid_set: str) -> list[int]:
        found: set[int] = set()
        for piece in uid_set.split(","):
            first, _, last = piece.partition(":")
            found.update(range(int(first), (self.mail if last == "*" else int(last or first)) + 1))
        return sorted(found)


@pytest.mark.parametrize("structure", [b" BODYSTRUCTURE (((", b" BODYSTRUCTURE NIL", b' BODYSTRUCTURE ("TEXT" "PLAIN" NIL)', b""],
                         ids=["unbalanced", "none", "too short", "left out"])
def test_it_is_parked_after_three_tries_and_the_others_go_on(tmp_path: Path, structure: bytes) -> None:
    house, rules = House(FakeMailbox(), tmp_path), ruleset(TEXT)
    server = Server(7, structure)
    with Scripted(server.serve) as scripted, capture_logs() as log:
        session = scripted.connect()

        def look() -> None:
            arrival(house.engine, session, "INBOX", rules)

        look()
        server.mail = 8
        look()
        assert server.asked == ["6:*", "7"]
        assert server.stored == ["6", "8"]
        assert house.journal.pending.parked() == []
        for tries in (2, 3):
            house.later(hours=1)
            server.mail += 1
            look()
            assert server.stored[-1] == str(server.mail), "new mail waited for a broken message"
            assert server.asked.count("7") == tries
        [parked] = house.journal.pending.parked()
        assert (parked.uid, parked.attempts) == (7, 3)
        assert parked.why
        told = [event for event in log if event["event"] == "message.parked"]
        assert [(event["uid"], event["alert"], event["why"]) for event in told] == [(7, True, parked.why)]
        house.later(days=1)
        look()
        assert not any(re.search(r"\b7\b", asked) for asked in server.asked[6:]), "parked is parked"
        session.close()
    house.journal.close()
