"""What is asked of a folder, in exact octets, and what is made of strange answers (imap-facts.md 6, 8, 9, Servers)."""

from datetime import datetime, timedelta, timezone

import pytest

from mailbot.effects import Fields, Gathered, Wanted
from mailbot.errors import Cause, Refused
from mailbot.search.nodes import And, Key, Node, Not, Or
from tests.lab.scripted import Peer, Scripted
from tests.wire.conversation import FIELDS, HEADERS, inbox, row, selected

BODY = Key("body", ("hello",))
OTHER = Key("body", ("other",))
NARROW = Key("keyword", "$a")


def uids(blocks: list[Gathered]) -> list[int]:
    return [message.uid for block in blocks for message in block.messages]


def gathered(then: object, wanted: Wanted, *, capabilities: str = "ESEARCH LITERAL+", exists: int = 5) -> list[Gathered]:
    with Scripted(selected(then, capabilities, exists=exists)) as server:  # type: ignore[arg-type]  # a script
        session = inbox(server)
        return list(session.gather(wanted))


# -- new mail


def test_new_mail_and_the_questions_about_it_go_in_one_write() -> None:
    def then(peer: Peer) -> None:
        peer.expect(
            b"M3 UID FETCH 5:* " + FIELDS + b"\r\n"
            b'M4 UID SEARCH RETURN (ALL) UID 5:* BODY "hello"\r\nM5 UID SEARCH RETURN (ALL) UID 5:* BODY "other"\r\n')
        peer.send(row(5, 5) + b'* ESEARCH (TAG "M5") UID\r\n* ESEARCH (TAG "M4") UID ALL 3:5\r\nM3 OK .\r\nM4 OK .\r\nM5 OK .\r\n')
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=5, ask=(BODY, OTHER)))
    message, = block.messages
    assert (message.uid, message.flags, message.size) == (5, {r"\Seen"}, 99)
    assert message.received == datetime(2026, 1, 1, 10, tzinfo=timezone(timedelta(hours=1)))
    assert message.headers.first("from") == "a@x"
    assert block.answers == {BODY: {5}, OTHER: frozenset()}
    assert (block.judged, block.broken) == (1, {})


def test_the_last_message_is_not_taken_for_a_new_one() -> None:
    """RFC 3501 6.4.8: `6:*` names it where nothing is newer."""

    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 6:* " + FIELDS + b"\r\n")
        peer.send(row(5, 5) + b"M3 OK .\r\n")
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=6))
    assert (block.messages, block.judged) == ((), 0)


def test_pending_messages_and_new_ones_are_one_question() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 2:3,5:* " + FIELDS + b"\r\n")
        peer.send(row(5, 5) + row(2, 2) + row(3, 3) + b"M3 OK .\r\n")
        peer.expect_end()

    assert uids(gathered(then, Wanted(Fields(), since=5, uids=(3, 2)))) == [2, 3, 5]


def test_what_is_wanted_is_asked_for_by_name_and_identity_where_there_is_one() -> None:
    def then(peer: Peer) -> None:
        peer.expect(
            b"M3 UID FETCH 5:* (UID FLAGS INTERNALDATE RFC822.SIZE "
            b"BODY.PEEK[HEADER.FIELDS (DATE FROM LIST-ID MESSAGE-ID)] BODYSTRUCTURE EMAILID)\r\n")
        answer = row(5, 5, more=b' BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 12 1) EMAILID (M6d99ac)')
        peer.send(answer + b"M3 OK .\r\n")
        peer.expect_end()

    wanted = Wanted(Fields(frozenset({"list-id", "from", "no such\r\nheader"}), structure=True), since=5)
    (block,) = gathered(then, wanted, capabilities="ESEARCH OBJECTID X-GM-EXT-1")
    message, = block.messages
    assert message.identity == "M6d99ac"
    assert message.structure
    assert (message.structure.type, message.structure.size) == ("text/plain", 12)


def test_gmails_number_is_the_identity_where_there_is_no_better_one() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5:* (UID FLAGS INTERNALDATE RFC822.SIZE " + HEADERS + b" X-GM-MSGID)\r\n")
        peer.send(row(5, 5, more=b" X-GM-MSGID 1278455344230334865") + b"M3 OK .\r\n")
        peer.expect_end()

    (block,) = gathered(then, Wanted(Fields(), since=5), capabilities="ESEARCH X-GM-EXT-1")
    assert block.messages[0].identity == "1278455344230334865"


def test_flags_told_unasked_between_the_rows_are_taken_for_what_they_are() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5:* " + FIELDS + b"\r\n")
        peer.send(
            b"* 2 FETCH (FLAGS (\\Deleted))\r\n* 3 FETCH (UID 3 FLAGS (\\Deleted))\r\n" + row(5, 5)
            + b"* 5 FETCH (UID 5 FLAGS (\\seen \\flagged $x))\r\nM3 OK .\r\n")
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=5))
    assert [(message.uid, message.flags) for message in block.messages] == [(5, {r"\Seen", r"\Flagged", "$x"})]


def test_nothing_wanted_asks_nothing() -> None:
    block, = gathered(lambda peer: peer.expect_end(), Wanted(Fields()))
    assert (block.messages, block.judged) == ((), 0)


# -- searches without ESEARCH, and refused ones


def test_without_esearch_questions_go_one_at_a_time() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5:* " + FIELDS + b'\r\nM4 UID SEARCH UID 5:* BODY "hello"\r\n')
        peer.send(row(5, 5) + b"M3 OK .\r\n* SEARCH 5\r\nM4 OK .\r\n")
        peer.expect(b'M5 UID SEARCH UID 5:* BODY "other"\r\n')
        peer.send(b"* SEARCH\r\nM5 OK .\r\n")
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=5, ask=(BODY, OTHER)), capabilities="LITERAL+")
    assert block.answers == {BODY: {5}, OTHER: frozenset()}


def test_a_refused_question_has_no_answer_and_is_not_asked_again() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5:* " + FIELDS + b'\r\nM4 UID SEARCH RETURN (ALL) UID 5:* BODY "hello"\r\n')
        peer.send(row(5, 5) + b"M3 OK .\r\nM4 BAD no body search here\r\n")
        peer.expect(b"M5 UID FETCH 5:* " + FIELDS + b"\r\n")
        peer.send(row(5, 5) + b"M5 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = inbox(server)
        for _ in range(2):
            block, = session.gather(Wanted(Fields(), since=5, ask=(BODY,)))
            assert block.answers == {BODY: None}


def test_a_question_refused_for_now_is_asked_again_the_next_time() -> None:
    def then(peer: Peer) -> None:
        for number, answer in ((3, b"NO [UNAVAILABLE] index is being built"), (5, b"OK .")):
            peer.expect(
                b"M%d UID FETCH 5:* %s\r\nM%d UID SEARCH RETURN (ALL) UID 5:* BODY \"hello\"\r\n" % (number, FIELDS, number + 1))
            peer.send(row(5, 5) + b'* ESEARCH (TAG "M%d") UID ALL 5\r\nM%d OK .\r\nM%d %s\r\n' % (number + 1, number, number + 1, answer))
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = inbox(server)
        found = [next(iter(session.gather(Wanted(Fields(), since=5, ask=(BODY,))))).answers[BODY] for _ in range(2)]
        assert found == [None, {5}]


def test_an_ok_without_a_result_is_no_answer() -> None:
    """Cyrus on FUZZY."""

    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5:* " + FIELDS + b'\r\nM4 UID SEARCH RETURN (ALL) UID 5:* BODY "hello"\r\n')
        peer.send(row(5, 5) + b"M3 OK .\r\nM4 OK .\r\n")
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=5, ask=(BODY,)))
    assert block.answers == {BODY: None}


def test_a_server_that_knows_no_utf_8_is_asked_what_ascii_can_say() -> None:
    condition = And((Key("body", ("bär",)), Key("keyword", "$a")))

    def then(peer: Peer) -> None:
        peer.expect(
            b"M3 UID FETCH 5:* " + FIELDS + b"\r\nM4 UID SEARCH RETURN (ALL) CHARSET UTF-8 UID 5:* BODY {4+}\r\nb\xc3\xa4r KEYWORD $a\r\n")
        peer.send(row(5, 5) + b"M3 OK .\r\nM4 NO [BADCHARSET (US-ASCII)] what?\r\n")
        peer.expect(b"M5 UID SEARCH RETURN (ALL) UID 5:* KEYWORD $a\r\n")
        peer.send(b'* ESEARCH (TAG "M5") UID ALL 5\r\nM5 OK .\r\n')
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=5, ask=(condition,)))
    assert block.answers == {condition: {5}}


# -- folders


def test_a_folder_is_narrowed_counted_and_its_candidates_fetched() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID SEARCH RETURN (ALL) UID 1:* KEYWORD $a\r\nM4 UID SEARCH RETURN (COUNT) UID 1:*\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID ALL 2,4:5\r\n* ESEARCH (TAG "M4") UID COUNT 5\r\nM3 OK .\r\nM4 OK .\r\n')
        peer.expect(b"M5 UID FETCH 2,4:5 " + FIELDS + b'\r\nM6 UID SEARCH RETURN (ALL) UID 2,4:5 BODY "hello"\r\n')
        peer.send(row(2, 2) + row(4, 4) + row(5, 5) + b'M5 OK .\r\n* ESEARCH (TAG "M6") UID ALL 4\r\nM6 OK .\r\n')
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=1, narrow=NARROW, ask=(BODY,)))
    assert [message.uid for message in block.messages] == [2, 4, 5]
    assert (block.judged, block.answers) == (5, {BODY: {4}})


LOOK = b"(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])"
BY_TEXT = Wanted(Fields(), since=1, narrow=Key("subject", "bill"))
ODD, PLAIN = b"Subject: =?x-unknown?q?bill?=\r\n\r\n", b"Subject: a\r\n\r\n"


def look(number: int, uid: int, subject: bytes = PLAIN) -> bytes:
    return b"* %d FETCH (UID %d BODY[HEADER.FIELDS (SUBJECT)] {%d}\r\n%s)\r\n" % (number, uid, len(subject), subject)


def test_where_a_folder_is_narrowed_by_text_what_the_server_may_not_have_decoded_is_read_in_the_same_write() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID SEARCH RETURN (ALL) UID 1:* SUBJECT "bill"\r\n'
                    b"M4 UID FETCH 1:600 " + LOOK + b"\r\nM5 UID FETCH 601:1200 " + LOOK + b"\r\nM6 UID FETCH 1201:* " + LOOK + b"\r\n")
        rows = b"".join(look(uid, uid, ODD if uid == 700 else PLAIN) for uid in range(1, 1501))
        peer.send(b'* ESEARCH (TAG "M3") UID ALL 2\r\nM3 OK .\r\n' + rows + b"M4 OK .\r\nM5 OK .\r\nM6 OK .\r\n")
        peer.expect(b"M7 UID FETCH 2,700 " + FIELDS + b"\r\n")
        peer.send(row(2, 2) + row(700, 700) + b"M7 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH", exists=1500)) as server:
        block, = inbox(server, most_uids=600).gather(BY_TEXT)
    assert (uids([block]), block.judged) == ([2, 700], 1500)


@pytest.mark.parametrize("answer", [b"NO [SERVERBUG] not now", b"OK ."])
def test_what_could_not_be_looked_through_counts_as_overlooked(answer: bytes) -> None:
    """A row in other order or another form is read too; flags told beside it vouch for nothing."""

    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID SEARCH RETURN (ALL) UID 1:* SUBJECT "bill"\r\nM4 UID FETCH 1:* ' + LOOK + b"\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID ALL 2\r\nM3 OK .\r\n' + look(1, 1)
                  + b"* 3 FETCH (UID 3 FLAGS (\\Seen))\r\n* 4 FETCH (BODY[HEADER.FIELDS (SUBJECT)] \"Subject: b\" UID 4)\r\n"
                  + b"* 5 FETCH (UID 5 BODY[HEADER.FIELDS (SUBJECT)] NIL)\r\nM4 " + answer + b"\r\n")
        if answer.startswith(b"NO"):
            peer.expect(b"M5 UID SEARCH RETURN (ALL) UID 1:*\r\n")
            peer.send(b'* ESEARCH (TAG "M5") UID ALL 1:6\r\nM5 OK .\r\n')
            peer.expect(b"M6 UID FETCH 2:3,5:6 " + FIELDS + b"\r\n")
            peer.send(b"".join(row(uid, uid) for uid in (2, 3, 5, 6)) + b"M6 OK .\r\n")
        else:
            peer.expect(b"M5 UID FETCH 2,5 " + FIELDS + b"\r\n")
            peer.send(row(2, 2) + row(5, 5) + b"M5 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH", exists=1001)) as server:
        found = uids(list(inbox(server).gather(BY_TEXT)))
    assert found == ([2, 3, 5, 6] if answer.startswith(b"NO") else [2, 5])


def test_where_uids_are_far_apart_they_are_asked_for_first() -> None:
    def then(peer: Peer) -> None:
        peer.log_in("ESEARCH")
        peer.select(exists=1001, uidnext=4_000_000)
        peer.expect(b"M3 UID SEARCH RETURN (ALL) UID 1:*\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID ALL 5,9,3999999\r\nM3 OK .\r\n')
        peer.expect(b'M4 UID SEARCH RETURN (ALL) UID 5:3999999 SUBJECT "bill"\r\nM5 UID FETCH 5,9,3999999 ' + LOOK + b"\r\n")
        peer.send(b'* ESEARCH (TAG "M4") UID ALL 9\r\nM4 OK .\r\n' + look(1, 5) + look(2, 9) + look(3, 3_999_999, ODD) + b"M5 OK .\r\n")
        peer.expect(b"M6 UID FETCH 9,3999999 " + FIELDS + b"\r\n")
        peer.send(row(2, 9) + row(3, 3_999_999) + b"M6 OK .\r\n")
        peer.expect_end()

    with Scripted(then) as server:
        block, = inbox(server).gather(BY_TEXT)
    assert (uids([block]), block.judged) == ([9, 3_999_999], 3)


def test_while_the_candidates_of_a_stretch_are_decided_the_next_is_searched() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID SEARCH RETURN (ALL) UID 1:*\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID ALL 1:3,7:8\r\nM3 OK .\r\n')
        peer.expect(b"M4 UID SEARCH RETURN (ALL) UID 1:2 KEYWORD $a\r\n")
        peer.send(b'* ESEARCH (TAG "M4") UID ALL 1:2\r\nM4 OK .\r\n')
        peer.expect(b"M5 UID FETCH 1:2 " + FIELDS + b"\r\nM6 UID SEARCH RETURN (ALL) UID 3:7 KEYWORD $a\r\n")
        peer.send(row(1, 1) + row(2, 2) + b'M5 OK .\r\n* ESEARCH (TAG "M6") UID\r\nM6 OK .\r\n')
        peer.expect(b"M7 UID SEARCH RETURN (ALL) UID 8:8 KEYWORD $a\r\n")
        peer.send(b'* ESEARCH (TAG "M7") UID ALL 8\r\nM7 OK .\r\n')
        peer.expect(b"M8 UID FETCH 8 " + FIELDS + b"\r\n")
        peer.send(row(5, 8) + b"M8 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH", exists=5)) as server:
        blocks = list(inbox(server, stretch=2).gather(Wanted(Fields(), since=1, narrow=NARROW)))
    assert [(uids([block]), block.judged) for block in blocks] == [([1, 2], 2), ([], 2), ([8], 1)]


def test_a_folder_whose_uids_are_dense_is_searched_in_two_halves_without_being_asked_for_them() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID SEARCH RETURN (ALL) UID 1:2 KEYWORD $a\r\nM4 UID SEARCH RETURN (COUNT) UID 1:2\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID ALL 2\r\n* ESEARCH (TAG "M4") UID COUNT 2\r\nM3 OK .\r\nM4 OK .\r\n')
        peer.expect(b"M5 UID FETCH 2 " + FIELDS + b"\r\nM6 UID SEARCH RETURN (ALL) UID 3:4294967295 KEYWORD $a\r\n"
                    b"M7 UID SEARCH RETURN (COUNT) UID 3:4294967295\r\n")
        peer.send(row(2, 2) + b'M5 OK .\r\n* ESEARCH (TAG "M6") UID ALL 9\r\nM6 OK .\r\n* ESEARCH (TAG "M7") UID COUNT 3\r\nM7 OK .\r\n')
        peer.expect(b"M8 UID FETCH 9 " + FIELDS + b"\r\n")
        peer.send(row(5, 9) + b"M8 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH", exists=5)) as server:
        blocks = list(inbox(server, stretch=6).gather(Wanted(Fields(), since=1, narrow=NARROW)))
    assert [(uids([block]), block.judged) for block in blocks] == [([2], 2), ([9], 3)]


def test_a_large_folder_comes_in_blocks_and_the_next_is_asked_for_before_one_is_given_out() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID SEARCH RETURN (ALL) UID 1:*\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID ALL 1:2250\r\nM3 OK .\r\n')
        peer.expect(b"M4 UID FETCH 1:1000 " + FIELDS + b"\r\nM5 UID FETCH 1001:2000 " + FIELDS + b"\r\n")
        peer.send(b"".join(row(uid, uid) for uid in range(1, 1001)) + b"M4 OK .\r\n")
        peer.expect(b"M6 UID FETCH 2001:2250 " + FIELDS + b"\r\n")
        peer.send(b"".join(row(uid, uid) for uid in range(1001, 2251)) + b"M5 OK .\r\nM6 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH", exists=2250)) as server:
        session = inbox(server)
        before = session.counts.round_trips
        blocks = list(session.gather(Wanted(Fields(), since=1)))
        assert [(len(block.messages), block.judged) for block in blocks] == [(1000, 1000), (1000, 1000), (250, 250)]
        assert session.counts.round_trips - before == 2


def test_a_pass_that_ends_at_a_block_leaves_the_connection_usable() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID SEARCH RETURN (ALL) UID 1:*\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID ALL 1:2000\r\nM3 OK .\r\n')
        peer.expect(b"M4 UID FETCH 1:1000 " + FIELDS + b"\r\nM5 UID FETCH 1001:2000 " + FIELDS + b"\r\n")
        peer.send(b"".join(row(uid, uid) for uid in range(1, 1001)) + b"M4 OK .\r\n")
        peer.expect(b'M6 STATUS "Trash" (MESSAGES UIDNEXT UIDVALIDITY)\r\n')
        peer.send(b"".join(row(uid, uid) for uid in range(1001, 2001)) + b"M5 OK .\r\n")
        peer.send(b"* STATUS Trash (MESSAGES 1 UIDNEXT 8 UIDVALIDITY 3)\r\nM6 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH", exists=2000)) as server:
        session = inbox(server)
        next(iter(session.gather(Wanted(Fields(), since=1))))
        assert session.status(["Trash"])["Trash"].uidnext == 8


def test_narrowing_that_is_refused_reads_everything() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID SEARCH RETURN (ALL) UID 1:* KEYWORD $a\r\nM4 UID SEARCH RETURN (COUNT) UID 1:*\r\n")
        peer.send(b'M3 BAD what?\r\n* ESEARCH (TAG "M4") UID COUNT 2\r\nM4 OK .\r\n')
        peer.expect(b"M5 UID SEARCH RETURN (ALL) UID 1:*\r\n")
        peer.send(b'* ESEARCH (TAG "M5") UID ALL 4:5\r\nM5 OK .\r\n')
        peer.expect(b"M6 UID FETCH 4:5 " + FIELDS + b"\r\n")
        peer.send(row(4, 4) + row(5, 5) + b"M6 OK .\r\n")
        peer.expect_end()

    assert uids(gathered(then, Wanted(Fields(), since=1, narrow=NARROW))) == [4, 5]


def test_a_condition_too_long_for_a_line_is_asked_in_parts() -> None:
    narrow = Or(tuple(Key("keyword", f"k{number}") for number in range(1000)))
    searches: list[bytes] = []

    def then(peer: Peer) -> None:
        while b"COUNT" not in (line := peer.line()):
            assert len(line) <= 8_000
            searches.append(line)
        for line in searches:
            tag = line.split()[0]
            peer.send(b'* ESEARCH (TAG "%s") UID ALL %s\r\n%s OK .\r\n' % (tag, tag[1:], tag))
        tag = b"M%d" % (3 + len(searches))
        peer.send(b'* ESEARCH (TAG "%s") UID COUNT 5\r\n%s OK .\r\n' % (tag, tag))
        fetch = peer.line()
        peer.send(row(3, 3) + row(4, 4) + fetch.split()[0] + b" OK .\r\n")
        peer.expect_end()

    assert uids(gathered(then, Wanted(Fields(), since=1, narrow=narrow))) == [3, 4]
    assert len(searches) > 1
    assert b"".join(searches).count(b"KEYWORD") == 1000


def test_a_question_too_long_for_a_line_that_cannot_be_parted_has_no_answer() -> None:
    condition: Node = Not(And(tuple(Key("keyword", f"k{number}") for number in range(1000))))

    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5:* " + FIELDS + b"\r\n")
        peer.send(row(5, 5) + b"M3 OK .\r\n")
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=5, ask=(condition,)))
    assert block.answers == {condition: None}


def test_uids_far_apart_are_named_in_lines_below_8000_octets() -> None:
    wanted = tuple(range(1_000_000, 1_020_000, 7))

    def then(peer: Peer) -> None:
        for _ in range(10_000):
            line = peer.line()
            if b"SEARCH" in line:
                peer.send(b'* ESEARCH (TAG "%s") UID\r\n%s OK .\r\n' % (line.split()[0], line.split()[0]))
                continue
            if not line:
                return
            assert len(line) <= 8_000
            peer.send(line.split()[0] + b" OK .\r\n")

    with Scripted(selected(then)) as server:
        session = inbox(server)
        assert session.fetch(wanted, Fields()) == {}


# -- what cannot be read


def test_one_row_that_cannot_be_read_spoils_no_other() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 3:* (UID FLAGS INTERNALDATE RFC822.SIZE " + HEADERS + b" BODYSTRUCTURE)\r\n")
        good = row(5, 5, more=b' BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 12 1)')
        peer.send(row(3, 3, more=b" BODYSTRUCTURE (((") + row(4, 4, more=b" BODYSTRUCTURE NIL") + good + b"M3 OK .\r\n")
        again = b" (UID FLAGS INTERNALDATE RFC822.SIZE " + HEADERS + b" BODYSTRUCTURE)\r\n"
        peer.expect(b"M4 UID FETCH 3" + again + b"M5 UID FETCH 4" + again)
        peer.send(row(3, 3, more=b" BODYSTRUCTURE (((") + b"M4 OK .\r\n")
        peer.send(row(4, 4, more=b' BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 12 1)') + b"M5 OK .\r\n")
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(structure=True), since=3))
    assert [message.uid for message in block.messages] == [4, 5]
    assert list(block.broken) == [3]
    assert block.judged == 3


def test_a_fetch_that_fails_for_one_message_is_tried_for_each() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 4:* " + FIELDS + b"\r\n")
        peer.send(b"M3 NO internal error\r\n")
        peer.expect(b"M4 UID SEARCH RETURN (ALL) UID 4:*\r\n")
        peer.send(b'* ESEARCH (TAG "M4") UID ALL 4:5\r\nM4 OK .\r\n')
        peer.expect(b"M5 UID FETCH 4:5 " + FIELDS + b"\r\n")
        peer.send(row(4, 4) + b"M5 NO internal error\r\n")
        peer.expect(b"M6 UID FETCH 5 " + FIELDS + b"\r\n")
        peer.send(b"M6 NO cannot be opened\r\n")
        peer.expect_end()

    block, = gathered(then, Wanted(Fields(), since=4))
    assert [message.uid for message in block.messages] == [4]
    assert block.broken == {5: "cannot be opened"}


def test_messages_gone_meanwhile_are_absent_and_no_failure() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 4:* " + FIELDS + b"\r\n")
        peer.send(row(5, 5) + b"* 4 EXPUNGE\r\nM3 NO [EXPUNGEISSUED] some are gone\r\n")
        peer.expect_end()

    assert uids(gathered(then, Wanted(Fields(), since=4))) == [5]


@pytest.mark.parametrize(
    ("answer", "cause"),
    [(b"NO [UNAVAILABLE] later", Cause.RETRY), (b"NO [OVERQUOTA] too much", Cause.QUOTA), (b"BAD what?", Cause.MESSAGE)])
def test_a_fetch_refused_as_a_whole_is_refused_with_its_cause(answer: bytes, cause: Cause) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5:* " + FIELDS + b"\r\n")
        peer.send(b"M3 " + answer + b"\r\n")
        peer.expect_end()

    with pytest.raises(Refused) as caught:
        gathered(then, Wanted(Fields(), since=5))
    assert caught.value.cause is cause


@pytest.mark.parametrize("answer", [b"ALL 1:4294967295", b"ALL 1:2:3", b"ALL (1 2)"])
def test_a_search_result_that_nobody_can_have_is_refused_not_counted_out(answer: bytes) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID SEARCH RETURN (ALL) UID 1:* KEYWORD $a\r\nM4 UID SEARCH RETURN (COUNT) UID 1:*\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID %s\r\n* ESEARCH (TAG "M4") UID COUNT 0\r\nM3 OK .\r\nM4 OK .\r\n' % answer)
        peer.expect(b"M5 UID SEARCH RETURN (ALL) UID 1:*\r\n")
        peer.send(b'* ESEARCH (TAG "M5") UID\r\nM5 OK .\r\n')
        peer.expect_end()

    assert uids(gathered(then, Wanted(Fields(), since=1, narrow=NARROW), exists=0)) == []


def test_a_server_that_finds_none_of_the_messages_that_are_there_is_told_so() -> None:
    """GNU Mailutils 3.21 finds `UID 1:6`, and nothing by `UID 1:*`: it would look as if there were nothing to do."""
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID SEARCH UID 1:* KEYWORD $a\r\n")
        peer.send(b"* SEARCH\r\nM3 OK UID SEARCH Completed\r\n")
        peer.expect(b"M4 UID SEARCH UID 1:*\r\n")
        peer.send(b"* SEARCH\r\nM4 OK UID SEARCH Completed\r\n")
        peer.expect_end()

    with pytest.raises(Refused, match="finds none of 6 messages"):
        gathered(then, Wanted(Fields(), since=1, narrow=NARROW), capabilities="LITERAL+", exists=6)
