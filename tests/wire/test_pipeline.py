"""The line buffer, the deadlines and the pipeline (imap-facts.md 3, 4; issue "round trips")."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Self

import pytest

from mailbot.errors import Unreachable
from mailbot.imap.command import Command
from mailbot.imap.lexer import Response
from mailbot.imap.pipeline import IN_FLIGHT, LARGEST_LITERAL, Pipeline
from mailbot.imap.settings import Counts
from mailbot.imap.transport import LONGEST_LINE, Transport
from mailbot.search.tokens import Literal
from tests.lab.scripted import Peer


class Line:
    """A pipeline to a script in another thread."""

    def __init__(self, script: Callable[[Peer], None], *, timeout: float = 10.0, free_literals: int = 1 << 62) -> None:
        ours, theirs = socket.socketpair()
        theirs.settimeout(20)
        self.heard: list[Response] = []
        self.counts = Counts()
        self.transport = Transport(ours, "server:143", self.counts)
        self.pipeline = Pipeline(self.transport, timeout, free_literals=free_literals, listen=self.heard.append)
        self._peer = Peer(theirs, None)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(script,), daemon=True)

    def _run(self, script: Callable[[Peer], None]) -> None:
        try:
            script(self._peer)
        except BaseException as failure:    # noqa: BLE001  # whatever it is, the test's own thread raises it
            self._failure = failure
        finally:
            self._peer.sock.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()
        self._thread.join(20)
        if self._failure:
            raise self._failure


def noop(peer: Peer, number: int = 1) -> None:
    peer.expect(b"M%d NOOP\r\n" % number)


NOOP = Command("NOOP")


# -- lines


def test_a_line_may_come_octet_by_octet() -> None:
    def script(peer: Peer) -> None:
        noop(peer)
        peer.send(*(bytes([octet]) for octet in b"* 5 EXISTS\r\nM1 OK [X y] done\r\n"))

    with Line(script) as line:
        answer, = line.pipeline.run([NOOP])
        assert (answer.status, answer.code, answer.arguments, answer.text) == ("OK", "X", b"y", "done")
        assert [response.kind for response in line.heard] == [b"EXISTS"]


def test_a_slow_drip_does_not_stretch_the_deadline() -> None:
    stop = threading.Event()

    def script(peer: Peer) -> None:
        noop(peer)
        while not stop.wait(0.02):
            peer.send(b"* ")

    with Line(script, timeout=0.4) as line:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="no answer in time"):
            line.pipeline.run([NOOP])
        assert time.monotonic() - began < 5
        stop.set()


def test_a_large_answer_may_take_longer_than_the_deadline_as_long_as_it_flows() -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        noop(peer)
        peer.send(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % 1_000_000)
        for _ in range(10):
            peer.send(b"x" * 100_000)
            go_on.wait(0.1)
        peer.send(b")\r\nM1 OK .\r\n")

    with Line(script, timeout=0.5) as line:
        answer, = line.pipeline.run([NOOP])
        assert answer.ok


def test_silence_after_a_large_answer_is_not_longer_than_after_a_small_one() -> None:
    def script(peer: Peer) -> None:
        noop(peer)
        peer.send(b"* OK " + b"x" * 2_000_000 + b"\r\n")
        peer.expect_end()

    with Line(script, timeout=0.5) as line:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            line.pipeline.run([NOOP])
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("said", [b"* BYE over\r\n", b"", b"M1 OK", b"* 1 FETCH (BODY[] {5}\r\nab"])
def test_the_end_of_the_connection_is_an_error(said: bytes) -> None:
    def script(peer: Peer) -> None:
        noop(peer)
        peer.send(said)

    with Line(script) as line, pytest.raises(Unreachable):
        line.pipeline.run([NOOP])


@pytest.mark.parametrize(
    "said",
    [b"\r\n", b"\xff\xff\r\n", b"HTTP/1.1 200 OK\r\n", b"M7 OK not asked\r\n", b"M1 PERHAPS\r\n", b"* 1 FETCH {99999999999999}\r\n"])
def test_what_is_not_imap_is_an_error(said: bytes) -> None:
    def script(peer: Peer) -> None:
        noop(peer)
        peer.send(said)
        peer.expect_end()

    with Line(script) as line, pytest.raises(Unreachable):
        line.pipeline.run([NOOP])


def test_an_endless_line_is_an_error() -> None:
    def script(peer: Peer) -> None:
        noop(peer)
        with contextlib.suppress(OSError):      # the client has had enough
            while True:
                peer.send(b"* 1" * 100_000)

    with Line(script) as line:
        with pytest.raises(Unreachable, match=f"{LONGEST_LINE:,}"):
            line.pipeline.run([NOOP])
        line.transport.close()


def test_a_literal_too_large_is_read_past_and_what_follows_is_not_lost() -> None:
    def script(peer: Peer) -> None:
        noop(peer)
        peer.send(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % (LARGEST_LITERAL + 1))
        for _ in range(16):
            peer.send(b"x" * (LARGEST_LITERAL // 16))
        peer.send(b"x)\r\nM1 OK .\r\n")

    with Line(script) as line:
        line.pipeline.run([NOOP])
        response, = line.heard
        assert response.cut
        assert response.values == [(b"UID", 1, b"BODY[]", b"")]


# -- many commands in one write


def test_many_commands_go_in_one_write_and_are_one_round_trip() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 NOOP\r\nM2 CHECK\r\nM3 NOOP\r\n")      # all of it before anything is answered
        peer.send(b"M1 OK .\r\nM2 NO [LIMIT] slower\r\nM3 BAD what?\r\n")

    with Line(script) as line:
        answers = line.pipeline.run([NOOP, Command("CHECK"), NOOP])
        assert [(answer.status, answer.code) for answer in answers] == [("OK", ""), ("NO", "LIMIT"), ("BAD", "")]
        assert (line.counts.round_trips, line.counts.commands) == (1, 3)
        assert line.counts.sent == len(b"M1 NOOP\r\nM2 CHECK\r\nM3 NOOP\r\n")
        assert line.counts.received == len(b"M1 OK .\r\nM2 NO [LIMIT] slower\r\nM3 BAD what?\r\n")


def test_what_is_asked_ahead_is_no_round_trip_of_its_own() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 NOOP\r\nM2 NOOP\r\n")
        peer.send(b"M1 OK .\r\n")
        peer.expect(b"M3 NOOP\r\n")
        peer.send(b"M2 OK .\r\nM3 OK .\r\n")

    with Line(script) as line:
        first = line.pipeline.post([NOOP])
        second = line.pipeline.post([NOOP])
        line.pipeline.settle(first)
        third = line.pipeline.post([NOOP])
        line.pipeline.settle([*second, *third])
        assert line.counts.round_trips == 1


def search(*words: bytes | Literal, single: bool = False) -> Command:
    return Command("UID SEARCH", words, single=single)


def test_an_esearch_result_goes_to_the_command_it_names_whenever_it_comes() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 UID SEARCH A\r\nM2 UID SEARCH B\r\nM3 UID SEARCH C\r\n")
        peer.send(b'* ESEARCH (TAG "M3") UID\r\n* ESEARCH (TAG "M1") UID ALL 1:2\r\n* ESEARCH (TAG "M2") UID ALL 7\r\n')
        peer.send(b"M2 OK .\r\nM3 OK .\r\nM1 OK .\r\n")

    with Line(script) as line:
        answers = line.pipeline.run([search(b"A"), search(b"B"), search(b"C")])
        assert [answer.said[0].values[1:] for answer in answers] == [[b"UID", b"ALL", b"1:2"], [b"UID", b"ALL", 7], [b"UID"]]


def test_plain_searches_go_one_at_a_time_and_other_commands_beside_them() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 NOOP\r\nM2 UID SEARCH A\r\n")
        peer.send(b"* SEARCH 1\r\nM1 OK .\r\nM2 OK .\r\n")      # Dovecot: the result before the OK of what went before
        peer.expect(b"M3 UID SEARCH B\r\n")
        peer.send(b"* SEARCH\r\nM3 OK .\r\n")

    with Line(script) as line:
        _, one, other = line.pipeline.run([NOOP, search(b"A", single=True), search(b"B", single=True)])
        assert (one.said[0].values, other.said[0].values) == ([1], [])
        assert line.counts.round_trips == 2


def test_a_row_goes_to_the_fetch_that_asked_for_its_uid_whichever_is_answered_first() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 UID FETCH 1:2\r\nM2 UID FETCH 3:9\r\n")
        peer.send(b"* 1 FETCH (UID 1)\r\n* 3 FETCH (UID 5)\r\n* 2 FETCH (FLAGS () UID 2)\r\n* 4 FETCH (FLAGS ())\r\n")
        peer.send(b"M1 OK .\r\nM2 OK .\r\n")                    # Dovecot holds the first OK back until the second is done

    with Line(script) as line:
        one, other = line.pipeline.run(
            [Command("UID FETCH", (b"1:2",), uids=(1, 2)), Command("UID FETCH", (b"3:9",), uids=(3, 9))])
        assert [[response.uid for response in answer.said] for answer in (one, other)] == [[1, 2], [5]]
        assert len(line.heard) == 4


def test_what_the_server_need_not_hold_back_is_bounded_and_neither_side_blocks() -> None:
    """Each command is answered by more than a socket holds, and read late: a client that wrote on would hang for ever."""
    count, word = 200, b"x" * 2_000
    received = 0

    def script(peer: Peer) -> None:
        nonlocal received
        ahead = 0
        for number in range(1, count + 1):
            line = peer.line()
            assert line == b"M%d %s\r\n" % (number, b"NOOP " + word)
            peer.send(b"* OK " + b"y" * 20_000 + b"\r\n", b"M%d OK .\r\n" % number)
            ahead = max(ahead, len(peer._buffer))
        received = ahead

    with Line(script) as line:
        answers = line.pipeline.run([Command("NOOP", (word,))] * count)
        assert all(answer.ok for answer in answers)
        assert line.counts.round_trips == 1
    assert received <= IN_FLIGHT + 70_000


# -- literals (RFC 3501 4.3, RFC 7888)


def test_with_literal_plus_a_literal_is_written_with_the_rest() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 UID SEARCH {3+}\r\nabc ALL\r\nM2 NOOP\r\n")
        peer.send(b"M1 OK .\r\nM2 OK .\r\n")

    with Line(script) as line:
        line.pipeline.run([search(Literal(b"abc"), b"ALL"), NOOP])
        assert line.counts.round_trips == 1


def test_without_it_a_command_with_literals_goes_alone_and_asks_leave_for_each() -> None:
    def script(peer: Peer) -> None:
        noop(peer)
        peer.send(b"M1 OK .\r\n")
        peer.expect(b"M2 UID SEARCH {3}\r\n")
        peer.send(b"* 5 EXISTS\r\n+ go\r\n")
        peer.expect(b"abc {1}\r\n")
        peer.send(b"+ go\r\n")
        peer.expect(b"d\r\nM3 NOOP\r\n")
        peer.send(b"M2 OK .\r\nM3 OK .\r\n")

    with Line(script, free_literals=0) as line:
        answers = line.pipeline.run([NOOP, search(Literal(b"abc"), Literal(b"d")), NOOP])
        assert [answer.ok for answer in answers] == [True, True, True]


def test_a_literal_that_is_refused_is_not_sent() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 UID SEARCH {3}\r\n")
        peer.send(b"M1 BAD no literals\r\n")
        peer.expect(b"M2 NOOP\r\n")
        peer.send(b"M2 OK .\r\n")

    with Line(script, free_literals=0) as line:
        refused, after = line.pipeline.run([search(Literal(b"abc")), NOOP])
        assert (refused.status, after.status) == ("BAD", "OK")


def test_literal_minus_frees_small_literals_only() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 UID SEARCH {3+}\r\nabc\r\n")
        peer.send(b"M1 OK .\r\n")
        peer.expect(b"M2 UID SEARCH {4097}\r\n")
        peer.send(b"+ go\r\n")
        peer.expect(b"z" * 4097 + b"\r\n")
        peer.send(b"M2 OK .\r\n")

    with Line(script, free_literals=4096) as line:
        line.pipeline.run([search(Literal(b"abc")), search(Literal(b"z" * 4097))])


# -- IDLE


def test_done_follows_the_leave_to_idle_never_goes_before_it() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 NOOP\r\nM2 IDLE\r\n")
        peer.send(b"M1 OK .\r\n")
        peer.expect_nothing()
        peer.send(b"+ idling\r\n")
        peer.expect(b"DONE\r\nM3 NOOP\r\n")
        peer.send(b"M2 OK .\r\nM3 OK .\r\n")

    with Line(script) as line:
        line.pipeline.run([NOOP], then_idle=True)
        line.pipeline.run([NOOP])


def test_a_refused_idle_gets_no_done() -> None:
    def script(peer: Peer) -> None:
        peer.expect(b"M1 NOOP\r\nM2 IDLE\r\n")
        peer.send(b"M1 OK .\r\nM2 BAD what?\r\n")
        peer.expect(b"M3 NOOP\r\n")
        peer.send(b"M3 OK .\r\n")

    with Line(script) as line:
        line.pipeline.run([NOOP], then_idle=True)
        line.pipeline.run([NOOP])
