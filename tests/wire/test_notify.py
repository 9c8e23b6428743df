"""NOTIFY (RFC 5465): exact octets, and what is made of what the server tells without being asked."""

import time
from collections.abc import Callable

import pytest

from mailbot.effects import Fields, Wanted
from mailbot.errors import Refused, Unreachable
from mailbot.imap.idling import Idled
from mailbot.imap.session import Session
from tests.lab.scripted import Peer, Script, Scripted
from tests.wire.conversation import EVERYTHING, inbox, selected

WITH_NOTIFY = f"{EVERYTHING} NOTIFY"
SET = b"NOTIFY SET (selected-delayed (MessageNew MessageExpunge))"
PERSONAL = b" (personal (MessageNew MessageExpunge MailboxName))\r\n"
FOLDERS = ("INBOX", "A", "B")
LONG = 15.0     # seconds: a test that waits that long fails


def watched(then: Script) -> Script:
    """INBOX is selected, INBOX, A and B are watched; the next tag is M5."""

    def script(peer: Peer) -> None:
        listed(peer, b"M3")
        peer.expect(b"M4 " + SET + PERSONAL)
        peer.send(b"M4 OK .\r\n")
        then(peer)

    return selected(script, WITH_NOTIFY)


def listed(peer: Peer, tag: bytes) -> None:
    peer.expect(tag + b' LIST "" "*"\r\n')
    peer.send(b'* LIST () "/" INBOX\r\n' + tag + b" OK .\r\n")


def idle(tag: bytes, *told: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.expect(tag + b" IDLE\r\n")
        peer.send(b"+ idling\r\n", *told)
        peer.expect_end()

    return script


def watching(server: Scripted) -> Session:
    session = inbox(server, timeout=5.0)
    assert session.watch(FOLDERS)
    assert session.has_notify
    return session


def waits(session: Session, quiet: int, seconds: float = LONG) -> Idled:
    return session.idle(quiet, time.monotonic() + seconds)


def test_mail_in_a_folder_that_is_not_selected_wakes_and_is_told_once(quiet: int) -> None:
    with Scripted(watched(idle(b"M5", b"* STATUS B (MESSAGES 3 UIDNEXT 9 UNSEEN 1)\r\n"))) as server:
        session = watching(server)
        assert waits(session, quiet) is Idled.WOKEN
        assert session.news() == ("B",)
        assert session.news() == ()
        assert waits(session, quiet, 0.2) is Idled.REFRESHED


def test_the_selected_folder_comes_first_and_stays_news_until_it_is_read(quiet: int) -> None:
    with Scripted(watched(idle(b"M5", b"* STATUS A (UIDNEXT 2)\r\n* 6 EXISTS\r\n* STATUS B (UIDNEXT 9)\r\n"))) as server:
        session = watching(server)
        assert waits(session, quiet) is Idled.WOKEN
        assert waits(session, quiet) is Idled.WOKEN
        assert session.news() == ("INBOX", "A", "B")
        assert session.news() == ("INBOX",)


@pytest.mark.parametrize("told", [
    b"* STATUS B (MESSAGES 2 UIDNEXT 9 UNSEEN 0)\r\n",          # a flag, an expunge: no mail has come
    b"* STATUS Elsewhere (MESSAGES 2 UIDNEXT 99)\r\n",
    b"* STATUS B (MESSAGES 7)\r\n",
    b"* STATUS INBOX (UIDNEXT 99)\r\n",                         # of the selected folder EXISTS tells
    b"* STATUS\r\n* STATUS B\r\n* STATUS (B) 1\r\n",
    b"* OK still here\r\n* 5 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\n",
])
def test_what_brings_no_mail_wakes_nobody(quiet: int, told: bytes) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M5 STATUS "B" (MESSAGES UIDNEXT UIDVALIDITY)\r\n')
        peer.send(b"* STATUS B (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 4)\r\nM5 OK .\r\n")
        idle(b"M6", told)(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        session.status(["B"])
        assert waits(session, quiet, 0.3) is Idled.REFRESHED


@pytest.mark.parametrize(("before", "after", "news"), [
    (b"* STATUS B (UIDNEXT 9)\r\n", b"", ()),
    (b"", b"* STATUS B (UIDNEXT 10)\r\n", ("B",)),      # it came while STATUS was on its way
])
def test_a_status_that_was_asked_for_takes_the_news_that_it_tells(quiet: int, before: bytes, after: bytes, news: tuple[str, ...]) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M5 STATUS "A" (MESSAGES UIDNEXT UIDVALIDITY)\r\nM6 STATUS "B" (MESSAGES UIDNEXT UIDVALIDITY)\r\n')
        peer.send(before + b"* STATUS A (UIDNEXT 1 UIDVALIDITY 3)\r\nM5 OK .\r\n* STATUS B (UIDNEXT 9 UIDVALIDITY 4)\r\n"
                  + after + b"M6 OK .\r\n")
        idle(b"M7")(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        session.status(["A", "B"])
        assert waits(session, quiet, 0.3) is (Idled.WOKEN if news else Idled.REFRESHED)
        assert session.news() == news


def test_what_came_in_a_folder_as_it_was_left_is_asked_for_in_the_same_write(quiet: int) -> None:
    """Dovecot tells of it by neither: see tests/server/test_notify.py."""

    def then(peer: Peer) -> None:
        idle_then_select = b'DONE\r\nM6 SELECT "B"\r\nM7 STATUS "INBOX" (MESSAGES UIDNEXT UIDVALIDITY)\r\n'
        peer.expect(b"M5 IDLE\r\n")
        peer.send(b"+ idling\r\n* STATUS B (UIDNEXT 9)\r\n")
        peer.expect(idle_then_select)
        peer.send(b"M5 OK .\r\n* OK [CLOSED] .\r\n* 8 EXISTS\r\n* OK [UIDVALIDITY 4] .\r\n* OK [UIDNEXT 9] .\r\nM6 OK [READ-WRITE] .\r\n"
                  b"* STATUS INBOX (MESSAGES 6 UIDNEXT 7 UIDVALIDITY 7)\r\nM7 OK .\r\n")
        idle(b"M8", b"* STATUS B (UIDNEXT 9)\r\n")(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        assert waits(session, quiet) is Idled.WOKEN
        before = session.counts.round_trips
        assert [session.select(name).uidnext for name in session.news()] == [9]
        assert session.counts.round_trips - before == 1
        assert waits(session, quiet) is Idled.WOKEN
        assert session.news() == ("INBOX",)
        assert waits(session, quiet, 0.2) is Idled.REFRESHED


def test_a_doubted_folder_is_selected_once_more_and_is_no_news_to_itself(quiet: int) -> None:
    """Dovecot 2.3 goes on with a folder that was deleted, also in STATUS, until something is selected."""

    def then(peer: Peer) -> None:
        peer.expect(b'M5 SELECT "INBOX"\r\n')
        peer.send(b"* OK [CLOSED] .\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 8] .\r\n* OK [UIDNEXT 2] .\r\nM5 OK [READ-WRITE] .\r\n")
        idle(b"M6", b"* 2 EXISTS\r\n")(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        assert session.select("INBOX").uidvalidity == 7
        session.doubt()
        assert [session.select("INBOX").uidvalidity for _ in "ab"] == [8, 8]
        assert waits(session, quiet) is Idled.WOKEN
        assert session.news() == ("INBOX",)


@pytest.mark.parametrize("told", [b"* STATUS B (UIDNEXT 9)\r\n", b""])     # before it is selected, or not by then: Dovecot takes its time
@pytest.mark.parametrize(("look", "uids"), [
    (lambda session: session.fetch([3], Fields()), b"3"),                                       # whether a message is there
    (lambda session: list(session.gather(Wanted(Fields(), since=3, aside=True))), b"3:*"),      # what a crash left there
])
def test_mail_in_a_folder_that_is_selected_for_something_else_stays_news(
        quiet: int, told: bytes, look: Callable[[Session], object], uids: bytes) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M5 STATUS "B" (MESSAGES UIDNEXT UIDVALIDITY)\r\n')
        peer.send(b"* STATUS B (MESSAGES 7 UIDNEXT 8 UIDVALIDITY 4)\r\nM5 OK .\r\n" + told)
        peer.expect(b'M6 SELECT "B"\r\nM7 STATUS "INBOX" (MESSAGES UIDNEXT UIDVALIDITY)\r\n')
        peer.send(b"* 8 EXISTS\r\n* OK [UIDVALIDITY 4] .\r\n* OK [UIDNEXT 9] .\r\nM6 OK [READ-WRITE] .\r\n"
                  b"* STATUS INBOX (MESSAGES 5 UIDNEXT 6 UIDVALIDITY 7)\r\nM7 OK .\r\n")
        peer.expect(b"M8 UID FETCH %s (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM MESSAGE-ID)])\r\n" % uids)
        peer.send(b"M8 OK .\r\n")
        peer.expect(b'M9 SELECT "INBOX"\r\nM10 STATUS "B" (MESSAGES UIDNEXT UIDVALIDITY)\r\n')
        peer.send(b"* 5 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 6] .\r\nM9 OK [READ-WRITE] .\r\n"
                  b"* STATUS B (MESSAGES 8 UIDNEXT 9 UIDVALIDITY 4)\r\nM10 OK .\r\n")
        idle(b"M11")(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        session.status(["B"])
        session.select("B")
        look(session)
        session.select("INBOX")
        assert waits(session, quiet) is Idled.WOKEN
        assert "B" in session.news()


def test_a_folder_that_cannot_be_selected_is_no_news_for_ever(quiet: int) -> None:
    def then(peer: Peer) -> None:
        idle_then_select = b'DONE\r\nM6 SELECT "B"\r\nM7 STATUS "INBOX" (MESSAGES UIDNEXT UIDVALIDITY)\r\n'
        peer.expect(b"M5 IDLE\r\n")
        peer.send(b"+ idling\r\n* STATUS B (UIDNEXT 9)\r\n")
        peer.expect(idle_then_select)
        peer.send(b"M5 OK .\r\nM6 NO [NONEXISTENT] gone\r\n* STATUS INBOX (UIDNEXT 6 UIDVALIDITY 7)\r\nM7 OK .\r\n")
        idle(b"M8")(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        assert waits(session, quiet) is Idled.WOKEN
        assert session.news() == ("B",)
        with pytest.raises(Refused):
            session.select("B")
        assert waits(session, quiet, 0.2) is Idled.REFRESHED


@pytest.mark.parametrize("told", [
    b'* LIST () "/" "Lists/new"\r\n',
    b'* LIST (\\NonExistent) "/" A\r\n',
    b'* LIST () "/" "C" ("OLDNAME" ("A"))\r\n',
])
def test_folders_that_come_and_go_ask_for_a_look(quiet: int, told: bytes) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M5 IDLE\r\n")
        peer.send(b"+ idling\r\n" + told)
        peer.expect(b'DONE\r\nM6 LIST "" "*"\r\n')
        peer.send(b'M5 OK .\r\n* LIST () "/" INBOX\r\nM6 OK .\r\n')
        idle(b"M7")(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        assert waits(session, quiet) is Idled.CHANGED
        session.folders(refresh=True)
        assert waits(session, quiet, 0.2) is Idled.REFRESHED


def test_a_server_that_tells_no_more_asks_for_a_look_and_has_no_notify_from_then_on(quiet: int) -> None:
    """RFC 5465 5.8: as if NOTIFY NONE had come. The selected folder is asked for again: an IDLE could hear nothing."""

    def then(peer: Peer) -> None:
        peer.expect(b"M5 IDLE\r\n")
        peer.send(b"+ idling\r\n* OK [NOTIFICATIONOVERFLOW] too much\r\n")
        peer.expect(b'DONE\r\nM6 LIST "" "*"\r\n')
        peer.send(b'M5 OK .\r\n* LIST () "/" INBOX\r\nM6 OK .\r\n')
        peer.expect(b"M7 " + SET + b"\r\n")
        peer.send(b"M7 OK .\r\n")
        idle(b"M8", b"* STATUS B (UIDNEXT 9)\r\n", b"* 6 EXISTS\r\n")(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        assert waits(session, quiet) is Idled.CHANGED
        session.folders(refresh=True)
        assert not session.watch(FOLDERS)
        assert not session.has_notify
        assert waits(session, quiet) is Idled.WOKEN
        assert session.news() == ("INBOX",)


def test_an_overflow_that_cannot_be_mended_ends_the_connection(quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M5 IDLE\r\n")
        peer.send(b"+ idling\r\n* OK [NOTIFICATIONOVERFLOW] too much\r\n")
        peer.expect(b"DONE\r\nM6 " + SET + b"\r\n")
        peer.send(b"M5 OK .\r\nM6 NO no more\r\n")
        peer.expect_end()

    with Scripted(watched(then)) as server:
        session = watching(server)
        assert waits(session, quiet) is Idled.CHANGED
        with pytest.raises(Unreachable, match="NOTIFY"):
            session.watch(FOLDERS)


@pytest.mark.parametrize("refusal", [b"NO [BADEVENT (MessageNew)] .", b"BAD unknown command", b"NO not supported"])
def test_a_server_that_refuses_what_it_announces_is_not_asked_again(refusal: bytes, quiet: int) -> None:
    def then(peer: Peer) -> None:
        listed(peer, b"M3")
        peer.expect(b"M4 " + SET + PERSONAL)
        peer.send(b"M4 " + refusal + b"\r\n")
        idle(b"M5", b"* STATUS B (UIDNEXT 9)\r\n")(peer)

    with Scripted(selected(then, WITH_NOTIFY)) as server:
        session = inbox(server)
        assert not session.watch(FOLDERS)
        assert not session.watch(("INBOX", "C"))
        assert waits(session, quiet, 0.3) is Idled.REFRESHED


def test_it_is_asked_for_once_and_folders_that_are_made_later_are_among_them(quiet: int) -> None:
    """Dovecot tells nothing more after a second NOTIFY SET: see tests/server/test_notify.py."""
    with Scripted(watched(idle(b"M5", b"* STATUS B (UIDNEXT 9)\r\n", b"* STATUS R&AOQ-ume (UIDNEXT 5)\r\n"))) as server:
        session = watching(server)
        assert session.watch(FOLDERS)
        assert session.watch(("INBOX", "Räume"))
        assert waits(session, quiet) is Idled.WOKEN
        assert session.news() == ("Räume",)


def test_what_is_watched_no_more_is_no_news_though_the_server_goes_on_telling(quiet: int) -> None:
    with Scripted(watched(idle(b"M5", b"* STATUS A (UIDNEXT 9)\r\n* STATUS B (UIDNEXT 9)\r\n"))) as server:
        session = watching(server)
        assert waits(session, quiet) is Idled.WOKEN
        assert session.watch(("INBOX", "B"))
        assert session.news() == ("B",)
        assert session.watch(("INBOX",))
        assert session.has_notify
        assert waits(session, quiet, 0.2) is Idled.REFRESHED


def shared_folders(then: Script) -> Script:
    """As `selected`, with a namespace of other users; the next tag is M4."""

    def script(peer: Peer) -> None:
        peer.greet()
        tag = peer.command(b"AUTHENTICATE PLAIN\r\n")
        peer.send(b"+ \r\n")
        peer.line()
        peer.send(b"%s OK [CAPABILITY IMAP4rev1 NAMESPACE %s] .\r\n" % (tag, WITH_NOTIFY.encode()))
        peer.expect(b"M1 NAMESPACE\r\n")
        peer.send(b'* NAMESPACE (("" "/")) (("Other/" "/")) NIL\r\nM1 OK .\r\n')
        peer.select(exists=5, uidnext=6)
        peer.expect(b'M3 LIST "" "*"\r\n')
        peer.send(b'* LIST () "/" INBOX\r\n* LIST () "/" "Other/eve/Lists"\r\nM3 OK .\r\n')
        then(peer)

    return script


def test_folders_of_others_are_named() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M4 " + SET + b' (mailboxes ("Other/eve/Lists") (MessageNew MessageExpunge))' + PERSONAL)
        peer.send(b"M4 OK .\r\n")
        peer.expect_end()

    with Scripted(shared_folders(then)) as server:
        session = inbox(server)
        assert session.watch(("INBOX", "Other/eve/Lists", "Other/eve/gone"))
        session.abandon()


def test_where_the_server_has_it_not_nothing_is_sent() -> None:
    def then(peer: Peer) -> None:
        listed(peer, b"M3")
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = inbox(server)
        assert not session.watch(FOLDERS)
        session.abandon()


@pytest.mark.parametrize("order", [lambda told: told, lambda told: told[::-1]])
def test_news_beside_an_answer_are_not_taken_for_it(quiet: int, order: Callable[[list[bytes]], list[bytes]]) -> None:
    """The server may tell at any time, also in the middle of a command's answer."""

    def then(peer: Peer) -> None:
        peer.expect(b'M5 LIST "" "*"\r\n')
        told = [b"* STATUS B (UIDNEXT 9)\r\n", b'* LIST () "/" INBOX\r\n']
        peer.send(b"".join(order(told)) + b"M5 OK .\r\n")
        idle(b"M6")(peer)

    with Scripted(watched(then)) as server:
        session = watching(server)
        assert set(session.folders(refresh=True).rows) == {"INBOX"}
        assert waits(session, quiet) is Idled.WOKEN
        assert session.news() == ("B",)
