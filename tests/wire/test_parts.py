"""The content of parts on the wire: what is asked for, in how many commands, and no more than was wanted."""

import base64
from collections.abc import Iterator, Sequence

import pytest

from mailbot.effects import SavedPart
from mailbot.errors import Cause, Refused
from mailbot.imap.session import Session
from tests.lab.scripted import Peer, Scripted
from tests.wire.conversation import inbox, selected

PDF = b'("APPLICATION" "PDF" NIL NIL NIL "BASE64" %d NIL ("ATTACHMENT" ("FILENAME" "a.pdf")))'
TEXT = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 12 1)'


def structure(*sizes: int) -> bytes:
    """A text, and attachments of these sizes as transferred: parts 2, 3 …"""
    return b"BODYSTRUCTURE (" + TEXT + b"".join(PDF % size for size in sizes) + b' "MIXED")'


def answer(tag: bytes, *items: bytes) -> bytes:
    return b"* 5 FETCH (UID 5 %s)\r\n%s OK .\r\n" % (b" ".join(items), tag)


def piece(number: bytes, octets: bytes, offset: int = 0) -> bytes:
    return b"BODY[%s]<%d> {%d}\r\n%s" % (number, offset, len(octets), octets)


def contents(session: Session, parts: Sequence[SavedPart]) -> list[bytes]:
    return [b"".join(chunks) for chunks in session.parts(5, parts)]


def test_several_small_parts_come_in_one_fetch_and_only_those_that_are_wanted() -> None:
    first, last = base64.b64encode(b"one" * 100), base64.b64encode(b"four" * 30)

    def script(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5 (UID BODYSTRUCTURE BODY.PEEK[2]<0.4696> BODY.PEEK[4]<0.4336>)\r\n")
        peer.send(answer(b"M3", structure(400, 999, 160), piece(b"2", first), piece(b"4", last)))
        peer.expect_end()

    with Scripted(selected(script)) as server:
        session = inbox(server)
        before = session.counts.commands, session.counts.round_trips
        assert contents(session, [SavedPart("2", size=300), SavedPart("4", size=120)]) == [b"one" * 100, b"four" * 30]
        assert (session.counts.commands, session.counts.round_trips) == (before[0] + 1, before[1] + 1)


def test_a_part_larger_than_a_piece_comes_in_chunks_and_shares_no_fetch() -> None:
    large = base64.b64encode(bytes(1_500_000 * 3 // 4 + 3))

    def script(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5 (UID BODYSTRUCTURE BODY.PEEK[2]<0.4496>)\r\n")
        peer.send(answer(b"M3", structure(268, len(large)), piece(b"2", base64.b64encode(b"s" * 200))))
        peer.expect(b"M4 UID FETCH 5 (UID BODY.PEEK[3]<0.1000000>)\r\n")
        peer.send(answer(b"M4", piece(b"3", large[:1_000_000])))
        peer.expect(b"M5 UID FETCH 5 (UID BODY.PEEK[3]<1000000.1000000>)\r\n")
        peer.send(answer(b"M5", piece(b"3", large[1_000_000:], 1_000_000)))

    with Scripted(selected(script)) as server:
        found = contents(inbox(server), [SavedPart("2", size=200), SavedPart("3", size=1_125_003)])
    assert found == [b"s" * 200, bytes(1_125_003)]


def test_a_part_larger_than_its_structure_says_is_read_to_its_end() -> None:
    whole = base64.b64encode(bytes(range(256)) * 30)

    def script(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5 (UID BODYSTRUCTURE BODY.PEEK[2]<0.4098> BODY.PEEK[3]<0.4098>)\r\n")
        peer.send(answer(b"M3", structure(1, 1), piece(b"2", whole[:4098]), piece(b"3", b"Zg==")))
        peer.expect(b"M4 UID FETCH 5 (UID BODY.PEEK[2]<4098.1000000>)\r\n")
        peer.send(answer(b"M4", piece(b"2", whole[4098:], 4098)))

    with Scripted(selected(script)) as server:
        assert contents(inbox(server), [SavedPart("2", size=1), SavedPart("3", size=1)]) == [bytes(range(256)) * 30, b"f"]


def test_the_whole_message_needs_no_structure() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5 (UID BODY.PEEK[]<0.4134>)\r\n")
        peer.send(answer(b"M3", piece(b"", b"A: b\r\n\r\n=41 \0")))

    with Scripted(selected(script)) as server:
        assert contents(inbox(server), [SavedPart("", size=19)]) == [b"A: b\r\n\r\n=41 \0"]


def test_hundreds_of_parts_make_lines_below_8000_octets() -> None:
    numbers = [".".join(["123456789"] * deep) + f".{place}" for deep in (1, 20) for place in range(1, 151)]
    sent = []

    def script(peer: Peer) -> None:
        while line := peer.line():
            sent.append(line)
            named = [number for number in numbers if b"[%s]" % number.encode() in line]
            tag = line.split()[0]
            peer.send(b"* 5 FETCH (UID 5 FLAGS () %s)\r\n%s OK .\r\n" % (
                b" ".join([b"BODYSTRUCTURE " + TEXT, *(piece(number.encode(), b"x") for number in named)]), tag))

    with Scripted(selected(script)) as server:
        session = inbox(server)
        for chunks in session.parts(5, [SavedPart(number, size=1) for number in numbers]):
            with pytest.raises(Refused):        # the structure has no such part
                list(chunks)
        session.abandon()
    assert max(map(len, sent)) < 8_000
    assert len(sent) < 20


@pytest.mark.parametrize(("said", "cause"), [
    (b"", Cause.GONE),
    (b"* 5 FETCH (UID 5 FLAGS (\\Seen))\r\n", Cause.GONE),
    (b"* 5 FETCH (UID 5 " + structure(4) + b" BODY[2]<0> NIL)\r\n", Cause.MESSAGE),
    (b"* 5 FETCH (UID 5 BODYSTRUCTURE " + TEXT + b' BODY[2]<0> "")\r\n', Cause.MESSAGE),
    (b"* 5 FETCH (UID 5 BODYSTRUCTURE ((( BODY[2]<0> {1}\r\nx)\r\n", Cause.MESSAGE),
    (b'* 5 FETCH (UID 5 BODYSTRUCTURE ("TEXT") BODY[2]<0> {1}\r\nx)\r\n', Cause.MESSAGE),
])
def test_what_is_not_there_is_the_message_or_its_part(said: bytes, cause: Cause) -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5 (UID BODYSTRUCTURE BODY.PEEK[2]<0.1000000>)\r\n")
        peer.send(said + b"M3 OK .\r\n")

    with Scripted(selected(script)) as server:
        chunks: Iterator[bytes] = inbox(server).part(5, "2")
        with pytest.raises(Refused) as caught:
            list(chunks)
    assert caught.value.cause is cause
