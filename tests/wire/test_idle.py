"""IDLE: what arrives at any time is heard at once, what ends is noticed, and nothing spins (imap-facts.md 1, 2, 4)."""

import os
import select
import ssl
import time
from collections.abc import Callable

import pytest
from imapclient import IMAPClient

from mailbot.effects import Fields, Move, Order, Wanted
from mailbot.errors import Unreachable
from mailbot.imap.idling import Idled
from tests.lab.scripted import Peer, Scripted
from tests.wire.conversation import FIELDS, inbox, row, selected

LONG = 15.0     # seconds: a test that waits that long fails


def within(seconds: float = LONG) -> float:
    return time.monotonic() + seconds


def test_mail_announced_in_the_segment_of_idling_wakes_at_once(tls: dict[str, object], quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(b"+ idling\r\n* 6 EXISTS\r\n")
        peer.expect_end()

    with Scripted(selected(then), **tls) as server:     # type: ignore[arg-type]  # the fixture's keywords
        session = inbox(server)
        began = time.monotonic()
        assert session.idle(quiet, within()) is Idled.WOKEN
        assert time.monotonic() - began < LONG / 2


def test_a_plain_imapclient_in_its_place_sleeps_through_it(tls: dict[str, object]) -> None:
    """The demonstration: the same server, the library's own reader."""

    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1 IDLE")
        peer.command(b"IDLE\r\n")
        peer.send(b"+ idling\r\n* 6 EXISTS\r\n")
        peer.expect_end()

    with Scripted(script, **tls) as server:     # type: ignore[arg-type]  # the fixture's keywords
        settings = server.settings()
        context = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else None
        client = IMAPClient(settings.host, settings.port, ssl=bool(settings.ca_file), ssl_context=context, timeout=LONG)
        client.idle()
        assert client.idle_check(timeout=1.0) == []     # it lies in the library's buffer
        client.shutdown()


def test_a_line_split_over_segments_is_one_line(tls: dict[str, object], quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(b"+ id", b"ling\r\n* 6 EX", b"ISTS\r", b"\n")
        peer.expect_end()

    with Scripted(selected(then), **tls) as server:     # type: ignore[arg-type]  # the fixture's keywords
        session = inbox(server)
        assert session.idle(quiet, within()) is Idled.WOKEN


@pytest.mark.parametrize("end", [Peer.reset, lambda peer: peer.sock.close(), lambda peer: peer.send(b"* BYE idle too long\r\n")])
def test_a_connection_that_ends_in_idle_is_an_error_at_once(end: Callable[[Peer], None], quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(b"+ idling\r\n")
        end(peer)

    with Scripted(selected(then)) as server:
        session = inbox(server)
        with pytest.raises(Unreachable):
            session.idle(quiet, within())


def test_waiting_does_not_spin(tls: dict[str, object], quiet: int, monkeypatch: pytest.MonkeyPatch) -> None:
    polls = 0
    poll = select.poll

    class Counted:
        def __init__(self) -> None:
            self._poll = poll()
            self.register = self._poll.register

        def poll(self, timeout: float) -> object:
            nonlocal polls
            polls += timeout > 0
            return self._poll.poll(timeout)

    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(b"+ idling\r\n", b"* OK still here\r\n", b"* 3 FETCH (FLAGS (\\Seen))\r\n* 2 EXP", b"UNGE\r\n")
        peer.expect_end()

    with Scripted(selected(then), **tls) as server:     # type: ignore[arg-type]  # the fixture's keywords
        session = inbox(server)
        monkeypatch.setattr(select, "poll", Counted)
        assert session.idle(quiet, within(0.5)) is Idled.REFRESHED
    assert polls <= 12


def test_flags_and_expunges_wake_nobody_and_later_mail_does(quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(b"+ idling\r\n* 3 FETCH (FLAGS (\\Seen))\r\n* 2 EXPUNGE\r\n* 0 RECENT\r\n* 4 EXISTS\r\n")
        peer.expect(b"DONE\r\nM4 IDLE\r\n")
        peer.send(b"M3 OK .\r\n+ idling\r\n* 5 EXISTS\r\n")
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = inbox(server)
        assert session.idle(quiet, within(0.3)) is Idled.REFRESHED
        assert session.idle(quiet, within()) is Idled.WOKEN


def test_the_callers_descriptor_interrupts_and_idle_goes_on(pipe: tuple[int, int]) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(b"+ idling\r\n")
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = inbox(server)
        os.write(pipe[1], b"!")
        assert session.idle(pipe[0], within()) is Idled.INTERRUPTED
        assert session.idle(pipe[0], within()) is Idled.INTERRUPTED
        assert os.read(pipe[0], 9) == b"!"
        assert session.idle(pipe[0], within(0.2)) is Idled.REFRESHED


def test_a_refresh_awaits_the_answer_so_that_a_dead_connection_is_noticed(quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(b"+ idling\r\n")
        peer.expect(b"DONE\r\nM4 IDLE\r\n")
        peer.expect_end()       # a black hole: nothing is answered

    with Scripted(selected(then)) as server:
        session = server.connect(timeout=0.5)
        session.select("INBOX")
        assert session.idle(quiet, within(0.1)) is Idled.REFRESHED
        with pytest.raises(Unreachable, match="no answer in time"):
            session.idle(quiet, within())


def test_idle_that_is_never_granted_ends_at_the_deadline(quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = server.connect(timeout=0.5)
        session.select("INBOX")
        with pytest.raises(Unreachable, match="IDLE"):
            session.idle(quiet, within())


@pytest.mark.parametrize("answer", [b"M3 NO not here\r\n", b"M3 BAD what?\r\n", b"+ idling\r\nM3 OK enough\r\n"])
def test_a_server_that_refuses_or_at_once_ends_idle_is_polled(answer: bytes, quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(answer)
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = inbox(server)
        assert session.has_idle
        assert session.idle(quiet, within()) is Idled.REFRESHED
        assert not session.has_idle
        assert session.idle(quiet, within(0.1)) is Idled.REFRESHED


def test_without_idle_waiting_sends_nothing_and_notices_the_end(quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.send(b"* BYE maintenance\r\n")
        peer.expect_end()

    with Scripted(selected(then, "ESEARCH")) as server:
        session = inbox(server)
        assert not session.has_idle
        with pytest.raises(Unreachable, match="maintenance"):
            session.idle(quiet, within())


def test_from_the_wake_to_the_next_idle_there_are_two_round_trips(tls: dict[str, object], quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 IDLE\r\n")
        peer.send(b"+ idling\r\n* 6 EXISTS\r\n")
        peer.expect(b"DONE\r\nM4 UID FETCH 6:* " + FIELDS + b"\r\n")
        peer.send(b"M3 OK .\r\n" + row(6, 6) + b"M4 OK .\r\n")
        peer.expect(b'M5 UID MOVE 6 "Archive"\r\nM6 IDLE\r\n')
        peer.send(b"* OK [COPYUID 9 6 1] .\r\n* 6 EXPUNGE\r\nM5 OK .\r\n+ idling\r\n")
        peer.expect(b"DONE\r\nM7 LOGOUT\r\n")
        peer.send(b"M6 OK .\r\n* BYE bye\r\nM7 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then), **tls) as server:     # type: ignore[arg-type]  # the fixture's keywords
        session = inbox(server)
        assert session.idle(quiet, within())
        before = session.counts.round_trips
        blocks = list(session.gather(Wanted(Fields(), since=6)))
        assert [message.uid for block in blocks for message in block.messages] == [6]
        outcome, = session.apply([Order(Move("Archive"), (6,))], last=True)
        assert (outcome.done, outcome.target_uidvalidity, outcome.target_uid) == (True, 9, 1)
        assert session.counts.round_trips - before == 2
        assert session.idle(quiet, within(0.1)) is Idled.REFRESHED
        session.close()


def test_mail_announced_while_effects_are_done_is_not_slept_through(quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b'M3 UID MOVE 5 "Archive"\r\nM4 IDLE\r\n')
        peer.send(b"* 6 EXISTS\r\n* OK [COPYUID 9 5 1] .\r\n* 5 EXPUNGE\r\nM3 OK .\r\n+ idling\r\n")
        peer.expect(b"DONE\r\nM5 UID FETCH 6:* " + FIELDS + b"\r\n")
        peer.send(b"M4 OK .\r\n" + row(5, 6) + b"M5 OK .\r\n")
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = inbox(server)
        session.apply([Order(Move("Archive"), (5,))], last=True)
        assert session.idle(quiet, within()) is Idled.WOKEN
        assert session.select("INBOX").uidnext == 7     # a lower bound, without asking
        assert [m.uid for block in session.gather(Wanted(Fields(), since=6)) for m in block.messages] == [6]


def test_mail_announced_behind_a_fetch_that_did_not_bring_it_wakes_again(quiet: int) -> None:
    def then(peer: Peer) -> None:
        peer.expect(b"M3 UID FETCH 5:* " + FIELDS + b"\r\n")
        peer.send(row(5, 5) + b"* 6 EXISTS\r\nM3 OK .\r\n")
        peer.expect(b"M4 IDLE\r\n")
        peer.expect_end()

    with Scripted(selected(then)) as server:
        session = inbox(server)
        block, = session.gather(Wanted(Fields(), since=5))
        assert block.state.uidnext == 6     # not 7: the sixth has not been read
        assert session.idle(quiet, within()) is Idled.WOKEN
