"""What a person asks of a mailbox by hand, in exact octets."""

from datetime import datetime, timedelta, timezone

import pytest

from mailbot.errors import Cause, Refused
from mailbot.imap.desk import Appended, Message
from tests.lab.scripted import Peer, Script, Scripted
from tests.wire.conversation import inbox, selected

BERLIN = timezone(timedelta(hours=1))
MAIL = b"Subject: a\r\n\r\nhi\r\n"


def logged_in(then: Script, capabilities: str = "LITERAL+ UIDPLUS", delimiter: str = "/") -> Script:
    """The next tag is M2."""
    def script(peer: Peer) -> None:
        peer.log_in(capabilities, delimiter=delimiter)
        then(peer)
        peer.expect_end()
    return script


def leave(peer: Peer, tag: bytes) -> None:
    peer.expect(tag + b" LOGOUT\r\n")
    peer.send(b"* BYE .\r\n" + tag + b" OK .\r\n")


def test_messages_are_appended_in_one_write_where_literals_are_free() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M2 APPEND "A" (\\Seen $x) " 5-Jan-2026 09:40:00 +0100" {18+}\r\n' + MAIL +
                    b'\r\nM3 APPEND "A" () {18+}\r\n' + MAIL + b"\r\n")
        peer.send(b"M2 OK [APPENDUID 7 41] .\r\nM3 OK .\r\n")
        leave(peer, b"M4")

    with Scripted(logged_in(then)) as server, server.connect() as session:
        received = datetime(2026, 1, 5, 9, 40, tzinfo=BERLIN)
        messages = [Message(MAIL, (r"\Seen", "$x"), received), Message(MAIL)]
        assert list(session.desk.append("A", messages)) == [Appended(7, 41), Appended(0, 0)]


def test_without_free_literals_each_waits_for_leave() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M2 APPEND "A" () {18}\r\n')
        peer.expect_nothing()
        peer.send(b"+ go\r\n")
        peer.expect(MAIL + b"\r\n")
        peer.send(b"M2 OK .\r\n")
        leave(peer, b"M3")

    with Scripted(logged_in(then, "")) as server, server.connect() as session:
        assert list(session.desk.append("A", [Message(MAIL)])) == [Appended(0, 0)]


def test_a_refusal_names_the_code_and_nothing_more_is_sent() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M2 CREATE "a"\r\n')
        peer.send(b"M2 NO [ALREADYEXISTS] it is there\r\n")
        leave(peer, b"M3")

    with Scripted(logged_in(then)) as server, server.connect() as session:
        with pytest.raises(Refused) as caught:
            session.desk.create("a")
        assert (caught.value.code, caught.value.text) == ("ALREADYEXISTS", "it is there")


def test_a_rename_takes_the_subscriptions_along() -> None:
    def then(peer: Peer) -> None:
        for tag, line in ((b"M2", b'RENAME "a" "b"'), (b"M3", b'SUBSCRIBE "b"')):
            peer.expect(tag + b" " + line + b"\r\n")
            if tag == b"M2":
                peer.send(b"M2 OK .\r\n")
        peer.expect(b'M4 SUBSCRIBE "b/c"\r\n')
        peer.send(b"M3 OK .\r\nM4 OK .\r\n")
        peer.expect(b'M5 UNSUBSCRIBE "a"\r\nM6 UNSUBSCRIBE "a/c"\r\n')
        peer.send(b"M5 NO .\r\nM6 OK .\r\n")
        leave(peer, b"M7")

    with Scripted(logged_in(then)) as server, server.connect() as session:
        session.desk.rename("a", "b", ["a/c"])


def test_whatever_a_folder_is_called_one_command_goes_out() -> None:
    def then(peer: Peer) -> None:
        line = peer.line()
        assert line.startswith(b"M2 DELETE ")
        assert line.count(b"\n") == 1
        assert b"LOGOUT" not in line or b'"' in line
        peer.send(b"M2 NO .\r\n")
        leave(peer, b"M3")

    with Scripted(logged_in(then)) as server, server.connect() as session, pytest.raises(Refused):
        session.desk.delete('x"\r\nM9 LOGOUT\r\n')


def test_a_section_is_peeked_at_as_far_as_is_asked() -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5 (UID BODY.PEEK[2.MIME]<0.10>)\r\n")
        peer.send(b"* 5 FETCH (UID 5 BODY[2.MIME]<0> {10}\r\n0123456789)\r\nM3 OK .\r\n")
        peer.expect(b"M4 UID FETCH 5 (UID BODY.PEEK[HEADER]<0.1000000>)\r\n")
        peer.send(b"* 5 FETCH (UID 5 BODY[HEADER]<0> {4}\r\na: b)\r\nM4 OK .\r\n")
        peer.expect(b"M5 UID FETCH 6 (UID BODY.PEEK[]<0.1000000>)\r\n")
        peer.send(b"M5 OK .\r\n")
        leave(peer, b"M6")

    with Scripted(selected(then)) as server, inbox(server) as session:
        assert b"".join(session.desk.section(5, "2.MIME", first=10)) == b"0123456789"
        assert b"".join(session.desk.section(5, "HEADER")) == b"a: b"
        with pytest.raises(Refused) as caught:
            list(session.desk.section(6, ""))
        assert caught.value.cause is Cause.GONE


@pytest.mark.parametrize("section", ["1]", "0", "1..2", "HEADER.FIELDS (X)", "TEXT\r\n"])
def test_what_is_no_section_is_not_sent(section: str) -> None:
    with Scripted(selected(lambda peer: leave(peer, b"M3"))) as server, inbox(server) as session, pytest.raises(ValueError):
        list(session.desk.section(5, section))


def test_a_read_only_session_has_no_effects() -> None:
    with Scripted(logged_in(lambda peer: leave(peer, b"M2"))) as server, server.connect(read_only=True) as session:
        for act in (lambda: session.desk.create("a"), lambda: session.desk.delete("a"), lambda: session.desk.rename("a", "b", ()),
                    lambda: list(session.desk.append("a", [Message(MAIL)]))):
            with pytest.raises(RuntimeError):
                act()


@pytest.mark.parametrize(("recent", "verb"), [(0, b"SELECT"), (2, b"EXAMINE")])
def test_a_folder_with_recent_messages_is_examined_so_that_they_stay_recent(recent: int, verb: bytes) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M2 STATUS "A" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)\r\n')
        peer.send(b'* STATUS "A" (MESSAGES 3 RECENT %d UNSEEN 1 UIDNEXT 9 UIDVALIDITY 7 HIGHESTMODSEQ 5)\r\nM2 OK .\r\n' % recent)
        peer.expect(b"M3 " + verb + b' "A"\r\n')
        peer.send(b"* 3 EXISTS\r\n* FLAGS (\\Seen $x)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] .\r\n* OK [UIDVALIDITY 7] .\r\nM3 OK .\r\n")
        leave(peer, b"M4")

    with Scripted(logged_in(then, "CONDSTORE")) as server, server.connect() as session:
        found = session.desk.standing("A")
        assert (found.messages, found.recent, found.unseen, found.uidnext, found.uidvalidity) == (3, recent, 1, 9, 7)
        assert found.highestmodseq == 5
        assert found.flags == {r"\Seen", "$x"}
        assert found.permanent_flags == (None if recent else {r"\Seen", r"\*"})
