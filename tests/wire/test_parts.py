"""The content of parts on the wire: what is asked for, in how many commands, and no more than was wanted."""

import base64
from collections.abc import Iterator, Sequence

import pytest

from mailbot.effects import SavedPart
from mailbot.errors import Cause, Refused
from mailbot.imap.session import Session
from tests.lab.scripted import Peer, Script, Scripted
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


def asked(tag: bytes, *sections: tuple[bytes, int]) -> bytes:
    """The first FETCH of a group: each part's header and its first octets."""
    items = b" ".join(b"BODY.PEEK[%s.MIME]<0.65536> BODY.PEEK[%s]<0.%d>" % (number, number, size) for number, size in sections)
    return b"%s UID FETCH 5 (UID BODYSTRUCTURE %s)\r\n" % (tag, items)


def contents(session: Session, parts: Sequence[SavedPart]) -> list[bytes]:
    return [b"".join(chunks) for chunks in session.parts(5, parts)]


def test_several_small_parts_come_in_one_fetch_and_only_those_that_are_wanted() -> None:
    first, last = base64.b64encode(b"one" * 100), base64.b64encode(b"four" * 30)

    def script(peer: Peer) -> None:
        peer.expect(asked(b"M3", (b"2", 4696), (b"4", 4336)))
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
        peer.expect(asked(b"M3", (b"2", 4496)))
        peer.send(answer(b"M3", structure(268, len(large)), piece(b"2", base64.b64encode(b"s" * 200))))
        peer.expect(b"M4 UID FETCH 5 (UID BODY.PEEK[3.MIME]<0.65536> BODY.PEEK[3]<0.1000000>)\r\n")
        peer.send(answer(b"M4", piece(b"3", large[:1_000_000])))
        peer.expect(b"M5 UID FETCH 5 (UID BODY.PEEK[3]<1000000.1000000>)\r\n")
        peer.send(answer(b"M5", piece(b"3", large[1_000_000:], 1_000_000)))

    with Scripted(selected(script)) as server:
        found = contents(inbox(server), [SavedPart("2", size=200), SavedPart("3", size=1_125_003)])
    assert found == [b"s" * 200, bytes(1_125_003)]


def test_a_part_larger_than_its_structure_says_is_read_to_its_end() -> None:
    whole = base64.b64encode(bytes(range(256)) * 30)

    def script(peer: Peer) -> None:
        peer.expect(asked(b"M3", (b"2", 4098), (b"3", 4098)))
        peer.send(answer(b"M3", structure(1, 1), piece(b"2", whole[:4098]), piece(b"3", b"Zg==")))
        peer.expect(b"M4 UID FETCH 5 (UID BODY.PEEK[2]<4098.1000000>)\r\n")
        peer.send(answer(b"M4", piece(b"2", whole[4098:], 4098)))

    with Scripted(selected(script)) as server:
        assert contents(inbox(server), [SavedPart("2", size=1), SavedPart("3", size=1)]) == [bytes(range(256)) * 30, b"f"]


def test_the_whole_message_needs_no_structure() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5 (UID BODY.PEEK[]<0.4122>)\r\n")
        peer.send(answer(b"M3", piece(b"", b"A: b\r\n\r\n=41 \0")))

    with Scripted(selected(script)) as server:
        assert contents(inbox(server), [SavedPart("", size=13)]) == [b"A: b\r\n\r\n=41 \0"]


def test_a_part_behind_the_whole_message_is_read_by_its_structure() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5 (UID BODY.PEEK[]<0.1000000>)\r\n")
        peer.send(answer(b"M3", piece(b"", b"A: b\r\n\r\n")))
        peer.expect(asked(b"M4", (b"2", 1_000_000)))
        peer.send(answer(b"M4", structure(8), piece(b"2", b"aGVsbG8=")))

    with Scripted(selected(script)) as server:
        assert contents(inbox(server), [SavedPart(""), SavedPart("2")]) == [b"A: b\r\n\r\n", b"hello"]


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


# What a server says of the one part that is asked for: its header, what the structure says of its size, and then each answer
# to a FETCH of it (b"": the FETCH is answered by OK alone); and what is read of that.
BASE64_HEADER = b"BODY[2.MIME]<0> {38}\r\nContent-Transfer-Encoding: base64;\r\n\r\n"
ODD = {
    "an encoding that the server does not know, though the part's header names it": (
        b'("APPLICATION" "PDF" NIL NIL NIL "7BIT" 8)', [BASE64_HEADER + b" " + piece(b"2", b"aGVsbG8=")], b"hello"),
    "a header that says nothing": (PDF % 8, [b'BODY[2.MIME]<0> "" ' + piece(b"2", b"aGVsbG8=")], b"hello"),
    "a header that is not there": (PDF % 8, [b"BODY[2.MIME]<0> NIL " + piece(b"2", b"aGVsbG8=")], b"hello"),
    "less than there is, and the rest when it is asked for": (
        PDF % 12, [piece(b"2", b"aGVs"), piece(b"2", b"bG8gd29y", 4)], b"hello wor"),
    "less than its structure says, and nothing more": (PDF % 99, [piece(b"2", b"aGVsbG8="), b'BODY[2]<8> ""'], b"hello"),
    "the same, and NIL": (PDF % 99, [piece(b"2", b"aGVsbG8="), b"BODY[2]<8> NIL"], b"hello"),
    "more than was asked for": (
        PDF % 8, [piece(b"2", b"QUJD" * 1100), b'BODY[2]<4400> ""'], b"ABC" * 1100),
    "no origin: it is the whole part": (PDF % 8, [b"BODY[2] {8}\r\naGVsbG8="], b"hello"),
    "an empty part": (PDF % 0, [b'BODY[2]<0> ""'], b""),
    "NIL for an empty part": (PDF % 0, [b"BODY[2]<0> NIL"], b""),
    "NIL for a part of which only a line break is counted": (PDF % 2, [b"BODY[2]<0> NIL"], b""),
}
REFUSED = {
    "nothing of a part that has a size": (PDF % 400, [b'BODY[2]<0> ""'], Cause.MESSAGE),
    "another piece than the one that was asked for": (PDF % 400, [piece(b"2", b"aGVs", 7)], Cause.MESSAGE),
    "the beginning once more": (PDF % 12, [piece(b"2", b"aGVs"), piece(b"2", b"aGVs")], Cause.MESSAGE),
    "the beginning once more, without an origin": (
        PDF % 9999, [piece(b"2", b"aGVs"), b"BODY[2] {4}\r\naGVs"], Cause.MESSAGE),
    "a message that goes meanwhile": (PDF % 12, [piece(b"2", b"aGVs"), b""], Cause.GONE),
}


def odd(part: bytes, answers: Sequence[bytes]) -> Script:
    def script(peer: Peer) -> None:
        for number, said in enumerate(answers):
            tag = peer.line().split()[0]
            first = b"BODYSTRUCTURE (" + TEXT + part + b' "MIXED") ' if number == 0 else b""
            peer.send(answer(tag, first + said) if said else tag + b" OK .\r\n")

    return script


@pytest.mark.parametrize("case", ODD)
def test_a_server_that_answers_oddly_gives_the_part_all_the_same(case: str) -> None:
    part, answers, content = ODD[case]
    with Scripted(selected(odd(part, answers))) as server:
        assert contents(inbox(server), [SavedPart("2", size=6)]) == [content]


@pytest.mark.parametrize("case", REFUSED)
def test_a_server_that_answers_wrongly_spoils_no_file(case: str) -> None:
    part, answers, cause = REFUSED[case]
    with Scripted(selected(odd(part, answers))) as server, pytest.raises(Refused) as caught:
        contents(inbox(server), [SavedPart("2", size=6)])
    assert caught.value.cause is cause


@pytest.mark.parametrize("refusal", [b"BAD what is <", b"NO what is MIME", b"NO [CANNOT] never"])
def test_a_server_without_partial_fetch_gives_whole_parts(refusal: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.expect(asked(b"M3", (b"2", 4108), (b"3", 4108)))
        peer.send(b"M3 " + refusal + b"\r\n")
        peer.expect(b"M4 UID FETCH 5 (UID BODYSTRUCTURE BODY.PEEK[2] BODY.PEEK[3])\r\n")
        peer.send(answer(b"M4", structure(8, 8), b"BODY[2] {8}\r\naGVsbG8=", b"BODY[3] {8}\r\nd29ybGQ="))
        peer.expect(b"M5 UID FETCH 5 (UID BODYSTRUCTURE BODY.PEEK[2])\r\n")
        peer.send(answer(b"M5", structure(8, 8), b"BODY[2] {8}\r\naGVsbG8="))

    with Scripted(selected(script)) as server:
        wanted = [SavedPart("2", size=6), SavedPart("3", size=6), SavedPart("2", size=6)]
        assert contents(inbox(server), wanted) == [b"hello", b"world", b"hello"]


def test_a_whole_part_that_would_not_fit_in_memory_is_refused_and_the_connection_lives() -> None:
    def script(peer: Peer) -> None:
        peer.line()
        peer.send(b"M3 BAD what is <\r\n")
        peer.line()
        peer.send(b"* 5 FETCH (UID 5 BODY[2] {16000001}\r\n" + b"x" * 16_000_001 + b")\r\nM4 OK .\r\n")
        peer.expect(b"M5 LOGOUT\r\n")
        peer.send(b"M5 OK .\r\n")

    with Scripted(selected(script)) as server:
        session = inbox(server)
        with pytest.raises(Refused, match="16 MB") as caught:
            contents(session, [SavedPart("2")])
        session.close()
    assert caught.value.cause is Cause.MESSAGE


def test_a_server_that_is_busy_is_asked_later_and_the_message_is_not_to_blame() -> None:
    def script(peer: Peer) -> None:
        peer.line()
        peer.send(b"M3 NO [UNAVAILABLE] later\r\n")

    with Scripted(selected(script)) as server, pytest.raises(Refused) as caught:
        contents(inbox(server), [SavedPart("2")])
    assert caught.value.cause is Cause.RETRY


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
        peer.expect(asked(b"M3", (b"2", 1_000_000)))
        peer.send(said + b"M3 OK .\r\n")

    with Scripted(selected(script)) as server:
        chunks: Iterator[bytes] = inbox(server).part(5, "2")
        with pytest.raises(Refused) as caught:
            list(chunks)
    assert caught.value.cause is cause
