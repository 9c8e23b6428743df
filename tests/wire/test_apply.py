"""Orders as exact octets, and what proves that they were done (imap-facts.md 6, 7, Servers; safety.md 1, 3)."""

import pytest

from mailbot.effects import AddFlags, Copy, Delete, Fields, Move, Order, Outcome, RemoveFlags, Save, SavedPart, SetFlags
from mailbot.errors import Cause
from tests.lab.scripted import Peer, Script, Scripted
from tests.wire.conversation import EVERYTHING, FIELDS, inbox, row, selected

SEEN = AddFlags(frozenset({r"\Seen", "$todo"}))
LOOK = b"(UID FLAGS)\r\n"


def applied(then: Script, *orders: Order, capabilities: str = EVERYTHING, last: bool = False) -> list[Outcome]:
    with Scripted(selected(then, capabilities)) as server:
        session = inbox(server)
        return session.apply(list(orders), last=last)


def test_equal_effects_are_one_command_and_all_go_in_one_write() -> None:
    def then(peer: Peer) -> None:
        peer.expect(
            b"M3 UID STORE 1:3,5 +FLAGS.SILENT ($todo \\Seen)\r\nM4 UID STORE 2 -FLAGS.SILENT (\\Flagged)\r\n"
            b'M5 UID COPY 1 "Archive"\r\nM6 UID MOVE 2:3,5 "Dev/GitHub"\r\n')
        peer.send(b"M3 OK .\r\nM4 OK .\r\nM5 OK [COPYUID 8 1 41] .\r\n* OK [COPYUID 9 2:3,5 7:9] .\r\n* 2 EXPUNGE\r\nM6 OK .\r\n")
        peer.expect_end()

    flagged = RemoveFlags(frozenset({r"\Flagged"}))
    outcomes = applied(
        then, Order(SEEN, (1, 2, 3, 5)), Order(flagged, (2,)), Order(Copy("Archive"), (1,)), Order(Move("Dev/GitHub"), (2, 3, 5)))
    assert outcomes == [
        *(Outcome(SEEN, uid) for uid in (1, 2, 3, 5)), Outcome(flagged, 2),
        Outcome(Copy("Archive"), 1, target_uidvalidity=8, target_uid=41),
        *(Outcome(Move("Dev/GitHub"), uid, target_uidvalidity=9, target_uid=target) for uid, target in ((2, 7), (3, 8), (5, 9)))]


def test_an_answer_held_back_until_the_next_command_is_done_is_not_mistaken() -> None:
    """Dovecot: STORE's OK comes behind MOVE's COPYUID."""

    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID STORE 1 +FLAGS.SILENT ($todo \\Seen)\r\nM4 UID MOVE 1 "A"\r\nM5 UID MOVE 2 "B"\r\n')
        peer.send(b"* OK [COPYUID 9 1 7] .\r\n* OK [COPYUID 8 2 3] .\r\n* 1 EXPUNGE\r\nM5 OK .\r\nM3 OK .\r\nM4 OK .\r\n")
        peer.expect_end()

    outcomes = applied(then, Order(SEEN, (1,)), Order(Move("A"), (1,)), Order(Move("B"), (2,)))
    assert [(outcome.target_uidvalidity, outcome.target_uid) for outcome in outcomes] == [(0, 0), (9, 7), (8, 3)]


def test_a_message_missing_from_copyuid_is_gone_after_looking() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID MOVE 1:3 "A"\r\nM4 IDLE\r\n')
        peer.send(b"* OK [COPYUID 9 1 7] .\r\n* 1 EXPUNGE\r\nM3 OK .\r\n+ idling\r\n")
        peer.expect(b"DONE\r\nM5 UID FETCH 2:3 " + LOOK + b"M6 IDLE\r\n")
        peer.send(b"M4 OK .\r\n* 1 FETCH (UID 3 FLAGS ())\r\nM5 OK .\r\n+ idling\r\n")
        peer.expect_end()

    moved, gone, there = applied(then, Order(Move("A"), (1, 2, 3)), last=True)
    assert moved.done
    assert gone.cause is Cause.GONE
    assert there.cause is Cause.MESSAGE


def test_a_missing_folder_is_made_subscribed_and_the_move_sent_once_more() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID MOVE 1 "New/Sub"\r\n')
        peer.send(b"M3 NO [TRYCREATE] no such mailbox\r\n")
        peer.expect(b'M4 CREATE "New/Sub"\r\nM5 SUBSCRIBE "New/Sub"\r\nM6 UID MOVE 1 "New/Sub"\r\n')
        peer.send(b"M4 OK .\r\nM5 OK .\r\n* OK [COPYUID 9 1 1] .\r\n* 1 EXPUNGE\r\nM6 OK .\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Move("New/Sub"), (1,)))
    assert outcome.done


def test_a_folder_that_another_made_meanwhile_is_used() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID COPY 1 "New"\r\n')
        peer.send(b"M3 NO [NONEXISTENT] no such mailbox\r\n")
        peer.expect(b'M4 CREATE "New"\r\nM5 SUBSCRIBE "New"\r\nM6 UID COPY 1 "New"\r\n')
        peer.send(b"M4 NO [ALREADYEXISTS] there\r\nM5 OK .\r\nM6 OK [COPYUID 9 1 1] .\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Copy("New"), (1,)))
    assert outcome.done


def test_a_folder_that_cannot_be_made_says_why() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID MOVE 1 "New"\r\n')
        peer.send(b"M3 NO [TRYCREATE] no such mailbox\r\n")
        peer.expect(b'M4 CREATE "New"\r\nM5 SUBSCRIBE "New"\r\nM6 UID MOVE 1 "New"\r\n')
        peer.send(b"M4 NO [NOPERM] not yours\r\nM5 NO .\r\nM6 NO [TRYCREATE] no such mailbox\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Move("New"), (1,)))
    assert (outcome.cause, outcome.why) == (Cause.FOLDER, "not yours")


def test_no_folder_is_made_that_must_not_be() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID MOVE 1 "New"\r\n')
        peer.send(b"M3 NO [TRYCREATE] no such mailbox\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Move("New", create=False), (1,)))
    assert (outcome.cause, outcome.why) == (Cause.FOLDER, "no such mailbox")


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"NO [OVERQUOTA] full", Cause.FOLDER), (b"NO Over quota", Cause.FOLDER), (b"NO Permission denied", Cause.FOLDER),
        (b"NO [INUSE] locked", Cause.RETRY), (b"NO [SERVERBUG] oops", Cause.RETRY), (b"NO [THROTTLED] slow down", Cause.QUOTA),
        (b"BAD what?", Cause.MESSAGE),
    ])
def test_a_refusal_is_an_outcome_with_its_cause(answer: bytes, cause: Cause) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID MOVE 1 "A"\r\n')
        peer.send(b"M3 " + answer + b"\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Move("A", create=False), (1,)))
    assert outcome.cause is cause


def test_a_set_of_which_one_is_gone_is_tried_again_for_the_rest() -> None:
    """Dovecot copies none of them then."""

    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID COPY 1:2 "A"\r\n')
        peer.send(b"M3 NO [EXPUNGEISSUED] some are gone\r\n")
        peer.expect(b"M4 UID FETCH 1:2 " + LOOK)
        peer.send(b"* 1 FETCH (UID 1 FLAGS ())\r\nM4 OK .\r\n")
        peer.expect_end()

    there, gone = applied(then, Order(Copy("A"), (1, 2)))
    assert (there.cause, gone.cause) == (Cause.RETRY, Cause.GONE)


# -- delete


DELETE = b"M3 UID STORE 2 +FLAGS.SILENT (\\Deleted)\r\nM4 UID EXPUNGE 2\r\nM5 UID FETCH 2 " + LOOK


def test_a_delete_expunges_exactly_its_uids_and_looks() -> None:
    def then(peer: Peer) -> None:
        peer.expect(DELETE)
        peer.send(b"M3 OK .\r\n* 2 EXPUNGE\r\nM4 OK .\r\nM5 OK .\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Delete(), (2,)))
    assert outcome == Outcome(Delete(), 2)


def test_an_expunge_told_behind_the_look_counts() -> None:
    """Dovecot looks first and expunges then."""

    def then(peer: Peer) -> None:
        peer.expect(DELETE.replace(b"2", b"2:3"))
        peer.send(
            b"* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\n* 3 FETCH (UID 3 FLAGS (\\Deleted))\r\n* 2 EXPUNGE\r\n* 2 EXPUNGE\r\n"
            b"M3 OK .\r\nM4 OK .\r\nM5 OK .\r\n")
        peer.expect_end()

    assert all(outcome.done for outcome in applied(then, Order(Delete(), (2, 3))))


def test_an_expunge_that_did_nothing_is_sent_once_more_and_then_told() -> None:
    """Dovecot 2.3 says OK and leaves it, where a STORE in the same write made a new keyword; or where the right is missing."""

    def then(peer: Peer) -> None:
        peer.expect(DELETE)
        peer.send(b"M3 OK .\r\nM4 OK .\r\n* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\nM5 OK .\r\n")
        peer.expect(DELETE.replace(b"M5", b"M8").replace(b"M4", b"M7").replace(b"M3", b"M6"))
        peer.send(b"M6 OK .\r\nM7 OK .\r\n* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\nM8 OK .\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Delete(), (2,)))
    assert outcome.cause is Cause.FOLDER


def test_without_uidplus_a_deleted_message_stays_marked() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID STORE 2 +FLAGS.SILENT (\\Deleted)\r\nM4 UID FETCH 2 " + LOOK)
        peer.send(b"M3 OK .\r\n* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\nM4 OK .\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Delete(), (2,)), capabilities="ESEARCH MOVE")
    assert outcome == Outcome(Delete(), 2, why="marked")


# -- moves without MOVE


def test_without_move_the_original_goes_only_after_the_copy_is_proved() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID COPY 1:2 "A"\r\n')
        peer.send(b"M3 OK [COPYUID 9 1 7] .\r\n")       # 2 was gone
        peer.expect(
            b"M4 UID STORE 1 +FLAGS.SILENT (\\Deleted)\r\nM5 UID EXPUNGE 1\r\nM6 UID FETCH 1 " + LOOK + b"M7 UID FETCH 2 " + LOOK
            + b"M8 IDLE\r\n")
        peer.send(b"M4 OK .\r\n* 1 EXPUNGE\r\nM5 OK .\r\nM6 OK .\r\nM7 OK .\r\n+ idling\r\n")
        peer.expect_end()

    moved, gone = applied(then, Order(Move("A"), (1, 2)), capabilities="IDLE UIDPLUS ESEARCH", last=True)
    assert moved == Outcome(Move("A"), 1, target_uidvalidity=9, target_uid=7)
    assert gone.cause is Cause.GONE


def test_an_original_that_cannot_be_removed_is_no_reason_to_copy_again() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID COPY 1 "A"\r\n')
        peer.send(b"M3 OK [COPYUID 9 1 7] .\r\n")
        peer.expect(b"M4 UID STORE 1 +FLAGS.SILENT (\\Deleted)\r\nM5 UID EXPUNGE 1\r\nM6 UID FETCH 1 " + LOOK)
        peer.send(b"M4 NO [NOPERM] not yours\r\nM5 OK .\r\n* 1 FETCH (UID 1 FLAGS ())\r\nM6 OK .\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(Move("A"), (1,)), capabilities="UIDPLUS ESEARCH")
    assert (outcome.done, outcome.why, outcome.target_uid) == (True, "the original stays: not yours", 7)


def test_nothing_is_copied_where_it_could_not_be_removed() -> None:
    def script(peer: Peer) -> None:
        peer.log_in("UIDPLUS ESEARCH")
        peer.expect(b'M2 SELECT "INBOX"\r\n')
        peer.send(b"* 5 EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen)] .\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 6] .\r\nM2 OK .\r\n")
        peer.expect_end()

    with Scripted(script) as server:
        session = inbox(server)
        outcome, = session.apply([Order(Move("A"), (1,))])
    assert outcome.cause is Cause.FOLDER


def test_without_uidplus_the_copy_is_proved_by_a_look_into_the_target() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 1:3 " + FIELDS + b'\r\nM4 STATUS "A" (MESSAGES UIDNEXT UIDVALIDITY)\r\n')
        same, other = b"Message-ID: <1@x>\r\n\r\n", b"Message-ID: <3@x>\r\n\r\n"
        peer.send(row(1, 1, same) + row(2, 2, same) + row(3, 3, other))
        peer.send(b"M3 OK .\r\n* STATUS A (MESSAGES 1 UIDNEXT 6 UIDVALIDITY 7)\r\nM4 OK .\r\n")
        peer.expect(b'M5 UID COPY 1:3 "A"\r\n')
        peer.send(b"M5 OK .\r\n")
        peer.select(exists=3, uidnext=8, tag=b"M6", name=b'"A"', verb=b"EXAMINE")
        peer.expect(b"M7 UID FETCH 6:* " + FIELDS + b"\r\n")
        peer.send(row(2, 6, same) + row(3, 7, same) + b"M7 OK .\r\n")
        peer.select(exists=5, uidnext=6, tag=b"M8")
        peer.expect(b"M9 UID STORE 1:2 +FLAGS.SILENT (\\Deleted)\r\nM10 UID FETCH 1:2 " + LOOK + b"M11 UID FETCH 3 " + LOOK)
        peer.send(
            b"M9 OK .\r\n* 1 FETCH (UID 1 FLAGS (\\Deleted))\r\n* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\nM10 OK .\r\n"
            b"* 3 FETCH (UID 3 FLAGS ())\r\nM11 OK .\r\n")
        peer.expect_end()

    one, two, three = applied(then, Order(Move("A"), (1, 2, 3)), capabilities="ESEARCH")
    assert {(outcome.target_uidvalidity, outcome.target_uid, outcome.why) for outcome in (one, two)} == {
        (7, 6, "marked"), (7, 7, "marked")}
    assert three.cause is Cause.MESSAGE     # its copy is not there: it is not touched


def test_mail_that_comes_during_the_look_elsewhere_is_news(quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 1 " + FIELDS + b'\r\nM4 STATUS "A" (MESSAGES UIDNEXT UIDVALIDITY)\r\n')
        peer.send(row(1, 1) + b"M3 OK .\r\n* STATUS A (MESSAGES 1 UIDNEXT 6 UIDVALIDITY 7)\r\nM4 OK .\r\n")
        peer.expect(b'M5 UID COPY 1 "A"\r\n')
        peer.send(b"M5 OK .\r\n")
        peer.select(exists=2, uidnext=7, tag=b"M6", name=b'"A"', verb=b"EXAMINE")
        peer.expect(b"M7 UID FETCH 6:* " + FIELDS + b"\r\n")
        peer.send(row(2, 6) + b"M7 OK .\r\n")
        peer.select(exists=6, uidnext=7, tag=b"M8")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH")) as server:
        session = inbox(server)
        outcome, = session.apply([Order(Copy("A"), (1,))])
        assert outcome.target_uid == 6
        assert session.select("INBOX").uidnext == 7
        assert session.idle(quiet, 0)


@pytest.mark.parametrize("told", [b"", b"* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 8)\r\n"], ids=["gone", "made anew"])
def test_a_selected_folder_that_is_another_by_now_is_selected_anew(told: bytes) -> None:
    """Cyrus and Courier let a session go on in a folder that was deleted."""

    def then(peer: Peer) -> None:
        peer.expect(b'M3 STATUS "INBOX" (MESSAGES UIDNEXT UIDVALIDITY)\r\nM4 NOOP\r\n')
        peer.send(told + (b"M3 OK .\r\n" if told else b"M3 NO [NONEXISTENT] .\r\n") + b"M4 OK .\r\n")
        peer.select(exists=1, uidnext=2, tag=b"M5")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH")) as server:
        session = inbox(server)
        assert ("INBOX" in session.status(["INBOX"])) is bool(told)
        assert session.select("INBOX").uidnext == 2


# -- flags


def test_set_flags_leaves_deleted_as_it_is() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 1:3 " + LOOK)
        peer.send(b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 2 FETCH (UID 2 FLAGS (\\deleted $x))\r\nM3 OK .\r\n")
        peer.expect(b"M4 UID STORE 2 FLAGS.SILENT (\\Deleted \\Flagged)\r\nM5 UID STORE 1,3 FLAGS.SILENT (\\Flagged)\r\n")
        peer.send(b"M4 OK .\r\nM5 OK .\r\n")
        peer.expect_end()

    outcomes = applied(then, Order(SetFlags(frozenset({r"\Flagged"})), (1, 2, 3)))
    assert [(outcome.uid, outcome.done) for outcome in outcomes] == [(1, True), (2, True), (3, True)]


def test_no_flags_at_all_can_be_set() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 1 " + LOOK)
        peer.send(b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\nM3 OK .\r\n")
        peer.expect(b"M4 UID STORE 1 FLAGS.SILENT ()\r\n")
        peer.send(b"M4 OK .\r\n")
        peer.expect_end()

    outcome, = applied(then, Order(SetFlags(frozenset()), (1,)))
    assert outcome.done


def test_a_refused_flag_is_an_outcome_and_the_move_behind_it_is_done() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID STORE 1 +FLAGS.SILENT ($todo \\Seen)\r\nM4 UID MOVE 1 "A"\r\n')
        peer.send(b"M3 NO [CANNOT] no keywords\r\n* OK [COPYUID 9 1 7] .\r\n* 1 EXPUNGE\r\nM4 OK .\r\n")
        peer.expect_end()

    flag, move = applied(then, Order(SEEN, (1,)), Order(Move("A"), (1,)))
    assert (flag.cause, flag.why, move.done) == (Cause.MESSAGE, "no keywords", True)


# -- chains


def test_what_follows_a_copy_of_the_same_message_waits_for_it() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID COPY 1:2 "A"\r\nM4 UID MOVE 3 "B"\r\n')
        peer.expect_nothing()
        peer.send(b"M3 OK [COPYUID 9 1 7] .\r\n* OK [COPYUID 8 3 1] .\r\n* 3 EXPUNGE\r\nM4 OK .\r\n")
        peer.expect(b"M5 UID FETCH 2 " + LOOK)
        peer.send(b"* 2 FETCH (UID 2 FLAGS ())\r\nM5 OK .\r\n")
        peer.expect(b'M6 UID MOVE 1 "B"\r\nM7 IDLE\r\n')     # 2 was not copied: it stays
        peer.send(b"* OK [COPYUID 8 1 2] .\r\n* 1 EXPUNGE\r\nM6 OK .\r\n+ idling\r\n")
        peer.expect_end()

    orders = Order(Copy("A"), (1, 2)), Order(Move("B"), (3,)), Order(Move("B"), (1, 2))
    outcomes = applied(then, *orders, last=True)
    assert [(outcome.effect, outcome.uid, outcome.done) for outcome in outcomes] == [
        (Copy("A"), 1, True), (Copy("A"), 2, False), (Move("B"), 3, True), (Move("B"), 1, True), (Move("B"), 2, False)]


# -- what must never be sent


def test_a_read_only_session_examines_and_has_no_effects() -> None:
    def script(peer: Peer) -> None:
        peer.log_in(EVERYTHING)
        peer.select(exists=5, uidnext=6, verb=b"EXAMINE")
        peer.expect_end()

    with Scripted(script) as server:
        session = server.connect(read_only=True)
        assert session.select("INBOX").read_only
        with pytest.raises(RuntimeError):
            session.apply([Order(Delete(), (1,))])


def test_a_save_is_not_for_the_wire() -> None:
    with Scripted(selected(lambda peer: peer.expect_end())) as server:
        session = inbox(server)
        with pytest.raises(TypeError):
            session.apply([Order(Save(SavedPart("2"), "/data", "/data/x"), (1,))])


# -- many messages, many ways


MANY = tuple(range(1, 201))


def by_dovecot(then: Script, exists: int = 60_000) -> Script:
    def script(peer: Peer) -> None:
        peer.log_in_as("Dovecot", "IDLE ESEARCH UIDPLUS MOVE LITERAL+")
        peer.select(exists=exists, uidnext=exists + 1, tag=b"M3")
        then(peer)

    return script


def test_many_moves_out_of_a_large_folder_are_copies_and_one_removal_on_dovecot() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M4 UID COPY 1:100 "A"\r\nM5 UID COPY 101:200 "B"\r\n')
        peer.send(b"M4 OK [COPYUID 9 1:100 1:100] .\r\nM5 OK [COPYUID 8 101:199 1:99] .\r\n")       # 200 was gone
        peer.expect(b"M6 UID STORE 1:199 +FLAGS.SILENT (\\Deleted)\r\nM7 UID EXPUNGE 1:199\r\nM8 UID FETCH 1:199 " + LOOK
                    + b"M9 UID FETCH 200 " + LOOK)
        gone = b"".join(b"* 1 EXPUNGE\r\n" for _ in range(198))
        peer.send(b"M6 OK .\r\n" + gone + b"M7 OK .\r\n* 1 FETCH (UID 199 FLAGS (\\Deleted))\r\nM8 OK .\r\nM9 OK .\r\n")
        peer.expect(b"M10 UID STORE 199 +FLAGS.SILENT (\\Deleted)\r\nM11 UID EXPUNGE 199\r\nM12 UID FETCH 199 " + LOOK)
        peer.send(b"M10 OK .\r\n* 1 EXPUNGE\r\nM11 OK .\r\nM12 OK .\r\n")       # Dovecot 2.3 loses one now and then
        peer.expect_end()

    with Scripted(by_dovecot(then)) as server:
        outcomes = inbox(server).apply([Order(Move("A"), MANY[:100]), Order(Move("B"), MANY[100:])])
    assert [(outcome.done, outcome.why) for outcome in outcomes[:199]] == [(True, "")] * 199
    assert outcomes[199].cause is Cause.GONE


def test_where_there_is_no_room_for_a_copy_it_is_moved_after_all() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M4 UID COPY 1:100 "A"\r\nM5 UID COPY 101:200 "B"\r\n')
        peer.send(b"M4 OK [COPYUID 9 1:100 1:100] .\r\nM5 NO [OVERQUOTA] full\r\n")
        peer.expect(b'M6 UID MOVE 101:200 "B"\r\n')
        peer.send(b"* OK [COPYUID 8 101:200 1:100] .\r\nM6 OK .\r\n")
        peer.expect(b"M7 UID STORE 1:100 +FLAGS.SILENT (\\Deleted)\r\nM8 UID EXPUNGE 1:100\r\nM9 UID FETCH 1:100 " + LOOK)
        peer.send(b"M7 OK .\r\nM8 OK .\r\nM9 OK .\r\n")
        peer.expect_end()

    with Scripted(by_dovecot(then)) as server:
        outcomes = inbox(server).apply([Order(Move("A"), MANY[:100]), Order(Move("B"), MANY[100:])])
    assert all(outcome.done and outcome.target_uid for outcome in outcomes)


@pytest.mark.parametrize(("name", "exists", "uids"), [("Cyrus", 60_000, MANY), ("Dovecot", 1_000, MANY), ("Dovecot", 60_000, MANY[:99])])
def test_otherwise_a_move_is_a_move(name: str, exists: int, uids: tuple[int, ...]) -> None:
    half = len(uids) // 2

    def script(peer: Peer) -> None:
        peer.log_in_as(name, "IDLE ESEARCH UIDPLUS MOVE LITERAL+")
        peer.select(exists=exists, uidnext=exists + 1, tag=b"M3")
        peer.expect(b'M4 UID MOVE 1:%d "A"\r\nM5 UID MOVE %d:%d "B"\r\n' % (half, half + 1, len(uids)))
        peer.send(b"* OK [COPYUID 9 1:%d 1:%d] .\r\nM4 OK .\r\n" % (half, half))
        rest = len(uids) - half
        peer.send(b"* OK [COPYUID 8 %d:%d 1:%d] .\r\nM5 OK .\r\n" % (half + 1, len(uids), rest))
        peer.expect_end()

    with Scripted(script) as server:
        outcomes = inbox(server).apply([Order(Move("A"), uids[:half]), Order(Move("B"), uids[half:])])
    assert all(outcome.done for outcome in outcomes)


def test_a_server_that_counts_changes_is_asked_for_those_alone() -> None:
    """RFC 7162: HIGHESTMODSEQ with SELECT, and CHANGEDSINCE; what a STORE says of MODSEQ is no look at the message."""

    def script(peer: Peer) -> None:
        peer.log_in("CONDSTORE UIDPLUS")
        peer.select(exists=3, uidnext=4, name=b'"INBOX" (CONDSTORE)', more=b"* OK [HIGHESTMODSEQ 12] .\r\n")
        peer.expect(b"M3 UID FETCH 1:3 " + FIELDS + b" (CHANGEDSINCE 11)\r\n")
        peer.send(row(2, 2, more=b" MODSEQ (12)") + b"M3 OK .\r\n")
        peer.expect(b"M4 UID STORE 2 +FLAGS.SILENT (\\Deleted)\r\nM5 UID EXPUNGE 2\r\nM6 UID FETCH 2 " + LOOK)
        peer.send(b"* 2 FETCH (UID 2 MODSEQ (13))\r\nM4 OK .\r\nM5 OK .\r\nM6 OK .\r\n")
        peer.expect_end()

    with Scripted(script) as server:
        session = server.connect()
        assert session.select("INBOX").highestmodseq == 12
        assert list(session.fetch((1, 2, 3), Fields(), changed_since=11)) == [2]
        outcome, = session.apply([Order(Delete(), (2,))])
        assert outcome.done
